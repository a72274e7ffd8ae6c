<?php
/**
 * The forms that move a key from elsewhere on the site.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Answers `admin-post.php?action=byok_import`. The card of the provider then tells what has happened.
 *
 * @since 0.1.0
 */
final class Import_Form {

	/**
	 * The admin-post action.
	 */
	public const ACTION = 'byok_import';

	/**
	 * Handles the posted form. Never returns.
	 *
	 * @since 0.1.0
	 */
	public static function handle(): void {
		// A name; but people paste keys where they should not.
		$source = trim( Posted_Form::secret( 'source' ) );
		$screen = Posted_Form::screen( array( 'site' ) );
		Posted_Form::verify( $screen, 'import' );

		$provider = sanitize_key( Posted_Form::field( 'provider' ) );
		$moved    = Import::run( $source, $provider, '' !== Posted_Form::field( 'replace' ) );
		if ( is_wp_error( $moved ) ) {
			Screen_Notice::keep( $screen, '', 'bad', $moved->get_error_message(), 'import' );
			Posted_Form::go_back( $screen, 'import', Page_Alerts::OUTCOME_ID );
		}
		$provider = (string) $moved['provider'];
		Screen_Notice::keep( $screen, $provider, $moved['scrubbed'] ? Key_Chip::tone( $moved ) : 'warn', (string) $moved['message'] );
		Posted_Form::go_back( $screen, $provider, Provider_Card::id( $provider ) );
	}
}
