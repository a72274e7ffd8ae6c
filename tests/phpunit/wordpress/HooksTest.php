<?php
/**
 * Tests of what the list of hooks takes for granted.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\AI_Registry;
use Byok\Connectors;

final class HooksTest extends Test_Case {

	/**
	 * The list names events by themselves, so that their classes are not loaded for their names.
	 */
	public function test_the_names_of_events_are_those_of_their_classes(): void {
		$names = array(
			'byok_check_key'      => \Byok\Recheck::HOOK,
			'byok_prune_usage'    => \Byok\Usage_Table::HOOK,
			'byok_prune_visitors' => \Byok\Visitors::HOOK,
			'byok_send_webhooks'  => \Byok\Webhook_Sender::HOOK,
			'byok_use_relay'      => \Byok\User_Identity::CAPABILITY,
			'byok_key'            => \Byok\Key_Form::ACTION,
			'byok_unlock'         => \Byok\Unlock_Form::ACTION,
			'byok_reencrypt'      => \Byok\Reencryption_Form::ACTION,
			'byok_import'         => \Byok\Import_Form::ACTION,
			'byok_relay'          => \Byok\Relay_Form::ACTION,
			'byok_usage'          => \Byok\Usage_Form::ACTION,
			'byok_connect'        => \Byok\Connect_Form::ACTION,
			'byok_webhooks'       => \Byok\Webhook_Form::ACTION,
		);
		$this->assertSame( array_keys( $names ), array_values( $names ) );
		$lists = '';
		foreach ( array( 'plugin', 'admin-hooks' ) as $list ) {
			$lists .= file_get_contents( dirname( __DIR__, 3 ) . "/plugin/includes/class-$list.php" );
		}
		foreach ( $names as $name ) {
			$this->assertStringContainsString( "'$name'", $lists );
		}
	}

	/**
	 * Every callback is there: nothing else would tell before it is called.
	 */
	public function test_everything_that_is_hooked_can_be_called(): void {
		foreach ( array( array(), array( 'constants' => array( 'WP_ADMIN' => true ) ) ) as $options ) {
			$hooked = Site::run(
				'rest_get_server();
				foreach ( $GLOBALS["wp_filter"] as $hook => $listeners ) {
					foreach ( $listeners->callbacks as $list ) {
						foreach ( $list as $one ) {
							if ( is_array( $one["function"] ) && is_string( $one["function"][0] ) && str_starts_with( $one["function"][0], "Byok" ) ) {
								$found[ implode( "::", $one["function"] ) . " of $hook" ] = is_callable( $one["function"] );
							}
						}
					}
				}
				return $found;',
				$options
			)['result'];
			$this->assertGreaterThan( 40, count( $hooked ) );
			$this->assertSame( array(), array_keys( array_filter( $hooked, static fn( $is_callable ) => ! $is_callable ) ) );
		}
	}

	/**
	 * Blocks are registered without reading their block.json; it says the same.
	 */
	public function test_blocks_are_what_their_block_json_says(): void {
		rest_get_server();
		$names = array( 'api-key', 'chat', 'key-badge' );
		foreach ( $names as $name ) {
			$told  = json_decode( file_get_contents( dirname( __DIR__, 3 ) . "/plugin/blocks/$name/block.json" ), true );
			$block = \WP_Block_Type_Registry::get_instance()->get_registered( "byok/$name" );
			foreach ( array( 'title', 'description', 'icon', 'category', 'keywords', 'textdomain', 'supports' ) as $what ) {
				$this->assertSame( $told[ $what ], $block->$what, "$name $what" );
			}
			$this->assertSame( $told['attributes'], array_intersect_key( $block->attributes, $told['attributes'] ), $name );
			$this->assertSame( $told['apiVersion'], $block->api_version );
			$this->assertSame( (array) $told['editorScript'], $block->editor_script_handles );
			$this->assertSame( (array) ( $told['viewStyle'] ?? array() ), $block->view_style_handles );
		}
	}

	/**
	 * @group connectors
	 */
	public function test_connectors_are_told_of_as_the_extension_does(): void {
		$table = byok_providers();
		foreach ( Connectors::own() as $id => $told ) {
			$this->assertSame( array( $table[ $id ]['name'], $table[ $id ]['description'], $table[ $id ]['key_page'] ), $told, $id );
			$this->assertFalse( $table[ $id ]['custom_base_url'] );
		}
	}

	/**
	 * @group connectors
	 */
	public function test_every_question_to_the_client_finds_the_providers(): void {
		$asked = 0;
		foreach ( ( new \ReflectionClass( \WordPress\AiClient\Providers\ProviderRegistry::class ) )->getMethods( \ReflectionMethod::IS_PUBLIC ) as $method ) {
			// The transporter is about requests, and goes to those that come later as well.
			if ( ! $method->isStatic() && ! str_contains( $method->getName(), 'HttpTransporter' ) && ! str_starts_with( $method->getName(), '__' ) ) {
				++$asked;
				$this->assertSame( AI_Registry::class, ( new \ReflectionMethod( AI_Registry::class, $method->getName() ) )->getDeclaringClass()->getName(), $method->getName() );
			}
		}
		$this->assertGreaterThan( 10, $asked );
		$ran = Site::run(
			'$waits = Byok\AI_Registry::in_place()->is_waiting();
			$early  = class_exists( Byok\AI_Provider_Groq::class, false );
			$registry = WordPress\AiClient\AiClient::defaultRegistry();
			return array( $waits, $early, $registry->hasProvider( "groq" ), $registry->hasProvider( "anthropic" ), count( $registry->getRegisteredProviderIds() ), get_class( $registry->getProviderRequestAuthentication( "groq" ) ) );'
		)['result'];
		$this->assertSame( array( true, false, true, false, count( Connectors::own() ), \Byok\Connector_Authentication::class ), $ran );
	}

	/**
	 * Of two functions at one place the one that was added first comes first, so these do not wait for the REST API.
	 *
	 * @group connectors
	 */
	public function test_what_takes_keys_out_of_requests_is_there_from_the_beginning(): void {
		$ran = Site::run(
			'return array(
				did_action( "rest_api_init" ),
				has_filter( "rest_request_before_callbacks", array( "Byok\\Rest_Address", "refuse" ) ),
				has_filter( "rest_request_before_callbacks", array( "Byok\\Connector_Rest", "take_keys" ) ),
				has_filter( "rest_request_after_callbacks", array( "Byok\\Rest_Secret", "forget_refused" ) ),
			);'
		)['result'];
		$this->assertSame( array( 0, PHP_INT_MIN, PHP_INT_MIN, PHP_INT_MIN ), $ran );
	}

	/**
	 * Where somebody has used the client first, its registry stays, and has the providers.
	 *
	 * @group connectors
	 */
	public function test_a_registry_that_was_there_before_has_the_providers_from_init_on(): void {
		$file = WPMU_PLUGIN_DIR . '/byok-test-client.php';
		wp_mkdir_p( WPMU_PLUGIN_DIR );
		file_put_contents( $file, '<?php WordPress\\AiClient\\AiClient::defaultRegistry();' );
		$key = Test_Provider::key( 'groq' );
		self::save( 'groq', $key );
		try {
			$ran = Site::run(
				'$registry = WordPress\AiClient\AiClient::defaultRegistry();
				$early     = class_exists( Byok\AI_Provider_Groq::class, false );
				return array( get_class( $registry ), $early, $registry->hasProvider( "groq" ), $registry->getProviderRequestAuthentication( "groq" )->getApiKey() === byok_stand_in( "groq" ), wp_is_connector_registered( "groq" ) );'
			)['result'];
		} finally {
			unlink( $file );
		}
		$this->assertSame( array( \WordPress\AiClient\Providers\ProviderRegistry::class, true, true, true, true ), $ran );
	}
}
