<?php
/**
 * How fast byok masks keys in logs, beside what PHP can do and what the memory gives.
 *
 * php -d extension=byok.so redact.php [MEGABYTES [RUNS]] — makes three logs of 256 megabytes in the folder for temporary
 * files and removes them in the end. The answer is JSON: gigabytes (10⁹ bytes) per second of the processor, the best of all
 * runs (3). Start it with `taskset -c 1` and with `-d pcre.jit=1`.
 */

declare( strict_types=1 );

use Byok\Tests\Log_Mix;
use Byok\Tests\Php_Rules;
use Byok\Tests\Rounds;

require __DIR__ . '/class-log-mix.php';
require __DIR__ . '/class-php-rules.php';
require __DIR__ . '/class-rounds.php';

ini_set( 'memory_limit', '-1' );
ini_set( 'pcre.backtrack_limit', '10000000' );

$megabytes = (int) ( $argv[1] ?? 256 );
$runs      = (int) ( $argv[2] ?? 3 );
$rules     = new Php_Rules( __DIR__ . '/../../src/engine/redaction.json' );

/**
 * Gigabytes per second of the best run.
 *
 * @param int      $bytes How many bytes one run takes.
 * @param int      $runs  How many runs.
 * @param callable $run   One run.
 */
function rate( int $bytes, int $runs, callable $run ): float {
	$best = INF;
	for ( $i = 0; $i < $runs; $i++ ) {
		$start = Rounds::cpu();
		$run();
		$best = min( $best, Rounds::cpu() - $start );
	}
	return round( $bytes / 1000 / $best, 3 );
}

/**
 * Nanoseconds of one call, the best of all runs.
 *
 * @param int      $runs How many runs.
 * @param callable $call The call.
 */
function nanoseconds( int $runs, callable $call ): float {
	$best = INF;
	for ( $i = 0; $i < $runs; $i++ ) {
		$start = hrtime( true );
		for ( $j = 0; $j < 200000; $j++ ) {
			$call();
		}
		$best = min( $best, ( hrtime( true ) - $start ) / 200000 );
	}
	return round( $best, 1 );
}

/**
 * Calls a function with each of these texts, and lets its answer go.
 *
 * @param callable $call  Function of a text.
 * @param string[] $texts Texts.
 */
function each( callable $call, array $texts ): Closure {
	return static function () use ( $call, $texts ): void {
		foreach ( $texts as $text ) {
			$call( $text );
		}
	};
}

byok_redact( 'The rules are read at the first call.' );
$answer = array(
	'megabytes' => $megabytes,
	'runs'      => $runs,
	'php'       => PHP_VERSION,
	'jit'       => (bool) ini_get( 'pcre.jit' ),
	'mixes'     => array(),
);
$log    = tempnam( sys_get_temp_dir(), 'byok-bench-' );
register_shutdown_function( static fn() => is_file( $log ) && unlink( $log ) );

foreach ( array( 'no key' => 0, 'one in 10,000 lines' => 10000, 'one in 100 lines' => 100 ) as $mix => $every ) {
	$made   = Log_Mix::write( $log, $megabytes << 20, $every );
	$text   = file_get_contents( $log );
	$bytes  = strlen( $text );
	$pieces = str_split( $text, 1 << 20 );
	$chunks = str_split( substr( $text, 0, min( $bytes, 64 << 20 ) ), 1 << 14 );
	$lines  = explode( "\n", substr( $text, 0, min( $bytes, 64 << 20 ) ) );
	$some   = array_sum( array_map( 'strlen', $lines ) );

	$masked = 0;
	foreach ( $pieces as $piece ) {
		$masked += substr_count( byok_redact( $piece ), '…' );
	}
	$row = array(
		'lines'             => $made['lines'],
		'keys'              => count( $made['keys'] ),
		// A key may lie across two pieces here, which is what Byok\Redactor is for.
		'masked'            => $masked,
		'byok, pieces of 1 MiB'      => rate( $bytes, $runs, each( static fn( $piece ) => byok_redact( $piece ), $pieces ) ),
		'byok, the whole text'       => rate( $bytes, $runs, static fn() => byok_redact( $text ) ),
		'byok, line by line'         => rate( $some, $runs, each( static fn( $line ) => byok_redact( $line ), $lines ) ),
		'Byok\Redactor, chunks of 16 KiB' => rate(
			array_sum( array_map( 'strlen', $chunks ) ),
			$runs,
			static function () use ( $chunks ): void {
				$redactor = new Byok\Redactor();
				foreach ( $chunks as $chunk ) {
					$redactor->push( $chunk );
				}
				$redactor->finish();
			}
		),
		'preg_replace_callback'      => rate( $bytes, 1, each( static fn( $piece ) => $rules->redact( $piece ), $pieces ) ),
		'preg_replace_callback, lines that a first look lets pass' => rate( $bytes, 1, each( static fn( $piece ) => $rules->redact_lines( $piece ), $pieces ) ),
		'memory scan (memchr)'       => rate( $bytes, $runs, each( static fn( $piece ) => strpos( $piece, "\0" ), $pieces ) ),
	);
	$answer['mixes'][ $mix ] = $row;
}

// The last mix again, now that the process knows twelve keys.
define( 'AUTH_KEY', 'byok-test-auth-key 7hQ>pL2x9!vB4nM6cR8tY1wE3uI5oA0sD' );
define( 'AUTH_SALT', 'byok-test-auth-salt k2J9f7D4s1A8g5H3l6Z0x!C2v4B6n8M' );
for ( $i = 0; $i < 12; $i++ ) {
	byok_encrypt( bin2hex( random_bytes( 20 ) ) );
}
$answer['twelve stored keys, one in 100 lines, pieces of 1 MiB'] = rate( $bytes, $runs, each( static fn( $piece ) => byok_redact( $piece ), $pieces ) );

$line = substr( $pieces[0], 0, 240 );
$answer['nanoseconds']['a line of 240 bytes'] = nanoseconds( $runs, static fn() => byok_redact( $line ) );
$answer['nanoseconds']['an empty text']       = nanoseconds( $runs, static fn() => byok_redact( '' ) );

echo json_encode( $answer, JSON_PRETTY_PRINT | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES ), "\n";
