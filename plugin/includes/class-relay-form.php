<?php
/**
 * The form with the relay's settings.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Answers `admin-post.php?action=byok_relay`: changes the settings of the relay, all or none.
 *
 * @since 0.1.0
 */
final class Relay_Form {

	/**
	 * The admin-post action.
	 */
	public const ACTION = 'byok_relay';

	/**
	 * Handles the posted form. Never returns.
	 *
	 * @since 0.1.0
	 */
	public static function handle(): void {
		$screen = Posted_Form::screen( array( 'site' ) );
		Posted_Form::verify( $screen, 'relay' );

		$words = array();
		foreach ( array_keys( Relay_Settings::SWITCHES ) as $name ) {
			// What is not ticked is not posted.
			$words[ $name ] = '' === Posted_Form::field( $name ) ? 'off' : 'on';
		}
		foreach ( Relay_Words::LISTS as $name ) {
			$words[ $name ] = Posted_Form::field( $name );
		}
		foreach ( array_keys( Relay_Settings::LIMITS ) as $kind ) {
			$words[ "limits.$kind" ] = Posted_Form::field( "requests_$kind" ) . '/' . Posted_Form::field( "seconds_$kind" );
		}
		$changes = Relay_Words::read( $words );
		$changed = is_wp_error( $changes ) ? $changes : Relay_Settings::change( $changes );
		if ( is_wp_error( $changed ) ) {
			Screen_Notice::keep( $screen, '', 'bad', $changed->get_error_message() . ' ' . Relay_Panel::label( (string) ( $changed->get_error_data()['setting'] ?? '' ) ), 'relay' );
		} else {
			Screen_Notice::keep( $screen, '', 'good', __( 'The settings of the relay were changed.', 'byok' ), 'relay' );
		}
		Posted_Form::go_back( $screen, 'relay', Page_Alerts::OUTCOME_ID );
	}
}
