<?php
/**
 * Keys of one's own: a section of the profile page, and a page beside it.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Lets members bring their own keys. The profile page is one big form, and forms cannot stand in forms:
 * so it only tells which keys there are and links to a page with the cards.
 *
 * Everything here is about who is logged in; nobody gets to see it of somebody else.
 *
 * @since 0.1.0
 */
final class Profile_Section {

	/**
	 * Prints the page.
	 *
	 * @since 0.1.0
	 */
	public static function render_page(): void {
		Key_Page::render( Key_Screen::own() );
	}

	/**
	 * Prints the section of the profile page.
	 *
	 * @since 0.1.0
	 *
	 * @param \WP_User $user Whose profile it is.
	 */
	public static function render_section( $user ): void {
		$screen = Key_Screen::own();
		if ( ! $screen->is_allowed() || $screen->owner->id !== $user->ID ) {
			return;
		}
		$names = array();
		foreach ( $screen->infos() as $info ) {
			if ( 'absent' !== $info['state'] ) {
				$names[] = $info['name'];
			}
		}
		?>
		<h2><?php echo esc_html( $screen->title() ); ?></h2>
		<table class="form-table" role="presentation">
			<tr>
				<th scope="row"><?php esc_html_e( 'Providers', 'byok' ); ?></th>
				<td>
					<p id="byok-own-keys">
						<?php
						if ( $names ) {
							/* translators: %s: names of providers. */
							echo esc_html( sprintf( __( 'You have keys of your own for: %s.', 'byok' ), implode( ', ', $names ) ) );
						} else {
							esc_html_e( 'You have no keys of your own.', 'byok' );
						}
						?>
					</p>
					<p><a class="button" href="<?php echo esc_url( $screen->url() ); ?>"><?php $names ? esc_html_e( 'Manage your API keys', 'byok' ) : esc_html_e( 'Add an API key of your own', 'byok' ); ?></a></p>
					<p class="description"><?php esc_html_e( 'Used instead of the site’s keys for what you do on this site. Nobody can read them on these pages, not even an administrator.', 'byok' ); ?></p>
				</td>
			</tr>
		</table>
		<?php
	}
}
