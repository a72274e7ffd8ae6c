<?php
/**
 * One sentence carried over a redirect.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Keeps the outcome of a form that was posted without JavaScript until the next page shows it.
 *
 * It holds fixed, translated sentences and ids only. It never sees a key, nor a base URL that was
 * typed (a refused one may contain a password), so nothing of either can reach the database or a URL.
 *
 * @since 0.1.0
 */
final class Screen_Notice {

	/**
	 * Long enough to follow a redirect on a slow site; short enough that nobody meets an old one.
	 */
	private const SECONDS = 120;

	/**
	 * Keeps a notice for the current user.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id, the card that shows it.
	 * @param string $tone     One of Key_Chip::TONES.
	 * @param string $message  A translated sentence, plain text.
	 * @param string $panel    Panel of the card to open again: `key` or empty.
	 */
	public static function keep( string $provider, string $tone, string $message, string $panel = '' ): void {
		set_transient( self::name(), compact( 'provider', 'tone', 'message', 'panel' ), self::SECONDS );
	}

	/**
	 * Hands the notice out, once.
	 *
	 * @since 0.1.0
	 *
	 * @return array{provider: string, tone: string, message: string, panel: string}|null
	 */
	public static function take(): ?array {
		$notice = get_transient( self::name() );
		if ( ! is_array( $notice ) ) {
			return null;
		}
		delete_transient( self::name() );

		$notice += array(
			'provider' => '',
			'tone'     => 'neutral',
			'message'  => '',
			'panel'    => '',
		);
		return array_map( 'strval', $notice );
	}

	/**
	 * One notice a user: another administrator never sees it.
	 */
	private static function name(): string {
		return 'byok_notice_' . get_current_user_id();
	}
}
