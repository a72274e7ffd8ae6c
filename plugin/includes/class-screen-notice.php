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
	 * @param Key_Screen $screen   Page that shows it.
	 * @param string     $provider Provider id, the card that shows it; empty for the page itself.
	 * @param string     $tone     One of Key_Chip::TONES.
	 * @param string     $message  A translated sentence, plain text.
	 * @param string     $panel    Panel to open again: `key` of the card, or one of the page; or empty.
	 */
	public static function keep( Key_Screen $screen, string $provider, string $tone, string $message, string $panel = '' ): void {
		set_transient( self::name( $screen ), compact( 'provider', 'tone', 'message', 'panel' ), self::SECONDS );
	}

	/**
	 * Hands the notice out, once.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page that shows it.
	 * @return array{provider: string, tone: string, message: string, panel: string}|null
	 */
	public static function take( Key_Screen $screen ): ?array {
		$name   = self::name( $screen );
		$notice = get_transient( $name );
		if ( ! is_array( $notice ) ) {
			return null;
		}
		delete_transient( $name );

		$notice += array(
			'provider' => '',
			'tone'     => 'neutral',
			'message'  => '',
			'panel'    => '',
		);
		return array_map( 'strval', $notice );
	}

	/**
	 * One notice a user and page: another administrator never sees it.
	 *
	 * @param Key_Screen $screen Page that shows it.
	 */
	private static function name( Key_Screen $screen ): string {
		return 'byok_notice_' . $screen->owner->kind . '_' . get_current_user_id();
	}
}
