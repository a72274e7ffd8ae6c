<?php
/**
 * A log on the disk.
 *
 * @package byok
 */

// phpcs:disable WordPress.WP.AlternativeFunctions -- WordPress's own way to files has neither pieces nor locks.

namespace Byok;

use Generator;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Reads a log, and puts one without keys in its place.
 *
 * The new log is written beside the old one, with its owner, group, mode and time, and takes its name in one step
 * when it is whole: whatever happens before leaves the old one as it was. What others append meanwhile is taken
 * along, also by those who had opened the old log right before the end.
 *
 * One who keeps a log open would go on writing into the old one, and what he writes would be lost. So it is refused
 * while any process has it open for writing; and where not all processes can be seen, while it is being written
 * at all, unless it is a log of PHP, which opens it anew for every message. Rotate such a log first.
 *
 * It does not know what a key is.
 *
 * @since 0.1.0
 */
final class Log_File {

	/**
	 * How much is read at once, in bytes.
	 */
	private const PIECE = 1048576;

	/**
	 * What may be rewritten: its name or its folder says that it is a log. A key in wp-config.php or in a backup is
	 * more than a line to read.
	 */
	private const LOG = '~(?<![a-z])(?:sys)?logs?(?![a-z])~i';

	/**
	 * What is never rewritten, whatever folder it is in.
	 */
	private const NO_LOG = '~\.(?:php\d?|phtml|sqlite\d?|sql|db|env|ini|conf|json|gz|bz2|xz|zst|zip)$|/\.ht~i';

	/**
	 * Seconds without a byte after which nobody who cannot be seen is taken to be writing.
	 */
	private const QUIET = 60;

	/**
	 * How often, ten times a second, the old log is looked at once more after the new one has taken its place.
	 */
	private const LOOKS = 3;

	/**
	 * The log, links followed.
	 *
	 * @var string
	 */
	public readonly string $path;

	/**
	 * Takes its path.
	 *
	 * @since 0.1.0
	 *
	 * @param string $path Path of a log; also of one that gzip has packed.
	 */
	public function __construct( string $path ) {
		$this->path = (string) realpath( $path );
	}

	/**
	 * The logs that PHP writes for this site.
	 *
	 * @since 0.1.0
	 *
	 * @return string[] Paths.
	 */
	public static function of_php(): array {
		$debug = defined( 'WP_DEBUG_LOG' ) ? WP_DEBUG_LOG : false;
		// As wp_debug_mode() reads it.
		$debug = in_array( strtolower( (string) $debug ), array( 'true', '1' ), true ) ? WP_CONTENT_DIR . '/debug.log' : $debug;
		$paths = array_map( static fn( $path ) => is_string( $path ) && '' !== $path ? realpath( $path ) : false, array( $debug, WP_CONTENT_DIR . '/debug.log', ini_get( 'error_log' ) ) );
		return array_values( array_unique( array_filter( $paths, static fn( $path ) => false !== $path && is_file( $path ) ) ) );
	}

	/**
	 * Why it cannot be read.
	 *
	 * @since 0.1.0
	 *
	 * @return WP_Error|null byok_log_unreadable; null when it can.
	 */
	public function unreadable(): ?WP_Error {
		return '' !== $this->path && is_file( $this->path ) && is_readable( $this->path ) ? null : Failure::because( 'log_unreadable' );
	}

	/**
	 * Its size, in bytes as they lie on the disk.
	 *
	 * @since 0.1.0
	 */
	public function size(): int {
		return (int) filesize( $this->path );
	}

	/**
	 * What is in it, in pieces.
	 *
	 * @since 0.1.0
	 *
	 * @return Generator<int, string> Pieces, and how many bytes of the file were read by then.
	 */
	public function pieces(): Generator {
		$is_packed = str_ends_with( $this->path, '.gz' ) && in_array( 'compress.zlib', stream_get_wrappers(), true );
		$log       = fopen( $is_packed ? 'compress.zlib://' . $this->path : $this->path, 'rb' );
		if ( false === $log ) {
			return;
		}
		if ( ! $is_packed ) {
			stream_set_read_buffer( $log, 0 );
		}
		try {
			$read = 0;
			while ( true ) {
				$piece = fread( $log, self::PIECE );
				if ( false === $piece || '' === $piece ) {
					return;
				}
				$read += strlen( $piece );
				yield ( $is_packed ? min( $read, $this->size() ) : $read ) => $piece;
			}
		} finally {
			fclose( $log );
		}
	}

	/**
	 * Why it is not to be rewritten.
	 *
	 * @since 0.1.0
	 *
	 * @return WP_Error|null byok_log_unreadable, byok_log_is_none, byok_log_linked, byok_log_owner, byok_log_in_use,
	 *                       byok_log_maybe_in_use; null when it can be.
	 */
	public function refusal(): ?WP_Error {
		$unreadable = $this->unreadable();
		if ( null !== $unreadable ) {
			return $unreadable;
		}
		$is_text = ! str_contains( (string) file_get_contents( $this->path, false, null, 0, 4096 ), "\0" );
		if ( ! $is_text || preg_match( self::NO_LOG, $this->path ) || ! preg_match( self::LOG, $this->path ) ) {
			return Failure::because( 'log_is_none' );
		}
		clearstatcache( true, $this->path );
		$known = stat( $this->path );
		if ( 1 !== $known['nlink'] ) {
			return Failure::because( 'log_linked' );
		}
		$me = function_exists( 'posix_geteuid' ) ? posix_geteuid() : $known['uid'];
		if ( ! is_writable( dirname( $this->path ) ) || ( 0 !== $me && $me !== $known['uid'] ) ) {
			return Failure::because( 'log_owner' );
		}
		$open = Open_Files::is_written( $known );
		if ( true === $open ) {
			return Failure::because( 'log_in_use' );
		}
		if ( null === $open && time() - $known['mtime'] < self::QUIET && ! in_array( $this->path, self::of_php(), true ) ) {
			return Failure::because( 'log_maybe_in_use' );
		}
		return null;
	}

