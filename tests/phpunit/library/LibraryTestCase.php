<?php

use Byok\Tests\Leaks;
use PHPUnit\Framework\TestCase;

/** Makes keys, and what a program may have them in when it logs. */
abstract class LibraryTestCase extends TestCase {

	/** A key that is worth nothing. */
	protected static function key(): string {
		return 'sk-ant-api03-byok-test-' . bin2hex( random_bytes( 20 ) );
	}

	/** Seconds that the processor has worked for this process: others may use the machine as well. */
	protected static function seconds(): float {
		$used = getrusage();
		return $used['ru_utime.tv_sec'] + $used['ru_utime.tv_usec'] / 1e6;
	}

	/** Requires that a text does not hold a key in any encoding. */
	protected static function assert_no_key( string $key, string $text, string $what = 'it' ): void {
		self::assertSame( array(), Leaks::find( $key, $text ), "$what holds the key" );
	}

	/** Everything that a logger may be given, with a key somewhere in it. */
	public static function contexts(): array {
		return array(
			'a text'                   => array( static fn( $key ) => array( 'said' => "it is $key." ) ),
			'a key of an array'        => array( static fn( $key ) => array( $key => 1, "again $key" => 2 ) ),
			'two keys with one mask'   => array( static fn( $key ) => array( $key => 1, substr_replace( $key, 'zz', 20, 2 ) => 2 ) ),
			'headers'                  => array( static fn( $key ) => array( 'headers' => array( 'Authorization' => array( "Bearer $key" ) ) ) ),
			'deep arrays'              => array( static fn( $key ) => self::nested( $key, 20 ) ),
			'very deep arrays'         => array( static fn( $key ) => self::nested( $key, 2000 ) ),
			'JSON'                     => array( static fn( $key ) => array( 'body' => json_encode( array( 'key' => $key ) ) ) ),
			'JSON in JSON'             => array( static fn( $key ) => array( 'body' => json_encode( array( 'body' => json_encode( array( 'key' => "a/$key" ) ) ) ) ) ),
			'base64'                   => array( static fn( $key ) => array( 'body' => base64_encode( "user:$key" ) ) ),
			'a public property'        => array( static fn( $key ) => array( 'thing' => new Thing( $key ) ) ),
			'a private property'       => array( static fn( $key ) => array( 'thing' => new Thing( 'shown', $key ) ) ),
			'objects inside objects'   => array( static fn( $key ) => array( 'thing' => new Thing( array( new Thing( 'shown', new Thing( new Thing( $key ) ) ) ) ) ) ),
			'an object inside itself'  => array(
				static function ( $key ) {
					$thing        = new Thing( null, $key );
					$thing->shown = array( $thing, new ArrayObject( array( $thing ) ) );
					return array( 'thing' => $thing );
				},
			),
			'an array inside itself'   => array(
				static function ( $key ) {
					$items         = array( 'key' => $key );
					$items['self'] = &$items;
					return $items;
				},
			),
			'a dynamic property'       => array( static fn( $key ) => array( 'thing' => (object) array( 'a' => (object) array( $key => $key ) ) ) ),
			'an ArrayObject'           => array( static fn( $key ) => array( 'thing' => new ArrayObject( array( 'a' => $key ) ) ) ),
			'a JsonSerializable'       => array( static fn( $key ) => array( 'thing' => new Json_Thing( array( 'a' => array( 'b' => $key ) ) ) ) ),
			'JSON that is made'        => array( static fn( $key ) => array( 'thing' => new Reversed_Json_Thing( strrev( $key ) ) ) ),
			'one that becomes another' => array( static fn( $key ) => array( 'thing' => new Json_Thing( new Json_Thing( $key ) ) ) ),
			'a Stringable'             => array( static fn( $key ) => array( 'thing' => new String_Thing( strrev( $key ) ) ) ),
			'an exception'             => array( static fn( $key ) => array( 'exception' => self::alone( static fn() => new RuntimeException( "bad key $key" ) ) ) ),
			'an exception before it'   => array( static fn( $key ) => array( 'exception' => self::alone( static fn() => new LogicException( 'outer', 1, new Error( 'middle', 2, new PDOException( "inner $key" ) ) ) ) ) ),
			'one before heavy ones'    => array( static fn( $key ) => array( 'exception' => self::alone( static fn() => new Heavy_Failure( 'a', new Heavy_Failure( 'b', new Heavy_Failure( $key ) ) ) ) ) ),
			'an argument in a trace'   => array( static fn( $key ) => array( 'exception' => self::thrown_with( array( 'deep' => array( $key ) ) ) ) ),
			'an object in a trace'     => array( static fn( $key ) => array( 'exception' => self::thrown_with( new Thing( 'shown', $key ) ) ) ),
			'a property of one'        => array( static fn( $key ) => array( 'exception' => self::alone( static fn() => new Request_Failed( $key ) ) ) ),
			'an internal final class'  => array( static fn( $key ) => array( 'exception' => self::final_one( $key ) ) ),
			'many items before it'     => array( static fn( $key ) => array( 'list' => array_fill( 0, 30000, 'x' ), 'key' => $key ) ),
			'the last of many items'   => array( static fn( $key ) => array( 'list' => array_merge( array_fill( 0, 30000, 'x' ), array( $key ) ) ) ),
			'pairs of name and value'  => array( static fn( $key ) => array( array( 'name' => 'x-api-key', 'value' => substr( $key, 13 ) ) ) ),
			'a name before it'         => array( static fn( $key ) => array( 'mistral_api_key' => substr( $key, 23 ) ) ),
			'a closed resource'        => array(
				static function ( $key ) {
					$file = fopen( 'php://memory', 'r' );
					fclose( $file );
					return array( 'file' => $file, 'open' => STDERR, 'key' => $key );
				},
			),
			'what a closure uses'      => array( static fn( $key ) => array( 'thing' => static fn() => $key ) ),
			'what a closure is of'     => array( static fn( $key ) => array( 'thing' => ( new String_Thing( $key ) )->closure() ) ),
			'a time that says more'    => array( static fn( $key ) => array( 'time' => new Named_Time( $key ) ) ),
			'what is by an object'     => array(
				static function ( $key ) {
					list( $one, $two ) = array( new SplObjectStorage(), new WeakMap() );
					$one[ $two ]       = $key;
					$two[ $one ]       = $key;
					return array( 'thing' => array( $one, $two ) );
				},
			),
			'lists that are objects'   => array(
				static function ( $key ) {
					list( $queue, $heap, $first ) = array( new SplQueue(), new SplMinHeap(), new SplPriorityQueue() );
					$queue[] = $key;
					$heap->insert( $key );
					$first->insert( $key, 1 );
					return array( 'thing' => array( $queue, $heap, $first, SplFixedArray::fromArray( array( $key ) ), new LimitIterator( new ArrayIterator( array( $key ) ) ) ) );
				},
			),
			'a document'               => array(
				static function ( $key ) {
					$document = new DOMDocument();
					$document->loadXML( "<a><b>$key</b></a>" );
					return array( 'thing' => array( $document, new SimpleXMLElement( "<a k='$key'/>" ) ) );
				},
			),
			'code and place of one'    => array( static fn( $key ) => array( 'exception' => self::alone( static fn() => new Odd_Failure( $key ) ) ) ),
			'one that says more'       => array( static fn( $key ) => array( 'exception' => self::alone( static fn() => new Talking_Failure( $key ) ) ) ),
			'one that says more again' => array( static fn( $key ) => array( 'exception' => self::alone( static fn() => new Talking_Failure( $key, "and $key" ) ) ) ),
			'a name of a function'     => array( static fn( $key ) => array( 'exception' => self::alone( static fn() => ( new String_Thing( '' ) )->{$key}() ) ) ),
			'arguments with names'     => array(
				static function ( $key ) {
					$inner  = static fn( ...$named ) => new DomainException( 'thrown' );
					$outer  = static fn( ...$named ) => $inner( ...array( 'name' => $key ) );
					$thrown = $outer( ...array( 'name' => 'other' ) );
					( new ReflectionProperty( Exception::class, 'trace' ) )->setValue( $thrown, array_slice( $thrown->getTrace(), 0, 2 ) );
					return array( 'exception' => $thrown );
				},
			),
			'not UTF-8'                => array( static fn( $key ) => array( "\xff$key" => "\xff$key\xfe" ) ),
			'one of no class'          => array( static fn( $key ) => array( 'thing' => unserialize( 'O:7:"NoClass":1:{s:1:"k";s:' . strlen( $key ) . ":\"$key\";}" ) ) ),
			'one that throws in JSON'  => array( static fn( $key ) => array( 'key' => $key, 'thing' => new Throwing_Thing() ) ),
		);
	}

