<?php
/**
 * Requests to the served site.
 *
 * @package byok
 */

namespace Byok\Tests;

/**
 * Asks the site over HTTP, as somebody with a browser would.
 */
final class Browser {

	/**
	 * Cookie header of who is logged in.
	 *
	 * @var string
	 */
	private string $cookies = '';

	/**
	 * Who is logged in.
	 *
	 * @var int
	 */
	private int $user;

	/**
	 * The cookie that nonces belong to.
	 *
	 * @var string
	 */
	private string $session = '';

	/**
	 * Address of the server.
	 *
	 * @var string
	 */
	private string $server;

	/**
	 * Logs someone in.
	 *
	 * @param int         $user   User id; 0 for nobody.
	 * @param string|null $server Address of another server of the site than its own.
	 */
	public function __construct( int $user = 0, ?string $server = null ) {
		$this->user   = $user;
		$this->server = $server ?? getenv( 'BYOK_TEST_URL' );
		if ( 0 === $user ) {
			return;
		}
		$expiration    = time() + HOUR_IN_SECONDS;
		$token         = \WP_Session_Tokens::get_instance( $user )->create( $expiration );
		$auth          = wp_generate_auth_cookie( $user, $expiration, 'auth', $token );
		$this->session = wp_generate_auth_cookie( $user, $expiration, 'logged_in', $token );
		$this->cookies = LOGGED_IN_COOKIE . '=' . rawurlencode( $this->session ) . '; ' . AUTH_COOKIE . '=' . rawurlencode( $auth );
	}

	/**
	 * The header of cookies of this login.
	 */
	public function cookies(): string {
		return $this->cookies;
	}

	/**
	 * A nonce of this login, as WordPress puts it into its own pages.
	 *
	 * @param string $action Action.
	 */
	public function nonce( string $action = 'wp_rest' ): string {
		$before = get_current_user_id();

		$_COOKIE[ LOGGED_IN_COOKIE ] = $this->session;
		wp_set_current_user( $this->user );
		$nonce = wp_create_nonce( $action );

		unset( $_COOKIE[ LOGGED_IN_COOKIE ] );
		wp_set_current_user( $before );
		return $nonce;
	}

	/**
	 * Asks for a path.
	 *
	 * @param string            $method  HTTP method.
	 * @param string            $path    Path and query below the site's address.
	 * @param string|array|null $body    Text, or fields of a form.
	 * @param string[]          $headers Header lines.
	 * @return array{status: int, headers: string, body: string}
	 */
	public function ask( string $method, string $path, $body = null, array $headers = array() ): array {
		if ( is_array( $body ) ) {
			$body = http_build_query( $body );
		}

		$curl = curl_init( $this->server . $path );
		curl_setopt_array(
			$curl,
			array(
				CURLOPT_CUSTOMREQUEST  => $method,
				CURLOPT_NOBODY         => 'HEAD' === $method,
				CURLOPT_RETURNTRANSFER => true,
				CURLOPT_HEADER         => true,
				CURLOPT_TIMEOUT        => 60,
				CURLOPT_PROXY          => '',
				CURLOPT_COOKIE         => $this->cookies,
				// The site goes by its own address, whichever server it is asked through.
				CURLOPT_HTTPHEADER     => array_merge( $headers, array( 'Expect:', 'Host: ' . substr( getenv( 'BYOK_TEST_URL' ), strlen( 'http://' ) ) ) ),
			)
		);
		if ( null !== $body ) {
			curl_setopt( $curl, CURLOPT_POSTFIELDS, $body );
		}
		$answer = curl_exec( $curl );
		if ( false === $answer ) {
			throw new \RuntimeException( 'The site does not answer: ' . curl_error( $curl ) );
		}
		$head = curl_getinfo( $curl, CURLINFO_HEADER_SIZE );
		return array(
			'status'  => curl_getinfo( $curl, CURLINFO_RESPONSE_CODE ),
			'headers' => substr( $answer, 0, $head ),
			'body'    => (string) substr( $answer, $head ),
		);
	}

	/**
	 * Asks a REST route, with the nonce and a JSON body.
	 *
	 * @param string     $method  HTTP method.
	 * @param string     $route   Route, with its query if there is one.
	 * @param array|null $body    Parameters.
	 * @param string[]   $headers More header lines.
	 * @return array{status: int, headers: string, body: string}
	 */
	public function rest( string $method, string $route, ?array $body = null, array $headers = array() ): array {
		if ( 0 !== $this->user ) {
			$headers[] = 'X-WP-Nonce: ' . $this->nonce();
		}
		if ( null !== $body ) {
			$headers[] = 'Content-Type: application/json';
		}
		// The plain form of REST addresses works with and without permalinks.
		return $this->ask( $method, '/index.php?rest_route=' . strtr( $route, '?', '&' ), null === $body ? null : json_encode( $body ), $headers );
	}
}