	/**
	 * Puts another text in its place.
	 *
	 * @since 0.1.0
	 *
	 * @param callable $change Gets the text in pieces, and null in the end: `function ( ?string $piece ): string`.
	 * @param callable $tell   Gets how many bytes were read so far.
	 * @return true|WP_Error The errors of refusal(), byok_log_changed, byok_log_not_written. With each, the log is as
	 *                       it was.
	 */
	public function rewrite( callable $change, callable $tell ) {
		$refusal = $this->refusal();
		if ( null !== $refusal ) {
			return $refusal;
		}
		$beside = dirname( $this->path ) . '/.byok-' . bin2hex( random_bytes( 8 ) );
		$old    = fopen( $this->path, 'rb' );
		$mask   = umask( 0077 );
		$new    = fopen( $beside, 'xb' );
		umask( $mask );
		try {
			if ( false === $old || false === $new || ! flock( $old, LOCK_EX | LOCK_NB ) ) {
				return Failure::because( false === $new ? 'log_not_written' : 'log_in_use' );
			}
			$done = $this->copy( $old, $new, $change, $tell, $beside );
			if ( true === $done ) {
				$this->follow( $old, $change );
			}
			return $done;
		} finally {
			foreach ( array_filter( array( $old, $new ) ) as $file ) {
				fclose( $file );
			}
			if ( file_exists( $beside ) ) {
				unlink( $beside );
			}
		}
	}

	/**
	 * Writes the new log and gives it the name of the old one.
	 *
	 * @param resource $old    The old log.
	 * @param resource $new    The new one.
	 * @param callable $change See rewrite().
	 * @param callable $tell   See rewrite().
	 * @param string   $beside Path of the new one.
	 * @return true|WP_Error See rewrite().
	 */
	private function copy( $old, $new, callable $change, callable $tell, string $beside ) {
		$known = fstat( $old );
		if ( ! self::append( $old, $new, $change, $tell ) ) {
			return Failure::because( 'log_not_written' );
		}
		clearstatcache( true, $this->path );
		$now = @stat( $this->path ); // phpcs:ignore WordPress.PHP.NoSilencedErrors -- it may be gone.
		if ( false === $now || $now['ino'] !== $known['ino'] || $now['dev'] !== $known['dev'] || $now['size'] < ftell( $old ) ) {
			// Rotated or cut off in the meantime.
			return Failure::because( 'log_changed' );
		}
		$same = fflush( $new ) && fsync( $new )
			&& self::is_owned( $new, $beside, $known ) && chmod( $beside, $known['mode'] & 07777 ) && touch( $beside, $now['mtime'] );
		if ( ! $same || true === Open_Files::is_written( $known ) || ! rename( $beside, $this->path ) ) {
			return Failure::because( 'log_not_written' );
		}
		return true;
	}

	/**
	 * Gives a file the owner and the group of another one.
	 *
	 * @param resource $new   The file.
	 * @param string   $path  Its path.
	 * @param array    $known Of fstat().
	 */
	private static function is_owned( $new, string $path, array $known ): bool {
		$now = fstat( $new );
		return ( $now['uid'] === $known['uid'] || chown( $path, $known['uid'] ) ) && ( $now['gid'] === $known['gid'] || chgrp( $path, $known['gid'] ) );
	}

	/**
	 * Takes along what was still appended to the old log by those who had opened it before it lost its name.
	 *
	 * @param resource $old    The old log.
	 * @param callable $change See rewrite().
	 */
	private function follow( $old, callable $change ): void {
		$new = fopen( $this->path, 'ab' );
		for ( $look = 0; false !== $new && $look < self::LOOKS; $look++ ) {
			self::append( $old, $new, $change, static fn( int $read ) => null );
			usleep( 100000 );
		}
		if ( false !== $new ) {
			fclose( $new );
		}
	}

	/**
	 * Writes what comes next in one log to another one, changed.
	 *
	 * @param resource $old    The one.
	 * @param resource $new    The other one.
	 * @param callable $change See rewrite().
	 * @param callable $tell   See rewrite().
	 * @return bool Whether all of it was written.
	 */
	private static function append( $old, $new, callable $change, callable $tell ): bool {
		$any = false;
		while ( true ) {
			$piece = (string) fread( $old, self::PIECE );
			if ( '' === $piece ) {
				return ! $any || self::write( $new, $change( null ) );
			}
			$any = true;
			if ( ! self::write( $new, $change( $piece ) ) ) {
				return false;
			}
			$tell( (int) ftell( $old ) );
		}
	}

	/**
	 * Writes a text, all of it.
	 *
	 * @param resource $file File.
	 * @param string   $text Text.
	 */
	private static function write( $file, string $text ): bool {
		return '' === $text || strlen( $text ) === fwrite( $file, $text );
	}
}
