<?php
/**
 * Whether there may be something to tell on the dashboard.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Has the dashboard look for what to tell only when there may be something: when keys were locked, somebody waits for
 * approval or a budget was reached since the last look, or what was found then is still there; and every five minutes of
 * a PHP process, because rows may be changed outside byok. All other views ask the database nothing.
 *
 * That is one autoloaded option, which is there only as long as there is something to tell.
 *
 * @since 0.1.0
 */
final class Attention {

	/**
	 * The option.
	 */
	public const OPTION = 'byok_attention';

	/**
	 * Notes that there may be something to tell.
	 *
	 * @since 0.1.0
	 */
	public static function raise(): void {
		if ( ! self::is_raised() ) {
			update_option( self::OPTION, '1', true );
		}
	}

	/**
	 * Prints the notices of the current screen. Hooked to `admin_notices`.
	 *
	 * @since 0.1.0
	 */
	public static function render(): void {
		// Why no key can be used at all costs no query, and is always told.
		$works = null === Extension::reason() && null === byok_key_source()['error'];
		if ( $works && ! self::is_raised() && ! Known_Keys::is_time_for( 'attention' ) ) {
			return;
		}
		ob_start();
		Notices::render();
		Approval_Notice::render();
		$told = (string) ob_get_clean();
		echo $told; // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- it was printed to be.
		if ( '' !== trim( $told ) ) {
			self::raise();
		} elseif ( self::is_raised() && 'dashboard' === ( get_current_screen()->id ?? '' ) && Capability::current_user_can() ) {
			// This person has been told everything that there is, which was nothing.
			delete_option( self::OPTION );
		}
	}

	/**
	 * Whether the option is there. Asking for it alone would be a query when it is not.
	 */
	private static function is_raised(): bool {
		return isset( wp_load_alloptions()[ self::OPTION ] );
	}
}
