<?php
/**
 * The page about what was measured.
 */

declare( strict_types=1 );

namespace Byok\Tests;

/**
 * Writes the sections of docs/benchmarks.md.
 */
final class Page {

	private const WAYS = array(
		'nothing'   => 'a call that does nothing',
		'kernel'    => 'the engine without PHP',
		'byok'      => '**byok**',
		'new'       => '**byok**, a key it meets for the first time',
		'sodium'    => 'ext/sodium in PHP, the same envelope',
		'gcm'       => 'OpenSSL AES-256-GCM, HKDF; commits to no key',
		'site_kit'  => 'AES-256-CTR as Site Kit; no MAC, bound to nothing',
		'secretbox' => 'secretbox as the official AI plugin; one key for all, bound to nothing',
		'compat'    => 'sodium_compat as WordPress bundles it, the same envelope',
	);

	private const CIPHERS = array(
		'chacha20poly1305' => '**chacha20poly1305** (RustCrypto)',
		'ring'             => 'ring',
		'libsodium'        => 'libsodium, by ext/sodium',
		'openssl'          => 'OpenSSL, by ext/openssl',
	);

	private const REQUESTS = array(
		'ureq'           => 'bare ureq in Rust, one agent',
		'byok_send'      => '**`byok_send()`**',
		'curl_kept'      => 'PHP’s curl, one handle, its connection kept',
		'curl_new'       => 'PHP’s curl, a handle for each request',
		'check'          => '**`byok_validate_key()`**: GET, a list of models',
		'byok_request'   => '**`byok_request()`**: whose key, consent, budgets, usage',
		'stand_in'       => '**`wp_remote_post()` with a stand-in**: the same by WordPress’s HTTP API',
		'wp_remote_post' => '`wp_remote_post()` with the key in PHP',
	);

	/**
	 * Takes what was measured.
	 *
	 * @param Results $results Results.
	 */
	public function __construct( private Results $results ) {}

	/**
	 * The goals, and whether they are met.
	 */
	public function summary(): string {
		$ratios = $this->results->ratios();
		$rows   = array();
		$add    = static function ( string $what, string $goal, string $figure, bool $is_met ) use ( &$rows ): void {
			$rows[] = array( $what, $goal, $figure, $is_met ? 'met' : '**not met**' );
		};
		foreach ( array( 'encrypt' => 'Encrypting a key', 'decrypt' => 'Decrypting a key' ) as $work => $what ) {
			$at     = fn( string $way ) => $this->results->median( 'encrypt', $work, 108, $way );
			$times  = 1 / $ratios[ "$work 108 bytes: the limit / byok" ];
			$faster = array_filter( array( 'sodium', 'gcm', 'site_kit', 'secretbox', 'compat' ), static fn( $peer ) => $at( $peer ) < $at( 'byok' ) );
			$add( "$what, beside the engine alone and an empty call", 'within 1.5 ×', sprintf( '%.2f ×', $times ), $times <= 1.5 );
			$add( "$what, beside what PHP code can do", 'faster than all', array() === $faster ? 'faster than all' : 'slower than ' . implode( ' and ', array_map( static fn( $peer ) => explode( ';', self::WAYS[ $peer ] )[0], $faster ) ), array() === $faster );
		}
		$added = $this->added_to_ureq();
		$add( 'A request over an open connection, beside bare ureq', 'under 50 µs more', sprintf( '%+.0f µs', $added['median'] ), $added['median'] < 50 );
		foreach ( $this->results->at( 'wordpress', 'pages' ) as $page => $ways ) {
			$share   = $this->results->share_of_page( $page );
			$queries = Results::added( $ways['active']['queries'], $ways['inactive']['queries'] )['median'];
			$add( "Processor time of a page, $page", 'under 1 % more', sprintf( '%+.1f %%', 100 * $share ), $share < 0.01 );
			$add( "Database queries of a page, $page", '0 more', sprintf( '%+d', $queries ), 0.0 === $queries );
		}
		$bytes = array_sum( $this->results->at( 'wordpress', 'autoloaded' ) );
		$add( 'Autoloaded options', '0 bytes', "$bytes bytes", 0 === $bytes );
		return self::table( array( 'what', 'goal', 'measured', '' ), $rows );
	}

	/**
	 * Encrypting and decrypting.
	 */
	public function ciphers(): string {
		$rows = array();
		foreach ( self::WAYS as $way => $name ) {
			$row = array( $name );
			foreach ( array( array( 'encrypt', 108 ), array( 'decrypt', 108 ), array( 'encrypt', 8192 ), array( 'decrypt', 8192 ) ) as [ $work, $bytes ] ) {
				$taken = $this->results->at( 'encrypt', $work, $bytes )[ $way ] ?? null;
				$row[] = null === $taken ? '–' : self::with_spread( Results::summary( $taken ) );
			}
			$rows[] = $row;
		}
		$text = self::table( array( 'way', 'encrypt a key', 'decrypt it', 'encrypt 8 KiB', 'decrypt it' ), $rows );
		$rows = array();
		foreach ( self::CIPHERS as $way => $name ) {
			$row = array( $name );
			foreach ( array( 108, 8192, 1 << 20 ) as $bytes ) {
				$row[] = self::with_spread( $this->results->of( 'encrypt', 'cipher', $bytes, $way ) );
			}
			$rows[] = $row;
		}
		return $text . "\nThe cipher alone, (X)ChaCha20-Poly1305:\n\n" . self::table( array( 'implementation', '108 bytes', '8 KiB', '1 MiB' ), $rows );
	}