	/**
	 * An exception that a function makes, with the function's own frame in its trace and no other: PHPUnit and all it
	 * holds would be in there.
	 */
	protected static function alone( callable $function ): Throwable {
		$made = $function();
		for ( $thrown = $made; $thrown; $thrown = $thrown->getPrevious() ) {
			$trace = new ReflectionProperty( $thrown instanceof Exception ? Exception::class : Error::class, 'trace' );
			$trace->setValue( $thrown, array_slice( $thrown->getTrace(), 0, 1 ) );
		}
		return $made;
	}

	/** A value below arrays. */
	private static function nested( string $key, int $depth ): array {
		for ( $value = array( 'key' => $key ); $depth > 0; $depth-- ) {
			$value = array( 'a' => $value );
		}
		return $value;
	}

	/** An exception with an argument in its trace. */
	protected static function thrown_with( $argument ): Throwable {
		return self::alone( static fn() => ( static fn( $argument ) => new DomainException( 'thrown' ) )( $argument ) );
	}

	/** An exception that PHP makes no second one of, with a key behind it. */
	private static function final_one( string $key ): Throwable {
		return self::alone(
			static function () use ( $key ) {
				try {
					byok_decrypt( 'none' );
				} catch ( Throwable $refused ) {
					( new ReflectionProperty( Exception::class, 'previous' ) )->setValue( $refused, new RuntimeException( $key ) );
					return $refused;
				}
			}
		);
	}
}

