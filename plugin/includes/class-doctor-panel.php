<?php
/**
 * The doctor, on the page with the keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints a button that has the doctor look at the relay, and what it has found, for whoever has no command line.
 *
 * The button only asks: what it does changes nothing, so it is a form with GET, whose answer can be loaded anew. A nonce
 * keeps other pages from having the site ask itself.
 *
 * @since 0.1.0
 */
final class Doctor_Panel {

	/**
	 * The parameter that asks for it, and the name of its nonce.
	 */
	public const ASKS = 'byok_doctor';

	/**
	 * Whether the current request asks for it.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 */
	public static function is_asked( Key_Screen $screen ): bool {
		// phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- only compared.
		$nonce = is_string( $_GET[ self::ASKS ] ?? null ) ? $_GET[ self::ASKS ] : '';
		return '' !== $nonce && false !== wp_verify_nonce( $nonce, $screen->nonce_action( self::ASKS ) );
	}

	/**
	 * Prints the button, and the findings when they were asked for.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 */
	public static function render( Key_Screen $screen ): void {
		?>
		<form class="byok-box" method="get" action="<?php echo esc_url( $screen->file() . '#' . Relay_Panel::ID ); ?>">
			<input type="hidden" name="page" value="<?php echo esc_attr( $screen->slug() ); ?>">
			<p><?php esc_html_e( 'Asks this site as a stranger would, and tells who passes answers on and what is missing. It takes some seconds and changes nothing.', 'byok' ); ?></p>
			<?php
			if ( self::is_asked( $screen ) ) {
				self::render_found( Relay_Doctor::look() );
			}
			?>
			<div class="byok-panel__foot">
				<button type="submit" class="button button-compact" name="<?php echo esc_attr( self::ASKS ); ?>" value="<?php echo esc_attr( wp_create_nonce( $screen->nonce_action( self::ASKS ) ) ); ?>"><?php esc_html_e( 'Check the data path', 'byok' ); ?></button>
			</div>
		</form>
		<?php
	}

	/**
	 * Prints findings, what is broken first.
	 *
	 * @param array[] $found See Relay_Doctor::look().
	 */
	private static function render_found( array $found ): void {
		$words = array(
			'critical'    => array( __( 'Broken', 'byok' ), 'bad' ),
			'recommended' => array( __( 'Could be better', 'byok' ), 'warn' ),
			'unseen'      => array( __( 'Not seen from here', 'byok' ), 'neutral' ),
			'good'        => array( __( 'Good', 'byok' ), 'good' ),
		);
		echo '<ul class="byok-import" role="list">';
		foreach ( $words as $status => list( $word, $tone ) ) {
			foreach ( wp_list_filter( $found, compact( 'status' ) ) as $one ) {
				printf(
					'<li class="byok-import__line"><p><span class="byok-chip" data-tone="%s">%s</span> %s</p></li>',
					esc_attr( $tone ),
					esc_html( $word ),
					esc_html( $one['message'] )
				);
			}
		}
		echo '</ul>';
	}
}
