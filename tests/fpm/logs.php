<?php
/**
 * Checks of logs: a page that throws with a key in an argument, logs it in every way and dies, leaves no trace of it in
 * any log of any server.
 */

declare( strict_types=1 );

use Byok\Tests\Stage;
use Byok\Tests\Test_Provider;

/**
 * Posts to a page.
 *
 * @param string $url   Address.
 * @param array  $given See leaky.php.
 * @return string What came, with the headers.
 */
function answer_of_page( string $url, array $given ): string {
	$context = stream_context_create(
		array(
			'http' => array(
				'method'        => 'POST',
				'content'       => http_build_query( array( 'byok-test' => json_encode( $given ) ) ),
				'header'        => "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n",
				'ignore_errors' => true,
				'timeout'       => 30,
			),
		)
	);
	for ( $tries = 0; $tries < 100; $tries++ ) {
		$answer = @file_get_contents( $url, false, $context );
		if ( false !== $answer ) {
			return implode( "\n", $http_response_header ) . "\n$answer";
		}
		usleep( 50000 );
	}
	throw new RuntimeException( "Nothing answers at $url." );
}

/**
 * A port that nobody listens on.
 */
function unused_port(): string {
	return substr( strrchr( stream_socket_get_name( stream_socket_server( 'tcp://127.0.0.1:0' ), false ), ':' ), 1 );
}

/**
 * Starts a server that ends with this process.
 *
 * @param string[] $command Command.
 * @param string   $log     Where it writes to.
 * @return resource The process.
 */
function server( array $command, string $log ) {
	$output  = array( 'file', $log, 'a' );
	$process = proc_open( array( 'setpriv', '--pdeathsig', 'TERM', ...$command ), array( array( 'file', '/dev/null', 'r' ), $output, $output ), $pipes );
	register_shutdown_function( static fn() => is_resource( $process ) && proc_terminate( $process ) );
	return $process;
}

/**
 * Ends one.
 *
 * @param resource $process From server().
 */
function end_server( $process ): void {
	proc_terminate( $process );
	proc_close( $process );
}

/**
 * Searches files for keys, in all encodings.
 *
 * @param string[] $keys  Keys.
 * @param string[] $paths Files and folders.
 * @return array{0: bool, 1: string} Whether there are any, and where.
 */
function leaks_in( array $keys, array $paths ): array {
	$file = tempnam( sys_get_temp_dir(), 'byok' );
	file_put_contents( $file, implode( "\n", $keys ) );
	exec( implode( ' ', array_map( 'escapeshellarg', array( PHP_BINARY, '-n', '-d', 'extension=mbstring', '-d', 'memory_limit=1G', __DIR__ . '/../site/leaks.php', $file, ...$paths ) ) ) . ' 2>&1', $lines, $status );
	unlink( $file );
	if ( $status > 1 ) {
		throw new RuntimeException( implode( "\n", $lines ) );
	}
	return array( 1 === $status, implode( "\n", array_slice( $lines, -5 ) ) );
}

