<?php
/**
 * The relay, on the page with the keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints who may use the relay, from which pages, and how often. What few sites change (sizes, times, numbers of
 * open answers) is for the command line.
 *
 * @since 0.1.0
 */
final class Relay_Panel {

	/**
	 * Element id of the panel.
	 */
	public const ID = 'byok-relay';

	/**
	 * Prints the panel, for the site's administrators.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 * @param array|null $notice Notice from a posted form.
	 */
	public static function render( Key_Screen $screen, ?array $notice ): void {
		if ( 'site' !== $screen->owner->kind ) {
			return;
		}
		$settings = Relay_Settings::current();
		?>
		<details class="byok-more" id="<?php echo esc_attr( self::ID ); ?>"<?php echo ( null !== $notice && 'relay' === $notice['panel'] ) || Doctor_Panel::is_asked( $screen ) ? ' open' : ''; ?>>
			<summary><?php esc_html_e( 'Relay: let apps call providers through this site', 'byok' ); ?></summary>
			<form class="byok-box" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" autocomplete="off">
				<?php Card_Parts::hidden_fields( $screen, Relay_Form::ACTION, 'relay' ); ?>
				<p><?php esc_html_e( 'Browsers and apps use the providers’ own clients with this site as their address. The keys stay here.', 'byok' ); ?> <?php echo esc_html( self::path() ); ?></p>
				<fieldset class="byok-fieldset">
					<legend><?php esc_html_e( 'Who may use it', 'byok' ); ?></legend>
					<?php
					foreach ( array_keys( Relay_Settings::SWITCHES ) as $name ) {
						printf(
							'<p><label><input type="checkbox" name="%s" value="1"%s> %s</label>%s</p>',
							esc_attr( $name ),
							checked( $settings->$name, true, false ),
							esc_html( self::label( $name ) ),
							// Whoever looks for the keys finds no section for them before.
							'connect' === $name && ! $settings->connect ? '<br><span class="byok-help">' . esc_html__( 'Save this, and the section “Connect keys”, where pairs are made, appears below.', 'byok' ) . '</span>' : ''
						);
					}
					?>
				</fieldset>
				<?php
				self::render_list( 'origins', $settings->origins, 'https://app.example', __( 'One a line. Pages of other origins are refused; the site’s own pages always may.', 'byok' ) );
				self::render_list( 'models', $settings->models, 'gpt-4o-mini', __( 'One a line. Without any, all models may be used.', 'byok' ) );
				self::render_list( 'trusted_proxies', $settings->trusted_proxies, '10.0.0.0/8', __( 'Networks, one a line. Only of these the header X-Forwarded-For is believed.', 'byok' ) );
				?>
				<details class="byok-more">
					<summary><?php esc_html_e( 'Limits', 'byok' ); ?></summary>
					<?php
					foreach ( $settings->limits as $kind => list( $requests, $seconds ) ) {
						self::render_limit( $kind, $requests, $seconds );
					}
					?>
				</details>
				<div class="byok-panel__foot">
					<button type="submit" class="button button-compact"><?php esc_html_e( 'Save', 'byok' ); ?></button>
				</div>
			</form>
			<?php Doctor_Panel::render( $screen ); ?>
		</details>
		<?php
	}

