<?php
/**
 * What PHP can see of nginx.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Looks whether nginx has room for thousands of streams, where it is this site's server and its configuration and
 * processes can be read. It is no `nginx -T`: what the configuration includes from elsewhere, or another machine or
 * container has, it does not see, and says so.
 *
 * @since 0.1.0
 */
final class Relay_Nginx {

	/**
	 * Fewest connections of a worker that hold some thousand streams: each takes two, and Debian's 768 are used up before
	 * 400 streams, with the site's pages among those that wait.
	 */
	private const CONNECTIONS = 4096;

	/**
	 * Where nginx is configured, as distributions have it.
	 */
	private const FILES = array( '/etc/nginx/nginx.conf', '/usr/local/etc/nginx/nginx.conf', '/opt/homebrew/etc/nginx/nginx.conf' );

	/**
	 * Where processes are.
	 */
	private const PROCESSES = '/proc';

	/**
	 * Most processes that are looked at.
	 */
	private const MOST = 4096;

	/**
	 * Looks.
	 *
	 * @since 0.1.0
	 *
	 * @param string[]|null $files     Where the configuration may be.
	 * @param string|null   $processes Folder with the processes, as Linux has it.
	 * @return array[] Findings, see Relay_Doctor::look(); none where the server is another one.
	 */
	public static function look( ?array $files = null, ?string $processes = null ): array {
		$connections = self::connections( $files ?? self::FILES );
		$files       = self::open_files( $processes ?? self::PROCESSES );
		$found       = array();
		if ( null !== $connections && $connections < self::CONNECTIONS ) {
			$found[] = Relay_Doctor::one(
				'connections',
				'recommended',
				sprintf(
					/* translators: 1: number, 2: number. */
					__( 'nginx serves at most %1$s connections per worker, and each open answer takes two of them. Set worker_connections to %2$s or more, and worker_rlimit_nofile to twice as much.', 'byok' ),
					number_format_i18n( $connections ),
					number_format_i18n( self::CONNECTIONS )
				)
			);
		}
		// Each connection is an open file, and there are logs beside them.
		$needed = max( self::CONNECTIONS, (int) $connections );
		if ( null !== $files && $files < $needed ) {
			$found[] = Relay_Doctor::one(
				'files',
				'recommended',
				sprintf(
					/* translators: 1: number, 2: number. */
					__( 'A worker of nginx may have at most %1$s files open, and each connection is one. Set worker_rlimit_nofile to %2$s or more; if the service has a limit of its own (LimitNOFILE), raise that too.', 'byok' ),
					number_format_i18n( $files ),
					number_format_i18n( 2 * $needed )
				)
			);
		}
		if ( null === $connections && self::is_server() ) {
			$found[] = Relay_Doctor::one( 'connections', 'unseen', __( 'PHP cannot see how many connections nginx may have. Look yourself: “nginx -T” shows worker_connections (4096 or more for thousands of open answers) and worker_rlimit_nofile (twice as much).', 'byok' ) );
		}
		return $found;
	}

	/**
	 * Whether nginx is what answers this site, as it tells PHP. On the command line nobody does.
	 */
	private static function is_server(): bool {
		// phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- only compared.
		return 0 === stripos( (string) ( $_SERVER['SERVER_SOFTWARE'] ?? '' ), 'nginx' ) || Relay_Offload::is_here();
	}

	/**
	 * The configured number of connections.
	 *
	 * @param string[] $files Where it may be.
	 * @return int|null Null when no file can be read, or none names it.
	 */
	private static function connections( array $files ): ?int {
		foreach ( $files as $file ) {
			// A warning of open_basedir is no news to anybody.
			$text = @is_readable( $file ) ? (string) file_get_contents( $file ) : ''; // phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions -- see above; a local file.
			$text = (string) preg_replace( '/#.*/', '', $text );
			if ( preg_match( '/(?:^|[\s;{])worker_connections\s+(\d+)\s*;/', $text, $found ) ) {
				return (int) $found[1];
			}
		}
		return null;
	}

	/**
	 * How many files a worker of nginx may have open, the fewest of all workers that can be seen.
	 *
	 * @param string $folder Folder with the processes.
	 * @return int|null Null when none can be seen.
	 */
	private static function open_files( string $folder ): ?int {
		$fewest = null;
		// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions -- processes end while one looks.
		$names = @is_dir( $folder ) ? array_slice( array_filter( (array) @scandir( $folder ), 'ctype_digit' ), 0, self::MOST ) : array();
		foreach ( $names as $name ) {
			// The master opens its workers' way to the world, and holds no streams.
			if ( str_starts_with( (string) @file_get_contents( "$folder/$name/cmdline", false, null, 0, 64 ), 'nginx: worker' )
				&& preg_match( '/^Max open files\s+(\d+)/m', (string) @file_get_contents( "$folder/$name/limits" ), $found ) ) {
				$fewest = min( $fewest ?? PHP_INT_MAX, (int) $found[1] );
			}
		}
		// phpcs:enable
		return $fewest;
	}
}
