<?php
/**
 * Who may use each key, and how much.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * One card for each key: who may use it, for which see Consent_Panel, and its monthly budgets. Every button
 * is a plain form.
 *
 * @since 0.1.0
 */
final class Budget_Panel {

	/**
	 * Prints it; nothing when there is no key.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page with the keys.
	 * @param array[]    $rows   What was used, see Usage_Figures::rows(): budgets are offered for those callers.
	 */
	public static function render( Key_Screen $screen, array $rows ): void {
		$policy = Consent_Store::read( $screen->owner );
		$names  = is_wp_error( $policy ) ? array() : self::providers( $screen, $policy );
		if ( is_wp_error( $policy ) ) {
			printf( '<div class="byok-alert" data-tone="bad"><p>%s</p></div>', esc_html( $policy->get_error_message() ) );
		}
		if ( array() === $names ) {
			return;
		}
		?>
		<section class="byok-usage__part" aria-labelledby="byok-policy-heading">
			<h2 class="byok-section" id="byok-policy-heading"><?php esc_html_e( 'Who may use each key, and how much', 'byok' ); ?></h2>
			<ul class="byok-cards">
				<?php foreach ( $names as $provider => $name ) : ?>
					<li class="byok-card" id="byok-policy-<?php echo esc_attr( $provider ); ?>">
						<h3 class="byok-card__name"><?php echo esc_html( $name ); ?></h3>
						<?php
						$callers = self::callers( $rows, $policy, (string) $provider );
						Consent_Panel::render( $screen, $policy, (string) $provider, $callers );
						self::render_budgets( $screen, $policy, (string) $provider, $callers );
						?>
					</li>
				<?php endforeach; ?>
			</ul>
			<p class="byok-help"><?php esc_html_e( 'A budget counts requests and tokens, not money: what a token costs differs by model and contract. The provider’s own spending limit is the one that surely holds. This stops plugins that ask byok; code that wants to deceive cannot be fully kept apart inside WordPress.', 'byok' ); ?></p>
		</section>
		<?php
	}

	/**
	 * Keys that are decided about here: those that there are, and those that something was decided about.
	 *
	 * @param Key_Screen     $screen Page with the keys.
	 * @param Consent_Policy $policy Decisions.
	 * @return array<string, string> Names of providers by id.
	 */
	private static function providers( Key_Screen $screen, Consent_Policy $policy ): array {
		$names = array();
		foreach ( $screen->infos() as $provider => $info ) {
			// A key that the server gives is the site's, too; the network's is decided about by the network.
			$inherited = 'absent' === $info['state'] && 'site' === $screen->owner->kind ? $screen->inherited( (string) $provider ) : null;
			$is_server = null !== $inherited && in_array( $inherited['source'], array( 'environment', 'constant' ), true );
			if ( 'absent' !== $info['state'] || $is_server || in_array( (string) $provider, $policy->providers(), true ) ) {
				$names[ $provider ] = (string) $info['name'];
			}
		}
		return $names;
	}

	/**
	 * Prints the budgets of a key.
	 *
	 * @param Key_Screen     $screen   Page with the keys.
	 * @param Consent_Policy $policy   Decisions.
	 * @param string         $provider Provider id.
	 * @param string[]       $callers  Ids of callers that a budget is offered for.
	 */
	private static function render_budgets( Key_Screen $screen, Consent_Policy $policy, string $provider, array $callers ): void {
		$budgets = $policy->budgets( $provider );
		$sums    = Usage_Figures::sums( new Place( $screen->owner, $provider ), gmdate( 'Y-m-01' ) );
		$whole   = $budgets[ Consent_Policy::WHOLE_KEY ] ?? Budget_Limits::of( array() );
		$all     = array(
			'requests' => array_sum( array_column( $sums, 'requests' ) ),
			'tokens'   => array_sum( array_column( $sums, 'tokens' ) ),
		);
		?>
		<details class="byok-more" <?php echo array() === $budgets ? '' : 'open'; ?>>
			<summary><?php esc_html_e( 'Monthly budget', 'byok' ); ?></summary>
			<?php
			self::render_budget( $screen, $provider, Consent_Policy::WHOLE_KEY, __( 'The whole key', 'byok' ), $whole, $all );
			$print = static function ( string $caller ) use ( $screen, $provider, $budgets, $sums ): void {
				$used = $sums[ $caller ] ?? array(
					'requests' => 0,
					'tokens'   => 0,
				);
				self::render_budget( $screen, $provider, $caller, Usage_Figures::name_of( $caller ), $budgets[ $caller ] ?? Budget_Limits::of( array() ), $used );
			};
			// Those that have a budget are seen at once, the others when they are asked for.
			$others = array_diff( $callers, array_map( 'strval', array_keys( $budgets ) ) );
			array_map( $print, array_diff( $callers, $others ) );
			if ( array() !== $others ) {
				printf( '<details class="byok-more"><summary>%s</summary>', esc_html__( 'A budget for one plugin or theme', 'byok' ) );
				array_map( $print, $others );
				echo '</details>';
			}
			?>
		</details>
		<?php
	}

