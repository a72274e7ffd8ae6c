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

	public function test_nobody_else_can_take_the_places(): void {
		Relay_Settings::change( array( 'caps' => array( 'streams' => 1 ) ) );
		$folder = (string) Relay_Streams::folder();
		self::assertSame( 040700, lstat( $folder )['mode'] );
		self::assertStringNotContainsString( substr( hash( 'sha256', ABSPATH ), 0, 16 ), $folder );
		$elsewhere = get_temp_dir() . 'byok-test-' . bin2hex( random_bytes( 8 ) );
		mkdir( $elsewhere, 0700 );
		foreach ( array(
			'open to all'  => static fn() => mkdir( $folder ) && chmod( $folder, 0777 ),
			'a link'       => static fn() => symlink( $elsewhere, $folder ),
			'a file'       => static fn() => touch( $folder ),
			'of another'   => static fn() => mkdir( $folder, 0700 ) && ( 0 !== posix_geteuid() || chown( $folder, 65534 ) ) && ( 0 === posix_geteuid() || chmod( $folder, 0770 ) ),
		) as $what => $make ) {
			self::remove( $folder );
			$make();
			self::assertNotSame( $folder, Relay_Streams::folder(), $what );
			self::assertTrue( Relay_Streams::take(), $what );
			self::assertSame( array(), glob( "$elsewhere/*" ) );
			self::assertFalse( Site::run( self::TAKE )['result'], $what );
			Relay_Streams::give_back();
			self::remove( (string) Relay_Streams::folder() );
		}
		self::remove( $folder );
		rmdir( $elsewhere );
	}

	/**
	 * Removes a folder of places, or what is in its place.
	 *
	 * @param string $folder Its name.
	 */
	private static function remove( string $folder ): void {
		if ( is_link( $folder ) || is_file( $folder ) ) {
			unlink( $folder );
		} elseif ( is_dir( $folder ) ) {
			array_map( 'unlink', glob( "$folder/*" ) );
			rmdir( $folder );
		}
	}

	/**
	 * The files of the places.
	 */
	private static function files(): string {
		return Relay_Streams::folder() . '/*';
	}
}
