<?php
/**
 * Asks php-fpm without a web server between.
 */

declare( strict_types=1 );

namespace Byok\Tests;

use RuntimeException;

/**
 * A FastCGI client for one request at a time, and for the time that the one worker behind it takes.
 */
final class Fastcgi {

	private const BEGIN  = 1;
	private const END    = 3;
	private const PARAMS = 4;
	private const STDIN  = 5;
	private const STDOUT = 6;

	/**
	 * Takes where the worker is.
	 *
	 * @param string $socket Path of the pool's socket.
	 * @param string $log    Path of its log, for when it does not answer.
	 */
	public function __construct( private string $socket, private string $log ) {}

	/**
	 * Asks for a page.
	 *
	 * @param array<string, string> $params Parameters of FastCGI.
	 * @return string What the worker answered: headers and body.
	 */
	public function ask( array $params ): string {
		$stream = stream_socket_client( "unix://{$this->socket}", $error, $message, 30 );
		if ( false === $stream ) {
			throw new RuntimeException( "php-fpm does not answer: $message" );
		}
		$pairs = '';
		foreach ( $params + array( 'REQUEST_METHOD' => 'GET', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'REMOTE_ADDR' => '127.0.0.1' ) as $name => $value ) {
			$pairs .= pack( 'NN', strlen( $name ) | 0x80000000, strlen( $value ) | 0x80000000 ) . $name . $value;
		}
		fwrite( $stream, self::record( self::BEGIN, pack( 'nCx5', 1, 0 ) ) . self::record( self::PARAMS, $pairs ) . self::record( self::PARAMS, '' ) . self::record( self::STDIN, '' ) );
		$answer = '';
		do {
			$head = self::read( $stream, 8 );
			if ( null === $head ) {
				throw new RuntimeException( "php-fpm hung up:\n" . substr( (string) file_get_contents( $this->log ), -2000 ) );
			}
			[ 'type' => $type, 'length' => $length, 'padding' => $padding ] = unpack( 'Cversion/Ctype/nid/nlength/Cpadding', $head );
			$content = self::read( $stream, $length + $padding );
			if ( self::STDOUT === $type ) {
				$answer .= substr( $content, 0, $length );
			}
		} while ( self::END !== $type );
		fclose( $stream );
		return $answer;
	}

	/**
	 * Nanoseconds that a process has had of the processor.
	 *
	 * @param int $pid Process.
	 */
	public static function cpu( int $pid ): int {
		return (int) explode( ' ', file_get_contents( "/proc/$pid/schedstat" ) )[0];
	}

	/**
	 * One record.
	 *
	 * @param int    $type    Kind.
	 * @param string $content Up to 65535 bytes.
	 */
	private static function record( int $type, string $content ): string {
		return pack( 'CCnnCx', 1, $type, 1, strlen( $content ), 0 ) . $content;
	}

	/**
	 * Exactly so many bytes, or null at the end.
	 *
	 * @param resource $stream Connection.
	 * @param int      $length How many.
	 */
	private static function read( $stream, int $length ): ?string {
		$bytes = '';
		while ( strlen( $bytes ) < $length ) {
			$more = fread( $stream, $length - strlen( $bytes ) );
			if ( false === $more || '' === $more ) {
				return null;
			}
			$bytes .= $more;
		}
		return $bytes;
	}
}