	/**
	 * Prints one budget.
	 *
	 * @param Key_Screen    $screen   Page with the keys.
	 * @param string        $provider Provider id.
	 * @param string        $caller   Id of a caller, or Consent_Policy::WHOLE_KEY.
	 * @param string        $name     What people call that.
	 * @param Budget_Limits $limits   The budget.
	 * @param array         $used     What was used this month: `requests` and `tokens`.
	 */
	private static function render_budget( Key_Screen $screen, string $provider, string $caller, string $name, Budget_Limits $limits, array $used ): void {
		$labels = array(
			'soft_requests' => __( 'Tell me at … requests', 'byok' ),
			'hard_requests' => __( 'Refuse after … requests', 'byok' ),
			'soft_tokens'   => __( 'Tell me at … tokens', 'byok' ),
			'hard_tokens'   => __( 'Refuse after … tokens', 'byok' ),
		);
		?>
		<form class="byok-budget" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>">
			<fieldset class="byok-fieldset">
				<legend><bdi><?php echo esc_html( $name ); ?></bdi> <?php self::render_state( $limits, $used ); ?></legend>
				<?php Usage_Form::render_fields( $screen, compact( 'provider', 'caller' ) + array( 'do' => 'budget' ) ); ?>
				<p class="byok-help">
					<?php
					echo esc_html(
						sprintf(
							/* translators: 1: number of requests, 2: number of tokens. */
							__( 'Used this month: requests %1$s, tokens %2$s.', 'byok' ),
							number_format_i18n( $used['requests'] ),
							number_format_i18n( $used['tokens'] )
						)
					);
					?>
				</p>
				<div class="byok-budget__fields">
					<?php foreach ( $labels as $limit => $label ) : ?>
						<label>
							<span><?php echo esc_html( $label ); ?></span>
							<input class="byok-input" type="text" inputmode="numeric" name="<?php echo esc_attr( $limit ); ?>" value="<?php echo esc_attr( (string) $limits->limit( $limit ) ); ?>" placeholder="<?php esc_attr_e( 'no limit', 'byok' ); ?>" maxlength="20">
						</label>
					<?php endforeach; ?>
				</div>
				<div class="byok-panel__foot">
					<button class="button" aria-label="<?php /* translators: %s: name of a plugin or theme. */ echo esc_attr( sprintf( __( 'Save the budget: %s', 'byok' ), $name ) ); ?>"><?php esc_html_e( 'Save', 'byok' ); ?></button>
				</div>
			</fieldset>
		</form>
		<?php
	}

	/**
	 * Prints that a budget is reached.
	 *
	 * @param Budget_Limits $limits The budget.
	 * @param array         $used   What was used this month.
	 */
	private static function render_state( Budget_Limits $limits, array $used ): void {
		if ( null !== $limits->used_up( 'hard', $used ) ) {
			printf( '<span class="byok-chip" data-tone="bad">%s</span>', esc_html__( 'Used up', 'byok' ) );
		} elseif ( null !== $limits->used_up( 'soft', $used ) ) {
			printf( '<span class="byok-chip" data-tone="warn">%s</span>', esc_html__( 'Reached', 'byok' ) );
		}
	}

	/**
	 * Callers that a budget is offered for: those that have used the key, were approved, or have one.
	 *
	 * @param array[]        $rows     What was used.
	 * @param Consent_Policy $policy   Decisions.
	 * @param string         $provider Provider id.
	 * @return string[] Ids.
	 */
	private static function callers( array $rows, Consent_Policy $policy, string $provider ): array {
		$used    = array_filter( $rows, static fn( array $row ) => $row['provider'] === $provider );
		$callers = array_merge(
			array_map( 'strval', array_keys( $policy->budgets( $provider ) ) ),
			$policy->callers( $provider, 'approved' ),
			array_column( $used, 'caller' )
		);
		return array_values( array_unique( array_diff( $callers, array( Consent_Policy::WHOLE_KEY ) ) ) );
	}
}
