<?php
/**
 * Makes docs/benchmarks.md and docs/benchmarks.json of what was measured.
 *
 * php report.php RESULTS DOCS
 */

declare( strict_types=1 );

[ , $results, $docs ] = $argv;

/**
 * What a table shows of a list of times.
 *
 * @param int[] $times Nanoseconds.
 * @return array{p50: float, p99: float, low: float, high: float, count: int} Microseconds; low and high are the
 *                     quartiles.
 */
function summary( array $times ): array {
	sort( $times );
	$at = static fn( float $part ) => $times[ (int) floor( $part * ( count( $times ) - 1 ) ) ] / 1000;
	return array(
		'p50'   => $at( 0.5 ),
		'p99'   => $at( 0.99 ),
		'low'   => $at( 0.25 ),
		'high'  => $at( 0.75 ),
		'count' => count( $times ),
	);
}

/** Times of all files that a pattern names, by method. */
function times( string $pattern, string $plain = '' ): array {
	$times = array();
	foreach ( glob( $pattern ) as $file ) {
		if ( '' !== $plain ) {
			// The first connects, and the next fill caches, as in requests.php.
			$lines           = array_map( 'intval', file( $file, FILE_IGNORE_NEW_LINES ) );
			$times[ $plain ] = array_merge( $times[ $plain ] ?? array(), count( $lines ) > 5 ? array_slice( $lines, 5 ) : $lines );
			continue;
		}
		foreach ( json_decode( file_get_contents( $file ), true, 16, JSON_THROW_ON_ERROR ) as $method => $taken ) {
			$times[ $method ] = array_merge( $times[ $method ] ?? array(), $taken );
		}
	}
	return $times;
}

$names = array(
	'ureq'           => 'bare ureq in Rust, one agent',
	'byok_send'      => '**`byok_send()`**',
	'byok_request'   => '**`byok_request()`**: whose key, consent, budgets, usage; two database queries',
	'stand_in'       => '**`wp_remote_post()` with a stand-in**: the same, and WordPress’s HTTP API',
	'wp_remote_post' => '`wp_remote_post()` with the key in PHP',
	'curl_new'       => 'PHP’s curl, a handle for each request',
	'curl_kept'      => 'PHP’s curl, one handle, its connection kept',
	'check'          => '**`byok_validate_key()`**: a check of a key, GET and a list of models',
);

$kept  = array_map( 'summary', times( "$results/kept-*.json" ) + times( "$results/ureq-*.txt", 'ureq' ) );
$first = array_map( 'summary', times( "$results/first-*.json" ) + times( "$results/first-ureq-*.txt", 'ureq' ) );
$cpu   = preg_match( '/^model name\s*:\s*(.+)$/m', (string) file_get_contents( '/proc/cpuinfo' ), $found ) ? trim( $found[1] ) : php_uname( 'm' );
$facts = array(
	'date'    => gmdate( 'Y-m-d' ),
	'machine' => $cpu . ', ' . substr_count( (string) file_get_contents( '/proc/cpuinfo' ), 'processor' ) . ' processors',
	'system'  => php_uname( 's' ) . ' ' . php_uname( 'r' ),
	'php'     => PHP_VERSION,
	'curl'    => curl_version()['version'] . ', ' . curl_version()['ssl_version'],
	'rust'    => trim( (string) shell_exec( 'rustc --version' ) ),
);

$row  = static fn( array $cells ) => '| ' . implode( ' | ', $cells ) . " |\n";
$text = <<<MD
# Benchmarks

Made by `bin/bench`: byok beside what one would have otherwise, measured in one run, in turn, on one processor. Only ratios
mean something elsewhere. Raw figures: [benchmarks.json](benchmarks.json).

{$facts['date']}, {$facts['machine']}, {$facts['system']}, PHP {$facts['php']}, MariaDB, curl {$facts['curl']}, {$facts['rust']}.

## Requests

The same POST of some 300 bytes to the test provider, over TLS on this machine, with an answer of some 300 bytes. Times in
microseconds: the median, its quartiles, and what 99 of 100 stay below. A provider takes 200,000 and more.

### Connection kept

byok keeps connections of a worker open from one PHP request to the next. WordPress and PHP’s curl as most plugins use it
open one, with a TLS handshake, for each request.


MD;
$text .= $row( array( 'way', 'median', 'quartiles', '99 %', 'beside bare ureq', 'beside `wp_remote_post()`' ) ) . $row( array_fill( 0, 6, '---' ) );
$order = array_values( array_filter( array_keys( $names ), static fn( $way ) => isset( $kept[ $way ] ) ) );
foreach ( $order as $way ) {
	$told  = $kept[ $way ];
	$text .= $row(
		array(
			$names[ $way ],
			number_format( $told['p50'], 0 ),
			number_format( $told['low'], 0 ) . '–' . number_format( $told['high'], 0 ),
			number_format( $told['p99'], 0 ),
			sprintf( '%+.0f µs', $told['p50'] - $kept['ureq']['p50'] ),
			sprintf( '%.2f ×', $told['p50'] / $kept['wp_remote_post']['p50'] ),
		)
	);
}
$text .= "\n### The first request of a process\n\nWith reading the certificate authorities, connecting and the handshake.\n\n";
$text .= $row( array( 'way', 'median', 'quartiles' ) ) . $row( array_fill( 0, 3, '---' ) );
foreach ( $names as $way => $name ) {
	if ( isset( $first[ $way ] ) ) {
		$text .= $row( array( $name, number_format( $first[ $way ]['p50'], 0 ), number_format( $first[ $way ]['low'], 0 ) . '–' . number_format( $first[ $way ]['high'], 0 ) ) );
	}
}
$text .= "\nA thousand calls in fifty requests of one php-fpm worker open one connection to the provider: a test of the section `fpm`\nin `bin/test`. With WordPress’s own transport they open a thousand.\n";

file_put_contents( "$docs/benchmarks.md", $text );
file_put_contents( "$docs/benchmarks.json", json_encode( array( 'facts' => $facts, 'unit' => 'microseconds', 'kept' => $kept, 'first' => $first ), JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE ) . "\n" );
echo $text;
