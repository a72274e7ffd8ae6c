<?php

use Byok\Log\Redaction;

/** What comes back of a value, and that nothing else is changed. */
final class RedactionTest extends LibraryTestCase {

	/** @dataProvider contexts */
	public function test_no_part_of_a_copy_holds_the_key( callable $context ): void {
		$key  = self::key();
		$copy = ( new Redaction() )->value( $context( $key ) );
		self::assert_no_key( $key, print_r( $copy, true ), 'print_r' );
		if ( isset( $copy['exception'] ) ) {
			self::assert_no_key( $key, $copy['exception'] . json_encode( $copy['exception'], JSON_PARTIAL_OUTPUT_ON_ERROR ), 'the exception' );
		}
		unset( $copy['thing'] );
		self::assert_no_key( $key, (string) json_encode( $copy, JSON_PARTIAL_OUTPUT_ON_ERROR, 4096 ), 'json_encode' );
	}

	public function test_a_value_without_a_key_is_the_very_same(): void {
		$thing        = new Thing( 'shown', 'hidden' );
		$thing->shown = array( $thing );
		$same         = array(
			'thing'     => $thing,
			'json'      => new Json_Thing( array( 1, null, 1.5 ) ),
			'throwing'  => new Throwing_Thing(),
			'exception' => self::thrown_with( array( 'a' ) ),
			'closure'   => static fn() => 1,
			'resource'  => STDERR,
			'time'      => new DateTimeImmutable(),
			'iterator'  => ( static function () {
				yield self::fail( 'an iterator was run' );
			} )(),
			'number'    => 12,
			'1'         => "\xff\x00 not UTF-8",
			'masked'    => 'sk-ant-…Qw4A',
			'envelope'  => byok_mask( 'x' ),
		);
		$this->assertSame( $same, ( new Redaction() )->value( $same ) );

		$items         = array( 'a' => 1 );
		$items['self'] = &$items;
		$copy          = ( new Redaction() )->value( $items );
		$this->assertSame( 1, $copy['self']['self']['self']['a'] );

		$large = array_fill( 0, 15000, array( 'a' ) );
		$this->assertSame( $large, ( new Redaction() )->value( $large ) );
	}

	public function test_what_was_given_in_is_not_changed(): void {
		$key    = self::key();
		$text   = $key;
		$thing  = new Thing( array( 'a' => &$text ) );
		$thrown = self::alone( static fn() => new Request_Failed( $key ) );
		$given  = array( 'text' => &$text, 'thing' => $thing, 'thrown' => $thrown );
		$before = print_r( $given, true );
		( new Redaction() )->value( $given );
		$this->assertSame( $before, print_r( $given, true ) );
	}

	public function test_beside_the_key_everything_is_kept(): void {
		$key  = self::key();
		$when = new DateTimeImmutable();
		$copy = ( new Redaction() )->value( array( 'key' => "a $key b", 'list' => array( 1, 2.5, null, true, $when ), 'thing' => new Thing( 'x', 'y' ) ) );
		$this->assertSame( 'a ' . byok_mask( $key ) . ' b', $copy['key'] );
		$this->assertSame( array( 1, 2.5, null, true, $when ), $copy['list'] );
		$this->assertInstanceOf( Thing::class, $copy['thing'] );
	}

	public function test_two_keys_with_one_mask_are_both_kept(): void {
		$key  = self::key();
		$copy = ( new Redaction() )->value( array( $key => 1, substr_replace( $key, 'zz', 20, 2 ) => 2 ) );
		$this->assertSame( array( 1, 2 ), array_values( $copy ) );
	}

	public function test_an_exception_stays_one_of_its_class_and_place(): void {
		$key  = self::key();
		$line = __LINE__ + 1;
		$copy = ( new Redaction() )->value( self::alone( static fn() => new Request_Failed( $key ) ) );
		$this->assertInstanceOf( Request_Failed::class, $copy );
		$this->assertSame( array( 'refused', __FILE__, $line ), array( $copy->getMessage(), $copy->getFile(), $copy->getLine() ) );
		$this->assertSame( array( 'x-api-key' => byok_mask( $key ) ), $copy->headers() );

		$thrown = self::alone( static fn() => new PDOException( "no $key", 42, new LogicException( 'before' ) ) );
		$copy   = ( new Redaction() )->value( $thrown );
		$this->assertSame( array( PDOException::class, 42, 'no ' . byok_mask( $key ) ), array( $copy::class, $copy->getCode(), $copy->getMessage() ) );
		$this->assertSame( $thrown->getPrevious(), $copy->getPrevious() );
		$this->assertSame( array_column( $thrown->getTrace(), 'function' ), array_column( $copy->getTrace(), 'function' ) );
		$this->assertStringContainsString( 'RedactionTest', (string) $copy );
	}

	public function test_a_value_is_seen_with_the_words_before_its_place_in_the_message(): void {
		$secret                 = bin2hex( random_bytes( 16 ) );
		list( $message, $safe ) = ( new Redaction() )->record( 'POST /v1 x-api-key: {k}, {size} bytes, {missing}', array( 'k' => $secret, 'size' => 12 ) );
		$this->assertSame( 'POST /v1 x-api-key: {k}, {size} bytes, {missing}', $message );
		$this->assertSame( array( 'k' => '…', 'size' => 12 ), $safe );
	}

	/** @dataProvider messages */
	public function test_a_message_is_judged_as_it_will_read( string $message, callable $context, int $from ): void {
		$key              = self::key();
		list( $text, $safe ) = ( new Redaction() )->record( $message, $context( $key ) );
		$filled           = preg_replace_callback( '/\{([^{}]+)\}/', static fn( $place ) => (string) ( $safe[ $place[1] ] ?? $place[0] ), $text );
		$this->assertStringNotContainsString( substr( $key, $from, 12 ), $filled );
		self::assert_no_key( $key, $filled );
	}

