<?php

use Byok\Log\Redacting_Processor;
use Monolog\Formatter\HtmlFormatter;
use Monolog\Formatter\JsonFormatter;
use Monolog\Formatter\LineFormatter;
use Monolog\Formatter\LogstashFormatter;
use Monolog\Formatter\NormalizerFormatter;
use Monolog\Handler\ErrorLogHandler;
use Monolog\Handler\StreamHandler;
use Monolog\Handler\TestHandler;
use Monolog\Logger;
use Monolog\Processor\PsrLogMessageProcessor;

/** The processor in the real Monolog. */
final class MonologTest extends LibraryTestCase {

	/** @dataProvider contexts */
	public function test_no_formatter_writes_the_key( callable $context ): void {
		$key = self::key();
		$given = self::without_throwing( $context( $key ) );
		foreach ( self::formatters() as $name => $formatter ) {
			$stream = fopen( 'php://memory', 'w+' );
			$logger = self::logger( array( ( new StreamHandler( $stream ) )->setFormatter( $formatter ) ) );
			$logger->warning( "with $key: {said}", $given );
			rewind( $stream );
			$written = stream_get_contents( $stream );
			$this->assertStringContainsString( 'with sk-ant-', html_entity_decode( $written ), $name );
			self::assert_no_key( $key, $written, $name );
		}
	}

	public function test_no_record_that_a_handler_keeps_holds_the_key(): void {
		foreach ( self::contexts() as $what => list( $context ) ) {
			$key     = self::key();
			$handler = new TestHandler();
			self::logger( array( $handler ) )->error( $key, self::without_throwing( $context( $key ) ) );
			self::assert_no_key( $key, print_r( $handler->getRecords(), true ), $what );
		}
	}

	public function test_what_processors_add_and_put_together_is_masked(): void {
		$key     = self::key();
		$secret  = bin2hex( random_bytes( 16 ) );
		$handler = new TestHandler();
		$logger  = self::logger( array( $handler ) );
		$logger->pushProcessor( new PsrLogMessageProcessor() );
		$logger->pushProcessor(
			static function ( $record ) use ( $key ) {
				$extra          = $record['extra'];
				$extra['url']   = "/?k=$key";
				$record['extra'] = $extra;
				return $record;
			}
		);
		$logger->info( 'x-api-key: {secret} and {key}', compact( 'secret', 'key' ) );
		$record = $handler->getRecords()[0];
		$this->assertSame( 'x-api-key: … and ' . byok_mask( $key ), $record['message'] );
		$this->assertSame( '/?k=' . byok_mask( $key ), $record['extra']['url'] );
		self::assert_no_key( $key, print_r( $record, true ) );
	}

	/** @dataProvider filled */
	public function test_what_monolog_puts_into_the_message_afterwards_is_masked( string $message, callable $context ): void {
		$secret  = bin2hex( random_bytes( 16 ) );
		$handler = new TestHandler();
		$logger  = new Logger( 'app', array( $handler ) );
		// Runs last.
		$logger->pushProcessor( new PsrLogMessageProcessor() );
		$logger->pushProcessor( new Redacting_Processor() );
		$logger->info( $message, $context( $secret ) );
		$this->assertStringNotContainsString( substr( $secret, 4, 20 ), $handler->getRecords()[0]['message'] );
	}

	public static function filled(): array {
		return array(
			'a text'             => array( 'x-api-key: {key}', static fn( $secret ) => array( 'key' => $secret ) ),
			'any name'           => array( 'x-api-key: {my key-1}', static fn( $secret ) => array( 'my key-1' => $secret ) ),
			'a header'           => array( 'x-api-key: {values}', static fn( $secret ) => array( 'values' => array( $secret ) ) ),
			'a Stringable'       => array( 'x-api-key: {key}', static fn( $secret ) => array( 'key' => new String_Thing( strrev( $secret ) ) ) ),
			'two places'         => array( '{name}: {value}', static fn( $secret ) => array( 'name' => 'x-api-key', 'value' => $secret ) ),
		);
	}

	public function test_a_channel_is_masked(): void {
		$key     = self::key();
		$handler = new TestHandler();
		$logger  = new Logger( "client of $key", array( $handler ) );
		$logger->pushProcessor( new Redacting_Processor() );
		$logger->info( 'hello' );
		self::assert_no_key( $key, print_r( $handler->getRecords(), true ) );
	}

	public function test_as_the_processor_of_a_handler(): void {
		$key     = self::key();
		$masked  = new TestHandler();
		$masked->pushProcessor( new Redacting_Processor() );
		$logger = new Logger( 'app', array( $masked ) );
		$logger->info( $key );
		self::assert_no_key( $key, print_r( $masked->getRecords(), true ) );
	}

	public function test_a_record_without_a_key_is_handed_on_as_it_is(): void {
		$context = array( 'user' => 5, 'thing' => new Thing( 'a' ), 'exception' => self::thrown_with( 'plain' ) );
		$handler = new TestHandler();
		self::logger( array( $handler ) )->notice( 'hello {user}', $context );
		$record = $handler->getRecords()[0];
		$this->assertSame( array( 'hello {user}', $context, array(), 'app', 'NOTICE' ), array( $record['message'], $record['context'], $record['extra'], $record['channel'], $record['level_name'] ) );
	}

	public function test_the_error_log_handler(): void {
		$key  = self::key();
		$log  = tempnam( sys_get_temp_dir(), 'byok' );
		$kept = ini_set( 'error_log', $log );
		self::logger( array( new ErrorLogHandler() ) )->critical( "with $key", array( 'exception' => self::thrown_with( $key ) ) );
		ini_set( 'error_log', (string) $kept );
		$written = file_get_contents( $log );
		unlink( $log );
		$this->assertStringContainsString( byok_mask( $key ), $written );
		self::assert_no_key( $key, $written );
	}

	/** A context that Monolog can write: it does not catch what an object throws. */
	private static function without_throwing( array $context ): array {
		return array_filter( $context, static fn( $item ) => ! $item instanceof Throwing_Thing );
	}

	/** A logger with the processor. */
	private static function logger( array $handlers ): Logger {
		$logger = new Logger( 'app', $handlers );
		$logger->pushProcessor( new Redacting_Processor() );
		return $logger;
	}

	/** Monolog's formatters. */
	private static function formatters(): array {
		$line = new LineFormatter( null, null, true, true, true );
		return array(
			'LineFormatter' => $line,
			'JsonFormatter' => new JsonFormatter( JsonFormatter::BATCH_MODE_JSON, true, false, true ),
			'HtmlFormatter' => new HtmlFormatter(),
			'Logstash'      => new LogstashFormatter( 'app' ),
			'a dump'        => new class() extends NormalizerFormatter {
				public function format( $record ) {
					return print_r( $record, true );
				}
			},
		);
	}
}
