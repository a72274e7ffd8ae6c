<?php
/**
 * The page that says how this site keeps keys.
 *
 * @package byok
 */

namespace Byok;

use WP_REST_Server;

defined( 'ABSPATH' ) || exit;

/**
 * Shows the facts of Practice to everybody: as a page of its own, to which the badge leads, and as `GET byok/v1/practice`.
 * The page has no script and asks nothing of the theme, so that it says the same everywhere.
 *
 * @since 0.1.0
 */
final class Practice_Page {

	/**
	 * Name in the address.
	 */
	private const VARIABLE = 'byok-practice';

	/**
	 * Address of the page.
	 *
	 * @since 0.1.0
	 *
	 * @return string Unescaped URL.
	 */
	public static function url(): string {
		return add_query_arg( self::VARIABLE, '1', home_url( '/' ) );
	}

	/**
	 * Registers the route.
	 *
	 * @since 0.1.0
	 */
	public static function register_route(): void {
		register_rest_route(
			'byok/v1',
			'/practice',
			array(
				array(
					'methods'             => WP_REST_Server::READABLE,
					'callback'            => array( self::class, 'answer' ),
					// Everybody is to know.
					'permission_callback' => '__return_true',
				),
				'schema' => array( self::class, 'schema' ),
			)
		);
	}

	/**
	 * The shape of the answer.
	 *
	 * @since 0.1.0
	 *
	 * @return array Schema.
	 */
	public static function schema(): array {
		$text = static fn( string $description ) => array(
			'description' => $description,
			'type'        => 'string',
		);
		return array(
			'$schema'    => 'http://json-schema.org/draft-04/schema#',
			'title'      => 'byok-practice',
			'type'       => 'object',
			'properties' => array(
				'safe'  => array(
					'description' => __( 'Whether keys can be kept here just now.', 'byok' ),
					'type'        => 'boolean',
				),
				'url'   => array( 'format' => 'uri' ) + $text( __( 'The page that says the same to people.', 'byok' ) ),
				'facts' => array(
					'description'          => __( 'How this site keeps keys, by what each is about.', 'byok' ),
					'type'                 => 'object',
					'additionalProperties' => array(
						'type'       => 'object',
						'properties' => array(
							'title' => $text( __( 'In a few words.', 'byok' ) ),
							'text'  => $text( __( 'In sentences.', 'byok' ) ),
							'tone'  => array( 'enum' => array( 'good', 'warn', 'bad' ) ) + $text( __( 'What it feels like.', 'byok' ) ),
						),
					),
				),
			),
		);
	}

	/**
	 * Answers the route.
	 *
	 * @since 0.1.0
	 *
	 * @return array
	 */
	public static function answer(): array {
		return array(
			'safe'  => Practice::is_safe(),
			'url'   => self::url(),
			'facts' => Practice::facts(),
		);
	}

	/**
	 * Prints the page where it was asked for, and ends.
	 *
	 * @since 0.1.0
	 */
	public static function maybe_render(): void {
		// Nothing is changed by it.
		if ( ! isset( $_GET[ self::VARIABLE ] ) ) { // phpcs:ignore WordPress.Security.NonceVerification.Recommended
			return;
		}
		nocache_headers();
		header( 'Content-Type: text/html; charset=' . get_option( 'blog_charset' ) );
		header( "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'" );
		header( 'X-Content-Type-Options: nosniff' );
		status_header( 200 );
		self::render();
		exit;
	}

	/**
	 * Prints the page.
	 *
	 * @since 0.1.0
	 */
	public static function render(): void {
		$style = add_query_arg( 'ver', BYOK_VERSION, plugins_url( 'assets/byok-practice.css', BYOK_PLUGIN_FILE ) );
		/* translators: %s: name of the site. */
		$title = sprintf( __( 'How %s keeps API keys', 'byok' ), get_bloginfo( 'name' ) );
		?>
<!DOCTYPE html>
<html <?php language_attributes(); ?>>
<head>
	<meta charset="<?php bloginfo( 'charset' ); ?>">
	<meta name="viewport" content="width=device-width, initial-scale=1">
	<meta name="robots" content="noindex">
	<title><?php echo esc_html( $title ); ?></title>
	<link rel="stylesheet" href="<?php echo esc_url( $style ); ?>"><?php // phpcs:ignore WordPress.WP.EnqueuedResources.NonEnqueuedStylesheet -- a page of its own. ?>

</head>
<body class="byok-practice">
	<main>
		<h1><?php echo esc_html( $title ); ?></h1>
		<p class="byok-practice__lead"><?php esc_html_e( 'This page is made by byok from the state of this site at this moment. Nobody has written it by hand.', 'byok' ); ?></p>
		<dl>
			<?php foreach ( Practice::facts() as $name => $fact ) : ?>
				<div id="<?php echo esc_attr( $name ); ?>" data-tone="<?php echo esc_attr( $fact['tone'] ); ?>">
					<dt><?php echo esc_html( $fact['title'] ); ?></dt>
					<dd><?php echo esc_html( $fact['text'] ); ?></dd>
				</div>
			<?php endforeach; ?>
		</dl>
		<p><a href="<?php echo esc_url( home_url( '/' ) ); ?>">
			<?php
			/* translators: %s: name of the site. */
			echo esc_html( sprintf( __( 'Back to %s', 'byok' ), get_bloginfo( 'name' ) ) );
			?>
		</a></p>
	</main>
</body>
</html>
		<?php
	}
}
