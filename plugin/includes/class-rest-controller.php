<?php
/**
 * The REST routes.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;
use WP_REST_Controller;
use WP_REST_Request;
use WP_REST_Response;
use WP_REST_Server;

defined( 'ABSPATH' ) || exit;

/**
 * The routes below byok/v1: keys go in, nothing but their state comes out.
 *
 *     GET    /byok/v1/status
 *     GET    /byok/v1/keys
 *     GET    /byok/v1/keys/{provider}
 *     PUT    /byok/v1/keys/{provider}          { "key": "…", "base_url": "…" }
 *     DELETE /byok/v1/keys/{provider}
 *     POST   /byok/v1/keys/{provider}/check
 *
 * and the same below /byok/v1/network/keys, on a network, and /byok/v1/me/keys, for the keys that a
 * person brings.
 *
 * Permission is asked before the provider's id is looked at, so that a stranger gets the same answer
 * for a provider with a key, without one, and for one that does not exist. None of the routes takes
 * part in batches.
 *
 * @since 0.1.0
 */
final class Rest_Controller extends WP_REST_Controller {

	/**
	 * Beginnings of the routes, by kind of owner.
	 */
	private const BASES = array(
		'site'    => 'keys',
		'network' => 'network/keys',
		'user'    => 'me/keys',
	);

	/**
	 * Kind of owner, one of the names in BASES.
	 *
	 * @var string
	 */
	private string $kind;

	/**
	 * Registers the routes.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		foreach ( array_keys( self::BASES ) as $kind ) {
			if ( 'network' !== $kind || is_multisite() ) {
				( new self( $kind ) )->register_routes();
			}
		}
	}

	/**
	 * Names the routes.
	 *
	 * @since 0.1.0
	 *
	 * @param string $kind Kind of owner, one of the names in BASES.
	 */
	public function __construct( string $kind = 'site' ) {
		$this->namespace = 'byok/v1';
		$this->rest_base = self::BASES[ $kind ];
		$this->kind      = $kind;
	}

	/**
	 * Registers the routes.
	 *
	 * @since 0.1.0
	 */
	public function register_routes() {
		$permission = array( $this, 'may_manage_keys' );
		$one        = '/' . $this->rest_base . '/(?P<provider>[A-Za-z0-9-]+)';
		$provider   = array(
			'provider' => array(
				'description' => __( 'Provider id.', 'byok' ),
				'type'        => 'string',
			),
			'slot'     => array(
				'description' => __( 'Label of one of several keys of the provider. Without it the first one is meant, and a deletion takes all.', 'byok' ),
				'type'        => 'string',
			),
		);

		if ( 'site' === $this->kind ) {
			register_rest_route(
				$this->namespace,
				'/status',
				array(
					array(
						'methods'             => WP_REST_Server::READABLE,
						'callback'            => array( $this, 'status' ),
						'permission_callback' => $permission,
					),
					'schema' => array( Rest_Schema::class, 'status' ),
				)
			);
		}

		register_rest_route(
			$this->namespace,
			'/' . $this->rest_base,
			array(
				array(
					'methods'             => WP_REST_Server::READABLE,
					'callback'            => array( $this, 'get_items' ),
					'permission_callback' => $permission,
					'args'                => array( 'context' => $this->get_context_param( array( 'default' => 'view' ) ) ),
				),
				'schema' => array( $this, 'get_public_item_schema' ),
			)
		);

		register_rest_route(
			$this->namespace,
			$one,
			array(
				'args'   => $provider,
				array(
					'methods'             => WP_REST_Server::READABLE,
					'callback'            => array( $this, 'get_item' ),
					'permission_callback' => $permission,
					'args'                => array( 'context' => $this->get_context_param( array( 'default' => 'view' ) ) ),
				),
				array(
					'methods'             => WP_REST_Server::EDITABLE,
					'callback'            => array( $this, 'update_item' ),
					'permission_callback' => $permission,
					'args'                => $this->get_endpoint_args_for_item_schema( WP_REST_Server::EDITABLE ),
				),
				array(
					'methods'             => WP_REST_Server::DELETABLE,
					'callback'            => array( $this, 'delete_item' ),
					'permission_callback' => $permission,
				),
				'schema' => array( $this, 'get_public_item_schema' ),
			)
		);

		register_rest_route(
			$this->namespace,
			$one . '/check',
			array(
				'args'   => $provider,
				array(
					'methods'             => WP_REST_Server::CREATABLE,
					'callback'            => array( $this, 'check_item' ),
					'permission_callback' => $permission,
				),
				'schema' => array( $this, 'get_public_item_schema' ),
			)
		);
	}

	/**
	 * Whether the current user may use these routes.
	 *
	 * @since 0.1.0
	 *
	 * @return true|WP_Error
	 */
	public function may_manage_keys() {
		if ( Capability::current_user_can( $this->owner() ) ) {
			return true;
		}
		return new WP_Error(
			'byok_forbidden',
			__( 'Sorry, you are not allowed to manage these API keys.', 'byok' ),
			array( 'status' => rest_authorization_required_code() )
		);
	}

