<?php
/**
 * The button that encrypts keys anew, without JavaScript.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Answers `admin-post.php?action=byok_reencrypt`: works for some seconds, then shows how far it is.
 *
 * @since 0.1.0
 */
final class Reencryption_Form {

	/**
	 * The admin-post action.
	 */
	public const ACTION = 'byok_reencrypt';

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
		$screen = Posted_Form::screen( array( 'site', 'network' ) );
		Posted_Form::verify( $screen, 'reencrypt' );

		$done = 'all' === Reencryption_Panel::scope( $screen ) ? Reencryption::step( self::SECONDS ) : Reencryption::site();
		if ( is_wp_error( $done ) ) {
			Screen_Notice::keep( $screen, '', 'bad', $done->get_error_message() );
		} elseif ( $done['finished'] ?? true ) {
			$whole = 0 === $done['locked'] + $done['damaged'] + $done['busy'];
			Screen_Notice::keep( $screen, '', $whole ? 'good' : 'warn', Messages::encrypted_anew( $done ) );
		} else {
			Screen_Notice::keep( $screen, '', 'neutral', Messages::progress( $done ) );
		}
		Posted_Form::go_back( $screen, 'reencryption', Page_Alerts::OUTCOME_ID );
	}
}
