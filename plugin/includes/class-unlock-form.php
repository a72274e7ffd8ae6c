<?php
/**
 * The form for a previous secret.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Answers `admin-post.php?action=byok_unlock`: opens locked keys with the secret from before, and encrypts
 * them anew under the current one.
 *
 * The secret is used for this request only. It is in no address, no page, no option and no transient.
 *
 * @since 0.1.0
 */
final class Unlock_Form {

	/**
	 * The admin-post action.
	 */
	public const ACTION = 'byok_unlock';

	/**
	 * Panel to show again for more of the same.
	 */
	public const MORE = 'unlock_more';

	/**
	 * Panel to show again after an error.
	 */
	public const AGAIN = 'unlock';

	/**
	 * Seconds of work of one request: below the limits of PHP and of common proxies.
	 */
	private const SECONDS = 10.0;

	/**
	 * Handles the posted form. Never returns.
	 *
	 * @since 0.1.0
	 */
	public static function handle(): void {
		$pasted = array();
		foreach ( array_keys( Previous_Secret::CONSTANTS ) as $name ) {
			$pasted[ $name ] = Posted_Form::secret( 'previous_' . $name );
		}
		$screen = Posted_Form::screen( array( 'site', 'network' ) );
		Posted_Form::verify( $screen, 'unlock' );

		$previous = Previous_Secret::read( $pasted );
		unset( $pasted );
		$done = is_wp_error( $previous ) ? $previous : self::unlock( $screen, $previous, '' !== Posted_Form::field( 'go_on' ) );
		unset( $previous );

		if ( is_wp_error( $done ) ) {
			Screen_Notice::keep( $screen, '', 'bad', Messages::not_unlocked( $done ), self::AGAIN );
		} elseif ( ! $done['finished'] ) {
			$sentence = Messages::progress( $done ) . ' ' . __( 'Enter the same secret once more to go on.', 'byok' );
			Screen_Notice::keep( $screen, '', 'neutral', $sentence, self::MORE );
		} else {
			$none = 0 === $done['opened'];
			Screen_Notice::keep( $screen, '', $none ? 'bad' : 'good', Messages::unlocked( $done['opened'], $done['locked'] ), $none ? self::AGAIN : '' );
		}
		Posted_Form::go_back( $screen, 'unlock', Page_Alerts::OUTCOME_ID );
	}

	/**
	 * Opens what the secret opens: on a network a site's own keys, or all of them from the network's page;
	 * on a single site the members' keys too.
	 *
	 * @param Key_Screen $screen   Page.
	 * @param array      $previous See byok_reencrypt().
	 * @param bool       $go_on    Whether it was begun before, and not ended.
	 * @return array|\WP_Error Counts `opened` and `locked`, `seen`, `total`, and whether it is `finished`.
	 */
	private static function unlock( Key_Screen $screen, #[\SensitiveParameter] array $previous, bool $go_on ) {
		$opened = 0;
		$done   = array(
			'moved'    => 0,
			'seen'     => 0,
			'total'    => 0,
			'finished' => true,
		);
		if ( 'site' === $screen->owner->kind ) {
			$before = self::locked( $screen );
			$site   = Reencryption::site( $previous );
			if ( is_wp_error( $site ) ) {
				return $site;
			}
			$opened         = $before - self::locked( $screen );
			$done['locked'] = $site['locked'];
		}
		if ( 'network' === $screen->owner->kind || ! is_multisite() ) {
			$begun = $go_on ? null : Reencryption::start();
			$done  = is_wp_error( $begun ) ? $begun : Reencryption::step( self::SECONDS, $previous );
			if ( is_wp_error( $done ) ) {
				return $done;
			}
		}
		return array( 'opened' => $opened + $done['moved'] ) + $done;
	}

	/**
	 * Number of keys that wait for a secret.
	 *
	 * @param Key_Screen $screen Page.
	 */
	private static function locked( Key_Screen $screen ): int {
		return count( Unlock_Panel::waiting( Vault::all( $screen->owner ) ) );
	}
}
