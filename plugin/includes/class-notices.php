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
	 * Screens with notices. The settings page tells of the server itself, and gets the rest from here.
	 */
	private const SCREENS = array( 'dashboard', 'dashboard-network', 'plugins', 'plugins-network', 'site-health', self::PAGE );

	/**
	 * The settings page.
	 */
	private const PAGE = 'settings_page_byok';

	/**
	 * Prints the notice of the current screen, if there is one.
	 *
	 * @since 0.1.0
	 */
	public static function render(): void {
		$screen = get_current_screen();
		if ( null === $screen || ! in_array( $screen->id, self::SCREENS, true ) || ! Capability::current_user_can() ) {
			return;
		}

		$text = self::PAGE === $screen->id ? self::locked() : self::server() ?? self::locked();
		if ( null === $text ) {
			return;
		}

		$link = self::PAGE === $screen->id ? '' : sprintf(
			' <a href="%s">%s</a>',
			esc_url( Plugin::settings_url() ),
			esc_html__( 'API Keys', 'byok' )
		);
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
	 * @return string|null Plain text; null when none is.
	 */
	public static function locked(): ?string {
		$locked = array_filter(
			Vault::all(),
			static fn( array $info ) => 'locked' === $info['state'] && 'envelope_unknown_key' === $info['reason']
		);
		if ( array() === $locked ) {
			return null;
		}

		$saved = array_filter( array_column( $locked, 'saved_at' ) );
		return Messages::locked_keys( count( $locked ), array() === $saved ? null : max( $saved ) );
	}
}
