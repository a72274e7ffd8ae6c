<?php
/**
 * Webhooks, on the page with the keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints the addresses that are told what happens to keys, how the last deliveries have ended, and the form for another
 * one.
 *
 * @since 0.1.0
 */
final class Webhook_Panel {

	/**
	 * Element id of the panel.
	 */
	public const ID = 'byok-webhooks';

	/**
	 * How many deliveries are shown. All are in REST and at the command line.
	 */
	private const SHOWN = 10;

	/**
	 * Prints the panel, for the site's administrators.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Screen $screen Page.
	 * @param array|null $notice Notice from a posted form.
	 */
	public static function render( Key_Screen $screen, ?array $notice ): void {
		$endpoints = 'site' === $screen->owner->kind ? Webhook_Endpoints::all() : null;
		if ( ! is_array( $endpoints ) ) {
			return;
		}
		$id = self::ID;
		?>
		<details class="byok-more" id="<?php echo esc_attr( $id ); ?>"<?php echo null !== $notice && 'webhooks' === $notice['panel'] ? ' open' : ''; ?>>
			<summary><?php esc_html_e( 'Webhooks: tell other systems what happens to keys', 'byok' ); ?></summary>
			<div class="byok-box">
				<p><?php esc_html_e( 'When a key is saved, deleted or refused, these addresses are told so. No key is sent, nor any part of one.', 'byok' ); ?></p>
				<?php if ( array() !== $endpoints ) : ?>
					<ul class="byok-import" role="list">
						<?php
						foreach ( $endpoints as $endpoint ) {
							self::render_endpoint( $screen, $endpoint );
						}
						?>
					</ul>
					<?php self::render_log( $endpoints ); ?>
				<?php endif; ?>
				<form class="byok-box__body" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" autocomplete="off">
					<?php Card_Parts::hidden_fields( $screen, Webhook_Form::ACTION, 'webhooks' ); ?>
					<input type="hidden" name="do" value="add">
					<div class="byok-field">
						<label for="<?php echo esc_attr( $id ); ?>-url"><?php esc_html_e( 'Address', 'byok' ); ?></label>
						<input type="url" class="byok-input" id="<?php echo esc_attr( $id ); ?>-url" name="url" required maxlength="2000" dir="ltr" placeholder="https://example.org/hook" autocomplete="off" autocapitalize="off" spellcheck="false">
					</div>
					<fieldset class="byok-fieldset">
						<legend><?php esc_html_e( 'What it is told of', 'byok' ); ?></legend>
						<?php foreach ( Webhook_Endpoint::EVENTS as $at => $event ) : ?>
							<p class="byok-choice"><label><input type="checkbox" name="event_<?php echo absint( $at ); ?>" value="1" checked> <span><?php echo esc_html( self::meaning( $event ) ); ?> <code dir="ltr"><?php echo esc_html( $event ); ?></code></span></label></p>
						<?php endforeach; ?>
					</fieldset>
					<div class="byok-panel__foot">
						<button type="submit" class="button button-compact"><?php esc_html_e( 'Add a webhook', 'byok' ); ?></button>
					</div>
				</form>
			</div>
		</details>
		<?php
	}

	/**
	 * What has happened when an event is told, in words.
	 *
	 * @param string $event One of Webhook_Endpoint::EVENTS.
	 */
	private static function meaning( string $event ): string {
		switch ( $event ) {
			case 'key.connected':
				return __( 'A key was checked and saved.', 'byok' );
			case 'key.revoked':
				return __( 'A key was removed.', 'byok' );
			case 'key.disabled':
				return __( 'A key that worked is refused by its provider now, or locked.', 'byok' );
			case 'key.validation_failed':
				return __( 'A check has found a key to be wrong.', 'byok' );
		}
		return '';
	}

	/**
	 * Prints one endpoint.
	 *
	 * @param Key_Screen       $screen   Page.
	 * @param Webhook_Endpoint $endpoint Endpoint.
	 */
	private static function render_endpoint( Key_Screen $screen, Webhook_Endpoint $endpoint ): void {
		$id = self::ID . '-' . $endpoint->id;
		?>
		<li class="byok-import__line">
			<p id="<?php echo esc_attr( $id ); ?>">
				<code class="byok-hint" dir="ltr"><?php echo esc_html( $endpoint->url ); ?></code><br>
				<span class="byok-help" dir="ltr"><?php echo esc_html( implode( ', ', $endpoint->events ) ); ?></span>
			</p>
			<form class="byok-spare__form" method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>">
				<?php Card_Parts::hidden_fields( $screen, Webhook_Form::ACTION, 'webhooks' ); ?>
				<input type="hidden" name="id" value="<?php echo esc_attr( $endpoint->id ); ?>">
				<button type="submit" name="do" value="test" class="button button-compact" aria-describedby="<?php echo esc_attr( $id ); ?>"><?php esc_html_e( 'Test', 'byok' ); ?></button>
				<button type="submit" name="do" value="remove" class="button button-compact" aria-describedby="<?php echo esc_attr( $id ); ?>"><?php esc_html_e( 'Remove', 'byok' ); ?></button>
			</form>
		</li>
		<?php
	}

	/**
	 * Prints the last deliveries.
	 *
	 * @param Webhook_Endpoint[] $endpoints Endpoints by id.
	 */
	private static function render_log( array $endpoints ): void {
		$log = array_slice( Webhook_Table::log(), 0, self::SHOWN );
		if ( array() === $log ) {
			return;
		}
		?>
		<table class="widefat striped">
			<caption class="screen-reader-text"><?php esc_html_e( 'The last deliveries', 'byok' ); ?></caption>
			<thead><tr>
				<th scope="col"><?php esc_html_e( 'When', 'byok' ); ?></th>
				<th scope="col"><?php esc_html_e( 'Event', 'byok' ); ?></th>
				<th scope="col"><?php esc_html_e( 'Where', 'byok' ); ?></th>
				<th scope="col"><?php esc_html_e( 'How it has ended', 'byok' ); ?></th>
			</tr></thead>
			<tbody>
				<?php foreach ( $log as $one ) : ?>
					<tr>
						<td><?php echo esc_html( (string) wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $one['created_at'] ) ); ?></td>
						<td><code dir="ltr"><?php echo esc_html( $one['type'] ); ?></code></td>
						<td><bdi dir="ltr"><?php echo esc_html( isset( $endpoints[ $one['endpoint'] ] ) ? (string) wp_parse_url( $endpoints[ $one['endpoint'] ]->url, PHP_URL_HOST ) : '' ); ?></bdi></td>
						<td><?php echo esc_html( self::ending( $one ) ); ?></td>
					</tr>
				<?php endforeach; ?>
			</tbody>
		</table>
		<?php
	}

	/**
	 * How a delivery has ended, or goes on.
	 *
	 * @param array $one See Webhook_Table::log().
	 */
	private static function ending( array $one ): string {
		$told = 0 === $one['attempts'] ? '' : Messages::webhook_tested( array( 'status' => (int) $one['status'] ) + $one );
		if ( null === $one['next_at'] ) {
			return $told;
		}
		/* translators: %s: a length of time, such as "5 minutes". */
		$next = $one['next_at'] > time() ? sprintf( __( 'Tried again in %s.', 'byok' ), human_time_diff( time(), $one['next_at'] ) ) : __( 'Waits to be sent.', 'byok' );
		return trim( "$told $next" );
	}
}
