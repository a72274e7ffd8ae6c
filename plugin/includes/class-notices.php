<?php
/**
 * What an administrator must be told without asking.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints a notice when keys cannot be used: no extension, no usable secret, locked keys. It only tells,
 * on the few screens where someone looks after the site, and only to people who may manage keys.
 *
 * @since 0.1.0
 */
final class Notices {

	/**
	 * Screens with notices. The pages with keys tell the same themselves, with what to do about it.
	 */
	private const SCREENS = array( 'dashboard', 'dashboard-network', 'plugins', 'plugins-network', 'site-health' );

	/**
	 * Prints the notice of the current screen, if there is one.
	 *
	 * @since 0.1.0
	 */
	public static function render(): void {
		$screen = get_current_screen();
		if ( null === $screen || ! in_array( $screen->id, self::SCREENS, true ) ) {
			return;
		}
		$keys = $screen->in_admin( 'network' ) ? Key_Screen::network() : Key_Screen::site();
		$text = $keys->is_allowed() ? self::server() ?? self::locked( $keys->owner ) : null;
		if ( null === $text ) {
			return;
		}

		$link = sprintf( ' <a href="%s">%s</a>', esc_url( $keys->url() ), esc_html( $keys->title() ) );
		wp_admin_notice(
			nl2br( esc_html( $text ) ) . $link,
			array(
				'type'               => 'error',
				'id'                 => 'byok-notice',
				'additional_classes' => array( 'byok-notice' ),
			)
		);
	}

	/**
	 * Why no key can be used on this server.
	 *
	 * @since 0.1.0
	 *
	 * @return string|null Plain text; null when nothing is wrong.
	 */
	public static function server(): ?string {
		$problem = Extension::problem();
		if ( null !== $problem ) {
			return $problem;
		}

		$error = byok_key_source()['error'];
		return null === $error ? null : sprintf(
			/* translators: %s: a sentence that says why. */
			__( 'API keys cannot be used on this site. None is lost. %s', 'byok' ),
			Messages::reason( $error )
		);
	}

	/**
	 * How many keys are locked under a secret that is not here any more.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner|null $owner Whose keys; null for those of the current site.
	 * @return string|null Plain text; null when none is.
	 */
	public static function locked( ?Owner $owner = null ): ?string {
		$locked = array_filter(
			Vault::all( $owner ),
			static fn( array $info ) => 'locked' === $info['state'] && 'envelope_unknown_key' === $info['reason']
		);
		if ( array() === $locked ) {
			return null;
		}

		$saved = array_filter( array_column( $locked, 'saved_at' ) );
		return Messages::locked_keys( count( $locked ), array() === $saved ? null : max( $saved ) );
	}
}
