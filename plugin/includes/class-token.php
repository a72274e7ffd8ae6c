<?php
/**
 * Tokens.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Makes and reads the tokens by which people without an account and other applications are known: what kind it is, an
 * id, and 32 random bytes.
 *
 * The id finds the row, so that looking one up compares nothing secret. Of the whole token only a SHA-256 is kept: there
 * is nothing to guess in 256 random bits, so neither a slow hash nor a salt would add anything.
 *
 * It does not know which tokens were given out.
 *
 * @since 0.1.0
 */
final class Token {

	/**
	 * How tokens begin, by kind, and the length of the id behind it.
	 *
	 * `visitor` is somebody's who has no account, `public` and `secret` are the two of a pair of connect keys.
	 */
	private const KINDS = array(
		'visitor' => array( 'byok_vt_', 20 ),
		'public'  => array( 'byok_pk_', 8 ),
		'secret'  => array( 'byok_sk_', 8 ),
	);

	/**
	 * Takes the fields as they are.
	 *
	 * @param string $kind One of the names in self::KINDS.
	 * @param string $id   Id.
	 * @param string $text The whole token.
	 */
	private function __construct(
		public readonly string $kind,
		public readonly string $id,
		#[\SensitiveParameter] private readonly string $text
	) {}

	/**
	 * Makes a token that nobody has.
	 *
	 * @since 0.1.0
	 *
	 * @param string      $kind One of the names in self::KINDS.
	 * @param string|null $id   Id; null for a new one.
	 */
	public static function make( string $kind, ?string $id = null ): self {
		list( $beginning, $length ) = self::KINDS[ $kind ];

		$id   ??= self::id( $length );
		$secret = rtrim( strtr( base64_encode( random_bytes( 32 ) ), '+/', '-_' ), '=' ); // phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions -- for a text.
		return new self( $kind, $id, $beginning . $id . $secret );
	}

	/**
	 * Reads what somebody has sent.
	 *
	 * @since 0.1.0
	 *
	 * @param string $kind One of the names in self::KINDS.
	 * @param string $text Text.
	 * @return self|null Null when it can be none of this kind.
	 */
	public static function parse( string $kind, #[\SensitiveParameter] string $text ): ?self {
		list( $beginning, $length ) = self::KINDS[ $kind ];
		if ( ! preg_match( "/\\A{$beginning}([a-z2-7]{{$length}})[A-Za-z0-9_-]{43}\\z/", $text, $found ) ) {
			return null;
		}
		return new self( $kind, $found[1], $text );
	}

	/**
	 * How tokens of a kind begin.
	 *
	 * @since 0.1.0
	 *
	 * @param string $kind One of the names in self::KINDS.
	 */
	public static function beginning( string $kind ): string {
		return self::KINDS[ $kind ][0];
	}

	/**
	 * A random id: lower-case letters and digits that are not taken for one another, five bits each. Not a counter,
	 * which would tell how many there are, and which one comes next.
	 *
	 * @since 0.1.0
	 *
	 * @param int $length Number of characters, at most 32.
	 */
	public static function id( int $length ): string {
		$id = '';
		foreach ( str_split( random_bytes( $length ) ) as $byte ) {
			$id .= 'abcdefghijklmnopqrstuvwxyz234567'[ ord( $byte ) & 31 ];
		}
		return $id;
	}

	/**
	 * The token itself, for the one time that it is shown.
	 *
	 * @since 0.1.0
	 */
	public function reveal(): string {
		return $this->text;
	}

	/**
	 * What is kept of it.
	 *
	 * @since 0.1.0
	 *
	 * @return string 64 hexadecimal digits.
	 */
	public function hash(): string {
		return hash( 'sha256', $this->text );
	}

	/**
	 * Whether a stored hash is this token's.
	 *
	 * @since 0.1.0
	 *
	 * @param string|null $stored Hash; null where there is no row, which takes as long as a wrong one.
	 */
	public function is( ?string $stored ): bool {
		return hash_equals( $stored ?? str_repeat( '-', 64 ), $this->hash() );
	}

	/**
	 * What a dump of it shows.
	 *
	 * @return array
	 */
	public function __debugInfo(): array {
		return array(
			'kind' => $this->kind,
			'id'   => $this->id,
		);
	}
}
