<?php
/**
 * Test of WordPress without connectors.
 *
 * @package byok
 */

namespace Byok\Tests;

/**
 * Runs everywhere: where there are no connectors nothing of the bridge may run, and where there are it must.
 */
final class ConnectorsAbsentTest extends Test_Case {

	public function test_the_bridge_runs_exactly_where_wordpress_has_connectors(): void {
		$ran = Site::run(
			'rest_get_server();
			foreach ( array_keys( $GLOBALS["wp_filter"] ) as $hook ) {
				foreach ( $GLOBALS["wp_filter"][ $hook ]->callbacks as $callbacks ) {
					foreach ( $callbacks as $callback ) {
						$class_name = is_array( $callback["function"] ) && is_string( $callback["function"][0] ) ? $callback["function"][0] : "";
						if ( preg_match( "/^Byok.(Connector_|AI_)/", $class_name ) ) {
							$hooks[] = $hook;
						}
					}
				}
			}
			$loaded = preg_grep( "/^Byok.(Connector_|AI_)/", get_declared_classes() );
			update_option( "connectors_ai_anthropic_api_key", "byok-test-of-no-connector" );
			$read = get_option( "connectors_ai_anthropic_api_key" );
			delete_option( "connectors_ai_anthropic_api_key" );
			return array( $GLOBALS["wp_version"], Byok\Connectors::are_there(), $hooks ?? array(), array_values( $loaded ), $read );'
		);
		list( $version, $are_there, $hooks, $loaded, $read ) = $ran['result'];
		if ( version_compare( $version, '7.0', '<' ) ) {
			$this->assertFalse( $are_there );
			$this->assertSame( array(), $hooks );
			$this->assertSame( array(), $loaded );
			$this->assertSame( 'byok-test-of-no-connector', $read, 'an option of that name is nobody’s business' );
		} else {
			$this->assertTrue( $are_there );
			$this->assertContains( 'pre_option_connectors_ai_anthropic_api_key', $hooks );
			$this->assertContains( 'rest_post_dispatch', $hooks );
			$this->assertSame( '', $read, 'what is no key was refused' );
		}
		$this->assertStringNotContainsString( 'Warning', $ran['output'] );
	}
}
