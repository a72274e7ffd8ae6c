<?php
/**
 * Writes byok-http.conf and byok-server.conf from the tables of providers and of headers, or, with --check, tells whether they
 * are what it would write.
 *
 *   php deploy/nginx/make.php [--check]
 *   php deploy/nginx/make.php --to=FOLDER [--providers=ID,ID…] [--access-log=FILE|off] [--error-log=FILE]
 *
 * --providers leaves all others out, whose names need not resolve then; instead of a file, nginx's logs may be a syslog:….
 */

declare( strict_types=1 );

/**
 * Ends with what is wrong.
 *
 * @param string $problem A sentence.
 */
function stop( string $problem ): never {
	fwrite( STDERR, "$problem\n" );
	exit( 1 );
}

$options = getopt( '', array( 'check', 'to:', 'providers:', 'access-log:', 'error-log:' ) );
if ( count( $options ) !== $argc - 1 || array() !== array_filter( $options, 'is_array' ) || isset( $options['check'] ) !== ( array( 'check' => false ) === $options )
	|| ( array() !== $options && ! isset( $options['check'] ) && ! isset( $options['to'] ) ) ) {
	stop( 'usage: make.php [--check] | --to=FOLDER [--providers=ID,ID…] [--access-log=FILE|off] [--error-log=FILE]' );
}
$access_log = $options['access-log'] ?? '/var/log/nginx/byok.log';
$error_log  = $options['error-log'] ?? '/var/log/nginx/error.log';
foreach ( array( 'off' === $access_log ? '/' : $access_log, $error_log ) as $log ) {
	if ( ! preg_match( '~\A(?:/[\w./-]*|syslog:[\w.:,=/\[\]-]+)\z~', $log ) ) {
		stop( 'A log is a whole path, or syslog:….' );
	}
}
$access_log = 'off' === $access_log ? 'off' : "$access_log byok";
// So that whoever finds the files can make them again.
$made_with = '';
foreach ( array_diff_key( $options, array( 'check' => '', 'to' => '' ) ) as $name => $value ) {
	$made_with .= " --$name=$value";
}

$engine    = __DIR__ . '/../../src/engine';
$providers = array_column( json_decode( file_get_contents( "$engine/providers.json" ), true, 16, JSON_THROW_ON_ERROR ), null, 'id' );
$rules     = json_decode( file_get_contents( "$engine/relay.json" ), true, 8, JSON_THROW_ON_ERROR );

/**
 * Headers of an answer that reach no browser. nginx has no list of what may pass, so this is what must not: whatever makes a browser
 * do something at our origin, tells whose key it is, or is ours to say.
 */
const HIDDEN = array(
	'accept-ch', 'access-control-allow-credentials', 'access-control-allow-headers', 'access-control-allow-methods',
	'access-control-allow-origin', 'access-control-allow-private-network', 'access-control-expose-headers', 'access-control-max-age',
	'activate-storage-access', 'alt-svc', 'anthropic-organization-id', 'api-key', 'attribution-reporting-register-source',
	'attribution-reporting-register-trigger', 'authentication-info', 'authorization', 'cache-control', 'cdn-cache-control', 'clear-site-data',
	'cloudflare-cdn-cache-control', 'content-disposition', 'content-location', 'content-security-policy',
	'content-security-policy-report-only', 'critical-ch', 'cross-origin-embedder-policy', 'cross-origin-embedder-policy-report-only',
	'cross-origin-opener-policy', 'cross-origin-opener-policy-report-only', 'cross-origin-resource-policy', 'document-isolation-policy',
	'document-isolation-policy-report-only', 'document-policy', 'etag', 'expect-ct', 'expires', 'feature-policy', 'integrity-policy',
	'integrity-policy-report-only', 'last-modified', 'link', 'location', 'nel', 'no-vary-search', 'observe-browsing-topics',
	'openai-organization', 'openai-project', 'origin-agent-cluster', 'permissions-policy', 'permissions-policy-report-only', 'pragma',
	'proxy-authenticate', 'public-key-pins', 'public-key-pins-report-only', 'referrer-policy', 'refresh', 'report-to', 'reporting-endpoints',
	'require-document-policy', 'sec-session-registration', 'secure-session-challenge', 'secure-session-registration', 'server-timing',
	'service-worker-allowed', 'set-cookie', 'set-cookie2', 'set-login', 'sourcemap', 'speculation-rules', 'strict-transport-security',
	'supports-loading-mode', 'surrogate-control', 'timing-allow-origin', 'tk', 'trailer', 'upgrade', 'use-as-dictionary', 'vary', 'via',
	'warning', 'www-authenticate', 'x-api-key', 'x-byok-key', 'x-byok-relay', 'x-content-security-policy', 'x-content-type-options',
	'x-dns-prefetch-control', 'x-frame-options', 'x-goog-api-key', 'x-litespeed-cache-control', 'x-permitted-cross-domain-policies',
	'x-powered-by', 'x-robots-tag', 'x-sourcemap', 'x-webkit-csp', 'x-xss-protection', 'xi-api-key',
);

