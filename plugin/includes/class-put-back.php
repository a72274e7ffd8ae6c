<?php
/**
 * Keys that were put back while nobody was looking.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Remembers that a check in the background found a new key refused, so that the one before is in use
 * again. The card says so until somebody checks, replaces or removes the key: without that a person would
 * see an old hint and not know why.
 *
 * It knows providers and owners, and nothing of a key.
 *
 * @since 0.1.0
 */
final class Put_Back {

	/**
	 * How long it is told. It changes nothing, so an old one does no harm.
	 */
	private const SECONDS = MONTH_IN_SECONDS;

	/**
	 * Hooked to `byok_key_checked`.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $info     See byok_key_info().
	 */
	public static function after_check( $provider, $info ): void {
		// Where a person has pressed the button, the answer to it says the same.
		if ( wp_doing_cron() && Messages::restored( $info ) === $info['message'] ) {
			set_transient( self::name( $info ), 1, self::SECONDS );
			return;
		}
		self::forget( $provider, $info );
	}

	/**
	 * Hooked to `byok_key_saved` and `byok_key_deleted`.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $info     See byok_key_info().
	 */
	public static function forget( $provider, $info ): void {
		delete_transient( self::name( $info ) );
	}

	/**
	 * What the card says.
	 *
	 * @since 0.1.0
	 *
	 * @param array $info Info of a provider.
	 * @return array|null A notice, as of Screen_Notice::take(); null when there is nothing to say.
	 */
	public static function notice( array $info ): ?array {
		if ( 'absent' === $info['state'] || ! get_transient( self::name( $info ) ) ) {
			return null;
		}
		return array(
			'provider' => $info['provider'],
			'tone'     => 'warn',
			'message'  => Messages::restored( $info ),
			// Nobody has just pressed a button, so it does not take the focus.
			'panel'    => 'none',
		);
	}

	/**
	 * Name of what is remembered.
	 *
	 * @param array $info Info of a provider.
	 */
	private static function name( array $info ): string {
		return 'byok_put_back_' . str_replace( ':', '_', $info['owner'] ) . '_' . $info['provider'];
	}
}
