<?php
/**
 * The providers, seen from the plugin.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Reads the extension's table of providers. The plugin has no table of its own.
 *
 * @since 0.1.0
 */
final class Providers {

	/**
	 * The extension's table. It is the same for the whole request, and each call of the extension makes it anew.
	 *
	 * @var array<string, array>|null
	 */
	private static ?array $table = null;

	/**
	 * Every provider, the most used first.
	 *
	 * Without the extension there is no table. Then the stored rows are told under their ids, so that
	 * an administrator sees that nothing is lost.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, array> Table rows by id, see byok_providers().
	 */
	public static function all(): array {
		if ( null === Extension::reason() ) {
			return self::$table ??= byok_providers();
		}

		$rows      = Key_Store::read_all( Owner::site() );
		$providers = array();
		foreach ( is_wp_error( $rows ) ? array() : array_keys( $rows ) as $id ) {
			// The secret of a webhook is kept as a key is, and is no provider's.
			if ( ! str_starts_with( (string) $id, Webhook_Endpoint::PLACE ) ) {
				$providers[ $id ] = self::untold( (string) $id );
			}
		}
		return $providers;
	}

	/**
	 * One provider.
	 *
	 * @since 0.1.0
	 *
	 * @param string $id Provider id; lower case, as in the table.
	 * @return array|null Null when there is none of this id.
	 */
	public static function find( string $id ): ?array {
		return self::all()[ $id ] ?? null;
	}

	/**
	 * What can be said of a provider when there is no table.
	 *
	 * @param string $id Provider id.
	 * @return array The fields of a table row.
	 */
	private static function untold( string $id ): array {
		return array(
			'id'              => $id,
			'name'            => $id,
			'description'     => '',
			'base_url'        => null,
			'origin'          => null,
			'custom_base_url' => false,
			'key_required'    => true,
			'key_page'        => null,
			'billing_page'    => null,
			'prefixes'        => array(),
			'placeholder'     => '',
		);
	}
}
