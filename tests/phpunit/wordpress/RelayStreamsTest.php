<?php
/**
 * Tests of how many answers PHP holds open.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Relay_Settings;
use Byok\Relay_Streams;

/**
 * Places that are locks on files.
 */
final class RelayStreamsTest extends Test_Case {

	/**
	 * Takes a place in another process, which then ends as told, and tells whether it got one.
	 */
	private const TAKE = 'return Byok\Relay_Streams::take();';

	protected function tearDown(): void {
		Relay_Streams::give_back();
		array_map( 'unlink', glob( self::files() ) );
		parent::tearDown();
	}

	public function test_there_are_as_many_places_as_are_set(): void {
		Relay_Settings::change( array( 'caps' => array( 'streams' => 1 ) ) );
		self::assertSame( 1, Relay_Streams::most() );
		self::assertTrue( Relay_Streams::take() );
		self::assertTrue( Relay_Streams::take(), 'a request has one' );
		self::assertFalse( Site::run( self::TAKE )['result'] );
		Relay_Streams::give_back();
		self::assertTrue( Site::run( self::TAKE )['result'] );

		Relay_Settings::change( array( 'caps' => array( 'streams' => 2 ) ) );
		self::assertTrue( Relay_Streams::take() );
		self::assertTrue( Site::run( self::TAKE )['result'] );
	}

	public function test_a_process_that_is_killed_leaves_no_place_taken(): void {
		Relay_Settings::change( array( 'caps' => array( 'streams' => 1 ) ) );
		Site::run( 'Byok\Relay_Streams::take(); posix_kill( getmypid(), SIGKILL );', array( 'killed' => true ) );
		self::assertCount( 1, glob( self::files() ) );
		self::assertTrue( Relay_Streams::take() );
	}

	public function test_half_of_the_workers_may_be_held(): void {
		$told = static fn( array $variables ) => Site::run( 'return Byok\Relay_Streams::most();', array( 'variables' => $variables ) )['result'];
		self::assertSame( 5, $told( array( 'PHP_CLI_SERVER_WORKERS' => '10' ) ) );
		self::assertSame( 1, $told( array( 'PHP_CLI_SERVER_WORKERS' => '1' ) ) );
		self::assertSame( 4, $told( array( 'PHP_CLI_SERVER_WORKERS' => '' ) ) );
	}

	public function test_files_of_others_are_used_and_what_is_no_file_is_not(): void {
		Relay_Settings::change( array( 'caps' => array( 'streams' => 1 ) ) );
		Relay_Streams::take();
		Relay_Streams::give_back();
		$file = glob( self::files() )[0];
		chmod( $file, 0444 );
		self::assertTrue( Relay_Streams::take() );
		Relay_Streams::give_back();

		unlink( $file );
		posix_mkfifo( $file, 0600 );
		$began = microtime( true );
		self::assertFalse( Relay_Streams::take() );
		self::assertLessThan( 1, microtime( true ) - $began );
	}

	/**
	 * The files of the places.
	 */
	private static function files(): string {
		return get_temp_dir() . 'byok-relay-' . substr( hash( 'sha256', ABSPATH ), 0, 16 ) . '-*';
	}
}