/** What PHP says of a request that may go. The last is for the provider only. */
const TOLD = array( 'provider', 'upstream', 'scheme', 'connect', 'host', 'name', 'path', 'origin', 'owner', 'mask', 'key' );

/** The statuses of refusals: nginx takes none from a variable. */
const REFUSALS = array( 400, 401, 411, 413, 429, 500, 501, 502, 503 );

/**
 * The variable of a header.
 *
 * @param string $header Name of a header.
 */
function variable( string $header ): string {
	return str_replace( '-', '_', strtolower( $header ) );
}

/**
 * Columns.
 *
 * @param string[][] $rows   Rows of words.
 * @param string     $indent What each line begins with.
 */
function table( array $rows, string $indent = "\t" ): string {
	$width = max( array_map( static fn( array $row ): int => strlen( $row[0] ), $rows ) );
	return implode( '', array_map( static fn( array $row ): string => $indent . str_pad( $row[0], $width ) . " $row[1];\n", $rows ) );
}

$fixed = array_filter( $providers, static fn( array $provider ): bool => null !== $provider['base_url'] );
if ( isset( $options['providers'] ) ) {
	$wanted = explode( ',', $options['providers'] );
	if ( array() !== array_diff( $wanted, array_keys( $providers ) ) ) {
		stop( 'There is no such provider. There are: ' . implode( ', ', array_keys( $providers ) ) );
	}
	$fixed = array_intersect_key( $fixed, array_flip( $wanted ) );
}
$auth    = array_unique( array_map( static fn( array $provider ): string => $provider['auth']['header'], $providers ) );
$version = array_unique( array_merge( ...array_values( array_map( static fn( array $provider ): array => array_keys( $provider['headers'] ?? array() ), $providers ) ) ) );
sort( $auth );

// --- byok-http.conf ---

$http = <<<CONF
# The providers of byok, for nginx. Made by deploy/nginx/make.php$made_with; changes are lost.
# Context: http. Put it into /etc/nginx/conf.d/, and include byok-server.conf in the server of the site.

# nginx looks these names up when it starts or is reloaded: reload it once a day. It does not start while one of them cannot be
# looked up; leave that provider out then (README.md).

CONF;
foreach ( $fixed as $id => $provider ) {
	$url   = parse_url( $provider['base_url'] );
	$http .= sprintf( "upstream byok_%s { server %s:%d; keepalive 64; }\n", variable( $id ), $url['host'], $url['port'] ?? 443 );
}

$rows  = array( array( 'default', '""' ), array( 'custom', '$byok_scheme://$byok_connect' ) );
foreach ( array_keys( $fixed ) as $id ) {
	$rows[] = array( $id, 'https://byok_' . variable( $id ) );
}
$http .= "\n# Where a request goes. An address of one's own was looked up and judged by byok: nginx connects to that very one.\nmap \$byok_upstream \$byok_base {\n" . table( $rows ) . "}\n";

