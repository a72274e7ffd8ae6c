<?php
/**
 * Checks the relay behind nginx, with a php-fpm that root has started, and the providers' own clients.
 *
 * php run.php FPM SITE EXTENSION SQLITE — as root, as tests/fpm/run.php. BYOK_TEST_PROVIDER and BYOK_TEST_PROVIDER_TLS are addresses
 * of the test provider, BYOK_TEST_CA the certificate of its authority, BYOK_TEST_NGINX the program nginx, BYOK_TEST_NODE and
 * BYOK_TEST_PYTHON those that run the clients; BYOK_TEST_CHECKS may name the checks to make.
 */

declare( strict_types=1 );

use Byok\Tests\Fpm;
use Byok\Tests\Relay;
use Byok\Tests\Stage;

require __DIR__ . '/../fpm/class-fpm.php';
require __DIR__ . '/../fpm/class-stage.php';
require __DIR__ . '/../phpunit/wordpress/support/Test_Provider.php';
require __DIR__ . '/../phpunit/wordpress/support/Leaks.php';
require __DIR__ . '/class-relay.php';

list( , $program, $site, $extension, $sqlite ) = $argv;

$user = posix_getpwnam( 'www-data' ) ? 'www-data' : 'nobody';

umask( 0022 );
$folder = trim( (string) shell_exec( 'mktemp -d' ) );
chmod( $folder, 0755 );
pcntl_async_signals( true );
pcntl_signal( SIGTERM, static fn() => exit( 143 ) );
pcntl_signal( SIGINT, static fn() => exit( 130 ) );

foreach ( array( array( '-rL', "$site/.", "$folder/site" ), array( '-r', "$sqlite/.", "$folder/sqlite" ), array( $extension, "$folder/byok.so" ), array( getenv( 'BYOK_TEST_CA' ), "$folder/ca.pem" ), array( __DIR__ . '/../fpm/page.php', __DIR__ . '/../site/request.php', $folder ) ) as $copied ) {
	passthru( 'cp ' . implode( ' ', array_map( 'escapeshellarg', $copied ) ), $status );
	if ( 0 !== $status ) {
		exit( 1 );
	}
}
$dropin = "$folder/site/wp-content/db.php";
file_put_contents( $dropin, str_replace( $sqlite, "$folder/sqlite", file_get_contents( $dropin ) ) );

$fpm = new Fpm(
	$program,
	$folder,
	$user,
	array(
		'extension'          => "$folder/byok.so",
		'byok.test_provider' => getenv( 'BYOK_TEST_PROVIDER_TLS' ),
		'byok.ca_file'       => "$folder/ca.pem",
		'memory_limit'       => '256M',
	)
);
$stage = new Stage( $fpm, $folder, $user, "$folder/byok.so", getenv( 'BYOK_TEST_PROVIDER' ) );
$relay = new Relay( $stage, getenv( 'BYOK_TEST_NGINX' ), "$folder/site/wp-content/plugins/byok", "$folder/ca.pem" );
file_put_contents( "$folder/url", "http://127.0.0.1:{$relay->port}" );
passthru( 'chown -R ' . escapeshellarg( $user ) . ' ' . escapeshellarg( "$folder/site" ) );
register_shutdown_function(
	static function () use ( $fpm, $relay, $folder ): void {
		$relay->end();
		$fpm->stop();
		passthru( 'rm -rf ' . escapeshellarg( $folder ) );
	}
);

// nginx's workers are the pool's user here, as Debian has it.
$pool = array(
	'www' => array(
		'pm.max_children' => '6',
		'listen.owner'    => $user,
		'listen.mode'     => '0660',
	),
);
$fpm->start( array( 'byok.allow_hosts' => "127.0.0.1:{$relay->hostile},127.0.0.1:{$relay->nobody},127.0.0.1:" . parse_url( getenv( 'BYOK_TEST_PROVIDER_TLS' ), PHP_URL_PORT ) ), array(), $pool );
$relay->serve( array( 'proxy_read_timeout 300s' => 'proxy_read_timeout 3s' ) );

foreach ( array_filter( explode( ',', (string) getenv( 'BYOK_TEST_CHECKS' ) ) ) ?: array( 'tickets', 'offload', 'answers', 'ended', 'bodies', 'clients', 'module', 'examples', 'providers', 'doctor', 'configuration' ) as $checks ) {
	echo "$checks\n";
	( require __DIR__ . "/$checks.php" )( $relay, $stage );
}
vprintf( "%d passed, %d failed\n", $stage->counts );
exit( $stage->counts[1] ? 1 : 0 );
