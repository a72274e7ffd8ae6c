<?php
/**
 * What to do about locked keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints the panel above the cards when the site's secret was changed: how many keys are locked, that
 * none is lost, and the ways out.
 *
 * @since 0.1.0
 */
final class Unlock_Panel {

	/**
	 * Element id of the panel.
	 */
	public const ID = 'byok-unlock';

	/**
	 * Prints the panel, if there is a reason to.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 * @param array[]    $infos  Infos by provider id.
	 * @param array|null $notice Notice from a posted form.
	 */
	public static function render( Key_Screen $screen, array $infos, ?array $notice ): void {
		$reasons = array_merge( array_column( $infos, 'reason' ), array_column( $infos, 'previous_reason' ) );
		if ( in_array( 'tenant_changed', $reasons, true ) ) {
			self::render_tenant( $screen );
		}
		$waiting = self::waiting( $infos );
		$panel   = $notice['panel'] ?? '';
		if ( 'user' === $screen->owner->kind ) {
			if ( $waiting ) {
				self::render_text( Messages::own_locked_keys( count( $waiting ) ) );
			}
			return;
		}

		if ( $waiting ) {
			self::render_form( $screen, self::sentence( $infos, count( $waiting ) ), $panel );
		} elseif ( Unlock_Form::MORE === $panel || self::has_others( $screen, $infos ) ) {
			self::render_form( $screen, Messages::maybe_locked_keys(), $panel );
		}
	}

	/**
	 * The sentences for every number of locked keys up to the one there is: as keys are pasted again, the
	 * script counts down.
	 *
	 * @since 0.1.0
	 *
	 * @param array[] $infos Infos by provider id.
	 * @return array<int, string> Sentences by number.
	 */
	public static function sentences( array $infos ): array {
		$sentences = array();
		$locked    = count( self::waiting( $infos ) );
		for ( $count = 1; $count < $locked; $count++ ) {
			$sentences[ $count ] = self::sentence( $infos, $count );
		}
		return $sentences;
	}

	/**
	 * What waits for the secret from before, also when it is only the key that is kept beside one that is not verified.
	 *
	 * @since 0.1.0
	 *
	 * @param array[] $infos Infos by provider id.
	 * @return array[] Some of them.
	 */
	public static function waiting( array $infos ): array {
		return array_filter( $infos, array( Key_Info::class, 'waits_for_secret' ) );
	}

	/**
	 * How many keys are locked, and since when.
	 *
	 * @param array[] $infos Infos by provider id.
	 * @param int     $count Number of locked keys.
	 */
	private static function sentence( array $infos, int $count ): string {
		// When a kept key was saved is not told; the one in its place was saved after the change.
		$locked = array_filter( self::waiting( $infos ), static fn( array $info ) => 'locked' === $info['state'] );
		$saved  = array_filter( array_column( $locked, 'saved_at' ) );
		return Messages::locked_keys( $count, $saved ? max( $saved ) : null );
	}

	/**
	 * Whether keys that this page does not list may be locked: those of a network's sites, or members'.
	 *
	 * @param Key_Screen $screen Page.
	 * @param array[]    $infos  Infos by provider id.
	 */
	private static function has_others( Key_Screen $screen, array $infos ): bool {
		// Where a key of this page opens under the previous secret, that one is here already.
		if ( null === Canary::changed_at() || in_array( 'stale', array_column( $infos, 'state' ), true ) ) {
			return false;
		}
		$status = Reencryption::status();
		if ( null !== $status && $status['finished'] && byok_key_source()['key_id'] === $status['key_id'] ) {
			// All of them were looked at since.
			return $status['locked'] > 0;
		}
		return 'network' === $screen->owner->kind || ( ! is_multisite() && Key_Batch::has_people() );
	}