$http  .= "\n# The header that carries the key, and the word before it. A provider without a key gets neither.\n";
$schemes = array_unique( array_filter( array_map( static fn( array $provider ): string => $provider['auth']['scheme'] ?? '', $providers ) ) );
foreach ( $schemes as $scheme ) {
	$http .= 'map $byok_key $byok_with_' . strtolower( $scheme ) . " {\n" . table( array( array( 'default', "\"$scheme \$byok_key\"" ), array( '""', '""' ) ) ) . "}\n";
}
foreach ( $auth as $header ) {
	$rows = array( array( 'default', '""' ) );
	foreach ( $providers as $id => $provider ) {
		if ( $header === $provider['auth']['header'] ) {
			$rows[] = array( $id, isset( $provider['auth']['scheme'] ) ? '$byok_with_' . strtolower( $provider['auth']['scheme'] ) : '$byok_key' );
		}
	}
	$http .= 'map $byok_provider $byok_send_' . variable( $header ) . " {\n" . table( $rows ) . "}\n";
}

$http .= "\n# What a provider needs and a client may leave out.\n";
foreach ( $version as $header ) {
	$rows = array( array( 'default', '""' ) );
	foreach ( $providers as $id => $provider ) {
		if ( isset( $provider['headers'][ $header ] ) ) {
			$rows[] = array( $id, '"' . $provider['headers'][ $header ] . '"' );
		}
	}
	$name  = variable( $header );
	$http .= "map \$byok_provider \$byok_usual_$name {\n" . table( $rows ) . "}\nmap \$http_$name \$byok_send_$name {\n" . table( array( array( 'default', "\$http_$name" ), array( '""', "\$byok_usual_$name" ) ) ) . "}\n";
}

$http .= <<<'CONF'

# All streams together. Not one bucket for each address: behind a proxy all visitors have one.
limit_conn_zone $server_name zone=byok:1m;

# nginx sees whether a packed answer repeats a key only where it unpacks it: for all who say what they are, see gzip_disable.
map $http_user_agent $byok_unnamed {
	default "";
	""      $http_accept_encoding;
}

# Of who has no account the kind: the id would be here when all else of a person is erased.
map $byok_owner $byok_who {
	default     $byok_owner;
	"~^visitor:" visitor;
	"~^ref:"     ref;
}

# No query: a client may have put a key there by mistake.
log_format byok '$remote_addr - $byok_who [$time_local] "$request_method $uri" $status $body_bytes_sent '
	'$request_time $upstream_header_time $byok_upstream';

CONF;

// --- byok-server.conf ---

$told = '';
foreach ( TOLD as $name ) {
	$told .= "\tauth_request_set \$byok_$name \$upstream_http_x_byok_$name;\n";
}
$told .= "\tauth_request_set \$byok_status \$upstream_http_x_byok_status;\n\tauth_request_set \$byok_error \$upstream_http_x_byok_error;\n";