	public static function messages(): array {
		return array(
			'a beginning in the message'      => array( 'using sk-ant-{rest}', static fn( $key ) => array( 'rest' => substr( $key, 7 ) ), 30 ),
			'two places, the first is a key'  => array( '{a}{b}', static fn( $key ) => array( 'a' => substr( $key, 0, 44 ), 'b' => substr( $key, 44 ) ), 46 ),
			'two places, neither is one'      => array( '{a}{b}.', static fn( $key ) => array( 'a' => substr( $key, 0, 5 ), 'b' => substr( $key, 5 ) ), 40 ),
			'three places'                    => array( 'it is {a}{b}{c}', static fn( $key ) => array( 'a' => substr( $key, 0, 7 ), 'b' => substr( $key, 7, 20 ), 'c' => substr( $key, 27 ) ), 40 ),
			'a name in a place'               => array( '{header}: {value}', static fn( $key ) => array( 'header' => 'x-api-key', 'value' => substr( $key, 23 ) ), 30 ),
			'a name, and something before it' => array( 'Authorization: {scheme} {value}', static fn( $key ) => array( 'scheme' => 'Bearer', 'value' => substr( $key, 23 ) ), 30 ),
			'a place of any name'             => array( 'x-api-key: {the k-1}', static fn( $key ) => array( 'the k-1' => substr( $key, 23 ) ), 30 ),
			'a place with a number'           => array( 'x-api-key: {0}', static fn( $key ) => array( substr( $key, 23 ) ), 30 ),
			'the second time it has a name'   => array( '{k} again, api_key={k}', static fn( $key ) => array( 'k' => substr( $key, 23 ) ), 30 ),
		);
	}

	public function test_a_list_is_seen_with_the_words_before_its_place(): void {
		$secret                 = bin2hex( random_bytes( 16 ) );
		$context                = array( 'values' => array( $secret ) );
		$this->assertSame( array( 'values' => '(left out by byok)' ), ( new Redaction() )->record( 'x-api-key: {values}', $context )[1] );
		$this->assertSame( $context, ( new Redaction() )->record( 'seen: {values}', $context )[1] );
	}

	public function test_braces_that_are_no_places_leave_nothing_out(): void {
		$message = str_repeat( '{"id":1} ', 5000 ) . '{user}';
		$this->assertSame( array( $message, array( 'user' => 'bob' ) ), ( new Redaction() )->record( $message, array( 'user' => 'bob' ) ) );
	}

	public function test_what_holds_no_key_of_what_php_dumps_is_the_very_same(): void {
		$queue = new SplQueue();
		$queue[] = 'a';
		$same  = array( 'closure' => fn() => $queue, 'time' => new Named_Time( 'noon' ), 'queue' => $queue, 'map' => new WeakMap(), 'talking' => self::alone( static fn() => new Talking_Failure( 'nothing' ) ) );
		$this->assertSame( $same, ( new Redaction() )->value( $same ) );
	}

	public function test_a_message_without_a_key_is_as_it_was(): void {
		$context = array( 'a' => 'one', 'b' => 2, 'c' => array( 'x' ), 'd' => null, 'e' => new Thing( 'x' ) );
		$message = '{a}{b} {c} {d} {e} {missing} {a}';
		$this->assertSame( array( $message, $context ), ( new Redaction() )->record( $message, $context ) );
	}

	public function test_numbers_behind_a_name_are_masked(): void {
		$this->assertStringNotContainsString( '12345678901234567', implode( ( new Redaction() )->record( 'api_key={k}', array( 'k' => 12345678901234567 ) )[1] ) );
	}

	public function test_many_places_take_no_time(): void {
		$begun = self::seconds();
		( new Redaction() )->record( 'user said: ' . str_repeat( '{user} ', 100000 ), array( 'user' => 'bob' ) );
		$names = array_map( static fn( $number ) => "n$number", range( 1, 20000 ) );
		( new Redaction() )->record( '{' . implode( '} {', $names ) . '}', array_fill_keys( $names, str_repeat( 'word ', 10 ) ) );
		$this->assertLessThan( 3, self::seconds() - $begun );
	}

	public function test_many_keys_in_many_objects_take_no_time(): void {
		$items = array();
		for ( $number = 0; $number < 3000; $number++ ) {
			$items[] = new Thing( self::key(), new Thing( array_fill( 0, 50, 'x' ) ) );
		}
		$thing        = new Thing( $items );
		$thing->shown = array( $thing, $items, array( $thing ) );
		$begun        = self::seconds();
		( new Redaction() )->value( array( $thing, $items, $items ) );
		$this->assertLessThan( 5, self::seconds() - $begun );
	}

	public function test_without_the_extension_nothing_is_made(): void {
		$code    = 'require "' . dirname( __DIR__, 3 ) . '/php/log/autoload.php"; try { new Byok\Log\Redacting_Processor(); } catch ( LogicException $e ) { echo $e->getMessage(); }';
		$process = proc_open( array( PHP_BINARY, '-n', '-r', $code ), array( 1 => array( 'pipe', 'w' ) ), $pipes );
		$this->assertStringContainsString( 'not loaded', stream_get_contents( $pipes[1] ) );
		proc_close( $process );
	}

	public function test_an_option_that_is_none_is_refused(): void {
		$this->expectException( Byok\Exception\InputException::class );
		new Redaction( array( 'last' => 5 ) );
	}

	public function test_a_mask_may_show_nothing(): void {
		$key  = self::key();
		$copy = ( new Redaction( array( 'first' => false, 'last' => 0 ) ) )->value( array( $key ) );
		$this->assertSame( array( '…' ), $copy );
	}
}
