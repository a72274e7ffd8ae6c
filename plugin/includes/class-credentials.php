<?php
/**
 * A provider, a key and a model that somebody has sent along.
 *
 * @package byok
 */

namespace Byok;

use LogicException;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * What byok_credentials() gives: which provider, which model, and the mask of a key with which requests can be
 * sent. It cannot be changed or stored, and no way of looking at it shows the key, which it does not have: only
 * the engine can open what it holds, for a request to that provider.
 *
 * @since 0.1.0
 */
final readonly class Credentials implements \JsonSerializable {

	/**
	 * Provider id.
	 *
	 * @var string
	 */
	public string $provider;

	/**
	 * The model that was asked for; empty when none was.
	 *
	 * @var string
	 */
	public string $model;

	/**
	 * The masked key.
	 *
	 * @var string
	 */
	public string $mask;

	/**
	 * Takes a sealed key.
	 *
	 * @since 0.1.0
	 *
	 * @param Place   $place Place that it is sealed for.
	 * @param Key_Row $row   Row that is stored nowhere.
	 * @param string  $model Model; empty for none.
	 */
	public function __construct( private Place $place, private Key_Row $row, string $model ) {
		$this->provider = $place->provider;
		$this->model    = $model;
		$this->mask     = $row->hint;
	}

	/**
	 * Sends a request to the provider with this key.
	 *
	 *     $answer = $credentials->send( '/chat/completions', array( 'json' => array( 'model' => $credentials->model, … ) ) );
	 *
	 * @since 0.1.0
	 *
	 * @param string        $path     Path below the provider's base URL.
	 * @param array         $args     Arguments of byok_request(); `owner` and `slot` mean nothing here.
	 * @param callable|null $on_chunk As of byok_stream().
	 * @return array|WP_Error As of byok_request().
	 */
	public function send( string $path, array $args = array(), ?callable $on_chunk = null ) {
		return Provider_Request::through( fn( array $request ) => $this->pass( $request, $on_chunk ), $path, $args );
	}

	/**
	 * Sends a request that is in the shape of byok_send() already.
	 *
	 * @since 0.1.0
	 *
	 * @param array         $request  Request.
	 * @param callable|null $on_chunk Gets the body as it comes.
	 * @return array|WP_Error
	 */
	public function pass( array $request, ?callable $on_chunk = null ) {
		return Gate::with_passed( 'send', $this->place, $this->row, $request, $on_chunk );
	}

	/**
	 * Lists the models that the key may use.
	 *
	 * @since 0.1.0
	 *
	 * @return array|WP_Error As of byok_models().
	 */
	public function models() {
		return Gate::with_passed( 'models', $this->place, $this->row, array() );
	}

	/**
	 * Makes a ticket that carries the key, sealed.
	 *
	 * @since 0.1.0
	 *
	 * @param array $options See byok_ticket().
	 * @return string|WP_Error
	 */
	public function ticket( array $options ) {
		return Gate::with_passed( 'ticket', $this->place, $this->row, $options );
	}

	/**
	 * What may be shown.
	 *
	 * @since 0.1.0
	 *
	 * @return array{provider: string, model: string, key: string}
	 */
	public function __debugInfo(): array {
		return array(
			'provider' => $this->provider,
			'model'    => $this->model,
			'key'      => $this->mask,
		);
	}

	/**
	 * The same as JSON.
	 *
	 * @since 0.1.0
	 */
	public function jsonSerialize(): array {
		return $this->__debugInfo();
	}

	/**
	 * Refuses to be stored.
	 *
	 * @since 0.1.0
	 *
	 * @throws LogicException Always.
	 */
	public function __serialize(): array {
		throw new LogicException( 'Credentials are never stored.' );
	}

	/**
	 * Refuses to be made of a text.
	 *
	 * @since 0.1.0
	 *
	 * @param array $fields Unused.
	 * @throws LogicException Always.
	 */
	public function __unserialize( array $fields ): void {
		throw new LogicException( 'Credentials are never stored.' );
	}

	/**
	 * There is one of each.
	 */
	private function __clone() {}
}
