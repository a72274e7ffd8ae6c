<?php
/**
 * Plugin Name: Watches everything
 *
 * A plugin that wants the keys: it hooks every filter and action there is, and from each of them looks at all that PHP can
 * reach. It sees the private parts of objects, what closures have kept, and the arguments of everybody on the stack.
 *
 * It wakes when BYOK_TEST_WATCH names a folder, and writes every text that it has seen into a file there.
 *
 * @package byok
 */

defined( 'ABSPATH' ) || exit;

if ( ! defined( 'BYOK_TEST_WATCH' ) ) {
	return;
}

/**
 * Looks.
 */
final class Watches_Everything {

	/**
	 * The hooks of WordPress's HTTP API, of its transports, and byok's own. From each of them everything is looked at; from all
	 * others, their arguments and the stack.
	 */
	const HOOKS = array(
		'http_request_timeout',
		'http_request_redirection_count',
		'http_request_version',
		'http_headers_useragent',
		'http_request_reject_unsafe_urls',
		'http_request_args',
		'pre_http_request',
		'http_request_host_is_external',
		'http_allowed_safe_ports',
		'http_api_transports',
		'http_api_curl',
		'http_api_debug',
		'http_response',
		'https_ssl_verify',
		'https_local_ssl_verify',
		'block_local_requests',
		'requests-requests.before_request',
		'requests-requests.before_parse',
		'requests-requests.before_redirect_check',
		'requests-requests.before_redirect',
		'requests-requests.after_request',
		'requests-request.progress',
		'requests-curl.before_request',
		'requests-curl.before_send',
		'requests-curl.after_send',
		'requests-curl.after_request',
		'requests-fsockopen.before_request',
		'requests-fsockopen.after_headers',
		'requests-fsockopen.after_request',
		'requests-byok.before_send',
		'requests-byok.after_request',
		'byok_key_used',
		'byok_key_checked',
		'byok_key_order',
		'byok_stand_in_refused',
		'shutdown',
	);

	/**
	 * Deeper than anything in WordPress; what is deeper is a circle of references.
	 */
	const DEPTH = 40;

	/** @var array<string|int, true> Every text that was seen. */
	public static array $seen = array();

	/** @var array<string, int> How often each hook was there. */
	public static array $hooks = array();

	/** @var array<int, true> Objects of this walk. */
	private static array $met = array();

	private static bool $busy = false;

	public static function start(): void {
		foreach ( self::HOOKS as $hook ) {
			foreach ( array( PHP_INT_MIN, 10, PHP_INT_MAX ) as $priority ) {
				add_filter( $hook, array( self::class, 'at_hook' ), $priority, 20 );
			}
		}
		add_action( 'all', array( self::class, 'at_any_hook' ), 10, 20 );
		set_error_handler( array( self::class, 'at_error' ) );
	}

	public static function at_hook( ...$arguments ) {
		self::look( $arguments, true );
		return $arguments[0] ?? null;
	}

	public static function at_any_hook( $hook, ...$arguments ): void {
		self::$hooks[ $hook ] = ( self::$hooks[ $hook ] ?? 0 ) + 1;
		self::look( $arguments, false );
	}

	public static function at_error( ...$arguments ): bool {
		self::look( $arguments, false );
		return false;
	}

	/**
	 * Looks at something, at the stack with everybody's arguments and objects, and at everything.
	 */
	public static function look( $something, bool $at_all = true ): void {
		if ( self::$busy ) {
			return;
		}
		self::$busy = true;
		self::$met  = array();
		self::walk( $something, 0, $at_all );
		foreach ( debug_backtrace( DEBUG_BACKTRACE_PROVIDE_OBJECT ) as $frame ) {
			self::walk( $frame, 0, $at_all );
		}
		if ( $at_all ) {
			self::look_around();
		}
		self::$busy = false;
	}

	/**
	 * Looks at an exception as those see it who log it.
	 */
	public static function look_at_thrown( Throwable $thrown ): void {
		self::look( array( $thrown, $thrown->getTrace(), (string) $thrown, print_r( $thrown, true ), $thrown->getTraceAsString() ) );
	}

