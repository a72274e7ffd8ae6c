<?php
/**
 * What is shown once.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints what was just made, in the answer to the form that has made it: it is in no row, no transient and no address on
 * the way to the person, and loading the page again does not show it.
 *
 * @since 0.1.0
 */
final class Shown_Once {

	/**
	 * Prints the page. Never returns.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen            $screen   Page to go back to.
	 * @param string                $target   Element id to go back to.
	 * @param string                $title    Title.
	 * @param string                $sentence What to do with it.
	 * @param array<string, string> $values   Texts by what they are called.
	 */
	public static function show( Key_Screen $screen, string $target, string $title, string $sentence, #[\SensitiveParameter] array $values ): void {
		nocache_headers();
		$html = '<h1>' . esc_html( $title ) . '</h1><p>' . esc_html( $sentence ) . '</p>';
		foreach ( $values as $name => $value ) {
			$html .= '<p><label>' . esc_html( $name ) . '<br><input type="text" readonly dir="ltr" autocomplete="off" spellcheck="false" data-1p-ignore data-lpignore="true" data-bwignore style="inline-size: 100%; font-family: monospace; padding: 6px;" value="' . esc_attr( $value ) . '"></label></p>';
		}
		$html .= '<p><a href="' . esc_url( $screen->url() . '#' . $target ) . '">' . esc_html__( 'I have copied it. Back to API Keys', 'byok' ) . '</a></p>';
		wp_die( $html, esc_html( $title ), array( 'response' => 200 ) ); // phpcs:ignore WordPress.Security.EscapeOutput -- escaped above.
	}
}
