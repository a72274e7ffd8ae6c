<?php
/**
 * The forms with connect keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Answers `admin-post.php?action=byok_connect`: makes or revokes a pair of connect keys.
 *
 * @since 0.1.0
 */
final class Connect_Form {

	/**
	 * The admin-post action.
	 */
	public const ACTION = 'byok_connect';

	/**
	 * Handles the posted form. Never returns.
	 *
	 * @since 0.1.0
	 */
	public static function handle(): void {
		$screen = Posted_Form::screen( array( 'site' ) );
		Posted_Form::verify( $screen, 'connect' );

		if ( 'add' === Posted_Form::field( 'do' ) ) {
			$origins = preg_split( '/[\s,]+/', Posted_Form::field( 'origins' ), -1, PREG_SPLIT_NO_EMPTY );
			$done    = Connect_Pairs::make( Posted_Form::field( 'name' ), $origins, array() );
			if ( is_array( $done ) ) {
				Shown_Once::show(
					$screen,
					Connect_Panel::ID,
					$done['pair']->name,
					__( 'Copy the secret key now and keep it on your server only: it is not shown again.', 'byok' ),
					array(
						__( 'Public key, for pages', 'byok' ) => $done['pair']->public_key,
						__( 'Secret key, for your server', 'byok' ) => $done['secret']->reveal(),
					)
				);
			}
		} else {
			$done = Connect_Pairs::revoke( Posted_Form::field( 'id' ) );
		}
		if ( is_wp_error( $done ) ) {
			Screen_Notice::keep( $screen, '', 'bad', $done->get_error_message(), 'connect' );
		} else {
			/* translators: %s: a number. */
			Screen_Notice::keep( $screen, '', 'good', sprintf( _n( 'Revoked. %s key was removed.', 'Revoked. %s keys were removed.', $done['keys'], 'byok' ), number_format_i18n( $done['keys'] ) ), 'connect' );
		}
		Posted_Form::go_back( $screen, 'connect', Page_Alerts::OUTCOME_ID );
	}
}
