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
 * the way to the person, and loading the page again does not show it. Not with wp_die(), nor between the header and the
 * footer of WordPress's screens: other plugins' code runs there, which likes to keep what it sees.
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
		header( 'Content-Type: text/html; charset=utf-8' );
		?>
<!DOCTYPE html>
<html <?php language_attributes(); ?>>
<head>
	<meta charset="utf-8">
	<meta name="viewport" content="width=device-width">
	<meta name="robots" content="noindex, noarchive">
	<title><?php echo esc_html( $title ); ?></title>
	<style>
		body { background: #f0f0f1; color: #3c434a; font: 14px/1.5 -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, sans-serif; margin: 0; padding: 24px; }
		main { background: #fff; border: 1px solid #c3c4c7; margin: 0 auto; max-inline-size: 720px; padding: 8px 24px; }
		input { box-sizing: border-box; font-family: monospace; font-size: 14px; inline-size: 100%; padding: 8px; }
		a { color: #2271b1; }
	</style>
</head>
<body>
	<main>
		<h1><?php echo esc_html( $title ); ?></h1>
		<p><?php echo esc_html( $sentence ); ?></p>
		<?php foreach ( $values as $name => $value ) : ?>
			<p><label><?php echo esc_html( $name ); ?><br>
			<input type="text" readonly dir="ltr" autocomplete="off" spellcheck="false" data-1p-ignore data-lpignore="true" data-bwignore value="<?php echo esc_attr( $value ); ?>"></label></p>
		<?php endforeach; ?>
		<p><a href="<?php echo esc_url( $screen->url() . '#' . $target ); ?>"><?php esc_html_e( 'I have copied it. Back to API Keys', 'byok' ); ?></a></p>
	</main>
</body>
</html>
		<?php
		exit;
	}
}
