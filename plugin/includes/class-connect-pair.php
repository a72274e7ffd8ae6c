<?php
/**
 * A pair of connect keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Two keys with which another application lets its people bring AI keys: the public one, `byok_pk_…`, stands in a page
 * and may only store; the secret one, `byok_sk_…`, stays on a server and may use, check, list and remove what was stored,
 * by `ref_id`.
 *
 * A `ref_id` is the id of the pair and 20 random characters. What was stored is bound to it, so no other pair can open
 * or find it.
 *
 * @since 0.1.0
 */
final class Connect_Pair {

	/**
	 * Longest name, in characters.
	 */
	private const LONGEST_NAME = 100;

	/**
	 * Takes the fields as they are.
	 *
	 * @param string   $id         Id, which both keys begin with.
	 * @param string   $name       What an administrator calls it.
	 * @param string[] $origins    Origins of pages that may use the public key.
	 * @param string[] $providers  The only providers; empty for all.
	 * @param string   $public_key The public key.
	 * @param string   $hash       What is kept of the secret key.
	 * @param int      $created_at When it was made, Unix time.
	 * @param int      $created_by Id of the user who made it; 0 at the command line.
	 */
	private function __construct(
		public readonly string $id,
		public readonly string $name,
		public readonly array $origins,
		public readonly array $providers,
		public readonly string $public_key,
		private readonly string $hash,
		public readonly int $created_at,
		public readonly int $created_by
	) {}

	/**
	 * Makes a pair.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed      $name      Name.
	 * @param mixed      $origins   Origins.
	 * @param mixed      $providers Providers.
	 * @param Token|null $secret    Gets the secret key, which is nowhere else.
	 * @return self|null Null when one of them is not sound. A browser always names the origin of a page, so a pair
	 *                   without any origin could store nothing from one: its server would.
	 */
	public static function make( $name, $origins, $providers, ?Token &$secret = null ): ?self {
		$secret = Token::make( 'secret' );
		$fields = array(
			'id'         => $secret->id,
			'name'       => is_string( $name ) ? trim( sanitize_text_field( $name ) ) : null,
			'origins'    => is_array( $origins ) ? array_map( array( Relay_Settings::class, 'origin' ), $origins ) : null,
			'providers'  => $providers,
			'public_key' => Token::make( 'public', $secret->id )->reveal(),
			'hash'       => $secret->hash(),
			'created_at' => time(),
			'created_by' => get_current_user_id(),
		);
		if ( ! is_array( $providers ) || array() !== array_diff( $providers, array_keys( Providers::all() ) ) ) {
			return null;
		}
		return self::of( $fields );
	}

	/**
	 * Reads a row.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $fields Fields of any type.
	 * @return self|null Null when it is not sound in every part.
	 */
	public static function of( $fields ): ?self {
		$texts = static fn( $list ) => is_array( $list ) && count( $list ) <= 200 && array_filter( $list, 'is_string' ) === $list;
		$sound = is_array( $fields )
			&& is_string( $fields['id'] ?? null ) && preg_match( '/\A[a-z2-7]{8}\z/', $fields['id'] )
			&& is_string( $fields['name'] ?? null ) && '' !== $fields['name'] && mb_strlen( $fields['name'] ) <= self::LONGEST_NAME
			&& $texts( $fields['origins'] ?? null ) && $texts( $fields['providers'] ?? null )
			&& is_string( $fields['public_key'] ?? null ) && Token::parse( 'public', $fields['public_key'] )?->id === $fields['id']
			&& is_string( $fields['hash'] ?? null ) && 64 === strlen( $fields['hash'] )
			&& is_int( $fields['created_at'] ?? null ) && is_int( $fields['created_by'] ?? null );
		return $sound ? new self(
			$fields['id'],
			$fields['name'],
			array_values( array_unique( $fields['origins'] ) ),
			array_values( array_unique( $fields['providers'] ) ),
			$fields['public_key'],
			$fields['hash'],
			$fields['created_at'],
			$fields['created_by']
		) : null;
	}

	/**
	 * What is stored.
	 *
	 * @since 0.1.0
	 */
	public function to_array(): array {
		return get_object_vars( $this );
	}

	/**
	 * What may be told to an administrator.
	 *
	 * @since 0.1.0
	 */
	public function told(): array {
		return array_diff_key( $this->to_array(), array( 'hash' => true ) );
	}

	/**
	 * Whether a token is one of this pair's.
	 *
	 * @since 0.1.0
	 *
	 * @param Token $token Token.
	 */
	public function has( #[\SensitiveParameter] Token $token ): bool {
		return $token->is( 'secret' === $token->kind ? $this->hash : hash( 'sha256', $this->public_key ) );
	}

	/**
	 * Makes a `ref_id` for somebody new.
	 *
	 * @since 0.1.0
	 */
	public function new_ref(): Owner {
		return Owner::guest( 'ref', $this->id . Token::id( 20 ) );
	}

	/**
	 * Who a `ref_id` of this pair stands for.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $ref What was sent.
	 * @return Owner|null Null when it is none of this pair.
	 */
	public function ref( $ref ): ?Owner {
		return is_string( $ref ) && str_starts_with( $ref, $this->id ) ? Owner::guest( 'ref', $ref ) : null;
	}

	/**
	 * Whether it is for a provider.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 */
	public function serves( string $provider ): bool {
		return array() === $this->providers || in_array( $provider, $this->providers, true );
	}
}
