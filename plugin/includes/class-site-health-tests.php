<?php
/**
 * What Tools → Site Health warns of.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Adds tests to Site Health: whether keys can be used, how well they are protected, which are locked,
 * lying about or old. They are quick, ask no provider and change nothing.
 *
 * Site Health shows and mails their results: they name providers and options, never a hint or an address.
 *
 * @since 0.1.0
 */
final class Site_Health_Tests {

	/**
	 * The tests, by name.
	 */
	private const TESTS = array(
		'byok_key_source' => 'key_source',
		'byok_key_states' => 'key_states',
		'byok_salts'      => 'salts',
		'byok_other_keys' => 'other_keys',
		'byok_key_age'    => 'key_age',
		'byok_relay'      => 'relay',
	);

	/**
	 * Names under which WordPress stores salts that are missing in its configuration.
	 */
	private const SALTS = array(
		'auth_key',
		'auth_salt',
		'secure_auth_key',
		'secure_auth_salt',
		'logged_in_key',
		'logged_in_salt',
		'nonce_key',
		'nonce_salt',
		'secret_key',
	);

	/**
	 * Adds the tests.
	 *
	 * @since 0.1.0
	 *
	 * @param array $tests Tests of Site Health.
	 * @return array The same with ours.
	 */
	public static function add( $tests ) {
		if ( ! is_array( $tests ) ) {
			return $tests;
		}
		foreach ( self::TESTS as $name => $method ) {
			$tests['direct'][ $name ] = array(
				'label' => __( 'API keys', 'byok' ),
				'test'  => array( self::class, $method ),
			);
		}
		return $tests;
	}

	/**
	 * Whether keys can be encrypted, and with what.
	 *
	 * @since 0.1.0
	 *
	 * @return array Result of the test.
	 */
	public static function key_source(): array {
		$problem = Notices::server();
		if ( null !== $problem ) {
			return self::result( 'byok_key_source', 'critical', __( 'API keys cannot be used', 'byok' ), array( $problem ) );
		}

		$source   = byok_key_source();
		$warnings = array_map( array( Messages::class, 'reason' ), $source['warnings'] );
		if ( in_array( $source['source'], array( 'salts', 'constant' ), true ) ) {
			return self::result(
				'byok_key_source',
				'recommended',
				__( 'API keys could be protected better', 'byok' ),
				array( Messages::weak_source( $source['source'] ), ...$warnings )
			);
		}
		if ( array() !== $warnings ) {
			return self::result( 'byok_key_source', 'recommended', __( 'The key source of API keys has a fault', 'byok' ), $warnings );
		}
		return self::result( 'byok_key_source', 'good', __( 'API keys are well protected', 'byok' ), array( Messages::strong_source() ) );
	}

	/**
	 * Whether all stored keys open.
	 *
	 * @since 0.1.0
	 *
	 * @return array Result of the test.
	 */
	public static function key_states(): array {
		$states = array_count_values( array_column( self::infos(), 'state' ) );
		$closed = array_filter( array( Messages::closed_keys( 'locked', $states['locked'] ?? 0 ), Messages::closed_keys( 'damaged', $states['damaged'] ?? 0 ) ) );
		return array() === $closed
			? self::result( 'byok_key_states', 'good', __( 'All stored API keys can be opened', 'byok' ), array() )
			: self::result( 'byok_key_states', 'critical', __( 'Some API keys cannot be opened', 'byok' ), $closed );
	}

	/**
	 * Whether the site's secrets are beside what they protect.
	 *
	 * @since 0.1.0
	 *
	 * @return array Result of the test.
	 */
	public static function salts(): array {
		$stored = self::stored_salts();
		if ( array() === $stored ) {
			return self::result( 'byok_salts', 'good', __( 'No secret keys of WordPress are in the database', 'byok' ), array() );
		}

		// In force here: then a copy of the database alone opens every key.
		$used = array_filter(
			array( 'auth_key' => 'AUTH_KEY', 'auth_salt' => 'AUTH_SALT' ),
			static fn( string $name ) => defined( $name ) && in_array( (string) constant( $name ), $stored, true )
		);
		return self::result(
			'byok_salts',
			array() === $used ? 'recommended' : 'critical',
			__( 'Secret keys of WordPress are in the database', 'byok' ),
			array( Messages::stored_salts( array_keys( $stored ), array() !== $used ) )
		);
	}

