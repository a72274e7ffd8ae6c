<?php
/**
 * Lets writers compete for a few places, kills them and their database connections now and then, and accounts for every
 * answer that they were given.
 *
 * php run.php FOLDER — FOLDER takes the diaries. BYOK_STRESS_SECONDS is how long (60), BYOK_STRESS_WRITERS how many (16);
 * BYOK_TEST_EXTENSION and BYOK_TEST_PROVIDER are what the writers' PHP runs with. It loses all keys of the site.
 */

declare( strict_types=1 );

use Byok\Tests\Account;

require __DIR__ . '/load.php';
require __DIR__ . '/class-account.php';

$seconds = (float) ( getenv( 'BYOK_STRESS_SECONDS' ) ?: 60 );
$count   = (int) ( getenv( 'BYOK_STRESS_WRITERS' ) ?: 16 );
$places  = require __DIR__ . '/places.php';
$diaries = $argv[1];

/**
 * Has the database keep a history of all rows of ours, from none on.
 */
function keep_history(): void {
	global $wpdb;
	$tables = array(
		$wpdb->options  => array( 'option_name', 'option_value', "CONCAT('site/', SUBSTR(%s.option_name, 10))" ),
		$wpdb->usermeta => array( 'meta_key', 'meta_value', "CONCAT('user:', %1\$s.user_id, '/', SUBSTR(%1\$s.meta_key, 10))" ),
	);
	$wpdb->query( 'DROP TABLE IF EXISTS byok_stress_history' );
	$wpdb->query( 'CREATE TABLE byok_stress_history (id BIGINT AUTO_INCREMENT PRIMARY KEY, at DOUBLE, place VARCHAR(99), old CHAR(64), new CHAR(64))' );
	foreach ( $tables as $table => list( $name, $value, $place ) ) {
		$wpdb->query( "DELETE FROM $table WHERE $name LIKE 'byok\_key\_%'" );
		foreach ( array( 'INSERT' => array( 'NEW' ), 'UPDATE' => array( 'OLD', 'NEW' ), 'DELETE' => array( 'OLD' ) ) as $event => $has ) {
			$row = end( $has );
			$old = in_array( 'OLD', $has, true ) ? "SHA2(OLD.$value, 256)" : 'NULL';
			$new = in_array( 'NEW', $has, true ) ? "SHA2(NEW.$value, 256)" : 'NULL';
			$wpdb->query( "DROP TRIGGER IF EXISTS byok_stress_{$table}_$event" );
			$wpdb->query(
				"CREATE TRIGGER byok_stress_{$table}_$event AFTER $event ON $table FOR EACH ROW
				BEGIN
					IF $row.$name LIKE 'byok\\_key\\_%' AND NOT ($old <=> $new) THEN
						INSERT INTO byok_stress_history (at, place, old, new)
						VALUES (UNIX_TIMESTAMP(SYSDATE(6)), " . sprintf( $place, $row ) . ", $old, $new);
					END IF;
				END"
			);
			if ( '' !== $wpdb->last_error ) {
				throw new RuntimeException( $wpdb->last_error );
			}
		}
	}
}

/**
 * Starts a writer.
 *
 * @param string $diary Its diary.
 * @return resource Process.
 */
function start_writer( string $diary ) {
	$pipes   = array();
	$command = array(
		PHP_BINARY,
		'-d',
		'extension=' . getenv( 'BYOK_TEST_EXTENSION' ),
		'-d',
		'byok.test_provider=' . getenv( 'BYOK_TEST_PROVIDER' ),
		__DIR__ . '/writer.php',
		$diary,
	);
	return proc_open( $command, array( array( 'file', '/dev/null', 'r' ) ), $pipes );
}

/**
 * Reads a diary.
 *
 * @param string $diary Diary.
 * @return array[] Tasks, see Account.
 */
function tasks_of( string $diary ): array {
	$tasks = array();
	foreach ( file( $diary ) as $line ) {
		$entry = json_decode( $line, true, 4, JSON_THROW_ON_ERROR );
		$task  = &$tasks[ $entry['number'] ];
		if ( 'begin' === $entry['what'] ) {
			$task = array( 'from' => $entry['at'], 'to' => $entry['at'], 'told' => null, 'read' => null, 'writes' => array() ) + $entry;
		} elseif ( 'write' === $entry['what'] ) {
			$task['writes'][] = $entry;
		} else {
			$task = array( 'to' => $entry['at'], 'told' => $entry['told'], 'read' => $entry['key'] ?? null ) + $task;
		}
		unset( $task );
	}
	return array_values( $tasks );
}