	/**
	 * Tells the state of byok on this site.
	 *
	 * @since 0.1.0
	 *
	 * @return WP_REST_Response
	 */
	public function status() {
		$source  = null === Extension::reason() ? byok_key_source() : array();
		$problem = Notices::server();

		return rest_ensure_response(
			array(
				'version'           => BYOK_VERSION,
				'extension_version' => Extension::version(),
				'usable'            => null === $problem,
				'problem'           => $problem,
				'source'            => $source['source'] ?? null,
				'key_id'            => $source['key_id'] ?? null,
				'warnings'          => $source['warnings'] ?? array(),
				'states'            => (object) array_count_values( array_column( Vault::all(), 'state' ) ),
			)
		);
	}

	/**
	 * Tells about every provider.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response
	 */
	public function get_items( $request ) {
		if ( isset( $request->get_query_params()['key'] ) ) {
			return Failure::because( 'key_in_url' );
		}
		$items = array();
		foreach ( Own_Providers::offered( Vault::all( $this->owner() ), $this->owner() ) as $info ) {
			$items[] = $this->prepare_response_for_collection( $this->prepare_item_for_response( $info, $request ) );
		}
		return rest_ensure_response( $items );
	}

	/**
	 * Tells about one provider.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public function get_item( $request ) {
		if ( isset( $request->get_query_params()['key'] ) ) {
			return Failure::because( 'key_in_url' );
		}
		return $this->answer( $this->info( $request ), $request );
	}

	/**
	 * Checks a key with the provider and saves it.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public function update_item( $request ) {
		// Servers, proxies and browsers write addresses down. WordPress would take the key from there.
		$in_url = isset( $request->get_query_params()['key'] );
		// WordPress hands the body over unslashed, JSON or not.
		$key = (string) Rest_Secret::take( $request, 'key' );
		if ( $in_url ) {
			return Failure::because( 'key_in_url' );
		}

		$args    = isset( $request['base_url'] ) ? array( 'base_url' => $request['base_url'] ) : array();
		$id      = Resolver::named( $request['provider'], array( 'slot' => $request['slot'] ) );
		$refused = is_wp_error( $id ) ? $id : Attempts::count( $this->owner() );
		return $this->answer( $refused ?? Vault::save( $id, $key, $args, $this->owner() ), $request );
	}

	/**
	 * Checks a stored key once more.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public function check_item( $request ) {
		$id      = Resolver::named( $request['provider'], array( 'slot' => $request['slot'] ) );
		$refused = is_wp_error( $id ) ? $id : Attempts::count( $this->owner() );
		return $this->answer( $refused ?? Vault::check( $id, $this->owner() ), $request );
	}

	/**
	 * Deletes a key.
	 *
	 * @since 0.1.0
	 *
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	public function delete_item( $request ) {
		$args    = array(
			'owner' => $this->owner()->word(),
			'slot'  => $request['slot'],
		);
		$deleted = byok_delete_key( $request['provider'], $args );
		if ( is_wp_error( $deleted ) ) {
			return $deleted;
		}

		unset( $request['slot'] );
		$info = $this->info( $request );
		return $this->answer( is_wp_error( $info ) ? $info : $info + array( 'deleted' => true ), $request );
	}

	/**
	 * Makes an answer of an info: the fields of the schema that may be told, and no other.
	 *
	 * @since 0.1.0
	 *
	 * @param array           $item    Info of a provider.
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response
	 */
	public function prepare_item_for_response( $item, $request ) {
		$known  = $this->get_item_schema()['properties'];
		$wanted = $this->get_fields_for_response( $request );
		$data   = array_filter(
			$item,
			static fn( string $field ) => isset( $known[ $field ] ) && rest_is_field_included( $field, $wanted ),
			ARRAY_FILTER_USE_KEY
		);
		return rest_ensure_response( $this->filter_response_by_context( $data, $request['context'] ?? 'view' ) );
	}

	/**
	 * The shape of a provider and its key.
	 *
	 * @since 0.1.0
	 *
	 * @return array Schema.
	 */
	public function get_item_schema() {
		$this->schema ??= Rest_Schema::key();
		return $this->add_additional_fields_schema( $this->schema );
	}

	/**
	 * Whose keys these routes are about: never anything that the request says.
	 */
	private function owner(): Owner {
		switch ( $this->kind ) {
			case 'network':
				return Owner::network();
			case 'user':
				return Owner::user( get_current_user_id() );
			default:
				return Owner::site();
		}
	}

	/**
	 * Tells about the key that a request names, or the first one of its provider.
	 *
	 * @param WP_REST_Request $request Request.
	 * @return array|WP_Error Info.
	 */
	private function info( $request ) {
		return Resolver::info(
			$request['provider'],
			array(
				'owner' => $this->owner()->word(),
				'slot'  => $request['slot'],
			)
		);
	}

	/**
	 * Answers with an info, or with what went wrong.
	 *
	 * @param array|WP_Error  $result  What the vault answered.
	 * @param WP_REST_Request $request Request.
	 * @return WP_REST_Response|WP_Error
	 */
	private function answer( $result, $request ) {
		return is_wp_error( $result ) ? $result : $this->prepare_item_for_response( $result, $request );
	}
}
