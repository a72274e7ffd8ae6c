<?php
/**
 * What concerns a whole page with keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints what a posted form has come to, and what stands in the way of every key: no extension, no
 * secret, a test provider.
 *
 * @since 0.1.0
 */
final class Page_Alerts {

	/**
	 * Element id of the outcome of a form that belongs to no card.
	 */
	public const OUTCOME_ID = 'byok-outcome';

	/**
	 * Prints them.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 * @param array|null $source What byok_key_source() tells; null without the extension.
	 * @param array|null $notice Notice from a posted form.
	 */
	public static function render( Key_Screen $screen, ?array $source, ?array $notice ): void {
		if ( null !== $notice && '' === $notice['provider'] ) {
			self::render_outcome( $notice );
		}
		if ( null === $source ) {
			self::render_missing( $screen );
			return;
		}
		if ( null !== $source['error'] ) {
			self::render_one( 'bad', __( 'Keys cannot be encrypted on this site yet', 'byok' ), self::why( $screen, $source['error'] ) );
		}
		if ( in_array( 'test_provider', $source['warnings'], true ) ) {
			self::render_one( 'warn', Messages::reason( 'test_provider' ), __( 'Paste test keys only.', 'byok' ) );
		}
	}

	/**
	 * Prints what a form has come to. It takes the focus, so that it is read out.
	 *
	 * @param array $notice Notice.
	 */
	private static function render_outcome( array $notice ): void {
		$tone = in_array( $notice['tone'], Key_Chip::TONES, true ) ? $notice['tone'] : 'neutral';
		?>
		<div class="byok-alert" id="<?php echo esc_attr( self::OUTCOME_ID ); ?>" data-tone="<?php echo esc_attr( $tone ); ?>" tabindex="-1" autofocus>
			<p><?php echo esc_html( $notice['message'] ); ?></p>
		</div>
		<?php
	}

	/**
	 * Prints that there is no extension, and to those who look after the server what to run for it.
	 *
	 * @param Key_Screen $screen Page.
	 */
	private static function render_missing( Key_Screen $screen ): void {
		if ( 'user' === $screen->owner->kind ) {
			self::render_one( 'bad', __( 'Keys cannot be used on this site just now', 'byok' ), self::why( $screen, '' ) );
			return;
		}
		self::render_one(
			'bad',
			Messages::reason( (string) Extension::reason() ),
			/* translators: %s: PHP version. */
			sprintf( __( 'For PHP %s on this server, run as root in the folder of byok’s source:', 'byok' ), phpversion() ),
			Extension::commands()
		);
	}

	/**
	 * Why keys cannot be used. Members are told what matters to them, and not how the server is set up.
	 *
	 * @param Key_Screen $screen Page.
	 * @param string     $reason Reason code.
	 */
	private static function why( Key_Screen $screen, string $reason ): string {
		return 'user' === $screen->owner->kind
			? __( 'None of yours is lost. An administrator of this site can mend that.', 'byok' )
			: Messages::reason( $reason );
	}

	/**
	 * Prints one.
	 *
	 * @param string   $tone     One of Key_Chip::TONES.
	 * @param string   $title    What happened.
	 * @param string   $message  Why, and what to do.
	 * @param string[] $commands What to run for it.
	 */
	private static function render_one( string $tone, string $title, string $message, array $commands = array() ): void {
		?>
		<div class="byok-alert" data-tone="<?php echo esc_attr( $tone ); ?>">
			<h2><?php echo esc_html( $title ); ?></h2>
			<p><?php echo esc_html( $message ); ?></p>
			<?php if ( $commands ) : ?>
				<pre dir="ltr" tabindex="0"><code><?php echo esc_html( implode( "\n", $commands ) ); ?></code></pre>
			<?php endif; ?>
		</div>
		<?php
	}
}