	/**
	 * Requests.
	 */
	public function requests(): string {
		$rows = array();
		foreach ( self::REQUESTS as $way => $name ) {
			if ( ! isset( $this->results->at( 'requests', 'wall' )[ $way ] ) ) {
				continue;
			}
			$wall   = $this->results->of( 'requests', 'wall', $way );
			$first  = $this->results->at( 'requests' )['first'][ $way ] ?? null;
			$rows[] = array(
				$name,
				self::with_spread( $wall ),
				self::number( $wall['p99'] ),
				self::number( $this->results->median( 'requests', 'cpu', $way ) ),
				null === $first ? '–' : self::with_spread( Results::summary( $first ) ),
			);
		}
		return self::table( array( 'way', 'connection kept', '99 %', 'processor', 'the first of a process' ), $rows );
	}

	/**
	 * What is added to bare ureq, in each round.
	 */
	public function added_to_ureq(): array {
		return Results::added( $this->results->at( 'requests', 'wall', 'byok_send' ), $this->results->at( 'requests', 'wall', 'ureq' ) );
	}

	/**
	 * Pages of WordPress.
	 */
	public function pages(): string {
		$rows = array();
		foreach ( $this->results->at( 'wordpress', 'pages' ) as $page => $ways ) {
			$milliseconds = static fn( array $times ) => array_map( static fn( $time ) => $time / 1e6, $times );
			$added        = Results::added( $milliseconds( $ways['active']['cpu'] ), $milliseconds( $ways['inactive']['cpu'] ) );
			$rows[]       = array(
				$page,
				self::with_spread( Results::summary( $milliseconds( $ways['inactive']['cpu'] ) ) ) . ' ms',
				self::with_spread( $added ) . ' ms',
				sprintf( '%.1f %%', 100 * $this->results->share_of_page( $page ) ),
				sprintf( '%d + %d', Results::summary( $ways['inactive']['queries'] )['median'], Results::added( $ways['active']['queries'], $ways['inactive']['queries'] )['median'] ),
				sprintf( '%.1f + %.2f MB', Results::summary( $ways['inactive']['memory'] )['median'] / 1e6, Results::added( $ways['active']['memory'], $ways['inactive']['memory'] )['median'] / 1e6 ),
			);
		}
		return self::table( array( 'page', 'without byok', 'added', '', 'queries', 'memory' ), $rows );
	}

	/**
	 * Redaction.
	 */
	public function redaction(): string {
		$mixes = $this->results->at( 'redact', 'mixes' );
		$rows  = array();
		foreach ( array_keys( reset( $mixes ) ) as $way ) {
			if ( ! in_array( $way, array( 'lines', 'keys', 'masked' ), true ) ) {
				$rows[] = array( str_starts_with( strtolower( $way ), 'byok' ) ? "**$way**" : $way, ...array_map( static fn( $mix ) => sprintf( '%.2f', $mix[ $way ] ), array_values( $mixes ) ) );
			}
		}
		return self::table( array( 'way', ...array_keys( $mixes ) ), $rows );
	}

	/**
	 * Re-encryption.
	 */
	public function reencryption(): string {
		$told = $this->results->at( 'reencryption' );
		$at   = fn( string $work ) => $this->results->median( 'encrypt', $work, 108, 'byok' );
		return self::table(
			array( 'way', 'keys', 'µs for each key' ),
			array(
				array( '**byok**: read, opened, encrypted anew, written and read back', number_format( $told['rows'] ), self::number( 1e6 * $told['seconds'] / $told['rows'] ) ),
				array( 'a loop in PHP: ext/sodium and `update_user_meta()`', number_format( $told['loop_rows'] ), self::number( 1e6 * $told['loop_seconds'] / $told['loop_rows'] ) ),
				array( 'the two ciphers alone', '', self::number( $at( 'encrypt' ) + $at( 'decrypt' ) ) ),
			)
		);
	}

	/**
	 * A table in Markdown.
	 *
	 * @param string[]   $head Heads of the columns.
	 * @param string[][] $rows Cells.
	 */
	private static function table( array $head, array $rows ): string {
		$text = '';
		foreach ( array( $head, array_fill( 0, count( $head ), '---' ), ...$rows ) as $cells ) {
			$text .= '| ' . implode( ' | ', $cells ) . " |\n";
		}
		return $text;
	}

	/**
	 * Median and quartiles.
	 *
	 * @param array $summary Of Results.
	 */
	private static function with_spread( array $summary ): string {
		return sprintf( '%s (%s–%s)', self::number( $summary['median'] ), self::number( $summary['low'] ), self::number( $summary['high'] ) );
	}

	/**
	 * A figure with three digits that mean something.
	 *
	 * @param float $figure Figure.
	 */
	private static function number( float $figure ): string {
		$size = abs( $figure );
		return number_format( $figure, $size < 0.1 ? 3 : ( $size < 10 ? 2 : ( $size < 100 ? 1 : 0 ) ) );
	}
}
