<?php
/**
 * The settings of the relay.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * What a site's relay lets through: for whom, from which origins, how often, how much. One option holds what
 * was set; a row that is not sound in every part switches the relay off, so that damage opens nothing.
 *
 * It does not know who asks.
 *
 * @since 0.1.0
 */
final class Relay_Settings {

	/**
	 * Name of the option.
	 */
	public const OPTION = 'byok_relay';

	/**
	 * Switches and what they are by default. From the beginning only people are let in whom the site trusts with its own keys:
	 * where everybody may make an account, `members` lets in everybody, and each answer that is open takes room.
	 *
	 * `enabled` is the whole relay; `own_address_tickets` whether nginx is given keys that are for an address of one's
	 * own, see Rest_Relay::ticket(); the others are kinds of identities.
	 */
	public const SWITCHES = array(
		'enabled'             => true,
		'users'               => true,
		'members'             => false,
		'visitors'            => false,
		'connect'             => false,
		'pass_through'        => false,
		'own_address_tickets' => false,
	);

	/**
	 * Kinds of limits: requests, and the seconds in which so many may be made. A person reads or types, so one
	 * request a second is much; several people share an address; a key serves all who use it. `register` is
	 * the number of visitors that one address may become; `own` what a visitor's form asks about the visitor's own keys, several
	 * times on every page, and what an address tries there with tokens that are none. That sends nothing to a provider, and takes
	 * nothing of what the relay lets through.
	 */
	public const LIMITS = array(
		'token'    => array( 60, 60 ),
		'user'     => array( 60, 60 ),
		'address'  => array( 120, 60 ),
		'key'      => array( 600, 60 ),
		'global'   => array( 1200, 60 ),
		'register' => array( 5, 3600 ),
		'own'      => array( 300, 60 ),
	);

	/**
	 * Caps: default, least and most. Bytes of a request's body; seconds until an answer begins and without a byte
	 * of it (models think for a while); answers that PHP may hold open at once, where 0 is half of its workers.
	 */
	public const CAPS = array(
		'body'       => array( 20971520, 1024, 134217728 ),
		'first_byte' => array( 120, 1, 900 ),
		'idle'       => array( 60, 1, 900 ),
		'streams'    => array( 0, 0, 10000 ),
	);

	/**
	 * Most entries of a list.
	 */
	private const LONGEST = 200;

	/**
	 * Takes the fields as they are.
	 *
	 * @param bool                           $enabled             Whether there is a relay.
	 * @param bool                           $users               Whether signed-in users who have the capability may use it.
	 * @param bool                           $members             Whether all other signed-in users may, with keys of their own only.
	 * @param bool                           $visitors            Whether visitors with a token may.
	 * @param bool                           $connect             Whether connect keys may.
	 * @param bool                           $pass_through        Whether who brings a key with the request may.
	 * @param bool                           $own_address_tickets Whether there are tickets for addresses of one's own.
	 * @param string[]                       $origins             Origins that pages may call from, such as `https://app.example`.
	 * @param string[]                       $trusted_proxies     Networks whose X-Forwarded-For is believed, such as `10.0.0.0/8`; `unix:` for a socket.
	 * @param string[]                       $models              The only models that may be used; empty for all.
	 * @param array<string, array{int, int}> $limits              Requests and seconds, by kind.
	 * @param array<string, int>             $caps                See self::CAPS.
	 */
	private function __construct(
		public readonly bool $enabled,
		public readonly bool $users,
		public readonly bool $members,
		public readonly bool $visitors,
		public readonly bool $connect,
		public readonly bool $pass_through,
		public readonly bool $own_address_tickets,
		public readonly array $origins,
		public readonly array $trusted_proxies,
		public readonly array $models,
		public readonly array $limits,
		public readonly array $caps
	) {}

	/**
	 * The settings of the current site.
	 *
	 * @since 0.1.0
	 */
	public static function current(): self {
		$stored = get_option( self::OPTION, array() );
		return self::of( is_array( $stored ) ? $stored : array( 'enabled' => null ) );
	}

	/**
	 * Makes settings of what was stored. Without a part of it that part's default counts.
	 *
	 * @since 0.1.0
	 *
	 * @param array $stored See to_array().
	 */
	public static function of( array $stored ): self {
		$sound   = array();
		$damaged = false;
		foreach ( array_keys( self::defaults() ) as $name ) {
			$read           = array_key_exists( $name, $stored ) ? self::read( $name, $stored[ $name ] ) : null;
			$sound[ $name ] = $read ?? self::defaults()[ $name ];
			$damaged        = $damaged || ( null === $read && array_key_exists( $name, $stored ) );
		}
		$sound['enabled'] = $sound['enabled'] && ! $damaged;
		return new self( ...$sound );
	}

