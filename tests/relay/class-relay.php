<?php
/**
 * The relay behind nginx, and whoever asks it.
 */

declare( strict_types=1 );

namespace Byok\Tests;

use RuntimeException;

/**
 * Starts nginx with the files of deploy/nginx in front of a php-fpm, makes tickets, and asks.
 */
final class Relay {

	/**
	 * Port of nginx.
	 *
	 * @var string
	 */
	public readonly string $port;

	/**
	 * Another one, where nginx speaks HTTP/2, without TLS.
	 *
	 * @var string
	 */
	public readonly string $port_2;

	/**
	 * A port where nobody is.
	 *
	 * @var string
	 */
	public readonly string $nobody;

	/**
	 * Port of the hostile provider.
	 *
	 * @var string
	 */
	public readonly string $hostile;

	/**
	 * Salts of the tests' own, for tickets that are made without WordPress.
	 *
	 * @var string
	 */
	private string $salts;

	/**
	 * What was started.
	 *
	 * @var resource[]
	 */
	private array $processes = array();

	/**
	 * Takes its parts, and starts the hostile provider.
	 *
	 * @param Stage  $stage  A php-fpm and a WordPress.
	 * @param string $nginx  The program nginx.
	 * @param string $plugin Folder of the plugin.
	 * @param string $ca     Certificate of the authority that the test provider has.
	 */
	public function __construct( public readonly Stage $stage, private string $nginx, private string $plugin, private string $ca ) {
		$this->port   = self::unused_port();
		$this->port_2 = self::unused_port();
		$this->nobody = self::unused_port();
		$this->salts = sprintf( "define( 'AUTH_KEY', '%s' ); define( 'AUTH_SALT', '%s' );", bin2hex( random_bytes( 32 ) ), bin2hex( random_bytes( 32 ) ) );
		mkdir( "{$stage->folder}/hostile" );
		mkdir( "{$stage->folder}/logs" );
		$this->run( array( PHP_BINARY, __DIR__ . '/hostile.php', "{$stage->folder}/hostile" ) );
		$this->hostile = $this->wait_for( static fn() => @file_get_contents( "{$stage->folder}/hostile/port" ) );
	}

	/**
	 * A port that nobody listens on.
	 */
	public static function unused_port(): string {
		return substr( strrchr( stream_socket_get_name( stream_socket_server( 'tcp://127.0.0.1:0' ), false ), ':' ), 1 );
	}

	/**
	 * Waits for something.
	 *
	 * @param callable $found Returns it.
	 */
	public function wait_for( callable $found ): mixed {
		for ( $tries = 0; $tries < 300; $tries++ ) {
			$value = $found();
			if ( false !== $value && null !== $value ) {
				return $value;
			}
			usleep( 20000 );
		}
		throw new RuntimeException( 'It does not happen: ' . implode( "\n", array_map( 'file_get_contents', glob( "{$this->stage->folder}/logs/*" ) ) ) );
	}

	/**
	 * Starts a process that ends with this one.
	 *
	 * @param string[] $command Command.
	 * @return resource
	 */
	public function run( array $command ) {
		$output            = array( 'file', "{$this->stage->folder}/logs/started.log", 'a' );
		$process           = proc_open( array( 'setpriv', '--pdeathsig', 'TERM', ...$command ), array( array( 'file', '/dev/null', 'r' ), $output, $output ), $pipes );
		$this->processes[] = $process;
		return $process;
	}

	/**
	 * Ends what was started.
	 */
	public function end(): void {
		foreach ( $this->processes as $process ) {
			proc_terminate( $process );
			proc_close( $process );
		}
		$this->processes = array();
	}

