<?php
/**
 * Checks of what workers leave behind: in core dumps, in opcache's files and from one request to the next.
 */

declare( strict_types=1 );

use Byok\Tests\Stage;

/**
 * Dumps a worker that has used its keys, in the middle of a request.
 *
 * Where the kernel writes core dumps into the process's folder, the worker is aborted; where it hands them to a program,
 * gdb writes the same.
 *
 * @param Stage  $stage  Stage.
 * @param string $canary What the script leaves in memory.
 * @param bool   $whole  With the memory that a process keeps out of dumps, which only a debugger gets.
 * @return string The dump.
 */
function dump_of_a_worker( Stage $stage, string $canary, bool $whole = false ): string {
	$cores = "{$stage->folder}/cores";
	array_map( 'unlink', glob( "$cores/*" ) );
	$worker = $stage->fpm->workers()[0];
	$stage->fpm->begin(
		$stage->in_site(
			'$canary = strrev( $yranac );
			for ( $i = 0; $i < 100; $i++ ) {
				byok_decrypt( byok_encrypt( "plain $i" ) );
			}
			byok_get_key( "anthropic" );
			chdir( $cores );
			touch( "ready" );
			sleep( 60 );',
			array(
				'yranac' => strrev( $canary ),
				'cores'  => $cores,
			)
		)
	);
	$stage->fpm->wait_for( static fn() => file_exists( "$cores/ready" ), 'use its keys' );
	if ( ! $whole && preg_match( '#^[^|/]+$#', trim( file_get_contents( '/proc/sys/kernel/core_pattern' ) ) ) ) {
		posix_kill( $worker, SIGABRT );
	} else {
		exec( sprintf( "gdb --batch -p $worker -ex 'set dump-excluded-mappings %s' -ex %s 2>&1", $whole ? 'on' : 'off', escapeshellarg( "generate-core-file $cores/core" ) ) );
		posix_kill( $worker, SIGKILL );
	}
	$stage->fpm->wait_for( static fn() => ! in_array( $worker, $stage->fpm->workers(), true ), 'lose a worker' );
	unlink( "$cores/ready" );
	$dumps = glob( "$cores/*" );
	return array() === $dumps ? '' : file_get_contents( $dumps[0] );
}