/**
 * The rows of a place, and what it opens to.
 *
 * @param string $place Place.
 * @return array{0: string[], 1: string} SHA-256 of the texts; SHA-256 of the key, or an error.
 */
function row_of( string $place ): array {
	global $wpdb;
	list( $owner, $provider ) = explode( '/', $place );
	$texts = 'site' === $owner
		? $wpdb->get_col( $wpdb->prepare( "SELECT option_value FROM $wpdb->options WHERE option_name = %s", "byok_key_$provider" ) )
		: $wpdb->get_col( $wpdb->prepare( "SELECT meta_value FROM $wpdb->usermeta WHERE user_id = %d AND meta_key = %s", substr( $owner, 5 ), "byok_key_$provider" ) );
	$key   = byok_get_key( $provider, array( 'owner' => $owner ) );
	return array(
		array_map( static fn( string $text ): string => hash( 'sha256', $text ), $texts ),
		is_wp_error( $key ) ? $key->get_error_code() : hash( 'sha256', $key ),
	);
}

/**
 * The database connections of others.
 *
 * @return int[] Their ids.
 */
function other_connections(): array {
	global $wpdb;
	return array_map( 'intval', $wpdb->get_col( 'SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()' ) );
}

keep_history();
$writers = array();
$number  = 0;
$start   = static function () use ( &$writers, &$number, $diaries ): void {
	$writers[] = start_writer( sprintf( '%s/%03d.jsonl', $diaries, ++$number ) );
};
while ( count( $writers ) < $count ) {
	$start();
}

$killed       = 0;
$disconnected = 0;
$ended        = 0;
$end          = microtime( true ) + $seconds;
while ( microtime( true ) < $end ) {
	usleep( random_int( 500000, 1500000 ) );
	// Before a writer is replaced: one that is only just loading WordPress would give up.
	$connections = other_connections();
	if ( 0 === $killed % 2 && array() !== $connections ) {
		$wpdb->query( 'KILL ' . $connections[ array_rand( $connections ) ] );
		++$disconnected;
	}
	foreach ( $writers as $at => $writer ) {
		$status = proc_get_status( $writer );
		if ( ! $status['running'] ) {
			++$ended;
			printf( "A writer ended by itself, with status %d and signal %d.\n", $status['exitcode'], $status['termsig'] );
			unset( $writers[ $at ] );
			$start();
		}
	}
	$at = array_rand( $writers );
	proc_terminate( $writers[ $at ], SIGKILL );
	proc_close( $writers[ $at ] );
	unset( $writers[ $at ] );
	++$killed;
	$start();
}
foreach ( $writers as $writer ) {
	proc_terminate( $writer, SIGKILL );
	++$killed;
}
array_map( 'proc_close', $writers );
// The server may still be at the last query of one that is gone.
while ( array() !== other_connections() ) {
	usleep( 10000 );
}

$history = array_fill_keys( $places, array() );
foreach ( $wpdb->get_results( 'SELECT at, place, old, new FROM byok_stress_history ORDER BY id', ARRAY_A ) as $link ) {
	$history[ $link['place'] ][] = array( 'at' => (float) $link['at'] ) + $link;
}
$account = new Account(
	array_merge( ...array_map( 'tasks_of', glob( "$diaries/*.jsonl" ) ) ),
	$history,
	array_combine( $places, array_map( 'row_of', $places ) )
);
$account->examine();
$account->faults['no writer ended by itself'] = $ended ? array( "$ended did" ) : array();
$account->faults['nobody else has written']   = array_diff( array_keys( $history ), $places );

printf( "%d writers at a time for %d seconds, %d of them killed, %d database connections killed\n", $count, $seconds, $killed, $disconnected );
foreach ( $account->figures as $what => $figure ) {
	printf( "%7d %s\n", $figure, $what );
}
$failed = 0;
foreach ( $account->faults as $property => $faults ) {
	printf( "%s  %s\n", $faults ? 'FAILED' : 'ok    ', $property );
	foreach ( array_slice( $faults, 0, 5 ) as $fault ) {
		echo "          $fault\n";
	}
	if ( count( $faults ) > 5 ) {
		printf( "          and %d more\n", count( $faults ) - 5 );
	}
	$failed += (int) ( array() !== $faults );
}
printf( "%d passed, %d failed\n", count( $account->faults ) - $failed, $failed );
exit( $failed ? 1 : 0 );