	/**
	 * Starts nginx, with the site at `/` as usual.
	 *
	 * @param array<string, string> $changes What is another one than in deploy/nginx.
	 */
	public function serve( array $changes = array() ): void {
		$folder = $this->stage->folder;
		$files  = dirname( __DIR__, 2 ) . '/deploy/nginx';
		$here   = $changes + array(
			'/etc/ssl/certs/ca-certificates.crt' => $this->ca,
			'/var/log/nginx/byok.log'            => "$folder/logs/byok.log",
			'/var/log/nginx/error.log'           => "$folder/logs/nginx-error.log",
		);
		foreach ( array( 'http', 'server' ) as $name ) {
			file_put_contents( "$folder/byok-$name.conf", strtr( file_get_contents( "$files/byok-$name.conf" ), $here ) );
		}
		// The names of the real providers are not looked up. Whoever is asked there is one that remembers, without TLS.
		$http = preg_replace( '/server [a-z0-9.-]+:443;/', "server 127.0.0.1:{$this->hostile};", file_get_contents( "$folder/byok-http.conf" ) );
		file_put_contents( "$folder/byok-http.conf", str_replace( 'https://byok_', 'http://byok_', $http ) );
		mkdir( "$folder/secret" );
		file_put_contents( "$folder/secret/index.html", 'a file of the server' );
		$temporary = '';
		foreach ( array( 'client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi' ) as $kind ) {
			$temporary .= "{$kind}_temp_path $folder/nginx-$kind;\n";
		}
		$site = $this->site();
		file_put_contents(
			"$folder/nginx.conf",
			"user {$this->stage->user}; worker_processes 1; worker_rlimit_nofile 10000; daemon off; pid $folder/nginx.pid; error_log $folder/logs/nginx-error.log info;
			events { worker_connections 4096; }
			http {
				$temporary
				access_log $folder/logs/nginx-access.log;
				include $folder/byok-http.conf;
				server {
					listen 127.0.0.1:{$this->port};
					listen 127.0.0.1:{$this->port_2} http2;
					root $folder/site;
					set \$byok_fpm unix:$folder/www.socket;
					set \$byok_plugin {$this->plugin};
					include $folder/byok-server.conf;
					location = /secret { internal; alias $folder/secret/index.html; }
					$site
				}
			}"
		);
		$this->run( array( $this->nginx, '-p', $folder, '-c', "$folder/nginx.conf", '-e', "$folder/logs/nginx-start.log" ) );
		$this->wait_for( fn() => @fsockopen( '127.0.0.1', (int) $this->port ) );
	}