return static function ( Stage $stage ): void {
	$fpm   = $stage->fpm;
	$cores = "{$stage->folder}/cores";
	mkdir( $cores );
	chown( $cores, $stage->user );
	$dumpable = array(
		'www' => array(
			'pm.max_children'  => '1',
			'process.dumpable' => 'yes',
			'rlimit_core'      => 'unlimited',
		),
	);

	foreach ( array( 'a key file with a root key' => Stage::root(), 'a key file with a text' => Stage::text() ) as $what => $secret ) {
		$fpm->start( array( 'byok.key_file' => $stage->key_file( $secret ) ), array(), $dumpable );
		check_dump( $stage, $what, $secret );
	}
	// The counter-check: the root key is there, and the search finds it.
	$secret = Stage::root();
	$fpm->start( array( 'byok.key_file' => $stage->key_file( $secret ) ), array(), $dumpable );
	$stage->same( 'a debugger that takes what is kept out of dumps finds the root key', array( 'root' ), Stage::found( dump_of_a_worker( $stage, '', true ), Stage::traces( $secret ) ) );

	// With `yes`, the default, workers lose their environment, but not the memory it was in.
	foreach ( array( 'yes', 'no' ) as $clear ) {
		$dumpable['www']['clear_env'] = $clear;
		foreach ( array( 'a root key' => Stage::root(), 'a text' => Stage::text() ) as $what => $secret ) {
			$fpm->start( array(), array( 'BYOK_KEY' => $secret ), $dumpable );
			check_dump( $stage, "$what in the environment with clear_env = $clear", $secret );
		}
	}

	// Case 61.
	$secret = Stage::root();
	$canary = bin2hex( random_bytes( 16 ) );
	$cache  = "{$stage->folder}/opcache";
	mkdir( $cache );
	chown( $cache, $stage->user );
	file_put_contents( "{$stage->folder}/constant.php", "<?php define( 'BYOK_TEST_CANARY', '$canary' );" );
	$fpm->start( array( 'byok.key_file' => $stage->key_file( $secret ), 'opcache.enable' => '1', 'opcache.file_cache' => $cache, 'opcache.file_update_protection' => '0' ) );
	$fpm->ask( $stage->in_site( 'require $file; return byok_decrypt( byok_encrypt( "plain" ) );', array( 'file' => "{$stage->folder}/constant.php" ) ), 'www', 6 );
	$fpm->stop();
	$files = '';
	foreach ( new RecursiveIteratorIterator( new RecursiveDirectoryIterator( $cache, FilesystemIterator::SKIP_DOTS ) ) as $file ) {
		$files .= file_get_contents( $file->getPathname() );
	}
	$stage->check( "opcache's files hold what is in wp-config.php and its like", str_contains( $files, $canary ) && str_contains( $files, 'AUTH_SALT' ) );
	$stage->same( '… but nothing of the key file', array(), Stage::found( $files, Stage::traces( $secret ) ) );

	// One worker, one request after the other.
	$fpm->start( array(), array(), array( 'www' => array( 'pm.max_children' => '1' ) ) );
	$first   = array( 'secret' => Stage::text() );
	$second  = array( 'secret' => Stage::text() );
	$encrypt = 'define( "BYOK_KEY", $secret ); return array( byok_key_source()["key_id"], byok_encrypt( "plain" ) );';
	$open    = ' try { return array( byok_key_source()["key_id"], byok_decrypt( $envelope ) ); } catch ( Byok\Exception\ByokException $refused ) { return array( byok_key_source()["key_id"], $refused->getReason() ); }';
	$one     = $fpm->ask( $stage->plain( $encrypt, $first ) )[0];
	list( $id, $envelope ) = $one['result'];

	$other = $fpm->ask( $stage->plain( 'define( "BYOK_KEY", $secret );' . $open, $second + array( 'envelope' => $envelope ) ) )[0];
	$none  = $fpm->ask( $stage->plain( $open, array( 'envelope' => $envelope ) ) )[0];
	$again = $fpm->ask( $stage->plain( 'define( "BYOK_KEY", $secret );' . $open, $first + array( 'envelope' => $envelope ) ) )[0];
	$stage->same( 'one worker answers requests with different constants', array( $one['pid'] ), array_values( array_unique( array_column( array( $one, $other, $none, $again ), 'pid' ) ) ) );
	$stage->check( 'a request with another constant has another root key', is_string( $id ) && is_string( $other['result'][0] ) && $id !== $other['result'][0] );
	$stage->same( '… and does not open what the one before has encrypted', 'envelope_unknown_key', $other['result'][1] );
	$stage->same( 'a request without a constant has none', array( null, 'source_missing' ), $none['result'] );
	$stage->same( 'a request with the first constant opens it', array( $id, 'plain' ), $again['result'] );

	// A session's handler is PHP code that runs after this module has ended its request.
	$late = 'ini_set( "session.use_cookies", "0" );
		session_set_save_handler(
			new class extends SessionHandler {
				public function open( $path, $name ): bool { return true; }
				public function close(): bool { return true; }
				public function read( $id ): string { return ""; }
				public function create_sid(): string { return bin2hex( random_bytes( 8 ) ); }
				public function write( $id, $data ): bool { return false !== file_put_contents( $GLOBALS["byok_test_late"], (string) byok_key_source()["key_id"] ); }
			},
			false
		);
		session_start();
		$_SESSION["byok"] = 1;
		$GLOBALS["byok_test_late"] = $late;';
	$seen = "{$stage->folder}/site/late";
	$run  = 'define( "BYOK_KEY", str_repeat( $letter, 40 ) );' . "if ( '' !== \$late ) { $late }" . 'return byok_key_source()["key_id"];';
	$ids  = array();
	foreach ( array( 'alone' => '', 'after' => $seen ) as $how => $file ) {
		$stage->result( $stage->plain( $run, array( 'letter' => 'a', 'late' => $file ) ) );
		$ids[ $how ] = $stage->result( $stage->plain( $run, array( 'letter' => 'b', 'late' => '' ) ) );
	}
	$first = $stage->result( $stage->plain( $run, array( 'letter' => 'a', 'late' => '' ) ) );
	$stage->same( "a session's handler can use the key ring at the very end of a request", $first, file_get_contents( $seen ) );
	$stage->same( '… which the next request does not get, whose constant has the same length', $ids['alone'], $ids['after'] );
	$stage->check( '… and which has a root key of its own', is_string( $first ) && is_string( $ids['alone'] ) && $first !== $ids['alone'] );
	$fpm->stop();
};

/**
 * Checks that a dump holds nothing of a secret.
 *
 * @param Stage  $stage  Stage.
 * @param string $what   Where the secret is.
 * @param string $secret The secret.
 */
function check_dump( Stage $stage, string $what, string $secret ): void {
	$source = $stage->result( $stage->plain( 'return byok_key_source();' ) );
	$stage->same( "$what is in force", null, $source['error'] );
	$canary = 'canary-' . bin2hex( random_bytes( 16 ) );
	$dump   = dump_of_a_worker( $stage, $canary );
	$stage->check( '… the dump of a worker is a whole one', str_starts_with( $dump, "\x7fELF" ) && str_contains( $dump, $canary ), strlen( $dump ) );
	$stage->same( '… and holds nothing of the secret', array(), Stage::found( $dump, Stage::traces( $secret ) ) );
	$stage->fpm->stop();
}
