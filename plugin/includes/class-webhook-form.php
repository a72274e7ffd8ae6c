<?php
/**
 * The forms with webhooks.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Answers `admin-post.php?action=byok_webhooks`: adds, tests or removes a webhook.
 *
 * @since 0.1.0
 */
final class Webhook_Form {

	/**
	 * The admin-post action.
	 */
	public const ACTION = 'byok_webhooks';

	/**
	 * Handles the posted form. Never returns.
	 *
	 * @since 0.1.0
	 */
	public static function handle(): void {
		$screen = Posted_Form::screen( array( 'site' ) );
		Posted_Form::verify( $screen, 'webhooks' );

		$tone = 'good';
		$id   = Posted_Form::field( 'id' );
		switch ( Posted_Form::field( 'do' ) ) {
			case 'add':
				$done = self::add( $screen );
				break;
			case 'test':
				$done = Webhook_Sender::test( $id );
				if ( is_array( $done ) ) {
					$tone = $done['status'] >= 200 && $done['status'] < 300 ? 'good' : 'warn';
					$done = Messages::webhook_tested( $done );
				}
				break;
			default:
				$done = Webhook_Endpoints::remove( $id );
				$done = true === $done ? __( 'The webhook was removed.', 'byok' ) : $done;
		}
		Screen_Notice::keep( $screen, '', is_wp_error( $done ) ? 'bad' : $tone, is_wp_error( $done ) ? $done->get_error_message() : $done, 'webhooks' );
		Posted_Form::go_back( $screen, 'webhooks', Page_Alerts::OUTCOME_ID );
	}

	/**
	 * Adds a webhook, and shows its secret.
	 *
	 * @param Key_Screen $screen Page.
	 * @return \WP_Error When it could not be made; else it does not return.
	 */
	private static function add( Key_Screen $screen ) {
		$events = array_values( array_filter( Webhook_Endpoint::EVENTS, static fn( $at ) => '' !== Posted_Form::field( "event_$at" ), ARRAY_FILTER_USE_KEY ) );
		// Of a form with nothing ticked, nothing is meant and not everything.
		$made = array() === $events ? Failure::because( 'webhook_malformed' ) : Webhook_Endpoints::make( Posted_Form::field( 'url' ), $events );
		if ( ! is_wp_error( $made ) ) {
			Shown_Once::show(
				$screen,
				Webhook_Panel::ID,
				__( 'The webhook was added', 'byok' ),
				__( 'Copy the secret of its signatures now, for the system that receives them: it is not shown again.', 'byok' ),
				array( __( 'Secret', 'byok' ) => $made['secret'] )
			);
		}
		return $made;
	}
}