/** Shows one value and hides another. */
class Thing {
	public function __construct( public mixed $shown, private mixed $hidden = null ) {}
}

/** Becomes something in JSON. */
class Json_Thing implements JsonSerializable {
	public function __construct( private mixed $json ) {}
	public function jsonSerialize(): mixed {
		return $this->json;
	}
}

/** Has a text that is in no property as it is. */
class String_Thing {
	public function __construct( private string $reversed ) {}
	public function __toString(): string {
		return strrev( $this->reversed );
	}
	public function closure(): Closure {
		return fn() => 1;
	}
	public function __call( string $name, array $arguments ) {
		return new BadMethodCallException( 'no such method' );
	}
}

/** A time with a property of its own. */
class Named_Time extends DateTimeImmutable {
	public function __construct( public string $name ) {
		parent::__construct( '2026-11-21' );
	}
}

/** Becomes JSON that is in no property as it is. */
class Reversed_Json_Thing implements JsonSerializable {
	public function __construct( private string $reversed ) {}
	public function jsonSerialize(): mixed {
		return array( 'key' => strrev( $this->reversed ) );
	}
}

/** An exception that carries a lot with it. */
class Heavy_Failure extends RuntimeException {
	private array $load;
	public function __construct( string $message, ?Throwable $previous = null ) {
		parent::__construct( $message, 0, $previous );
		$this->load = array_fill( 0, 3000, 'x' );
	}
}

/** Throws when it is asked for itself. */
class Throwing_Thing implements JsonSerializable {
	public function jsonSerialize(): mixed {
		throw new LogicException( 'not now' );
	}
}

/** An exception with properties of its own, as those of HTTP clients have. */
class Request_Failed extends RuntimeException {
	private readonly Thing $request;
	protected array $headers;
	public function __construct( string $key ) {
		parent::__construct( 'refused' );
		$this->request = new Thing( $key );
		$this->headers = array( 'x-api-key' => $key );
	}
	public function headers(): array {
		return $this->headers;
	}
}

/** An exception with a code that is a text, and a place that is none. */
class Odd_Failure extends RuntimeException {
	public function __construct( string $key ) {
		parent::__construct( 'refused' );
		$this->code = $key;
		$this->file = "/tmp/$key.php";
	}
}

/** An exception that says more than it has. */
class Talking_Failure extends RuntimeException implements JsonSerializable {
	private string $reversed;
	public function __construct( string $key, string $message = 'refused' ) {
		parent::__construct( $message );
		$this->reversed = strrev( $key );
	}
	public function __toString(): string {
		return 'refused: ' . strrev( $this->reversed );
	}
	public function jsonSerialize(): mixed {
		return array( 'key' => strrev( $this->reversed ) );
	}
}