	/**
	 * Prints the panel with the form.
	 *
	 * @param Key_Screen $screen   Page.
	 * @param string     $sentence What has happened.
	 * @param string     $panel    Panel that a posted form asks to open again.
	 */
	private static function render_form( Key_Screen $screen, string $sentence, string $panel ): void {
		?>
		<section class="byok-box" id="<?php echo esc_attr( self::ID ); ?>" data-tone="warn" aria-labelledby="<?php echo esc_attr( self::ID ); ?>-title">
			<h2 id="<?php echo esc_attr( self::ID ); ?>-title"><?php esc_html_e( 'Locked, not lost', 'byok' ); ?></h2>
			<p class="byok-unlock__text"><?php echo esc_html( $sentence ); ?></p>
			<details<?php echo in_array( $panel, array( Unlock_Form::AGAIN, Unlock_Form::MORE ), true ) ? ' open' : ''; ?>>
				<summary><?php esc_html_e( 'Enter the previous secret', 'byok' ); ?></summary>
				<form class="byok-box__body byok-unlock-form" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" autocomplete="off" novalidate>
					<?php Card_Parts::hidden_fields( $screen, Unlock_Form::ACTION, 'unlock' ); ?>
					<?php if ( Unlock_Form::MORE === $panel ) : ?>
						<input type="hidden" name="go_on" value="1">
					<?php endif; ?>
					<p class="byok-help" id="<?php echo esc_attr( self::ID ); ?>-help"><?php esc_html_e( 'Look into a wp-config.php from before the change: in a backup, or on the server that the site has moved from. Paste each value, or the whole line with define(). It is used this once and not kept.', 'byok' ); ?></p>
					<fieldset class="byok-fieldset">
						<legend><?php esc_html_e( 'The keys and salts of WordPress', 'byok' ); ?></legend>
						<?php
						self::render_field( 'auth_key' );
						self::render_field( 'auth_salt' );
						?>
					</fieldset>
					<fieldset class="byok-fieldset">
						<legend><?php esc_html_e( 'Or, if this site had a secret of its own', 'byok' ); ?></legend>
						<?php self::render_field( 'key' ); ?>
					</fieldset>
					<div class="byok-panel__foot">
						<button type="submit" class="button button-primary button-compact byok-unlock-button"><span class="byok-spinner" hidden></span><span class="byok-label"><?php esc_html_e( 'Open the keys', 'byok' ); ?></span></button>
					</div>
				</form>
			</details>
			<details>
				<summary><?php esc_html_e( 'Give it on the server instead', 'byok' ); ?></summary>
				<div class="byok-box__body">
					<p><?php esc_html_e( 'Add the previous secret beside the current one. The keys open at once; this page then offers to encrypt them anew, and after that the previous secret can be taken away.', 'byok' ); ?></p>
					<p><?php esc_html_e( 'When the keys and salts in wp-config.php were changed, in wp-config.php:', 'byok' ); ?></p>
					<pre dir="ltr" tabindex="0"><code>define( 'AUTH_KEY_PREVIOUS', '…' );
define( 'AUTH_SALT_PREVIOUS', '…' );</code></pre>
					<p><?php esc_html_e( 'When BYOK_KEY was changed, in wp-config.php or in the environment of PHP:', 'byok' ); ?></p>
					<pre dir="ltr" tabindex="0"><code>define( 'BYOK_KEY_PREVIOUS', '…' );</code></pre>
					<p><?php esc_html_e( 'When the key file was changed, in php.ini:', 'byok' ); ?></p>
					<pre dir="ltr" tabindex="0"><code>byok.previous_key_files = /path/to/the/previous/file</code></pre>
				</div>
			</details>
		</section>
		<?php
	}

	/**
	 * Prints one field.
	 *
	 * @param string $name One of the names of Previous_Secret::CONSTANTS.
	 */
	private static function render_field( string $name ): void {
		$id = self::ID . '-' . str_replace( '_', '-', $name );
		?>
		<div class="byok-field">
			<label for="<?php echo esc_attr( $id ); ?>">
				<?php
				/* translators: %s: name of a constant. */
				echo esc_html( sprintf( __( 'Previous %s', 'byok' ), Previous_Secret::CONSTANTS[ $name ] ) );
				?>
			</label>
			<?php Card_Parts::secret_field( $id, 'previous_' . $name, self::ID . '-help', sprintf( "define( '%s', '…' );", Previous_Secret::CONSTANTS[ $name ] ) ); ?>
		</div>
		<?php
	}

	/**
	 * Prints that keys are locked by the server's tenant, which no secret opens.
	 *
	 * @param Key_Screen $screen Page.
	 */
	private static function render_tenant( Key_Screen $screen ): void {
		self::render_text(
			'user' === $screen->owner->kind
				? __( 'Keys are locked by a setting of this server, not lost. An administrator of this site can mend that.', 'byok' )
				: Messages::reason( 'tenant_changed' )
		);
	}

	/**
	 * Prints the panel without a form.
	 *
	 * @param string $sentence What has happened.
	 */
	private static function render_text( string $sentence ): void {
		?>
		<section class="byok-box" data-tone="warn">
			<h2><?php esc_html_e( 'Locked, not lost', 'byok' ); ?></h2>
			<p><?php echo esc_html( $sentence ); ?></p>
		</section>
		<?php
	}
}
