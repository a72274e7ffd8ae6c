<?php
/**
 * Who may use a key.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * The part of a key's card that says who may use it: the rule, who was approved and who was denied, and a
 * way to approve somebody who has not asked.
 *
 * @since 0.1.0
 */
final class Consent_Panel {

	/**
	 * Prints it.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen     $screen   Page with the keys.
	 * @param Consent_Policy $policy   Decisions.
	 * @param string         $provider Provider id.
	 * @param string[]       $seen     Ids of callers that were seen with the key.
	 */
	public static function render( Key_Screen $screen, Consent_Policy $policy, string $provider, array $seen ): void {
		self::render_mode( $screen, $policy, $provider );
		// With "every plugin" the lists are without effect; they come back with another choice.
		if ( 'all' !== $policy->mode( $provider ) ) {
			self::render_callers( $screen, $policy, $provider );
			self::render_choice( $screen, $policy, $provider, $seen );
		}
	}

	/**
	 * Prints who may use a key.
	 *
	 * @param Key_Screen     $screen   Page with the keys.
	 * @param Consent_Policy $policy   Decisions.
	 * @param string         $provider Provider id.
	 */
	private static function render_mode( Key_Screen $screen, Consent_Policy $policy, string $provider ): void {
		$id = 'byok-mode-' . $provider;
		?>
		<form class="byok-policy" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>">
			<?php Usage_Form::render_fields( $screen, array( 'provider' => $provider, 'do' => 'mode' ) ); ?>
			<label for="<?php echo esc_attr( $id ); ?>"><?php esc_html_e( 'May be used by', 'byok' ); ?></label>
			<select id="<?php echo esc_attr( $id ); ?>" name="mode">
				<?php foreach ( Consent_Policy::MODES as $mode ) : ?>
					<option value="<?php echo esc_attr( $mode ); ?>" <?php selected( $mode, $policy->mode( $provider ) ); ?>><?php echo esc_html( Messages::consent_mode( $mode ) ); ?></option>
				<?php endforeach; ?>
			</select>
			<button class="button"><?php esc_html_e( 'Save', 'byok' ); ?></button>
		</form>
		<?php
	}

	/**
	 * Prints who was approved and who was denied.
	 *
	 * @param Key_Screen     $screen   Page with the keys.
	 * @param Consent_Policy $policy   Decisions.
	 * @param string         $provider Provider id.
	 */
	private static function render_callers( Key_Screen $screen, Consent_Policy $policy, string $provider ): void {
		$lists = array(
			'approved' => array( __( 'Approved', 'byok' ), 'forget', __( 'Withdraw', 'byok' ), 'good' ),
			'denied'   => array( __( 'Denied', 'byok' ), 'approve', __( 'Approve', 'byok' ), 'bad' ),
		);
		$found = false;
		foreach ( $lists as $list => list( $word, $decision, $button, $tone ) ) {
			foreach ( $policy->callers( $provider, $list ) as $caller ) {
				$found = true;
				$name  = Usage_Figures::name_of( $caller );
				?>
				<form class="byok-policy" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>">
					<?php Usage_Form::render_fields( $screen, compact( 'provider', 'caller' ) + array( 'do' => $decision ) ); ?>
					<span class="byok-policy__caller"><bdi><?php echo esc_html( $name ); ?></bdi> <span class="byok-chip" data-tone="<?php echo esc_attr( $tone ); ?>"><?php echo esc_html( $word ); ?></span></span>
					<button class="button" aria-label="<?php echo esc_attr( $button . ': ' . $name ); ?>"><?php echo esc_html( $button ); ?></button>
				</form>
				<?php
			}
		}
		if ( ! $found ) {
			printf(
				'<p class="byok-help">%s</p>',
				'ask' === $policy->mode( $provider )
					? esc_html__( 'Nobody is approved yet. Whoever wants to use the key is refused, and you are asked above.', 'byok' )
					: esc_html__( 'Nobody is approved yet, so nobody can use the key.', 'byok' )
			);
		}
	}

	/**
	 * Prints a choice of others who can be approved before they ask, if there are any.
	 *
	 * @param Key_Screen     $screen   Page with the keys.
	 * @param Consent_Policy $policy   Decisions.
	 * @param string         $provider Provider id.
	 * @param string[]       $seen     Ids of callers that were seen with the key.
	 */
	private static function render_choice( Key_Screen $screen, Consent_Policy $policy, string $provider, array $seen ): void {
		// Which plugins a site has is not every member's business.
		$others = array_unique( array_merge( $seen, 'user' === $screen->owner->kind ? array() : self::installed() ) );
		$others = array_diff( $others, $policy->callers( $provider, 'approved' ), $policy->callers( $provider, 'denied' ), array( Consent_Policy::WHOLE_KEY ) );
		$names  = array();
		foreach ( $others as $caller ) {
			$names[ $caller ] = Usage_Figures::name_of( $caller );
		}
		if ( array() === $names ) {
			return;
		}
		natcasesort( $names );
		$id = 'byok-approve-' . $provider;
		?>
		<form class="byok-policy" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>">
			<?php Usage_Form::render_fields( $screen, array( 'provider' => $provider, 'do' => 'approve' ) ); ?>
			<label for="<?php echo esc_attr( $id ); ?>"><?php esc_html_e( 'Approve another one', 'byok' ); ?></label>
			<select id="<?php echo esc_attr( $id ); ?>" name="caller" required>
				<option value=""><?php esc_html_e( 'Choose …', 'byok' ); ?></option>
				<?php foreach ( $names as $caller => $name ) : ?>
					<option value="<?php echo esc_attr( (string) $caller ); ?>"><?php echo esc_html( $name ); ?></option>
				<?php endforeach; ?>
			</select>
			<button class="button"><?php esc_html_e( 'Approve', 'byok' ); ?></button>
		</form>
		<?php
	}

	/**
	 * Active plugins, must-use plugins and the themes in use, and WordPress.
	 *
	 * @return string[] Ids.
	 */
	private static function installed(): array {
		$found = array( 'core' );
		$files = array(
			'plugin'    => array_merge( (array) get_option( 'active_plugins', array() ), array_keys( is_multisite() ? (array) get_site_option( 'active_sitewide_plugins', array() ) : array() ) ),
			'mu-plugin' => array_map( 'basename', wp_get_mu_plugins() ),
			'theme'     => array( get_stylesheet(), get_template() ),
		);
		foreach ( $files as $kind => $names ) {
			foreach ( $names as $name ) {
				if ( plugin_basename( BYOK_PLUGIN_FILE ) !== $name ) {
					$found[] = Caller::of( $kind, 'theme' === $kind ? (string) $name : explode( '/', (string) $name )[0] )->id();
				}
			}
		}
		return array_values( array_unique( $found ) );
	}
}
