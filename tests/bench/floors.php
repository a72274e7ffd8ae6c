<?php
/**
 * Compares the ratios of one run with their floors.
 *
 * php floors.php RESULTS — floors.json has a floor for each ratio of each section, with slack for a machine that others
 * use as well. A ratio without a floor fails, and so does a floor of a measured section without a ratio.
 */

declare( strict_types=1 );

use Byok\Tests\Results;

require __DIR__ . '/class-results.php';

$ratios = ( new Results( $argv[1] ) )->ratios();
$floors = json_decode( file_get_contents( __DIR__ . '/floors.json' ), true, 4, JSON_THROW_ON_ERROR );
$failed = 0;
foreach ( $ratios as $name => $ratio ) {
	$floor = $floors[ $name ] ?? INF;
	$fails = ! ( $ratio >= $floor );
	printf( "%-8s %8.2f  floor %6.2f  %s\n", $fails ? 'FAILED' : 'ok', $ratio, $floor, $name );
	$failed += $fails ? 1 : 0;
}
// Of a run of all sections: none was forgotten.
if ( 5 === count( array_filter( array( 'encrypt', 'requests', 'wordpress', 'redact', 'reencryption' ), static fn( $section ) => is_file( "{$argv[1]}/$section.json" ) ) ) ) {
	foreach ( array_diff_key( $floors, $ratios ) as $name => $floor ) {
		echo "FAILED   not measured: $name\n";
		++$failed;
	}
}
printf( "%d passed, %d failed\n", count( $ratios ) - $failed, $failed );
exit( 0 === $failed ? 0 : 1 );