return static function ( Stage $stage ): void {
	$nginx = getenv( 'BYOK_TEST_NGINX' );
	$logs  = "{$stage->folder}/logs";
	$site  = "{$stage->folder}/site";
	mkdir( $logs );
	chown( $logs, $stage->user );
	copy( __DIR__ . '/leaky.php', "{$stage->folder}/leaky.php" );
	copy( __DIR__ . '/leaky.php', "$site/leaky.php" );
	copy( __DIR__ . '/leaky.php', "$site/wp-content/mu-plugins/leaky.php" );

	$ini = array(
		'zend.exception_ignore_args'           => '0',
		'zend.exception_string_param_max_len'  => '1000000',
		'log_errors'                           => '1',
		'log_errors_max_len'                   => '0',
		'html_errors'                          => '0',
		'error_reporting'                      => '-1',
	);
	$pool = array(
		'www' => array(
			'listen.mode'             => '0666',
			'decorate_workers_output' => 'no',
		),
	);

	$port = unused_port();
	file_put_contents(
		"{$stage->folder}/nginx.conf",
		"user {$stage->user}; worker_processes 1; daemon off; pid {$stage->folder}/nginx.pid; error_log $logs/nginx-error.log info;
		events {}
		http {
			access_log $logs/nginx-access.log;
			client_body_temp_path {$stage->folder}/nginx-body; proxy_temp_path {$stage->folder}/nginx-proxy; fastcgi_temp_path {$stage->folder}/nginx-fastcgi;
			uwsgi_temp_path {$stage->folder}/nginx-uwsgi; scgi_temp_path {$stage->folder}/nginx-scgi;
			fastcgi_buffer_size 256k; fastcgi_buffers 16 256k; fastcgi_busy_buffers_size 512k;
			server {
				listen 127.0.0.1:$port;
				root $site;
				location / {
					fastcgi_pass unix:{$stage->folder}/www.socket;
					fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
					fastcgi_param REQUEST_METHOD \$request_method;
					fastcgi_param CONTENT_TYPE \$content_type;
					fastcgi_param CONTENT_LENGTH \$content_length;
					fastcgi_param REQUEST_URI \$request_uri;
					fastcgi_param SCRIPT_NAME \$fastcgi_script_name;
					fastcgi_param SERVER_PROTOCOL \$server_protocol;
					fastcgi_param SERVER_NAME 127.0.0.1;
					fastcgi_param HTTP_HOST 127.0.0.1;
					fastcgi_param REMOTE_ADDR 127.0.0.1;
				}
			}
		}"
	);

	foreach ( array( 'on' => '1', 'off' => '0' ) as $state => $on ) {
		$ini['byok.redact_log'] = $on;
		// Each time new ones: what was found in one round is not searched for in the next.
		$typed  = 'sk-ant-api03-byok-test-' . bin2hex( random_bytes( 20 ) );
		$stored = 'byok-test-valid-' . bin2hex( random_bytes( 20 ) );
		$given  = array( 'keys' => array( $typed ), 'known' => 0, 'log' => "$logs/own.log" );
		$inside = array( 'keys' => array( $stored, $typed ), 'known' => 1, 'log' => "$logs/own.log" );
		$all    = array( $typed, $stored );
		$places = array( $logs, "{$stage->folder}/fpm.log", "$site/wp-content" );

		$told = function ( string $where, string $answer, array $ways, array $files ) use ( $stage, $on, $state, $all, $places, $logs ): void {
			file_put_contents( "$logs/answer", $answer );
			// What a worker prints reaches the log through its master, some time later.
			for ( $tries = 0; $tries < 40; $tries++ ) {
				$written = $answer . implode( '', array_map( static fn( $file ) => (string) @file_get_contents( $file ), $files ) );
				$missing = array_filter( $ways, static fn( int $way ) => ! str_contains( $written, "way $way: " ) );
				if ( array() === $missing ) {
					break;
				}
				usleep( 50000 );
			}
			usleep( 200000 );
			$stage->same( "$where, byok.redact_log $state: everything was logged", array(), array_values( $missing ) );
			list( $leaks, $report ) = leaks_in( $all, $places );
			$stage->check( $on ? '… and no trace of a key is in any log' : '… and the search finds the keys', (bool) $on !== $leaks, $report );
			// What was found must not be found again.
			foreach ( array_merge( glob( "$logs/*" ), $files ) as $file ) {
				if ( is_file( $file ) ) {
					file_put_contents( $file, '' );
				}
			}
		};

		// The worker's errors go to the server that asked, which writes them into its own log.
		$stage->fpm->start( $ini, array(), $pool );
		$server = server( array( $nginx, '-p', $stage->folder, '-c', "{$stage->folder}/nginx.conf", '-e', "$logs/nginx-start.log" ), "$logs/nginx-start.log" );
		$answer = answer_of_page( "http://127.0.0.1:$port/leaky.php", $given );
		$told( 'php-fpm behind nginx', $answer, array( 1, 2, 3, 4, 5, 6, 7, 8 ), array( "$logs/nginx-error.log", "$logs/own.log", "{$stage->folder}/fpm.log" ) );

		$stage->result( $stage->in_site( 'update_option( "permalink_structure", "" ); $saved = byok_save_key( "mistral", $key ); return is_wp_error( $saved ) ? $saved->get_error_code() : true;', array( 'key' => $stored ) ) );
		$answer = answer_of_page( "http://127.0.0.1:$port/index.php", $inside );
		$told( "WordPress's debug.log, php-fpm behind nginx", $answer, array( 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 ), array( "$site/wp-content/debug.log", "$logs/nginx-error.log", "$logs/own.log", "{$stage->folder}/fpm.log" ) );

		$stage->fpm->start( array( 'display_errors' => '1', 'error_log' => "$logs/php.log" ) + $ini, array(), $pool );
		$answer = answer_of_page( "http://127.0.0.1:$port/leaky.php", $given );
		$told( 'php-fpm with a log of its own and errors shown', $answer, array( 1, 2, 3, 4, 5, 6, 7, 8 ), array( "$logs/php.log", "$logs/nginx-error.log", "$logs/own.log", "{$stage->folder}/fpm.log" ) );
		$stage->fpm->stop();
		end_server( $server );

		$served  = unused_port();
		$options = array();
		foreach ( $ini + array( 'display_errors' => '1' ) as $name => $value ) {
			array_push( $options, '-d', "$name=$value" );
		}
		$php     = array( "--reuid={$stage->user}", '--regid=' . posix_getpwnam( $stage->user )['gid'], '--clear-groups', PHP_BINARY, '-d', "extension={$stage->folder}/byok.so", '-d', 'byok.test_provider=' . getenv( 'BYOK_TEST_PROVIDER' ), ...$options );
		$server  = server( array( ...$php, '-S', "127.0.0.1:$served", '-t', $site ), "$logs/server.log" );
		$answer  = answer_of_page( "http://127.0.0.1:$served/leaky.php", $given );
		$told( 'the built-in server', $answer, array( 1, 2, 3, 4, 5, 6, 7, 8 ), array( "$logs/server.log", "$logs/own.log" ) );
		$answer = answer_of_page( "http://127.0.0.1:$served/index.php", $inside );
		$told( "WordPress's debug.log, the built-in server", $answer, array( 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 ), array( "$site/wp-content/debug.log", "$logs/server.log", "$logs/own.log" ) );
		end_server( $server );

		$output  = array( 'file', "$logs/cli.log", 'a' );
		$process = proc_open( array( 'setpriv', ...$php, "{$stage->folder}/leaky.php" ), array( array( 'pipe', 'r' ), $output, $output ), $pipes );
		fwrite( $pipes[0], json_encode( $given ) );
		fclose( $pipes[0] );
		proc_close( $process );
		$told( 'the command line', '', array( 1, 2, 3, 4, 5, 6, 7, 8 ), array( "$logs/cli.log", "$logs/own.log" ) );
	}
	unlink( "$site/wp-content/mu-plugins/leaky.php" );
};
