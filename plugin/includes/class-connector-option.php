<?php
/**
 * An option of WordPress that stands for a key.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Answers reads of a connector's option with a stand-in, and takes what is written to it into the vault.
 * WordPress's own row is there and empty: after deactivation WordPress must find neither a key in plaintext
 * nor a ciphertext, which it would send as a key.
 *
 * A key that was in the row before byok came stays there, and is what is read, until it is imported or
 * replaced. An empty text deletes the site's key, as it does in WordPress; a stand-in or a mask changes nothing.
 *
 * Nothing here throws, except what other plugins' listeners do.
 *
 * @since 0.1.0
 */
final class Connector_Option {

	/**
	 * Whether it is byok itself that reads or writes WordPress's row.
	 *
	 * @var bool
	 */
	private static bool $is_inside = false;

	/**
	 * Whether reads get nothing for now.
	 *
	 * @var bool
	 */
	private static bool $is_hidden = false;

	/**
	 * Why keys were not saved or deleted, by the name of the option.
	 *
	 * @var array<string, WP_Error>
	 */
	private static array $failures = array();

	/**
	 * Answers a read. Hooked to `pre_option_{name}`.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed  $pre    Answer of someone before; false for none.
	 * @param string $option Name of the option.
	 * @return mixed A stand-in, an empty text when there is no key, or false to have WordPress read its row.
	 */
	public static function read( $pre, $option ) {
		$provider = Connectors::provider_of( (string) $option );
		if ( false !== $pre || self::$is_inside || null === $provider ) {
			return $pre;
		}
		if ( self::$is_hidden ) {
			return '';
		}
		if ( '' !== self::plaintext( $option ) ) {
			return $pre;
		}
		return Connector_Keys::has( $provider ) ? Connector_Keys::stand_in( $provider ) : '';
	}

	/**
	 * Takes the key out of what is to be written. Hooked to `sanitize_option_{name}`, which update_option()
	 * and add_option() run before anything else.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed  $value  What is to be written.
	 * @param string $option Name of the option.
	 * @return mixed A ticket in place of a key, or of anything else that is not a text.
	 */
	public static function take( #[\SensitiveParameter] $value, $option ) {
		if ( self::$is_inside ) {
			return $value;
		}
		// Has WordPress remember that there is no row, if so. Otherwise add_option() would take the answer
		// of read() for a row, and do nothing.
		self::plaintext( (string) $option );

		if ( null === $value || is_bool( $value ) ) {
			return '';
		}
		$text = is_scalar( $value ) ? trim( (string) $value ) : null;
		return null !== $text && ( self::is_no_key( $text ) || Connector_Ticket::is_one( $text ) ) ? $text : Connector_Ticket::issue( $text );
	}

	/**
	 * Saves or deletes the key. Hooked to `pre_update_option_{name}`.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed  $value  A ticket, an empty text, or what changes nothing.
	 * @param mixed  $old    What the option was read as.
	 * @param string $option Name of the option.
	 * @return mixed The old value: WordPress then writes nothing.
	 */
	public static function write( #[\SensitiveParameter] $value, #[\SensitiveParameter] $old, $option ) {
		$provider = Connectors::provider_of( (string) $option );
		if ( self::$is_inside || null === $provider ) {
			return $value;
		}
		// Not every filter keeps it a text; what is none changes nothing.
		$value = is_string( $value ) ? $value : Connector_Ticket::issue( null );
		$told  = '' === self::plaintext( $option ) ? $old : '';
		if ( '' === $value ) {
			self::finish( $option, $told, Vault::delete_all( $provider, Owner::site() ) );
			return $old;
		}
		$key = Connector_Ticket::is_one( $value ) ? Connector_Ticket::redeem( $value ) : $value;
		if ( null !== $key && ! self::is_no_key( $key ) ) {
			self::finish( $option, $told, Vault::save( $provider, $key, array(), Owner::site() ) );
		}
		return $old;
	}

	/**
	 * Saves a key that was given to add_option(), whose row holds a ticket. Hooked to `add_option_{name}`.
	 *
	 * @since 0.1.0
	 *
	 * @param string $option Name of the option.
	 * @param mixed  $value  What was written.
	 */
	public static function after_add( $option, $value ): void {
		$provider = Connectors::provider_of( (string) $option );
		if ( self::$is_inside || null === $provider || '' === $value ) {
			return;
		}
		self::empty_row( $option );
		$key = is_string( $value ) ? Connector_Ticket::redeem( $value ) : null;
		if ( null !== $key ) {
			// Adding replaces nothing.
			self::finish( $option, '', Vault::save( $provider, $key, array( 'replace' => false ), Owner::site() ) );
		}
	}

