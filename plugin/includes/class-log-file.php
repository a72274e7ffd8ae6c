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
 * along, also by those who had opened the old log right before the end. Where others may put something else in its
 * place, see Log_Folder.
 *
 * One who keeps a log open would go on writing into the old one, and what he writes would be lost. So it is refused
 * while any process has it open for writing; and where not all processes can be seen, in any case, unless it is a
 * log of PHP, which opens it anew for every message.
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
	 * What is in it, in pieces; of one that gzip has packed, whatever its name, what was packed.
	 *
	 * @since 0.1.0
	 *
	 * @return Generator<int, string|WP_Error> Pieces, and how many bytes of the file were read by then. The last one
	 *     is an error when not all of it was read: byok_log_unreadable, byok_log_damaged, byok_log_packed,
	 *     byok_log_encoding.
	 */
	public function pieces(): Generator {
		$log = @fopen( $this->path, 'rb' ); // phpcs:ignore WordPress.PHP.NoSilencedErrors -- told below.
		if ( false === $log ) {
			yield Failure::because( 'log_unreadable' );
			return;
		}
		stream_set_read_buffer( $log, 0 );
		try {
			$form = Log_Form::of( (string) fread( $log, Log_Form::BEGINNING ) );
			if ( 0 !== fseek( $log, 0 ) || null !== Log_Form::fault( $form ) ) {
				yield Failure::because( Log_Form::fault( $form ) ?? 'log_unreadable' );
				return;
			}
			yield from 'gzip' === $form ? Log_Form::unpacked( $log ) : self::plain( $log );
		} finally {
			fclose( $log );
		}
	}

	/**
	 * What is in a file that is not packed.
	 *
	 * @param resource $log File.
	 * @return Generator<int, string|WP_Error> See pieces().
	 */
	private static function plain( $log ): Generator {
		$read = 0;
		while ( true ) {
			$piece = @fread( $log, self::PIECE ); // phpcs:ignore WordPress.PHP.NoSilencedErrors -- told here.
			if ( false === $piece ) {
				yield $read => Failure::because( 'log_damaged' );
			}
			if ( false === $piece || '' === $piece ) {
				return;
			}
			$read += strlen( $piece );
			yield $read => $piece;
		}
	}

	/**
	 * Why it is not to be rewritten.
	 *
	 * @since 0.1.0
	 *
	 * @return WP_Error|null byok_log_unreadable, byok_log_is_none, byok_log_linked, byok_log_folder, byok_log_owner,
	 *                       byok_log_in_use, byok_log_maybe_in_use; null when it can be.
	 */
	public function refusal(): ?WP_Error {
		$reason = $this->reason( $this->known() );
		return null === $reason ? null : Failure::because( $reason );
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
		$known  = $this->known();
		$reason = $this->reason( $known );
		if ( null === $reason ) {
			$folder = Log_Folder::enter( $this->path, $known );
			$reason = is_string( $folder ) ? $folder : null;
		}
		if ( null !== $reason ) {
			return Failure::because( $reason );
		}
		try {
			$folder->clear();
			$reason = $this->replace( $folder, $known, $change, $tell );
		} finally {
			$folder->leave();
		}
		return null === $reason ? true : Failure::because( $reason );
	}

	/**
	 * What the system tells of it. Its path has no links any more; if it has one now, somebody has put it there.
	 *
	 * @return array|null Of lstat(); null when there is no such file.
	 */
	private function known(): ?array {
		clearstatcache( true, $this->path );
		$known = '' === $this->path || is_link( $this->path ) || ! is_file( $this->path ) ? false : lstat( $this->path );
		return false === $known ? null : $known;
	}

	/**
	 * Why it is not to be rewritten.
	 *
	 * @param array|null $known Of known().
	 * @return string|null See refusal().
	 */
	private function reason( ?array $known ): ?string {
		if ( null === $known || null !== $this->unreadable() ) {
			return 'log_unreadable';
		}
		$begins = (string) file_get_contents( $this->path, false, null, 0, Log_Form::BEGINNING );
		if ( 'text' !== Log_Form::of( $begins ) || str_contains( $begins, "\0" ) || preg_match( self::NO_LOG, $this->path ) || ! preg_match( self::LOG, $this->path ) ) {
			return 'log_is_none';
		}
		if ( 1 !== $known['nlink'] ) {
			return 'log_linked';
		}
		$folder = Log_Folder::refusal( stat( dirname( $this->path ) ), $known );
		if ( null !== $folder || ! is_writable( dirname( $this->path ) ) ) {
			return $folder ?? 'log_owner';
		}
		$open = Open_Files::is_written( $known );
		if ( true === $open ) {
			return 'log_in_use';
		}
		return null === $open && ! in_array( $this->path, self::of_php(), true ) ? 'log_maybe_in_use' : null;
	}

	/**
	 * Writes the new log, and gives it the name of the old one.
	 *
	 * Only names are dangerous: what was opened once and is what it should be stays that. So all that is read and
	 * written goes through handles, and what must be done by name is done in Log_Folder.
	 *
	 * @param Log_Folder $folder Its folder.
	 * @param array      $known  Of known().
	 * @param callable   $change See rewrite().
	 * @param callable   $tell   See rewrite().
	 * @return string|null Reason of an error, see rewrite(); null when it was done.
	 */
	private function replace( Log_Folder $folder, array $known, callable $change, callable $tell ): ?string {
		$name = basename( $this->path );
		$old  = $folder->read( $name );
		$new  = null;
		try {
			if ( null === $old || ! Log_Folder::is_same( fstat( $old ), $known ) ) {
				return 'log_changed';
			}
			if ( ! flock( $old, LOCK_EX | LOCK_NB ) ) {
				return 'log_in_use';
			}
			list( $beside, $new ) = $folder->create( $known );
			if ( null === $new || ! self::append( $old, $new, $change, $tell ) || ! fflush( $new ) || ! fsync( $new ) ) {
				return 'log_not_written';
			}
			$now = $folder->look( $name );
			if ( null === $now || ! Log_Folder::is_same( $now, $known ) || $now['size'] < ftell( $old ) ) {
				// Rotated or cut off in the meantime.
				return 'log_changed';
			}
			if ( true === Open_Files::is_written( $known ) ) {
				return 'log_in_use';
			}
			if ( ! $folder->put( $beside, $name, $new, $now ) ) {
				return 'log_not_written';
			}
			$beside = null;
			self::follow( $old, $new, $change );
			return null;
		} finally {
			foreach ( array_filter( array( $old, $new ) ) as $file ) {
				fclose( $file );
			}
			if ( isset( $beside ) ) {
				$folder->remove( $beside );
			}
		}
	}

	/**
	 * Takes along what was still appended to the old log by those who had opened it before it lost its name.
	 *
	 * @param resource $old    The old log.
	 * @param resource $new    The new one, which others append to as well by now.
	 * @param callable $change See rewrite().
	 */
	private static function follow( $old, $new, callable $change ): void {
		for ( $look = 0; $look < self::LOOKS; $look++ ) {
			self::append( $old, $new, $change, static fn( int $read ) => null );
			usleep( 100000 );
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