	/**
	 * Everything that code can reach from anywhere.
	 */
	private static function look_around(): void {
		foreach ( $GLOBALS as $name => $value ) {
			self::walk( $value );
		}
		foreach ( get_declared_classes() as $class ) {
			if ( self::class === $class ) {
				continue;
			}
			$reflection = new ReflectionClass( $class );
			if ( $reflection->isUserDefined() ) {
				self::walk( $reflection->getStaticProperties() );
				foreach ( $reflection->getMethods() as $method ) {
					if ( $method->class === $class ) {
						self::walk( $method->getStaticVariables() );
					}
				}
			}
		}
		foreach ( get_defined_functions()['user'] as $function ) {
			self::walk( ( new ReflectionFunction( $function ) )->getStaticVariables() );
		}
		foreach ( array( get_defined_constants(), ini_get_all(), getenv(), error_get_last(), headers_list(), ob_get_status( true ), get_included_files(), spl_autoload_functions(), stream_get_wrappers() ) as $value ) {
			self::walk( $value );
		}
		for ( $level = ob_get_level(), $output = array(); $level > 0; $level-- ) {
			self::walk( ob_get_contents() );
			break;
		}
	}

	/**
	 * Walks through a value, whatever is private in it.
	 */
	private static function walk( $value, int $depth = 0, bool $at_all = true ): void {
		if ( is_string( $value ) ) {
			self::$seen[ $value ] = true;
			return;
		}
		if ( $depth > self::DEPTH ) {
			return;
		}
		if ( is_array( $value ) ) {
			foreach ( $value as $name => $one ) {
				if ( is_string( $name ) ) {
					self::$seen[ $name ] = true;
				}
				if ( ! is_int( $one ) && ! is_bool( $one ) && null !== $one ) {
					self::walk( $one, $depth + 1, $at_all );
				}
			}
			return;
		}
		if ( ! is_object( $value ) ) {
			return;
		}
		$id = spl_object_id( $value );
		if ( isset( self::$met[ $id ] ) || ( ! $at_all && $value instanceof WP_Hook ) ) {
			return;
		}
		self::$met[ $id ] = true;
		if ( $value instanceof Closure ) {
			$reflection = new ReflectionFunction( $value );
			self::walk( array( $reflection->getStaticVariables(), $reflection->getClosureThis() ), $depth + 1, $at_all );
		} elseif ( $value instanceof Throwable ) {
			self::walk( array( $value->getTrace(), (string) $value ), $depth + 1, $at_all );
		} elseif ( $value instanceof ArrayObject || $value instanceof ArrayIterator || $value instanceof SplFixedArray || $value instanceof SplObjectStorage || $value instanceof WeakMap ) {
			foreach ( clone $value as $name => $one ) {
				self::walk( array( $name, $one ), $depth + 1, $at_all );
			}
		}
		// The private parts too, with their mangled names.
		self::walk( get_mangled_object_vars( $value ), $depth + 1, $at_all );
	}

	/**
	 * Writes down what was seen.
	 */
	public static function write(): void {
		self::$busy = true;
		$file       = fopen( BYOK_TEST_WATCH . '/seen', 'wb' );
		foreach ( self::$seen as $text => $yes ) {
			fwrite( $file, $text . "\0" );
		}
		fclose( $file );
		ob_start();
		phpinfo();
		file_put_contents( BYOK_TEST_WATCH . '/phpinfo', ob_get_clean() );
	}

	/**
	 * Writes the memory of this process into a file: what is left of what was freed, too.
	 */
	public static function write_memory(): void {
		$memory = fopen( '/proc/self/mem', 'rb' );
		stream_set_read_buffer( $memory, 0 );
		$file = fopen( BYOK_TEST_WATCH . '/memory', 'wb' );
		preg_match_all( '/^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \d+ *(.*)$/m', file_get_contents( '/proc/self/maps' ), $mappings, PREG_SET_ORDER );
		foreach ( $mappings as list( , $start, $end, $name ) ) {
			if ( str_starts_with( $name, '[v' ) ) {
				continue;
			}
			fseek( $memory, hexdec( $start ) );
			for ( $left = hexdec( $end ) - hexdec( $start ); $left > 0; $left -= strlen( $bytes ) ) {
				// Beyond the end of a file there is nothing to read.
				$bytes = (string) @fread( $memory, min( $left, 1 << 20 ) );
				if ( '' === $bytes ) {
					break;
				}
				fwrite( $file, $bytes );
			}
		}
		fclose( $file );
	}
}

Watches_Everything::start();
