<?php
/**
 * What Tools → Site Health tells of byok.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Adds a section to the debug information, which people copy into public support threads: versions,
 * which key source is in force and its id, how many keys there are. No hint, no address, no envelope, no
 * key. Paths are marked private: WordPress shows them on the screen and leaves them out of the copy.
 *
 * @since 0.1.0
 */
final class Site_Health {

	/**
	 * Adds the section.
	 *
	 * @since 0.1.0
	 *
	 * @param array $sections Sections of the debug information.
	 * @return array The same with ours.
	 */
	public static function add_debug_information( $sections ) {
		if ( ! is_array( $sections ) ) {
			return $sections;
		}

		$version = Extension::version();
		$fields  = array(
			'plugin'    => self::field( __( 'Plugin', 'byok' ), BYOK_VERSION ),
			'extension' => self::field( __( 'Extension', 'byok' ), $version ?? __( 'not loaded', 'byok' ) ),
		);

		if ( null === Extension::reason() ) {
			$fields += self::source( byok_key_source() );
		}
		$fields += self::counts();

		$changed_at           = Canary::changed_at();
		$fields['changed_at'] = self::field(
			__( 'Secret changed', 'byok' ),
			null === $changed_at ? __( 'no change seen', 'byok' ) : gmdate( 'Y-m-d H:i:s', $changed_at ) . ' UTC'
		);

		$sections['byok'] = array(
			'label'  => __( 'API Keys (byok)', 'byok' ),
			'fields' => $fields,
		);
		return $sections;
	}

	/**
	 * What there is to tell of the key source.
	 *
	 * @param array $source What byok_key_source() tells.
	 * @return array[] Fields.
	 */
	private static function source( array $source ): array {
		$none   = __( 'none', 'byok' );
		$fields = array(
			'source'   => self::field( __( 'Key source', 'byok' ), $source['source'] ?? $none ),
			'key_id'   => self::field( __( 'Key id', 'byok' ), $source['key_id'] ?? $none ),
			'previous' => self::field( __( 'Previous keys', 'byok' ), (string) count( $source['previous_key_ids'] ) ),
			'reveal'   => self::field( __( 'Keys are given out (byok.allow_reveal)', 'byok' ), $source['reveal'] ? __( 'yes', 'byok' ) : __( 'no', 'byok' ) ),
			'problem'  => self::field( __( 'Problem', 'byok' ), $source['error'] ?? $none ),
			'warnings' => self::field( __( 'Warnings', 'byok' ), array() === $source['warnings'] ? $none : implode( ', ', $source['warnings'] ) ),
			'memory'   => self::field(
				__( 'Secret kept out of swap and core dumps', 'byok' ),
				in_array( 'memory_not_locked', $source['warnings'], true ) ? __( 'no', 'byok' ) : __( 'yes', 'byok' )
			),
		);
		foreach ( array( 'byok.key_file', 'byok.previous_key_files' ) as $name ) {
			$file = (string) ini_get( $name );
			if ( '' !== $file ) {
				$fields[ str_replace( 'byok.', '', $name ) ] = array( 'private' => true ) + self::field( $name, $file );
			}
		}
		return $fields;
	}

	/**
	 * How many keys there are.
	 *
	 * @return array[] Fields.
	 */
	private static function counts(): array {
		$fields = array();
		$owners = array( 'keys' => Owner::site() ) + ( is_multisite() ? array( 'network_keys' => Owner::network() ) : array() );
		foreach ( $owners as $name => $owner ) {
			foreach ( array_count_values( array_column( Vault::all( $owner ), 'state' ) ) as $state => $count ) {
				$fields[ $name . '_' . $state ] = self::field(
					sprintf(
						/* translators: %s: state of keys, such as "ready". */
						'keys' === $name ? __( 'Providers: %s', 'byok' ) : __( 'Providers of the network: %s', 'byok' ),
						$state
					),
					(string) $count
				);
			}
		}
		// One query, however many people there are: their states would take opening each.
		$fields['user_keys'] = self::field( __( 'Keys of users', 'byok' ), (string) Key_Batch::count( 'user' ) );
		return $fields;
	}

	/**
	 * One line of the section.
	 *
	 * @param string $label Label.
	 * @param string $value Value.
	 * @return array{label: string, value: string}
	 */
	private static function field( string $label, string $value ): array {
		return array(
			'label' => $label,
			'value' => $value,
		);
	}
}