	/**
	 * Changes settings, and stores them.
	 *
	 * @since 0.1.0
	 *
	 * @param array $changes Some of the fields. Limits and caps that are not among them stay.
	 * @return self|WP_Error The new ones; byok_relay_setting_malformed with the name of the field as `setting`,
	 *                       byok_storage_failed.
	 */
	public static function change( array $changes ) {
		$fields = self::current()->to_array();
		foreach ( $changes as $name => $value ) {
			$value = is_array( $value ) && in_array( $name, array( 'limits', 'caps' ), true ) ? $value + $fields[ $name ] : $value;
			$read  = isset( $fields[ $name ] ) ? self::read( (string) $name, $value ) : null;
			if ( null === $read ) {
				return Failure::because( 'relay_setting_malformed', '', array( 'setting' => (string) $name ) );
			}
			$fields[ $name ] = $read;
		}
		update_option( self::OPTION, $fields, false );
		// An unchanged option returns false too.
		return self::current()->to_array() === $fields ? self::of( $fields ) : Failure::because( 'storage_failed' );
	}

	/**
	 * All fields by name.
	 *
	 * @since 0.1.0
	 */
	public function to_array(): array {
		return get_object_vars( $this );
	}

	/**
	 * Whether a page of an origin may call.
	 *
	 * @since 0.1.0
	 *
	 * @param string $origin What a browser says.
	 */
	public function lists( string $origin ): bool {
		return in_array( $origin, $this->origins, true );
	}

	/**
	 * Reads an origin as browsers write it: scheme, host, and the port where it is not the usual one.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed $origin Text.
	 * @return string|null Null when it is none; `*` and `null` are none.
	 */
	public static function origin( $origin ): ?string {
		$origin = is_string( $origin ) ? strtolower( rtrim( trim( $origin ), '/' ) ) : '';
		if ( ! preg_match( '~\A(https?)://(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::([1-9][0-9]{0,4}))?\z~', $origin, $found ) ) {
			// Extensions of browsers and apps have schemes of their own.
			return preg_match( '~\A(?:chrome-extension|moz-extension|capacitor|app)://[a-z0-9._-]{1,100}\z~', $origin ) ? $origin : null;
		}
		$usual = 'https' === $found[1] ? '443' : '80';
		return $found[1] . '://' . $found[2] . ( isset( $found[3] ) && $found[3] !== $usual ? ':' . $found[3] : '' );
	}

	/**
	 * The fields of a site where nothing was changed.
	 */
	private static function defaults(): array {
		return self::SWITCHES + array(
			'origins'         => array(),
			'trusted_proxies' => array(),
			'models'          => array(),
			'limits'          => self::LIMITS,
			'caps'            => array_map( static fn( array $cap ) => $cap[0], self::CAPS ),
		);
	}

	/**
	 * Reads one field.
	 *
	 * @param string $name  Name.
	 * @param mixed  $value Value.
	 * @return mixed Null when it is not sound.
	 */
	private static function read( string $name, $value ) {
		switch ( $name ) {
			case 'origins':
				return self::list( $value, array( self::class, 'origin' ) );
			case 'trusted_proxies':
				return self::list( $value, array( Relay_Address::class, 'network' ) );
			case 'models':
				return self::list( $value, static fn( $model ) => is_string( $model ) && preg_match( '/\A[\x21-\x7E]{1,200}\z/', $model ) ? $model : null );
			case 'limits':
				return self::numbers( $value, self::LIMITS, array( self::class, 'limit' ) );
			case 'caps':
				return self::numbers( $value, self::CAPS, static fn( $cap, string $kind ) => is_int( $cap ) && $cap >= self::CAPS[ $kind ][1] && $cap <= self::CAPS[ $kind ][2] ? $cap : null );
			default:
				return is_bool( $value ) ? $value : null;
		}
	}

	/**
	 * Reads a list, each entry once.
	 *
	 * @param mixed    $value Value.
	 * @param callable $read  Reads an entry; null when it is not sound.
	 * @return string[]|null
	 */
	private static function list( $value, callable $read ): ?array {
		$read = is_array( $value ) && count( $value ) <= self::LONGEST ? array_map( $read, array_values( $value ) ) : array( null );
		return in_array( null, $read, true ) ? null : array_values( array_unique( $read ) );
	}

	/**
	 * Reads numbers by kind, all of them.
	 *
	 * @param mixed    $value Value.
	 * @param array    $kinds Kinds, as keys.
	 * @param callable $read  Reads one; null when it is not sound.
	 */
	private static function numbers( $value, array $kinds, callable $read ): ?array {
		$found = array();
		foreach ( array_keys( $kinds ) as $kind ) {
			$found[ $kind ] = is_array( $value ) ? $read( $value[ $kind ] ?? null, $kind ) : null;
		}
		return in_array( null, $found, true ) || array() !== array_diff_key( $value, $kinds ) ? null : $found;
	}

	/**
	 * Reads a limit: 1 to a thousand million requests in 1 second to 31 days.
	 *
	 * @param mixed $limit Requests and seconds.
	 * @return array{int, int}|null
	 */
	private static function limit( $limit ): ?array {
		$limit = is_array( $limit ) ? array_values( $limit ) : array();
		$sound = 2 === count( $limit ) && is_int( $limit[0] ) && is_int( $limit[1] )
			&& $limit[0] >= 1 && $limit[0] <= 1000000000 && $limit[1] >= 1 && $limit[1] <= 31 * DAY_IN_SECONDS;
		return $sound ? $limit : null;
	}
}
