<?php
/**
 * What processes use.
 *
 * php measure.php cpu PID… — seconds of processor, with those of children that have ended.
 * php measure.php memory PID… — mebibytes, each page shared among those that have it.
 * php measure.php pages URL SECONDS — fetches a page every tenth of a second: how many, errors, milliseconds at the median and at 99 %.
 * php measure.php report FOLDER — all results as a table.
 */

declare( strict_types=1 );

/**
 * A process and those below it.
 *
 * @param string[] $pids Processes.
 * @return string[]
 */
function with_children( array $pids ): array {
	foreach ( $pids as $pid ) {
		$children = array_filter( explode( ' ', (string) @file_get_contents( "/proc/$pid/task/$pid/children" ) ) );
		$pids     = array_merge( $pids, with_children( $children ) );
	}
	return array_unique( $pids );
}

$what  = $argv[1];
$given = array_slice( $argv, 2 );
switch ( $what ) {
	case 'cpu':
		$ticks = 0;
		foreach ( with_children( $given ) as $pid ) {
			$stat   = (string) @file_get_contents( "/proc/$pid/stat" );
			$fields = explode( ' ', substr( $stat, (int) strrpos( $stat, ')' ) + 2 ) );
			$ticks += (int) ( $fields[11] ?? 0 ) + (int) ( $fields[12] ?? 0 );
		}
		echo $ticks / 100, "\n";
		break;

	case 'memory':
		$sum = 0;
		foreach ( with_children( $given ) as $pid ) {
			preg_match( '/^Pss:\s+(\d+)/m', (string) @file_get_contents( "/proc/$pid/smaps_rollup" ), $found );
			$sum += (int) ( $found[1] ?? 0 );
		}
		echo round( $sum / 1024 ), "\n";
		break;

	case 'pages':
		$end   = microtime( true ) + (float) $given[1];
		$times = array();
		$bad   = 0;
		while ( microtime( true ) < $end ) {
			$begin = microtime( true );
			$page  = @file_get_contents( $given[0], false, stream_context_create( array( 'http' => array( 'timeout' => 60 ) ) ) );
			if ( false === $page || ! str_contains( $page, '</html>' ) ) {
				++$bad;
			} else {
				$times[] = 1000 * ( microtime( true ) - $begin );
			}
			usleep( (int) max( 0, 1e6 * ( $begin + 0.1 - microtime( true ) ) ) );
		}
		sort( $times );
		$at = static fn( float $share ): ?float => array() === $times ? null : round( $times[ (int) min( count( $times ) - 1, count( $times ) * $share ) ], 1 );
		echo json_encode( array( 'pages' => count( $times ), 'page_errors' => $bad, 'page_p50_ms' => $at( 0.5 ), 'page_p99_ms' => $at( 0.99 ) ) ), "\n";
		break;

	case 'report':
		$ways = array(
			'direct'  => 'direct',
			'offload' => 'nginx',
			'php'     => 'PHP',
			'node'    => 'Node',
		);
		$text = "| streams | way | completed | not | first event p50 / p99 in ms | processor in s | memory in MiB | pages served beside, p50 / p99 in ms |\n|---|---|---|---|---|---|---|---|\n";
		$rows = array();
		foreach ( glob( "{$given[0]}/*.result.json" ) as $file ) {
			$row    = json_decode( file_get_contents( $file ), true );
			$rows[] = $row;
		}
		usort( $rows, static fn( array $a, array $b ): int => array( $a['streams'], array_search( $a['way'], array_keys( $ways ), true ) ) <=> array( $b['streams'], array_search( $b['way'], array_keys( $ways ), true ) ) );
		$number = static fn( mixed $value, int $digits = 1 ): string => null === $value ? '–' : number_format( (float) $value, $digits );
		foreach ( $rows as $row ) {
			$text .= sprintf(
				"| %s | %s | %s | %s | %s / %s | %s | %s | %s |\n",
				number_format( $row['streams'] ),
				$ways[ $row['way'] ],
				number_format( $row['completed'] ),
				number_format( $row['streams'] - $row['completed'] ),
				$number( $row['first_p50_ms'] ),
				$number( $row['first_p99_ms'] ),
				$number( $row['cpu_seconds'] ),
				$number( $row['memory_mib'], 0 ),
				null === $row['pages'] ? '–' : "{$row['pages']}" . ( $row['page_errors'] ? ", {$row['page_errors']} failed" : '' ) . ", {$number( $row['page_p50_ms'] )} / {$number( $row['page_p99_ms'] )}"
			);
		}
		file_put_contents( "{$given[0]}/relay.json", json_encode( $rows, JSON_PRETTY_PRINT ) . "\n" );
		file_put_contents( "{$given[0]}/relay.md", $text );
		echo $text;
		break;
}
