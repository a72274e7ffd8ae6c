<?php
/**
 * Where a key stands that is not in byok yet.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Names an option of the current site, or one element of an option that is an array, and tells what is
 * known of such a one by its name: how the key is kept in it, and whose it is.
 *
 * It does not know what the option holds.
 *
 * @since 0.1.0
 */
final class Import_Source {

	/**
	 * Options that are known to hold a key, by kind. WordPress's connectors make the name of the id, with
	 * `_` for `-`; one that was registered without a name of its own has its type in it as well.
	 */
	private const KNOWN = array(
		'connector' => '/\Aconnectors_ai_(?:provider_)?(?<provider>[a-z0-9_]+)_api_key\z/',
		'example'   => '/\Abyok_example_encrypted_api_key\z/',
	);

	/**
	 * The same for the database.
	 */
	public const PATTERNS = array( 'connectors\_ai\_%\_api\_key', 'byok\_example\_encrypted\_api\_key' );

	/**
	 * Options that hold no key of a provider, whatever they look like: byok's and WordPress's own. What
	 * is imported is sent to a provider to be checked, and a site's secrets must not be.
	 */
	private const RESERVED = '/\A(?:byok_|_transient_|_site_transient_|(?:secure_)?(?:auth|logged_in|nonce)_(?:key|salt)\z|secret_key\z'
		. '|siteurl\z|home\z|admin_email\z|new_admin_email\z|active_plugins\z|template\z|stylesheet\z|cron\z|recovery_keys\z'
		. '|mailserver_pass\z|ftp_credentials\z|.*user_roles\z)/i';

	/**
	 * How deep an element may be.
	 */
	private const DEPTH = 8;

	/**
	 * Takes the fields as they are.
	 *
	 * @param string   $id   The whole word, `name` or `name[key][sub]`.
	 * @param string   $name Name of the option.
	 * @param string[] $path Keys of the element; empty for the option itself.
	 * @param string   $kind `connector`, `example` or `option`.
	 * @param string   $who  What the name says of the provider; empty for nothing.
	 */
	private function __construct(
		public readonly string $id,
		public readonly string $name,
		public readonly array $path,
		public readonly string $kind,
		private readonly string $who
	) {}

	/**
	 * Reads what a person has written.
	 *
	 * @since 0.1.0
	 *
	 * @param string $word Name of an option, or `name[key][sub]`.
	 * @return self|WP_Error byok_import_refused.
	 */
	public static function parse( #[\SensitiveParameter] string $word ) {
		if ( ! preg_match( '/\A([^\[\]\x00-\x1f]{1,191})((?:\[[^\[\]\x00-\x1f]{1,191}\])*)\z/', $word, $parts ) ) {
			return Failure::because( 'import_refused' );
		}

		list( , $name, $keys ) = $parts;
		$path = '' === $keys ? array() : explode( '][', substr( $keys, 1, -1 ) );
		// A key that was pasted in place of a name would stand in a query.
		if ( count( $path ) > self::DEPTH || null !== byok_detect_provider( $name ) ) {
			return Failure::because( 'import_refused' );
		}

		foreach ( self::KNOWN as $kind => $pattern ) {
			if ( array() === $path && preg_match( $pattern, $name, $found ) ) {
				return new self( $word, $name, $path, $kind, $found['provider'] ?? '' );
			}
		}
		// Names are compared without case by most databases.
		if ( preg_match( self::RESERVED, trim( $name ) ) ) {
			return Failure::because( 'import_refused' );
		}
		return new self( $word, $name, $path, 'option', '' );
	}

	/**
	 * The provider that the name tells.
	 *
	 * @since 0.1.0
	 *
	 * @return string|null Provider id; null when the name tells none of the table.
	 */
	public function provider(): ?string {
		foreach ( '' === $this->who ? array() : array_keys( Providers::all() ) as $id ) {
			if ( str_replace( '-', '_', (string) $id ) === $this->who ) {
				return (string) $id;
			}
		}
		return null;
	}
}