	/**
	 * The site itself, and relay.php as any other page of it.
	 */
	private function site(): string {
		$parameters = '';
		foreach ( array(
			'REQUEST_METHOD'  => '$request_method',
			'QUERY_STRING'    => '$query_string',
			'CONTENT_TYPE'    => '$content_type',
			'CONTENT_LENGTH'  => '$content_length',
			'REQUEST_URI'     => '$request_uri',
			'SERVER_PROTOCOL' => '$server_protocol',
			'SERVER_NAME'     => '127.0.0.1',
			'SERVER_PORT'     => '$server_port',
			'REMOTE_ADDR'     => '$remote_addr',
		) as $name => $value ) {
			$parameters .= "fastcgi_param $name $value;\n";
		}
		return "location / {
				$parameters
				fastcgi_param SCRIPT_FILENAME {$this->stage->folder}/site/index.php;
				fastcgi_param SCRIPT_NAME /index.php;
				fastcgi_buffering off;
				client_max_body_size 64m;
				fastcgi_pass unix:{$this->stage->folder}/www.socket;
			}
			location = /relay-by-itself {
				$parameters
				fastcgi_param SCRIPT_FILENAME {$this->plugin}/relay.php;
				fastcgi_pass unix:{$this->stage->folder}/www.socket;
			}";
	}

	/**
	 * Makes a ticket, without WordPress.
	 *
	 * @param string $provider Provider.
	 * @param string $key      Key; empty for none.
	 * @param array  $options  Of byok_ticket().
	 */
	public function ticket( string $provider, string $key, array $options = array() ): string {
		return $this->stage->result(
			$this->stage->plain(
				$this->salts . 'try {
					$place = array( "owner" => "site", "origin" => byok_origin( $provider, $options["base_url"] ?? "" ) );
					return byok_ticket( $provider, "" === $key ? "" : byok_encrypt( $key, $place ), $place, $options );
				} catch ( Byok\Exception\ByokException $refused ) {
					return $refused->getReason();
				}',
				compact( 'provider', 'key', 'options' )
			)
		);
	}

	/**
	 * A ticket for the hostile provider.
	 *
	 * @param string $key     Key.
	 * @param array  $options Of byok_ticket().
	 */
	public function hostile_ticket( string $key, array $options = array() ): string {
		return $this->ticket( 'openai-compatible', $key, $options + array( 'base_url' => "http://127.0.0.1:{$this->hostile}/tenant/v1" ) );
	}

	/**
	 * Where a path is asked for: requests to an address of one's own go over HTTP/2, as those of browsers do.
	 *
	 * @param string $path Path and query.
	 * @return array<int, mixed> Options of curl.
	 */
	public function place( string $path ): array {
		$table = array_column( json_decode( file_get_contents( __DIR__ . '/../../src/engine/providers.json' ), true ), 'base_url', 'id' );
		$id    = preg_match( '~^/byok/relay/([a-z0-9-]+)~', $path, $found ) ? $found[1] : '';
		$own   = array_key_exists( $id, $table ) && null === $table[ $id ];
		return array(
			CURLOPT_URL          => 'http://127.0.0.1:' . ( $own ? $this->port_2 : $this->port ) . $path,
			CURLOPT_HTTP_VERSION => $own ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : CURL_HTTP_VERSION_1_1,
		);
	}

	/**
	 * Says something to nginx over HTTP/1.1, and listens until it is silent.
	 *
	 * @param string $bytes What to say.
	 */
	public function say( string $bytes ): string {
		$socket = stream_socket_client( "tcp://127.0.0.1:{$this->port}" );
		fwrite( $socket, $bytes );
		stream_set_timeout( $socket, 1 );
		return (string) stream_get_contents( $socket );
	}

	/**
	 * Asks nginx.
	 *
	 * @param string   $path    Path and query.
	 * @param string[] $headers Lines.
	 * @param ?string  $body    Body; null for GET.
	 * @param ?string  $method  Another method.
	 * @return array{status: int, headers: array<string, string>, body: string} Names in lower case.
	 */
	public function ask( string $path, array $headers = array(), ?string $body = null, ?string $method = null ): array {
		$curl = curl_init();
		$seen = array();
		curl_setopt_array(
			$curl,
			$this->place( $path ) + array(
				CURLOPT_RETURNTRANSFER => true,
				CURLOPT_PATH_AS_IS     => true,
				CURLOPT_TIMEOUT        => 30,
				CURLOPT_HTTPHEADER     => array( ...$headers, 'Expect:' ),
				CURLOPT_CUSTOMREQUEST  => $method ?? ( null === $body ? 'GET' : 'POST' ),
				CURLOPT_HEADERFUNCTION => static function ( $curl, string $line ) use ( &$seen ): int {
					$parts = explode( ':', $line, 2 );
					if ( isset( $parts[1] ) ) {
						$seen[ strtolower( $parts[0] ) ] = trim( $parts[1] );
					}
					return strlen( $line );
				},
			)
		);
		if ( null !== $body ) {
			curl_setopt( $curl, CURLOPT_POSTFIELDS, $body );
		}
		$answer = curl_exec( $curl );
		return array(
			'status'  => curl_getinfo( $curl, CURLINFO_RESPONSE_CODE ),
			'headers' => $seen,
			'body'    => (string) $answer,
		);
	}

	/**
	 * Asks nginx over HTTP/2, with a body whose length nothing says.
	 *
	 * @param string   $path    Path and query.
	 * @param string[] $headers Lines.
	 * @param string   $body    Body.
	 * @return array{status: int, headers: array, body: string, version: int} As of ask(), without the headers.
	 */
	public function ask_by_http2( string $path, array $headers, string $body ): array {
		$curl = curl_init( "http://127.0.0.1:{$this->port_2}$path" );
		$file = fopen( 'php://memory', 'w+' );
		fwrite( $file, $body );
		rewind( $file );
		curl_setopt_array(
			$curl,
			array(
				CURLOPT_RETURNTRANSFER => true,
				CURLOPT_TIMEOUT        => 30,
				CURLOPT_HTTP_VERSION   => CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
				CURLOPT_HTTPHEADER     => array( ...$headers, 'Expect:' ),
				CURLOPT_UPLOAD         => true,
				CURLOPT_CUSTOMREQUEST  => 'POST',
				CURLOPT_READFUNCTION   => static fn( $curl, $unused, int $length ): string => (string) fread( $file, $length ),
			)
		);
		$answer = curl_exec( $curl );
		return array(
			'status'  => curl_getinfo( $curl, CURLINFO_RESPONSE_CODE ),
			'headers' => array(),
			'body'    => (string) $answer,
			'version' => curl_getinfo( $curl, CURLINFO_HTTP_VERSION ),
		);
	}

	/**
	 * The code of a refusal, and its status.
	 *
	 * @param array $answer From ask().
	 * @return array{0: int, 1: ?string}
	 */
	public static function refusal( array $answer ): array {
		return array( $answer['status'], json_decode( $answer['body'], true )['error']['code'] ?? null );
	}

	/**
	 * The last request that reached the hostile provider.
	 */
	public function last_request(): array {
		$lines = file( "{$this->stage->folder}/hostile/requests", FILE_IGNORE_NEW_LINES );
		return json_decode( end( $lines ), true );
	}

	/**
	 * How many requests have reached it.
	 */
	public function requests(): int {
		return count( @file( "{$this->stage->folder}/hostile/requests" ) ?: array() );
	}
}
