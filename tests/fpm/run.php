<?php
/**
 * Checks byok in a php-fpm that is started as root and whose workers are not.
 *
 * php run.php FPM SITE EXTENSION SQLITE — as root: the program, the folder of a WordPress on SQLite with the plugin, the
 * extension's file, and the folder of the SQLite drop-in. BYOK_TEST_PROVIDER is the address of the test provider,
 * BYOK_TEST_NGINX the program nginx; BYOK_TEST_CHECKS may name the checks to make. All of it is copied to where the pool user can read it, and removed in the end.
 */

declare( strict_types=1 );

use Byok\Tests\Fpm;
use Byok\Tests\Stage;

require __DIR__ . '/class-fpm.php';
require __DIR__ . '/class-stage.php';
require __DIR__ . '/../phpunit/wordpress/support/Test_Provider.php';
require __DIR__ . '/../phpunit/wordpress/support/Leaks.php';

list( , $program, $site, $extension, $sqlite ) = $argv;

$provider = getenv( 'BYOK_TEST_PROVIDER' );
$user     = posix_getpwnam( 'www-data' ) ? 'www-data' : 'nobody';

umask( 0022 );
$folder = trim( (string) shell_exec( 'mktemp -d' ) );
chmod( $folder, 0755 );
pcntl_async_signals( true );
pcntl_signal( SIGTERM, static fn() => exit( 143 ) );
pcntl_signal( SIGINT, static fn() => exit( 130 ) );

foreach ( array( array( '-rL', "$site/.", "$folder/site" ), array( '-r', "$sqlite/.", "$folder/sqlite" ), array( $extension, "$folder/byok.so" ), array( __DIR__ . '/page.php', __DIR__ . '/../site/request.php', $folder ) ) as $copied ) {
	passthru( 'cp ' . implode( ' ', array_map( 'escapeshellarg', $copied ) ), $status );
	if ( 0 !== $status ) {
		exit( 1 );
	}
}
$dropin = "$folder/site/wp-content/db.php";
file_put_contents( $dropin, str_replace( $sqlite, "$folder/sqlite", file_get_contents( $dropin ) ) );
file_put_contents( "$folder/url", 'http://127.0.0.1' );
passthru( 'chown -R ' . escapeshellarg( $user ) . ' ' . escapeshellarg( "$folder/site" ) );

$fpm = new Fpm(
	$program,
	$folder,
	$user,
	array(
		'extension'          => "$folder/byok.so",
		'byok.test_provider' => $provider,
		'memory_limit'       => '256M',
	)
);
register_shutdown_function(
	static function () use ( $fpm, $folder ): void {
		$fpm->stop();
		passthru( 'rm -rf ' . escapeshellarg( $folder ) );
	}
);

$stage = new Stage( $fpm, $folder, $user, "$folder/byok.so", $provider );
foreach ( array_filter( explode( ',', (string) getenv( 'BYOK_TEST_CHECKS' ) ) ) ?: array( 'key-file', 'environment', 'memory', 'requests', 'gate', 'logs' ) as $checks ) {
	echo "$checks\n";
	( require __DIR__ . "/$checks.php" )( $stage );
}
vprintf( "%d passed, %d failed\n", $stage->counts );
exit( $stage->counts[1] ? 1 : 0 );
