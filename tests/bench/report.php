<?php
/**
 * Makes a page of what was measured.
 *
 * php report.php RESULTS [DOCS] — prints it; with DOCS, writes benchmarks.md and benchmarks.json there.
 */

declare( strict_types=1 );

use Byok\Tests\Page;
use Byok\Tests\Results;

require __DIR__ . '/class-results.php';
require __DIR__ . '/class-page.php';

[ , $folder ] = $argv;
$results      = new Results( $folder );
$page         = new Page( $results );
$has          = static fn( string $section ) => $results->has( $section );

$cpuinfo = (string) file_get_contents( '/proc/cpuinfo' );
$version = static fn( string $command ) => trim( explode( "\n", (string) shell_exec( "$command 2>/dev/null" ) )[0] );
$facts   = array(
	'date'      => gmdate( 'Y-m-d' ),
	'machine'   => ( preg_match( '/^model name\s*:\s*(.+)$/m', $cpuinfo, $found ) ? trim( $found[1] ) : php_uname( 'm' ) ) . ', ' . max( 1, preg_match_all( '/^processor\s*:/m', $cpuinfo ) ) . ' processors',
	'load'      => implode( ', ', array_map( static fn( $load ) => sprintf( '%.1f', $load ), sys_getloadavg() ) ),
	'system'    => php_uname( 's' ) . ' ' . php_uname( 'r' ),
	'php'       => PHP_VERSION,
	'libsodium' => SODIUM_LIBRARY_VERSION,
	'openssl'   => OPENSSL_VERSION_TEXT,
	'curl'      => curl_version()['version'],
	'mariadb'   => $version( 'PATH=$PATH:/usr/sbin mariadbd --version' ),
	'rust'      => $version( 'rustc --version' ),
);

$text = <<<MD
# Benchmarks

Made by `bin/bench`: byok beside what one would have otherwise, on the same work, in one process and in turn, on one
processor. Only ratios mean something elsewhere. Medians, with quartiles in brackets; raw figures: [benchmarks.json](benchmarks.json).

{$facts['date']}, {$facts['machine']}, {$facts['system']}, PHP {$facts['php']}, libsodium {$facts['libsodium']}, {$facts['openssl']},
curl {$facts['curl']}, {$facts['mariadb']}, {$facts['rust']}. Load of the machine when it ended: {$facts['load']}.


MD;
$notes = require __DIR__ . '/notes.php';
// The load of a quarter of an hour: a whole run takes as long, and is alone on a quiet machine.
if ( sys_getloadavg()[2] > 2.5 ) {
	$text .= "**The machine was busy with other work.** Times of the clock (requests, re-encryption) are longer than they are, and spread; times\nof the processor (all else), and ratios, hardly change.\n\n";
}
if ( $has( 'encrypt' ) && $has( 'requests' ) && $has( 'wordpress' ) ) {
	$text .= $page->summary() . "\n" . $notes['summary'] . "\n";
}
$sections = array(
	'encrypt'      => array( 'Encrypting', 'ciphers' ),
	'requests'     => array( 'Requests', 'requests' ),
	'wordpress'    => array( 'Pages of WordPress', 'pages' ),
	'redact'       => array( 'Redaction', 'redaction' ),
	'reencryption' => array( 'Re-encryption', 'reencryption' ),
);
foreach ( $sections as $section => [ $title, $table ] ) {
	if ( $has( $section ) && ( 'reencryption' !== $section || $has( 'encrypt' ) ) ) {
		$text .= "## $title\n\n" . $notes[ $section ][0] . "\n" . $page->$table() . "\n" . $notes[ $section ][1] . "\n";
	}
}
$text = rtrim( $text ) . "\n";
echo $text;

if ( isset( $argv[2] ) ) {
	$raw = array( 'facts' => $facts, 'ratios' => $results->ratios() );
	foreach ( array_keys( $sections ) as $section ) {
		$raw[ $section ] = $results->at( $section );
	}
	// A list of figures becomes its summary: the page is of medians, and thousands of figures are no use in a repository.
	$short = static function ( mixed $value ) use ( &$short ): mixed {
		if ( ! is_array( $value ) ) {
			return is_float( $value ) ? round( $value, 4 ) : $value;
		}
		return array() !== $value && array_is_list( $value ) && is_numeric( $value[0] ) ? array_map( static fn( $figure ) => round( $figure, 4 ), Results::summary( $value ) ) : array_map( $short, $value );
	};
	file_put_contents( "{$argv[2]}/benchmarks.md", $text );
	file_put_contents( "{$argv[2]}/benchmarks.json", json_encode( $short( $raw ), JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE ) . "\n" );
}