	/**
	 * Whether keys lie about in other options.
	 *
	 * @since 0.1.0
	 *
	 * @return array Result of the test.
	 */
	public static function other_keys(): array {
		$labels = array_column( Import::found(), 'label' );
		return array() === $labels
			? self::result( 'byok_other_keys', 'good', __( 'No API keys are known to lie in other settings', 'byok' ), array() )
			: self::result( 'byok_other_keys', 'recommended', __( 'API keys lie in other settings', 'byok' ), array( Messages::other_keys( $labels ) ) );
	}

	/**
	 * Whether keys are due for replacement.
	 *
	 * @since 0.1.0
	 *
	 * @return array Result of the test.
	 */
	public static function key_age(): array {
		$old = array_values( array_filter( array_map( array( Key_Age::class, 'sentence' ), self::infos() ) ) );
		return array() === $old
			? self::result( 'byok_key_age', 'good', __( 'No API key is old', 'byok' ), array() )
			: self::result( 'byok_key_age', 'recommended', __( 'API keys should be replaced', 'byok' ), $old );
	}

	/**
	 * How the relay passes answers on, and whether its settings fit.
	 *
	 * @since 0.1.0
	 *
	 * @return array Result of the test.
	 */
	public static function relay(): array {
		$settings = Relay_Settings::current();
		if ( ! $settings->enabled || null !== Notices::server() ) {
			return self::result( 'byok_relay', 'good', __( 'The relay for API keys is switched off', 'byok' ), array() );
		}
		$found = array_column( Relay_Doctor::settings(), 'message' );
		$path  = Relay_Offload::is_here()
			? __( 'The web server passes answers on itself, for requests with a ticket.', 'byok' )
			: __( 'PHP passes answers on. For many at once have nginx do it; “Check the data path” at Settings → API Keys → Relay tells how this server does.', 'byok' );
		return array() === $found
			? self::result( 'byok_relay', 'good', __( 'The relay for API keys is ready', 'byok' ), array( $path ) )
			: self::result( 'byok_relay', 'recommended', __( 'The relay for API keys could be set up better', 'byok' ), array( ...$found, $path ) );
	}

	/**
	 * Keys of this site and of its network.
	 *
	 * @return array[] Infos.
	 */
	private static function infos(): array {
		return array_merge(
			array_values( Vault::all() ),
			is_multisite() ? array_values( Vault::all( Owner::network() ) ) : array()
		);
	}

	/**
	 * Secret keys of WordPress that are in the database.
	 *
	 * @return array<string, string> Values by name.
	 */
	private static function stored_salts(): array {
		$stored = array();
		foreach ( self::SALTS as $name ) {
			foreach ( array( get_option( $name ), is_multisite() ? get_site_option( $name ) : '' ) as $value ) {
				if ( is_string( $value ) && '' !== $value ) {
					$stored[ $name ] = $value;
				}
			}
		}
		return $stored;
	}

	/**
	 * The result of a test.
	 *
	 * @param string   $name      Name of the test.
	 * @param string   $status    `good`, `recommended` or `critical`.
	 * @param string   $label     What was found, in a few words.
	 * @param string[] $sentences What it means and what to do; plain text.
	 * @return array Result.
	 */
	private static function result( string $name, string $status, string $label, array $sentences ): array {
		$sentences = array() === $sentences ? array( Messages::health_good() ) : $sentences;
		return array(
			'label'       => $label,
			'status'      => $status,
			'badge'       => array(
				'label' => __( 'Security', 'byok' ),
				'color' => 'blue',
			),
			'description' => implode( '', array_map( static fn( string $text ) => '<p>' . nl2br( esc_html( $text ) ) . '</p>', $sentences ) ),
			'actions'     => sprintf( '<p><a href="%s">%s</a></p>', esc_url( Plugin::settings_url() ), esc_html__( 'API Keys', 'byok' ) ),
			'test'        => $name,
		);
	}
}