$sent = array( array( 'proxy_set_header Host', '$byok_host' ), array( 'proxy_set_header Connection', '""' ), array( 'proxy_set_header User-Agent', 'byok' ) );
foreach ( $auth as $header ) {
	$sent[] = array( "proxy_set_header $header", '$byok_send_' . variable( $header ) );
}
foreach ( $rules['request_headers'] as $header ) {
	$sent[] = array( "proxy_set_header $header", in_array( $header, $version, true ) ? '$byok_send_' . variable( $header ) : '$http_' . variable( $header ) );
}
$hidden  = implode( '', array_map( static fn( string $header ): string => "\tproxy_hide_header $header;\n", HIDDEN ) );
$exposed = implode( ', ', array_diff( $rules['response_headers'], array( 'content-type' ) ) );
$refused = '';
foreach ( REFUSALS as $status ) {
	$refused .= "\tif (\$byok_status = $status) { return $status \$byok_error; }\n";
}
$tickets = '';
foreach ( array( 'authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'xi-api-key', 'origin', 'transfer-encoding' ) as $header ) {
	$name     = strtoupper( variable( $header ) );
	$tickets .= "\tfastcgi_param HTTP_$name \$http_" . variable( $header ) . ";\n";
}
$said = <<<'CONF'
	default_type application/json;
	access_log {access_log};
	error_log {error_log} crit;
	add_header Access-Control-Allow-Origin $http_origin always;
	add_header Vary Origin always;
	add_header Cache-Control no-store always;
	add_header X-Content-Type-Options nosniff always;
	add_header X-Byok-Relay nginx always;
CONF;

$named = '';
foreach ( array(
	'byok_packed'      => array( 406, 'invalid_request_error', 'user_agent_missing', 'Send a User-Agent, or no Accept-Encoding with gzip.' ),
	'byok_large'       => array( 413, 'request_too_large', 'body_too_large', 'The request is larger than allowed.' ),
	'byok_upgrade'     => array( 400, 'invalid_request_error', 'upgrade_refused', 'The relay speaks no other protocol: send no Upgrade.' ),
	'byok_busy'        => array( 429, 'rate_limit_error', 'relay_busy', 'The relay has as many open streams as it may have.' ),
	'byok_down'        => array( 503, 'api_error', 'relay_unavailable', 'The relay cannot answer at the moment.' ),
	'byok_unreachable' => array( 502, 'api_error', 'connect', 'There is no connection to the provider.' ),
	'byok_late'        => array( 504, 'api_error', 'timeout', 'The provider did not answer in time.' ),
) as $name => list( $status, $type, $code, $message ) ) {
	$json   = json_encode( array( 'type' => 'error', 'error' => compact( 'type', 'code', 'message' ) ) );
	$named .= "location @$name {\n$said\n\treturn $status '$json';\n}\n";
}

$server = strtr(
	<<<'CONF'
# The relay of byok. Made by deploy/nginx/make.php{made_with}; changes are lost.
# Context: server, that of the site, behind two lines that say where PHP and the plugin are:
#
#   set $byok_fpm unix:/run/php/php8.2-fpm.sock;
#   set $byok_plugin /var/www/html/wp-content/plugins/byok;
#   include /etc/nginx/snippets/byok-server.conf;

location ^~ /byok/relay/ {
	# Whose page asks is answered by the request itself: a ticket is nothing that a browser sends on its own.
	if ($request_method = OPTIONS) {
		add_header Access-Control-Allow-Origin $http_origin always;
		add_header Access-Control-Allow-Methods "GET, POST" always;
		add_header Access-Control-Allow-Headers $http_access_control_request_headers always;
		add_header Access-Control-Max-Age 7200 always;
		add_header Vary "Origin, Access-Control-Request-Headers" always;
		add_header X-Byok-Relay nginx always;
		return 204;
	}

	if ($byok_unnamed ~* gzip) {
		return 406;
	}

	# Who asks for another protocol would be given a tunnel to the provider, past everything below.
	if ($http_upgrade != "") {
		return 426;
	}

	# PHP is asked before the body is read, and its answer reaches nobody but nginx.
	auth_request /byok/-/authorize;
{told}	auth_basic off;
	error_page 403 = @byok_refused;
	error_page 406 = @byok_packed;
	error_page 413 = @byok_large;
	error_page 426 = @byok_upgrade;
	error_page 429 = @byok_busy;
	error_page 500 = @byok_down;
	error_page 502 503 = @byok_unreachable;
	error_page 504 = @byok_late;

	# Keep it below half of worker_connections: a stream takes two.
	limit_conn byok 10000;
	limit_conn_status 429;
	client_max_body_size 32m;
	client_body_buffer_size 256k;

	proxy_pass $byok_base$byok_path;
	proxy_http_version 1.1;
	proxy_pass_request_headers off;
{sent}
	# What a provider sends must not steer nginx, nor a browser at this origin.
	proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset
		Expires Cache-Control Set-Cookie Vary;
{hidden}	add_header Access-Control-Allow-Origin $byok_origin always;
	add_header Access-Control-Expose-Headers "{exposed}" always;
	add_header Vary Origin always;
	add_header Cache-Control no-store always;
	add_header X-Content-Type-Options nosniff always;
	add_header Content-Security-Policy "sandbox; default-src 'none'" always;
	add_header X-Byok-Relay nginx always;

	# A provider that repeats the key, in an error say.
	sub_filter $byok_key $byok_mask;
	sub_filter_once off;
	sub_filter_types *;
	# We ask for nothing packed. What comes packed all the same is unpacked first, also for those who could take it.
	gunzip on;
	gzip_disable "^";

	proxy_redirect off;
	proxy_next_upstream off;
	proxy_intercept_errors off;
	proxy_buffering off;
	# For the head of an answer, and then for each read: one for each stream.
	proxy_buffer_size 8k;
	proxy_buffers 4 8k;
	proxy_busy_buffers_size 16k;
	proxy_max_temp_file_size 0;
	proxy_cache off;
	gzip off;
	# A model may think for minutes before its first word; behind it come pings.
	proxy_connect_timeout 10s;
	proxy_send_timeout 60s;
	proxy_read_timeout 300s;

	proxy_ssl_server_name on;
	proxy_ssl_name $byok_name;
	proxy_ssl_verify on;
	proxy_ssl_verify_depth 4;
	proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;
	proxy_ssl_protocols TLSv1.2 TLSv1.3;

	access_log {access_log};
	# Below this level a line has the whole request, with its query. What goes wrong with a request is in byok.log, as a status.
	error_log {error_log} crit;
}

location = /byok/-/authorize {
	internal;
	access_log off;
	error_log {error_log} crit;
	fastcgi_pass $byok_fpm;
	fastcgi_param SCRIPT_FILENAME $byok_plugin/relay.php;
	fastcgi_param SCRIPT_NAME /byok/-/authorize;
	# Without this PHP gives no key out. A client can only set what begins with HTTP_.
	fastcgi_param BYOK_OFFLOAD auth-request;
	fastcgi_param BYOK_PREFIX /byok/relay/;
	fastcgi_param BYOK_BODY_LENGTH $content_length;
	fastcgi_param GATEWAY_INTERFACE CGI/1.1;
	fastcgi_param SERVER_PROTOCOL $server_protocol;
	fastcgi_param SERVER_NAME $server_name;
	fastcgi_param REQUEST_METHOD $request_method;
	fastcgi_param REQUEST_URI $request_uri;
	fastcgi_param REMOTE_ADDR $remote_addr;
	fastcgi_param CONTENT_LENGTH "";
	fastcgi_pass_request_headers off;
	fastcgi_pass_request_body off;
	# The body is measured where the request itself is.
	client_max_body_size 0;
{tickets}	# A key of 8 KiB and the longest path. It is kept as long as the stream.
	fastcgi_buffer_size 16k;
	fastcgi_buffers 2 16k;
	fastcgi_busy_buffers_size 16k;
	fastcgi_max_temp_file_size 0;
	fastcgi_cache off;
	fastcgi_connect_timeout 5s;
	fastcgi_read_timeout 30s;
}

location @byok_refused {
{said}
{refused}	return 403 $byok_error;
}
{named}
CONF,
	array(
		'{told}'    => $told,
		'{sent}'    => table( $sent ),
		'{hidden}'  => $hidden,
		'{exposed}' => $exposed,
		'{tickets}' => $tickets,
		'{said}'    => $said,
		'{refused}' => $refused,
		'{named}'   => $named,
	)
);
$server = strtr( rtrim( $server ) . "\n", array( '{access_log}' => $access_log, '{error_log}' => $error_log, '{made_with}' => $made_with ) );

$status = 0;
foreach ( array( 'byok-http.conf' => $http, 'byok-server.conf' => $server ) as $name => $text ) {
	$file = ( $options['to'] ?? __DIR__ ) . "/$name";
	if ( isset( $options['check'] ) ) {
		if ( ! is_file( $file ) || file_get_contents( $file ) !== $text ) {
			fwrite( STDERR, "$name is not what the tables say: run php deploy/nginx/make.php\n" );
			$status = 1;
		}
	} elseif ( strlen( $text ) !== @file_put_contents( $file, $text ) ) {
		stop( "$file cannot be written." );
	}
}
exit( $status );
