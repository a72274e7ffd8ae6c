<?php
/**
 * How the keys of this site are protected, in a word.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints the state of the key source in the header of the settings page, and how to make it stronger.
 *
 * It knows the name of the source and nothing of its material.
 *
 * @since 0.1.0
 */
final class Vault_State {

	/**
	 * Prints the state.
	 *
	 * @since 0.1.0
	 *
	 * @param array $source What byok_key_source() tells.
	 */
	public static function render( array $source ): void {
		$tone = null === $source['error'] ? 'good' : 'bad';
		$word = self::word( $source );

		if ( 'salts' !== $source['source'] || null !== $source['error'] ) {
			?>
			<p class="byok-vault" data-tone="<?php echo esc_attr( $tone ); ?>"><span class="byok-vault__word"><?php echo esc_html( $word ); ?></span></p>
			<?php
			return;
		}
		?>
		<details class="byok-vault" data-tone="<?php echo esc_attr( $tone ); ?>">
			<summary>
				<span class="byok-vault__word"><?php echo esc_html( $word ); ?></span>
				<span class="byok-vault__more"><?php esc_html_e( 'Make it stronger', 'byok' ); ?></span>
			</summary>
			<div class="byok-vault__help">
				<p><?php esc_html_e( 'Your keys are encrypted with the salts of wp-config.php. Whoever steals only the database cannot read them; whoever also reads wp-config.php can.', 'byok' ); ?></p>
				<p><?php esc_html_e( 'For more, give this site a secret of its own in the server’s environment, where no file of the site holds it. Print one with:', 'byok' ); ?></p>
				<p><code dir="ltr">php -r 'echo byok_generate_key(), "\n";'</code></p>
				<p><?php esc_html_e( 'Set it as the environment variable BYOK_KEY of PHP, or put it into a file that only root can read and name that as byok.key_file in php.ini; then restart PHP. The keys saved so far still open, and this page offers to encrypt them anew. Keep a copy of the secret: without it, keys saved from then on cannot be read.', 'byok' ); ?></p>
			</div>
		</details>
		<?php
	}

	/**
	 * The state in a word.
	 *
	 * @param array $source What byok_key_source() tells.
	 */
	private static function word( array $source ): string {
		if ( null !== $source['error'] ) {
			return __( 'Not protected: nothing can be saved', 'byok' );
		}
		switch ( $source['source'] ) {
			case 'key_file':
				return __( 'Protected by your server’s key file', 'byok' );
			case 'environment':
				return __( 'Protected by your server’s environment', 'byok' );
			case 'constant':
				return __( 'Protected by the BYOK_KEY constant', 'byok' );
			case 'salts':
				return __( 'Protected by your site’s salts', 'byok' );
		}
		return __( 'Protected', 'byok' );
	}
}