	/**
	 * What a setting is called.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name Name.
	 * @return string A few words; empty for none of ours.
	 */
	public static function label( string $name ): string {
		$labels = array(
			'enabled'             => __( 'The relay is on', 'byok' ),
			'users'               => __( 'Signed-in users who may edit posts, or have the capability byok_use_relay, with their own keys or the site’s', 'byok' ),
			'members'             => __( 'All other signed-in users, with keys of their own only (also where visitors may)', 'byok' ),
			'visitors'            => __( 'Visitors without an account, with keys of their own', 'byok' ),
			'connect'             => __( 'Apps with connect keys, for people who bring keys of their own', 'byok' ),
			'pass_through'        => __( 'Anyone who sends an API key of their own with each request; it is not stored', 'byok' ),
			'own_address_tickets' => __( 'Tickets also for providers with an address of their own: a server there that repeats the key can show it to whoever has the ticket', 'byok' ),
			'origins'             => __( 'Pages that may call', 'byok' ),
			'models'              => __( 'Models that may be used', 'byok' ),
			'trusted_proxies'     => __( 'Trusted proxies', 'byok' ),
			'limits.token'        => __( 'Each token', 'byok' ),
			'limits.user'         => __( 'Each user', 'byok' ),
			'limits.address'      => __( 'Each address', 'byok' ),
			'limits.key'          => __( 'Each key', 'byok' ),
			'limits.global'       => __( 'The whole site', 'byok' ),
			'limits.register'     => __( 'New visitors from one address', 'byok' ),
			'limits.own'          => __( 'A visitor’s form, about the visitor’s own keys', 'byok' ),
			'limits'              => __( 'Limits', 'byok' ),
		);
		return $labels[ $name ] ?? '';
	}

	/**
	 * Which data path there is.
	 */
	private static function path(): string {
		return Relay_Offload::is_here()
			? __( 'The web server passes answers on itself, for requests with a ticket.', 'byok' )
			: sprintf(
				/* translators: %s: a number. */
				_n( 'PHP passes answers on, %s at once.', 'PHP passes answers on, %s at once.', Relay_Streams::most(), 'byok' ),
				number_format_i18n( Relay_Streams::most() )
			);
	}

	/**
	 * Prints a list.
	 *
	 * @param string   $name        Name.
	 * @param string[] $entries     Entries.
	 * @param string   $placeholder What an entry looks like.
	 * @param string   $help        A sentence.
	 */
	private static function render_list( string $name, array $entries, string $placeholder, string $help ): void {
		$id = self::ID . '-' . $name;
		?>
		<div class="byok-field">
			<label for="<?php echo esc_attr( $id ); ?>"><?php echo esc_html( self::label( $name ) ); ?></label>
			<textarea class="byok-input" id="<?php echo esc_attr( $id ); ?>" name="<?php echo esc_attr( $name ); ?>" rows="<?php echo absint( min( 6, count( $entries ) + 1 ) ); ?>" dir="ltr" placeholder="<?php echo esc_attr( $placeholder ); ?>" autocapitalize="off" spellcheck="false" aria-describedby="<?php echo esc_attr( $id ); ?>-help"><?php echo esc_textarea( implode( "\n", $entries ) ); ?></textarea>
			<p class="byok-help" id="<?php echo esc_attr( $id ); ?>-help"><?php echo esc_html( $help ); ?></p>
		</div>
		<?php
	}

	/**
	 * Prints a limit.
	 *
	 * @param string $kind     Kind.
	 * @param int    $requests Requests.
	 * @param int    $seconds  Seconds.
	 */
	private static function render_limit( string $kind, int $requests, int $seconds ): void {
		$number = static fn( string $name, int $value, string $label ) => sprintf(
			'<input class="byok-input byok-relay__number" type="number" min="1" name="%s" value="%s" aria-label="%s">',
			esc_attr( "{$name}_$kind" ),
			esc_attr( (string) $value ),
			esc_attr( self::label( "limits.$kind" ) . ', ' . $label )
		);
		echo '<p class="byok-relay__limit"><span>' . esc_html( self::label( "limits.$kind" ) ) . '</span> ';
		printf(
			/* translators: 1: field with a number of requests, 2: field with a number of seconds. */
			esc_html__( '%1$s requests in %2$s seconds', 'byok' ),
			$number( 'requests', $requests, __( 'requests', 'byok' ) ), // phpcs:ignore WordPress.Security.EscapeOutput -- escaped above.
			$number( 'seconds', $seconds, __( 'seconds', 'byok' ) ) // phpcs:ignore WordPress.Security.EscapeOutput -- escaped above.
		);
		echo '</p>';
	}
}
