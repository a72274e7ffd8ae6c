<?php
/**
 * Who waits to be approved.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * The plugins and themes that were refused a key because nobody has decided about them, each with a button
 * for yes and one for no.
 *
 * @since 0.1.0
 */
final class Approval_Panel {

	/**
	 * Prints it; nothing when nobody waits.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page with the keys.
	 */
	public static function render( Key_Screen $screen ): void {
		$waiting = Consent::pending( $screen->owner );
		if ( array() === $waiting ) {
			return;
		}
		?>
		<section class="byok-box" id="byok-approvals" data-tone="warn" aria-labelledby="byok-approvals-heading">
			<h2 id="byok-approvals-heading"><?php esc_html_e( 'Waiting for you', 'byok' ); ?></h2>
			<ul class="byok-import">
				<?php foreach ( $waiting as $one ) : ?>
					<?php
					$name     = Usage_Figures::name_of( $one['caller'] );
					$provider = (string) ( Providers::find( $one['provider'] )['name'] ?? $one['provider'] );
					?>
					<li class="byok-import__line">
						<div>
							<strong><bdi><?php echo esc_html( $name ); ?></bdi></strong>
							<p class="byok-help">
								<?php
								echo esc_html(
									sprintf(
										/* translators: 1: name of a provider, 2: a span of time, such as "3 hours". */
										__( 'wanted to use the %1$s key, first %2$s ago.', 'byok' ),
										$provider,
										human_time_diff( $one['since'] )
									)
								);
								?>
								<code dir="ltr"><?php echo esc_html( $one['caller'] ); ?></code>
							</p>
						</div>
						<form class="byok-panel__foot" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>">
							<?php
							Usage_Form::render_fields(
								$screen,
								array(
									'provider' => $one['provider'],
									'caller'   => $one['caller'],
								)
							);
							?>
							<button class="button button-primary" name="do" value="approve" aria-label="<?php echo esc_attr( self::label( 'approve', $name, $provider ) ); ?>"><?php esc_html_e( 'Approve', 'byok' ); ?></button>
							<button class="button" name="do" value="deny" aria-label="<?php echo esc_attr( self::label( 'deny', $name, $provider ) ); ?>"><?php esc_html_e( 'Deny', 'byok' ); ?></button>
						</form>
					</li>
				<?php endforeach; ?>
			</ul>
		</section>
		<?php
	}

	/**
	 * What a button does, and to whom: read out, several buttons with one word are all alike.
	 *
	 * @param string $decision `approve` or `deny`.
	 * @param string $name     Name of the plugin or theme.
	 * @param string $provider Name of the provider.
	 */
	private static function label( string $decision, string $name, string $provider ): string {
		return 'approve' === $decision
			/* translators: 1: name of a plugin or theme, 2: name of a provider. */
			? sprintf( __( 'Approve “%1$s” for the %2$s key', 'byok' ), $name, $provider )
			/* translators: 1: name of a plugin or theme, 2: name of a provider. */
			: sprintf( __( 'Deny “%1$s” the %2$s key', 'byok' ), $name, $provider );
	}
}
