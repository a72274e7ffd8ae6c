<?php
/**
 * Checks of the key file: php-fpm reads it as root, and nothing that runs as the pool user can.
 */

declare( strict_types=1 );

use Byok\Tests\Leaks;
use Byok\Tests\Stage;
use Byok\Tests\Test_Provider;

return static function ( Stage $stage ): void {
	$fpm      = $stage->fpm;
	$secret   = Stage::root();
	$traces   = Stage::traces( $secret );
	$file     = $stage->key_file( $secret );
	$key      = Test_Provider::key();
	$get      = $stage->in_site( 'usleep( 20000 ); $key = byok_get_key( "anthropic" ); return is_wp_error( $key ) ? $key->get_error_code() : hash( "sha256", $key );' );
	$row      = $stage->in_site( 'return hash( "sha256", (string) $GLOBALS["wpdb"]->get_var( "SELECT option_value FROM {$GLOBALS["wpdb"]->options} WHERE option_name = \'byok_key_anthropic\'" ) );' );
	$save     = $stage->in_site( '$saved = byok_save_key( "anthropic", $key ); return is_wp_error( $saved ) ? $saved->get_error_code() : $saved["saved"];', array( 'key' => $key ) );
	$state    = $stage->in_site( '$info = byok_key_info( "anthropic" ); return array( $info["state"], $info["reason"] );' );
	$opened   = hash( 'sha256', $key );
	$answers  = static fn( int $times = 30 ): array => $fpm->ask( $get, 'www', $times );
	$results  = static fn( array $answers ): array => array_values( array_unique( array_column( $answers, 'result' ) ) );
	$fpm->start( array( 'byok.key_file' => $file ) );

	// The file as it should be.
	$source = $stage->result( $stage->plain( 'return byok_key_source();' ) );
	$stage->same( 'the key source is the key file', array( 'key_file', null ), array( $source['source'], $source['error'] ) );
	$stage->same( 'a key is saved', true, $stage->result( $save ) );
	$many = $answers();
	$stage->same( 'every worker opens it', array( $opened ), $results( $many ) );
	$stage->same( '… and all three were asked', 3, count( array_unique( array_column( $many, 'pid' ) ) ) );

	// What the pool user tries.
	$tries = $stage->result(
		$stage->plain(
			'$master = posix_getppid();
			return array(
				"user"    => posix_getpwuid( posix_geteuid() )["name"],
				"master"  => $master,
				"file"    => @file_get_contents( $file ),
				"shell"   => shell_exec( "cat " . escapeshellarg( $file ) . " 2>&1" ),
				"root"    => @file_get_contents( "/proc/$master/root$file" ),
				"memory"  => @fopen( "/proc/$master/mem", "r" ),
				"own"     => @fopen( "/proc/self/mem", "r" ),
				"environ" => @file_get_contents( "/proc/$master/environ" ),
			);',
			array( 'file' => $file )
		)
	);
	$stage->same( 'the worker is the pool user', $stage->user, $tries['user'] );
	$stage->same( '… and its parent the master', $fpm->pid(), $tries['master'] );
	$stage->same( 'PHP code cannot read the key file', false, $tries['file'] );
	$stage->check( '… nor can a program that it starts', str_contains( $tries['shell'], 'Permission denied' ) && array() === Stage::found( $tries['shell'], $traces ), $tries['shell'] );
	$stage->same( '… nor through /proc/PID/root of the master', false, $tries['root'] );
	$stage->same( '… nor the memory of the master', false, $tries['memory'] );
	$stage->same( '… nor its own memory', false, $tries['own'] );
	$stage->same( '… nor the environment of the master', false, $tries['environ'] );
	$stage->same(
		'a PHP that the pool user starts fails closed',
		array( 'key_file', 'key_file_unreadable', 'byok_key_file_unreadable' ),
		$stage->by_hand( $stage->in_site( '$key = byok_get_key( "anthropic" ); return array( byok_key_source()["source"], byok_key_source()["error"], is_wp_error( $key ) ? $key->get_error_code() : "open" );' ), array( 'byok.key_file' => $file ) )
	);

	// Case 23: the file goes away.
	$stored = $stage->result( $row );
	rename( $file, "$file.away" );
	$stage->same( 'without the file the workers go on', array( $opened ), $results( $answers() ) );
	$before = $fpm->workers();
	foreach ( $before as $pid ) {
		posix_kill( $pid, SIGKILL );
	}
	$fpm->wait_for( static fn() => 3 === count( array_diff( $fpm->workers(), $before ) ), 'replace its workers' );
	$many = $answers();
	$stage->same( '… and so do workers that are forked now', array( $opened ), $results( $many ) );
	$stage->same( '… which are new', array(), array_values( array_intersect( $before, array_column( $many, 'pid' ) ) ) );
	$fpm->reload();
	$stage->same( 'after a reload requests fail closed', array( 'byok_key_file_missing' ), $results( $answers( 6 ) ) );
	$stage->same( '… the state is locked', array( 'locked', 'key_file_missing' ), $stage->result( $state ) );
	$stage->same( '… a save is refused', 'byok_key_file_missing', $stage->result( $save ) );
	$stage->same( '… the row is untouched', $stored, $stage->result( $row ) );
	rename( "$file.away", $file );
	$stage->same( '… also while the file is back and nothing was reloaded', array( 'byok_key_file_missing' ), $results( $answers( 3 ) ) );
	$fpm->reload();
	$stage->same( 'with the file and a reload it opens again', array( $opened ), $results( $answers( 6 ) ) );

	// The database and wp-config.php in other hands. With its salts, the site has a key source of its own.
	$stolen = $stage->by_hand(
		$stage->in_site(
			'$answers = array( byok_key_source()["source"] );
			foreach ( array_keys( byok_providers() ) as $provider ) {
				$key       = byok_get_key( $provider );
				$answers[] = is_wp_error( $key ) ? $key->get_error_code() : "open";
			}
			return array_values( array_unique( $answers ) );'
		)
	);
	$stage->same( 'database and wp-config.php without the key file open nothing', array( 'salts', 'byok_envelope_unknown_key', 'byok_key_absent' ), $stolen );
	$fpm->stop();
	$database = implode( '', array_map( 'file_get_contents', glob( "{$stage->folder}/site/wp-content/database/.ht.sqlite*" ) ) );
	$stage->check( '… and the database holds the row', str_contains( $database, 'byok1.' ) );
	$stage->same( '… but no key', array(), Leaks::find( $key, $database ) );
	$stage->same( '… and no root key', array(), Stage::found( $database, $traces ) );

	// The configuration of a pool.
	$fpm->start( array(), array(), array( 'www' => array( 'php_admin_value[byok.key_file]' => $file ) ) );
	$source = $stage->result( $stage->plain( 'return byok_key_source();' ) );
	$stage->same( 'a key file named by a pool comes too late', array( 'key_file', 'key_file_late' ), array( $source['source'], $source['error'] ) );
	$stage->same( '… and is refused instead of falling back to the salts', array( 'byok_key_file_late', 'byok_key_file_late' ), array( $stage->result( $get ), $stage->result( $save ) ) );

	// Case 17.
	$fpm->start(
		array( 'byok.key_file' => $file ),
		array(),
		array(
			'one'   => array( 'pm.max_children' => '1', 'php_admin_value[byok.tenant]' => 'one' ),
			'other' => array( 'pm.max_children' => '1', 'php_admin_value[byok.tenant]' => 'other' ),
		)
	);
	foreach ( array( 'one' => 'other', 'other' => 'one' ) as $saves => $steals ) {
		$stage->result( $stage->in_site( 'return byok_delete_key( "anthropic" );' ), $saves );
		$stage->same( "a key that pool $saves saves", true, $stage->result( $save, $saves ) );
		$stage->same( "… does not open in pool $steals", 'byok_envelope_refused', $stage->result( $get, $steals ) );
		$stage->same( "… and opens in pool $saves", $opened, $stage->result( $get, $saves ) );
	}
	$fpm->stop();
};
