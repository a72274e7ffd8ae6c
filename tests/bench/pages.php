<?php
/**
 * Times pages of WordPress with byok active and without it, in turn, in one php-fpm worker.
 *
 * php pages.php SOCKET LOG ROUNDS — BYOK_TEST_SITE and BYOK_TEST_URL name a WordPress with byok and pages-plugin.php. The
 * answer is JSON: for each page and way the nanoseconds of each request, those of the processor, queries and memory; and
 * the bytes that WordPress loads with every page because of byok.
 */

declare( strict_types=1 );

use Byok\Tests\Fastcgi;

require __DIR__ . '/class-fastcgi.php';
require __DIR__ . '/../site/request.php';
[ , $socket, $log, $rounds ] = $argv;

pretend_request_to( getenv( 'BYOK_TEST_URL' ) );
require getenv( 'BYOK_TEST_SITE' ) . '/wp-load.php';
// WordPress has sent its own headers by now, or would with the first output.
global $wpdb;
$autoloads = "autoload IN ( 'yes', 'on', 'auto-on', 'auto' )";
$loaded    = $wpdb->get_results( "SELECT option_name, LENGTH(option_name) + LENGTH(option_value) AS bytes FROM $wpdb->options WHERE $autoloads AND option_name LIKE '%byok%'" );
$expires   = time() + DAY_IN_SECONDS;
$token     = WP_Session_Tokens::get_instance( 1 )->create( $expires );
$cookies   = array();
foreach ( array( AUTH_COOKIE => 'auth', LOGGED_IN_COOKIE => 'logged_in' ) as $name => $scheme ) {
	$cookies[] = $name . '=' . rawurlencode( wp_generate_auth_cookie( 1, $expires, $scheme, $token ) );
}

$folder = getenv( 'BYOK_TEST_SITE' );
$url    = getenv( 'BYOK_TEST_URL' );
$pages  = array(
	'front'    => array( '/', 'index.php' ),
	'wp-admin' => array( '/wp-admin/index.php', 'wp-admin/index.php' ),
	'posts'    => array( '/wp-admin/edit.php', 'wp-admin/edit.php' ),
);
$client = new Fastcgi( $socket, $log );
$pid    = null;

$ask = static function ( string $page, bool $with ) use ( $client, $pages, $folder, $url, $cookies, &$pid ): array {
	[ $path, $file ] = $pages[ $page ];
	$params          = array(
		'SCRIPT_FILENAME' => "$folder/$file",
		'SCRIPT_NAME'     => '/' . $file,
		'REQUEST_URI'     => $path,
		'DOCUMENT_ROOT'   => $folder,
		'HTTP_HOST'       => parse_url( $url, PHP_URL_HOST ) . ':' . parse_url( $url, PHP_URL_PORT ),
		'SERVER_NAME'     => parse_url( $url, PHP_URL_HOST ),
		'SERVER_PORT'     => (string) parse_url( $url, PHP_URL_PORT ),
		'HTTP_COOKIE'     => 'front' === $page ? '' : implode( '; ', $cookies ),
	) + ( $with ? array() : array( 'BYOK_BENCH_WITHOUT' => '1' ) );
	$spent           = null === $pid ? 0 : Fastcgi::cpu( $pid );
	$begun           = hrtime( true );
	$answer          = $client->ask( $params );
	$took            = hrtime( true ) - $begun;
	if ( ! preg_match( '/<!-- byok-bench (.+) -->$/', $answer, $found ) ) {
		throw new RuntimeException( "$page is no page: " . substr( $answer, 0, 2000 ) );
	}
	$told = json_decode( $found[1], true, 8, JSON_THROW_ON_ERROR );
	if ( ! $told['opcache'] ) {
		throw new RuntimeException( 'The worker compiles each file anew, as no server does.' );
	}
	if ( $told['active'] !== $with ) {
		throw new RuntimeException( "$page: byok is not what it should be" );
	}
	$pid ??= $told['pid'];
	if ( $pid !== $told['pid'] ) {
		throw new RuntimeException( 'Another worker has answered.' );
	}
	// It still tidies up after its last byte.
	usleep( 300 );
	return array(
		'time'    => $took,
		'cpu'     => Fastcgi::cpu( $pid ) - $spent,
		'queries' => $told['queries'],
		'memory'  => $told['memory'],
	);
};

$answer = array( 'autoloaded' => array_map( 'intval', array_column( $loaded, 'bytes', 'option_name' ) ) );
foreach ( array_keys( $pages ) as $page ) {
	for ( $round = -5; $round < (int) $rounds; $round++ ) {
		// Who comes second finds warmer caches: by turns.
		foreach ( $round % 2 ? array( true, false ) : array( false, true ) as $with ) {
			$told = $ask( $page, $with );
			foreach ( $round < 0 ? array() : $told as $what => $figure ) {
				$answer['pages'][ $page ][ $with ? 'active' : 'inactive' ][ $what ][] = $figure;
			}
		}
	}
}
echo json_encode( $answer );
