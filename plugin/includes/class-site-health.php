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
 * which key source is in force and its id, how many keys there are. No hint, no address, no envelope.
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
			$source = byok_key_source();

			$fields['source']   = self::field( __( 'Key source', 'byok' ), $source['source'] ?? __( 'none', 'byok' ) );
			$fields['key_id']   = self::field( __( 'Key id', 'byok' ), $source['key_id'] ?? __( 'none', 'byok' ) );
			$fields['problem']  = self::field( __( 'Problem', 'byok' ), $source['error'] ?? __( 'none', 'byok' ) );
			$fields['warnings'] = self::field(
				__( 'Warnings', 'byok' ),
				array() === $source['warnings'] ? __( 'none', 'byok' ) : implode( ', ', $source['warnings'] )
			);
		}

		foreach ( array_count_values( array_column( Vault::all(), 'state' ) ) as $state => $count ) {
			/* translators: %s: state of keys, such as "ready". */
			$fields[ 'keys_' . $state ] = self::field( sprintf( __( 'Providers: %s', 'byok' ), $state ), (string) $count );
		}

		$sections['byok'] = array(
			'label'  => __( 'API Keys (byok)', 'byok' ),
			'fields' => $fields,
		);
		return $sections;
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
