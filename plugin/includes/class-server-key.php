<?php
/**
 * A key that the server's configuration gives.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Finds the key of a provider in the environment or among the constants, under the name that WordPress
 * itself uses: `ANTHROPIC_API_KEY` for `anthropic`. Such a key can be used and checked; it is changed and
 * removed where it was set.
 *
 * A provider with an address of one's own has none: nothing there says which address it is for.
 *
 * @since 0.1.0
 */
final class Server_Key {

	/**
	 * Takes the fields as they are. The key is not among them: it is read again when it is needed.
	 *
	 * @param array  $provider The provider's row of the table.
	 * @param string $source   `environment` or `constant`.
	 */
	private function __construct(
		private readonly array $provider,
		public readonly string $source
	) {}

	/**
	 * The key that the server gives for a provider.
	 *
	 * @since 0.1.0
	 *
	 * @param array $provider The provider's row of the table.
	 * @return self|null Null when it gives none.
	 */
	public static function find( array $provider ): ?self {
		if ( $provider['custom_base_url'] || null === $provider['origin'] ) {
			return null;
		}
		// The same order as in WordPress.
		foreach ( array( 'environment', 'constant' ) as $source ) {
			$key = new self( $provider, $source );
			if ( '' !== $key->read() ) {
				return $key;
			}
		}
		return null;
	}

	/**
	 * Name of the variable or constant.
	 *
	 * @since 0.1.0
	 *
	 * @return string Such as `ANTHROPIC_API_KEY`.
	 */
	public function name(): string {
		return strtoupper( str_replace( '-', '_', $this->provider['id'] ) ) . '_API_KEY';
	}

	/**
	 * Reads the key.
	 *
	 * @since 0.1.0
	 *
	 * @return string The key; empty when there is none any more.
	 */
	public function read(): string {
		$name = $this->name();
		if ( 'environment' === $this->source ) {
			$value = getenv( $name );
		} else {
			$value = defined( $name ) ? constant( $name ) : '';
		}
		return is_string( $value ) ? Key_Text::trim( $value ) : '';
	}

	/**
	 * Encrypts it for the one request it is used for.
	 *
	 * @since 0.1.0
	 *
	 * @return Key_Row A row that is stored nowhere.
	 * @throws \Byok\Exception\ByokException When it cannot be.
	 */
	public function seal(): Key_Row {
		$unchecked = array(
			'hint'    => '',
			'outcome' => 'unknown',
			'reason'  => '',
		);
		return Key_Row::seal( Place::of_site( $this->provider['id'] ), $this->read(), byok_origin( $this->provider['id'] ), '', $unchecked );
	}

	/**
	 * Tells about it, see byok_key_info(). It cannot be known when it was made or whether it works.
	 *
	 * @since 0.1.0
	 *
	 * @return array Info.
	 */
	public function info(): array {
		$hint = byok_mask( $this->read() );
		return array(
			'state'     => 'ready',
			'hint'      => $hint,
			'message'   => Messages::read_only( $this->name(), $this->source ),
			'source'    => $this->source,
			'read_only' => true,
			'set_by'    => $this->name(),
		) + Key_Info::of( $this->provider, Place::of_site( $this->provider['id'] ), null );
	}
}
