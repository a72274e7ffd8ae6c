<?php
/**
 * An address that is told what happens to keys.
 *
 * @package byok
 */

namespace Byok;

use Throwable;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * One endpoint of webhooks: an https address, and the events it is told of. Where it may be is what the engine says of
 * any address of one's own: no private network, and what a name leads to is judged again at each delivery.
 *
 * Its secret is kept as a key is, in a row of the place `webhook-ID`, which is no provider's: encrypted, bound to the
 * address, moved when the site's secret changes, and masked in logs.
 *
 * It sends nothing.
 *
 * @since 0.1.0
 */
final class Webhook_Endpoint {

	/**
	 * What there is to be told.
	 */
	public const EVENTS = array( 'key.connected', 'key.revoked', 'key.disabled', 'key.validation_failed' );

	/**
	 * Beginning of the ids of the places of secrets.
	 */
	public const PLACE = 'webhook-';

	/**
	 * Beginning of a secret.
	 */
	private const SECRET = 'byok_whsec_';

	/**
	 * The provider that any address can be one of, and that needs no key.
	 */
	private const PROVIDER = 'openai-compatible';

	/**
	 * Longest address, in bytes.
	 */
	private const LONGEST = 2000;

	/**
	 * Takes the fields as they are.
	 *
	 * @param string   $id         Id.
	 * @param string   $url        Address.
	 * @param string[] $events     Events it is told of.
	 * @param int      $created_at When it was made, Unix time.
	 * @param int      $created_by Id of the user who made it; 0 at the command line.
	 */
	private function __construct(
		public readonly string $id,
		public readonly string $url,
		public readonly array $events,
		public readonly int $created_at,
		public readonly int $created_by
	) {}

	/**
	 * Makes an endpoint.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $url    Address.
	 * @param mixed $events Events; none for all.
	 * @return self|WP_Error byok_webhook_malformed; byok_base_url_* and byok_address_refused, of the address.
	 */
	public static function make( $url, $events ) {
		$endpoint = self::of(
			array(
				'id'         => Token::id( 8 ),
				'url'        => is_string( $url ) ? trim( $url ) : null,
				'events'     => array() === $events ? self::EVENTS : $events,
				'created_at' => time(),
				'created_by' => get_current_user_id(),
			)
		);
		$origin   = $endpoint?->origin();
		return is_wp_error( $origin ) ? $origin : $endpoint ?? Failure::because( 'webhook_malformed' );
	}

	/**
	 * Reads a row.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $fields Fields of any type.
	 * @return self|null Null when it is not sound in every part. The address is judged when it is used.
	 */
	public static function of( $fields ): ?self {
		$sound = is_array( $fields )
			&& is_string( $fields['id'] ?? null ) && preg_match( '/\A[a-z2-7]{8}\z/', $fields['id'] )
			// Printable ASCII, and nothing that has a meaning in HTML.
			&& is_string( $fields['url'] ?? null ) && strlen( $fields['url'] ) <= self::LONGEST && preg_match( '~\Ahttps?://[\x21-\x7E]+\z~i', $fields['url'] ) && ! preg_match( '/[<>"\'\\\\#]/', $fields['url'] )
			&& is_array( $fields['events'] ?? null ) && array() !== $fields['events'] && array_filter( $fields['events'], static fn( $event ) => in_array( $event, self::EVENTS, true ) ) === $fields['events']
			&& is_int( $fields['created_at'] ?? null ) && is_int( $fields['created_by'] ?? null );
		return $sound ? new self( $fields['id'], $fields['url'], array_values( array_intersect( self::EVENTS, $fields['events'] ) ), $fields['created_at'], $fields['created_by'] ) : null;
	}

	/**
	 * What is stored, and what may be told to an administrator.
	 *
	 * @since 0.1.0
	 */
	public function to_array(): array {
		return get_object_vars( $this );
	}

	/**
	 * Makes a secret and seals it.
	 *
	 * @since 0.1.0
	 *
	 * @param string|null $secret Gets the secret, for the one time that it is shown.
	 * @return Key_Row The row to keep.
	 * @throws Exception\ByokException When there is no usable key source, or the address is none.
	 */
	public function seal_secret( #[\SensitiveParameter] ?string &$secret = null ): Key_Row {
		$secret = self::SECRET . rtrim( strtr( base64_encode( random_bytes( 32 ) ), '+/', '-_' ), '=' ); // phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions -- for a text.
		$told   = array(
			'hint'    => self::SECRET . '…',
			'outcome' => 'valid',
			'reason'  => 'keyless',
		);
		return Key_Row::seal( $this->place(), $secret, byok_origin( self::PROVIDER, $this->base_url() ), $this->base_url(), $told );
	}

	/**
	 * The place of the secret.
	 *
	 * @since 0.1.0
	 */
	public function place(): Place {
		return Place::of_site( self::PLACE . $this->id );
	}

	/**
	 * Sends a body, signed.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Row $secret Row of the secret.
	 * @param string  $event  Id of the event.
	 * @param string  $body   Body, JSON.
	 * @return array{status: int, reason: string|null} HTTP status, 0 when there is no answer; and why there is none.
	 */
	public function send( Key_Row $secret, string $event, string $body ): array {
		try {
			$signature = $this->sign( $secret, $body, time() );
			$answer    = byok_send(
				self::PROVIDER,
				'',
				array( 'origin' => byok_origin( self::PROVIDER, $this->base_url() ) ),
				array(
					'method'    => 'POST',
					'url'       => $this->url,
					'base_url'  => $this->base_url(),
					'headers'   => array(
						'Content-Type'   => 'application/json',
						'Byok-Event-Id'  => $event,
						'Byok-Signature' => $signature,
					),
					'body'      => $body,
					'timeout'   => 10,
					'max_bytes' => 65536,
					'retries'   => 0,
				)
			);
			return array(
				'status' => $answer['status'],
				'reason' => null,
			);
		} catch ( Throwable $thrown ) {
			return array(
				'status' => 0,
				'reason' => Failure::reason( Failure::from( $thrown ) ),
			);
		}
	}

	/**
	 * Signs a body. The secret stays in the extension.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Row $secret Row of the secret.
	 * @param string  $body   Body.
	 * @param int     $now    Unix time.
	 * @return string The header, see Webhook_Signature.
	 * @throws Exception\ByokException When the secret does not open: where the row and the address differ, somebody has
	 *                                 edited one of them.
	 */
	public function sign( Key_Row $secret, string $body, int $now ): string {
		$context = $this->place()->context( byok_origin( self::PROVIDER, $this->base_url() ) );
		return "t=$now,v1=" . byok_hmac( $secret->envelope, $context, "$now.$body" );
	}

	/**
	 * Where it is, as the engine judges it.
	 *
	 * @return string|WP_Error
	 */
	private function origin() {
		try {
			return byok_origin( self::PROVIDER, $this->base_url() );
		} catch ( Throwable $thrown ) {
			return Failure::from( $thrown );
		}
	}

	/**
	 * The address without its query.
	 */
	private function base_url(): string {
		return explode( '?', $this->url, 2 )[0];
	}
}
