<?php

use Byok\Log\Redacting_Logger;
use Psr\Log\LoggerInterface;
use Psr\Log\LogLevel;
use Psr\Log\NullLogger;

/** The decorator, with the real interface. */
final class Psr3Test extends LibraryTestCase {

	/** @dataProvider contexts */
	public function test_the_logger_behind_it_never_gets_the_key( callable $context ): void {
		$key    = self::key();
		$behind = new Keeping_Logger();
		( new Redacting_Logger( $behind ) )->error( "with $key", $context( $key ) );
		self::assert_no_key( $key, print_r( $behind->records, true ) );
		$this->assertSame( 'with ' . byok_mask( $key ), $behind->records[0][1] );
	}

	public function test_every_level_is_handed_on(): void {
		$behind = new Keeping_Logger();
		$logger = new Redacting_Logger( $behind );
		$levels = array_values( ( new ReflectionClass( LogLevel::class ) )->getConstants() );
		foreach ( $levels as $level ) {
			$logger->$level( 'a {b}', array( 'b' => $level ) );
			$logger->log( $level, new String_Thing( strrev( 'text' ) ) );
		}
		$expected = array();
		foreach ( $levels as $level ) {
			array_push( $expected, array( $level, 'a {b}', array( 'b' => $level ) ), array( $level, 'text', array() ) );
		}
		$this->assertSame( $expected, $behind->records );
	}

	public function test_a_message_that_is_an_object_is_masked(): void {
		$key    = self::key();
		$behind = new Keeping_Logger();
		( new Redacting_Logger( $behind ) )->info( new String_Thing( strrev( "its $key" ) ) );
		$this->assertSame( 'its ' . byok_mask( $key ), $behind->records[0][1] );
	}

	public function test_what_the_logger_throws_comes_through(): void {
		$this->expectException( OutOfRangeException::class );
		( new Redacting_Logger(
			new class() extends NullLogger {
				public function log( $level, $message, array $context = array() ): void {
					throw new OutOfRangeException();
				}
			}
		) )->debug( 'x' );
	}

	public function test_it_is_a_logger(): void {
		$this->assertInstanceOf( LoggerInterface::class, new Redacting_Logger( new NullLogger(), array( 'last' => 0 ) ) );
	}
}

/** Keeps what it is given. */
final class Keeping_Logger extends NullLogger {
	public array $records = array();
	public function log( $level, $message, array $context = array() ): void {
		$this->records[] = array( $level, $message, $context );
	}
}
