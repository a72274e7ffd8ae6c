<?php
/**
 * Keys that open under a previous secret.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints the panel that offers to encrypt such keys anew, and how far that is.
 *
 * @since 0.1.0
 */
final class Reencryption_Panel {

	/**
	 * Element id of the panel.
	 */
	public const ID = 'byok-reencryption';

	/**
	 * Prints the panel, if there is a reason to.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 * @param array[]    $infos  Infos by provider id.
	 * @param array      $source What byok_key_source() tells.
	 */
	public static function render( Key_Screen $screen, array $infos, array $source ): void {
		if ( 'user' === $screen->owner->kind ) {
			return;
		}
		$all    = 'all' === self::scope( $screen );
		$status = $all ? Reencryption::status() : null;
		if ( null !== $status && $status['key_id'] !== $source['key_id'] ) {
			$status = null;
		}
		$stale = count( array_filter( $infos, static fn( array $info ) => 'stale' === $info['state'] ) );
		$begun = null !== $status && ! $status['finished'];
		if ( 0 === $stale && ! $begun && ! ( $all && null === $status && self::has_others( $screen, $infos, $source ) ) ) {
			return;
		}
		$id = self::ID;
		?>
		<section class="byok-box" id="<?php echo esc_attr( $id ); ?>" data-tone="neutral" data-scope="<?php echo esc_attr( self::scope( $screen ) ); ?>" aria-labelledby="<?php echo esc_attr( $id ); ?>-title">
			<h2 id="<?php echo esc_attr( $id ); ?>-title" tabindex="-1"><?php esc_html_e( 'Keys under a previous secret', 'byok' ); ?></h2>
			<p class="byok-reencryption__text"><?php echo esc_html( self::sentence( $stale ) ); ?></p>
			<div class="byok-progress"<?php Card_Parts::hidden( ! $begun ); ?>>
				<progress max="<?php echo absint( max( 1, $status['total'] ?? 1 ) ); ?>" value="<?php echo absint( $begun ? min( $status['seen'], $status['total'] ) : 0 ); ?>" aria-labelledby="<?php echo esc_attr( $id ); ?>-title"></progress>
				<span class="byok-progress__text"><?php echo esc_html( $begun ? Messages::progress( $status ) : '' ); ?></span>
			</div>
			<form class="byok-panel__foot byok-reencryption-form" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>">
				<?php Card_Parts::hidden_fields( $screen, Reencryption_Form::ACTION, 'reencrypt' ); ?>
				<button type="submit" class="button button-compact byok-reencrypt"><span class="byok-spinner" hidden></span><span class="byok-label"><?php $begun ? esc_html_e( 'Go on', 'byok' ) : esc_html_e( 'Encrypt anew', 'byok' ); ?></span></button>
				<button type="button" class="button button-compact byok-stop" hidden><?php esc_html_e( 'Stop', 'byok' ); ?></button>
			</form>
		</section>
		<?php
	}

	/**
	 * The sentences for every number of such keys below the one there is: as keys are replaced, the
	 * script counts down.
	 *
	 * @since 0.1.0
	 *
	 * @param array[] $infos Infos by provider id.
	 * @return array<int, string> Sentences by number.
	 */
	public static function sentences( array $infos ): array {
		$sentences = array();
		$stale     = count( array_keys( array_column( $infos, 'state' ), 'stale', true ) );
		for ( $count = 1; $count < $stale; $count++ ) {
			$sentences[ $count ] = self::sentence( $count );
		}
		return $sentences;
	}

	/**
	 * Which keys the page may move: on a network a site's administrator gets the site's own only.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 * @return string `site` or `all`.
	 */
	public static function scope( Key_Screen $screen ): string {
		return is_multisite() && 'site' === $screen->owner->kind ? 'site' : 'all';
	}

	/**
	 * Whether keys that this page does not list may be under a previous secret: those of a network's
	 * sites, or members'. Nobody has counted them; a finished run under the current secret says no.
	 *
	 * @param Key_Screen $screen Page.
	 * @param array[]    $infos  Infos by provider id.
	 * @param array      $source What byok_key_source() tells.
	 */
	private static function has_others( Key_Screen $screen, array $infos, array $source ): bool {
		// Where a key of this page is locked, the panel for that is what helps.
		if ( array() === $source['previous_key_ids'] || array() !== Unlock_Panel::waiting( $infos ) ) {
			return false;
		}
		return 'network' === $screen->owner->kind || Key_Batch::has_people();
	}

	/**
	 * What it is about.
	 *
	 * @param int $stale Number of keys on this page that open under a previous secret.
	 */
	private static function sentence( int $stale ): string {
		if ( 0 === $stale ) {
			return __( 'Keys of sites or members may still open under a previous secret. Encrypt them anew; after that the previous secret is not needed any more. AUTH_KEY and AUTH_SALT themselves stay: WordPress needs them.', 'byok' );
		}
		return sprintf(
			/* translators: %s: a number. */
			_n(
				'%s key opens under a previous secret. Encrypt it anew; after that the previous secret is not needed any more. AUTH_KEY and AUTH_SALT themselves stay: WordPress needs them.',
				'%s keys open under a previous secret. Encrypt them anew; after that the previous secret is not needed any more. AUTH_KEY and AUTH_SALT themselves stay: WordPress needs them.',
				$stale,
				'byok'
			),
			number_format_i18n( $stale )
		);
	}
}
