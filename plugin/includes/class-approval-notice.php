<?php
/**
 * What whoever manages keys must be told about their use.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints a notice when a plugin or theme waits to be approved, and when a budget is reached, on the
 * dashboard and on the page with the keys, for people who may do something about it.
 *
 * It only tells; deciding is for the page it links to.
 *
 * @since 0.1.0
 */
final class Approval_Notice {

	/**
	 * Screens with the notice, by kind of the owner whose keys it is about.
	 */
	private const SCREENS = array(
		'dashboard'                  => 'site',
		'settings_page_byok'         => 'site',
		'dashboard-network'          => 'network',
		'settings_page_byok-network' => 'network',
		'profile_page_byok-keys'     => 'user',
		'users_page_byok-keys'       => 'user',
	);

	/**
	 * Sentences of one notice. Who wants more to be told finds it on the page.
	 */
	private const MOST = 3;

	/**
	 * Prints the notices of the current screen, if there are any.
	 *
	 * @since 0.1.0
	 */
	public static function render(): void {
		$current = get_current_screen();
		$kind    = self::SCREENS[ null === $current ? '' : $current->id ] ?? '';
		$screen  = '' === $kind ? null : Key_Screen::of( $kind );
		if ( null === $screen || ! $screen->is_allowed() ) {
			return;
		}

		$waiting = array_map(
			static fn( array $one ) => Messages::approval_wanted( Usage_Figures::name_of( $one['caller'] ), self::provider( $one['provider'] ) ),
			Consent::pending( $screen->owner )
		);
		self::render_one( $screen, 'byok-approvals-notice', $waiting, __( 'Approve or deny', 'byok' ), '#byok-approvals', false );

		$reached = array_filter( Budget::reached( $screen->owner ), static fn( array $one ) => ! $one['seen'] );
		$reached = array_map(
			static fn( array $one ) => Messages::budget_reached(
				$one['level'],
				self::provider( $one['provider'] ),
				Consent_Policy::WHOLE_KEY === $one['caller'] ? null : Usage_Figures::name_of( $one['caller'] )
			),
			array_values( $reached )
		);
		self::render_one( $screen, 'byok-budgets-notice', $reached, __( 'Look at the usage', 'byok' ), '', true );
	}

	/**
	 * Prints one.
	 *
	 * @param Key_Screen $screen    Page with the keys.
	 * @param string     $id        Element id.
	 * @param string[]   $sentences What is told; none for no notice.
	 * @param string     $link      Words of the link.
	 * @param string     $target    Where on the page it leads to.
	 * @param bool       $may_be_put_away Whether it has a button for that.
	 */
	private static function render_one( Key_Screen $screen, string $id, array $sentences, string $link, string $target, bool $may_be_put_away ): void {
		if ( array() === $sentences ) {
			return;
		}
		// The page with the keys takes the space around paragraphs away; the dashboard does not.
		if ( wp_style_is( 'byok' ) ) {
			Usage_Page::enqueue();
		}
		$more = count( $sentences ) - self::MOST;
		if ( $more > 0 ) {
			$sentences = array_slice( $sentences, 0, self::MOST );
			/* translators: %s: a number. */
			$sentences[] = sprintf( _n( 'There is %s more.', 'There are %s more.', $more, 'byok' ), number_format_i18n( $more ) );
		}
		?>
		<div id="<?php echo esc_attr( $id ); ?>" class="notice notice-warning byok-notice">
			<p>
				<?php
				foreach ( $sentences as $sentence ) {
					echo esc_html( $sentence ) . '<br>';
				}
				?>
			</p>
			<form method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>">
				<?php Usage_Form::render_fields( $screen, array() ); ?>
				<?php // The dashboard has none of our styles. ?>
				<p style="display: flex; flex-wrap: wrap; gap: 8px">
					<a class="button" href="<?php echo esc_url( Usage_Page::url( $screen ) . $target ); ?>"><?php echo esc_html( $link ); ?></a>
					<?php if ( $may_be_put_away ) : ?>
						<button class="button" name="do" value="see"><?php esc_html_e( 'Put away for this month', 'byok' ); ?></button>
					<?php endif; ?>
				</p>
			</form>
		</div>
		<?php
	}

	/**
	 * Name of a provider.
	 *
	 * @param string $id Provider id.
	 */
	private static function provider( string $id ): string {
		return (string) ( Providers::find( $id )['name'] ?? $id );
	}
}