	/**
	 * Deletes the site's key after delete_option(). Hooked to `delete_option_{name}`.
	 *
	 * @since 0.1.0
	 *
	 * @param string $option Name of the option.
	 */
	public static function after_delete( $option ): void {
		$provider = Connectors::provider_of( (string) $option );
		if ( ! self::$is_inside && null !== $provider ) {
			self::note( $option, Vault::delete_all( $provider, Owner::site() ) );
		}
	}

	/**
	 * Whether a text cannot be a key: empty, a stand-in, or a mask.
	 *
	 * @since 0.1.0
	 *
	 * @param string $text Text.
	 */
	public static function is_no_key( #[\SensitiveParameter] string $text ): bool {
		return '' === trim( $text ) || Stand_In::is_in( $text ) || str_contains( $text, "\u{2022}" ) || str_contains( $text, "\u{2026}" );
	}

	/**
	 * The key that WordPress's own row holds in plaintext.
	 *
	 * @since 0.1.0
	 *
	 * @param string $option Name of the option.
	 * @return string Empty when it holds none.
	 */
	public static function plaintext( string $option ): string {
		// One query for the empty rows of all of them, in place of one for each.
		wp_prime_option_caches( array_keys( Connectors::all() ) );
		$value = self::inside( static fn() => get_option( $option, '' ) );
		return ! is_string( $value ) || self::is_no_key( $value ) || Connector_Ticket::is_one( $value ) ? '' : $value;
	}

	/**
	 * Runs something that gets to read nothing of bridged options, and does not make the database be asked for them.
	 *
	 * @since 0.1.0
	 *
	 * @param callable $work What to run.
	 */
	public static function hide( callable $work ): void {
		self::$is_hidden = true;
		try {
			$work();
		} finally {
			self::$is_hidden = false;
		}
	}

	/**
	 * Tells why keys were not saved or deleted, once.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, WP_Error> By the name of the option.
	 */
	public static function take_failures(): array {
		$failures       = self::$failures;
		self::$failures = array();
		return $failures;
	}

	/**
	 * Empties WordPress's row after a change, and tells those who listen to the option.
	 *
	 * @param string              $option Name of the option.
	 * @param mixed               $told   What the option was read as before; no key.
	 * @param array|true|WP_Error $result What the vault has answered.
	 */
	private static function finish( string $option, $told, $result ): void {
		self::note( $option, $result );
		if ( is_wp_error( $result ) ) {
			return;
		}
		if ( ! self::empty_row( $option ) ) {
			self::note( $option, Failure::because( 'import_not_scrubbed' ) );
			return;
		}

		$now = get_option( $option );
		/** This action is documented in wp-includes/option.php */
		do_action( 'update_option', $option, $told, $now );
		/** This action is documented in wp-includes/option.php */
		do_action( "update_option_$option", $told, $now, $option );
		/** This action is documented in wp-includes/option.php */
		do_action( 'updated_option', $option, $told, $now );
	}

	/**
	 * Remembers a failure until someone asks.
	 *
	 * @param string              $option Name of the option.
	 * @param array|true|WP_Error $result What the vault has answered.
	 */
	private static function note( string $option, $result ): void {
		unset( self::$failures[ $option ] );
		if ( is_wp_error( $result ) ) {
			self::$failures[ $option ] = $result;
		}
	}

	/**
	 * Has WordPress's row be there and empty.
	 *
	 * @param string $option Name of the option.
	 * @return bool False when it still holds something.
	 */
	private static function empty_row( string $option ): bool {
		$raw = Import_Store::read( $option );
		if ( null === $raw ) {
			// Otherwise each request would ask the database for it.
			self::inside( static fn() => add_option( $option, '' ) );
		}
		return is_string( $raw ) && '' !== $raw ? Import_Store::replace( $option, $raw, '' ) : ! is_wp_error( $raw );
	}

	/**
	 * Runs something that means WordPress's own row.
	 *
	 * @param callable $work What to run. It captures no key.
	 * @return mixed What it returns.
	 */
	private static function inside( callable $work ) {
		$before          = self::$is_inside;
		self::$is_inside = true;
		try {
			return $work();
		} finally {
			self::$is_inside = $before;
		}
	}
}
