<?php
/**
 * The folder of a log that is being rewritten.
 *
 * @package byok
 */

// phpcs:disable WordPress.WP.AlternativeFunctions, WordPress.PHP.NoSilencedErrors -- files without WordPress; what fails is told by what is returned.

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Does what must be done by name beside a log, so that nobody who may write there gains by exchanging names.
 *
 * Root does it in folders of root. In all others root becomes the owner of the log for as long as a name is in
 * use: whatever is put there then, root does not follow it. The folder itself is entered, so that it stays the same
 * one even if somebody exchanges a folder above it.
 *
 * It does not know what is written.
 *
 * @since 0.1.0
 */
final class Log_Folder {

	/**
	 * The folder that was entered, whatever it is called by now.
	 */
	private const HERE = '/proc/self/cwd';

	/**
	 * How the new log is called until it is whole.
	 */
	private const BESIDE = '/\A\.byok-[0-9a-f]{16}\z/';

	/**
	 * Seconds after which one that was not written to was left there by a process that was ended.
	 */
	private const ABANDONED = HOUR_IN_SECONDS;

	/**
	 * Takes where it is.
	 *
	 * @param string     $before    Where the process was.
	 * @param string     $path      Path of the folder.
	 * @param bool       $is_shared Whether a group may write there.
	 * @param int        $uid       Id of the log's owner.
	 * @param int        $mode      Mode of the log.
	 * @param array|null $user      Name, group, and group of the log, to be taken on while names are in use; null when
	 *                              the process stays who it is.
	 */
	private function __construct(
		private readonly string $before,
		private readonly string $path,
		private readonly bool $is_shared,
		private readonly int $uid,
		private readonly int $mode,
		private readonly ?array $user
	) {}

	/**
	 * Why a log is not to be rewritten in a folder.
	 *
	 * @since 0.1.0
	 *
	 * @param array $folder What stat() tells of the folder.
	 * @param array $log    What lstat() tells of the log.
	 * @return string|null log_folder, log_owner; null when it can be.
	 */
	public static function refusal( array $folder, array $log ): ?string {
		$me = self::me();
		if ( 0 !== ( $folder['mode'] & 0002 ) && 0 === ( $folder['mode'] & 01000 ) ) {
			return 'log_folder';
		}
		if ( 0 !== $me ) {
			return null === $me || $me === $log['uid'] ? null : 'log_owner';
		}
		if ( self::is_of_root( $folder, $log ) ) {
			return null;
		}
		// A log of root's where somebody else gives the names.
		return 0 === $log['uid'] || null === self::user( $log ) ? 'log_folder' : null;
	}

	/**
	 * Enters the folder of a log.
	 *
	 * @since 0.1.0
	 *
	 * @param string $path Path of the log.
	 * @param array  $log  What lstat() tells of it.
	 * @return self|string The folder, or the reason of an error: log_folder, log_owner, log_changed.
	 */
	public static function enter( string $path, array $log ) {
		$before = (string) getcwd();
		$folder = dirname( $path );
		if ( ! @chdir( $folder ) ) {
			return 'log_owner';
		}
		clearstatcache( true );
		// Without /proc a name is all there is.
		$here  = is_dir( self::HERE ) ? self::HERE : $folder;
		$known = (array) stat( $here );
		// Where others may give names, and in folders that were exchanged since.
		$reason = getcwd() === $folder ? self::refusal( $known, $log ) : 'log_changed';
		$reason = null === $reason && 0 === self::me() && self::HERE !== $here ? 'log_folder' : $reason;
		if ( null !== $reason ) {
			@chdir( $before );
			return $reason;
		}
		return new self( $before, $here, 0 !== ( $known['mode'] & 0020 ), $log['uid'], $log['mode'], 0 !== self::me() || self::is_of_root( $known, $log ) ? null : self::user( $log ) );
	}

	/**
	 * Goes back to where the process was.
	 *
	 * @since 0.1.0
	 */
	public function leave(): void {
		@chdir( $this->before );
	}

	/**
	 * Whether two are the same file of the same owner, and no link.
	 *
	 * @since 0.1.0
	 *
	 * @param array $one   What lstat() or fstat() tells of the one.
	 * @param array $other And of the other.
	 */
	public static function is_same( array $one, array $other ): bool {
		return array( $one['dev'], $one['ino'], $one['uid'] ) === array( $other['dev'], $other['ino'], $other['uid'] )
			&& 0100000 === ( $one['mode'] & 0170000 ) && 1 === $one['nlink'];
	}

	/**
	 * Opens a file for reading.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name Name.
	 * @return resource|null Null when it cannot be.
	 */
	public function read( string $name ) {
		$file = $this->as_owner( fn() => @fopen( "$this->path/$name", 'rb' ) );
		return false === $file ? null : $file;
	}

	/**
	 * What is there under a name; a link is not followed.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name Name.
	 * @return array|null Of lstat(); null when there is nothing.
	 */
	public function look( string $name ): ?array {
		clearstatcache( true );
		$known = $this->as_owner( fn() => @lstat( "$this->path/$name" ) );
		return false === $known ? null : $known;
	}

	/**
	 * Makes an empty file with the group and the mode of the log.
	 *
	 * @since 0.1.0
	 *
	 * @param array $log What lstat() tells of the log.
	 * @return array{0: string, 1: resource|null} Name, and the file, opened for appending.
	 */
	public function create( array $log ): array {
		$name = '.byok-' . bin2hex( random_bytes( 8 ) );
		$file = $this->as_owner(
			function () use ( $name ) {
				// The log's mode at once, so that it is not given by name. What executes is no log.
				$mask = umask( 0777 & ~$this->mode | 0111 );
				try {
					$made = @fopen( "$this->path/$name", 'xb' );
				} finally {
					umask( $mask );
				}
				if ( false === $made ) {
					return null;
				}
				// "x" does not append, and others will append to it as soon as it has its name.
				$file = @fopen( "$this->path/$name", 'ab' );
				$same = false !== $file && self::is_same( fstat( $file ), fstat( $made ) );
				fclose( $made );
				return $same ? $file : null;
			}
		);
		if ( null !== $file && ! $this->is_owned( $name, $file, $log ) ) {
			fclose( $file );
			$file = null;
		}
		return array( $name, $file );
	}

	/**
	 * Gives a file the name of the log, and its time.
	 *
	 * @since 0.1.0
	 *
	 * @param string   $beside Name that it has.
	 * @param string   $name   Name that it gets.
	 * @param resource $file   The file.
	 * @param array    $log    What lstat() tells of the log.
	 * @return bool Whether it was done.
	 */
	public function put( string $beside, string $name, $file, array $log ): bool {
		$made = fstat( $file );
		$now  = $this->look( $beside );
		if ( null === $now || ! self::is_same( $now, $made ) ) {
			return false;
		}
		return $this->as_owner( fn() => @touch( "$this->path/$beside", $log['mtime'] ) && @rename( "$this->path/$beside", "$this->path/$name" ) );
	}

	/**
	 * Removes a file.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name Name.
	 */
	public function remove( string $name ): void {
		$this->as_owner( fn() => @unlink( "$this->path/$name" ) );
	}

	/**
	 * Removes what was left there by processes that were ended while they wrote.
	 *
	 * @since 0.1.0
	 */
	public function clear(): void {
		foreach ( preg_grep( self::BESIDE, (array) $this->as_owner( fn() => @scandir( $this->path ) ) ) as $name ) {
			$known = $this->look( $name );
			if (
				null !== $known && 0100000 === ( $known['mode'] & 0170000 ) && in_array( $known['uid'], array( $this->uid, self::me() ), true )
				&& time() - $known['mtime'] > self::ABANDONED
			) {
				$this->remove( $name );
			}
		}
	}

	/**
	 * Gives a new file the owner and the group of the log, where they are not its own already: by name, so only where
	 * nobody else gives names.
	 *
	 * @param string   $name Name.
	 * @param resource $file The file.
	 * @param array    $log  What lstat() tells of the log.
	 */
	private function is_owned( string $name, $file, array $log ): bool {
		$now = fstat( $file );
		if ( $now['gid'] !== $log['gid'] && ( $this->is_shared || ! $this->as_owner( fn() => @chgrp( "$this->path/$name", $log['gid'] ) ) ) ) {
			return false;
		}
		return $now['uid'] === $log['uid'] || ( 0 === self::me() && null === $this->user && @chown( "$this->path/$name", $log['uid'] ) );
	}

	/**
	 * Whether only root gives names in a folder, or takes them from a log of root's.
	 *
	 * @param array $folder What stat() tells of it.
	 * @param array $log    What lstat() tells of the log.
	 */
	private static function is_of_root( array $folder, array $log ): bool {
		$is_sticky = 0 !== ( $folder['mode'] & 01000 );
		return 0 === $folder['uid'] && ( 0 === ( $folder['mode'] & 0022 ) || ( $is_sticky && 0 === $log['uid'] ) );
	}

	/**
	 * Who runs this.
	 *
	 * @return int|null Null when PHP cannot tell; then files tell by their owner.
	 */
	private static function me(): ?int {
		return function_exists( 'posix_geteuid' ) ? posix_geteuid() : null;
	}

	/**
	 * Who a process would have to become.
	 *
	 * @param array $log What lstat() tells of the log.
	 * @return array|null Null when PHP or the system does not know how.
	 */
	private static function user( array $log ): ?array {
		foreach ( array( 'posix_getpwuid', 'posix_initgroups', 'posix_setegid', 'posix_seteuid' ) as $needed ) {
			if ( ! function_exists( $needed ) ) {
				return null;
			}
		}
		$user = posix_getpwuid( $log['uid'] );
		return false === $user ? null : array( $user['name'], $user['gid'], $log['gid'] );
	}

	/**
	 * Does something as the log's owner, if that is another one.
	 *
	 * No class may be loaded in there: its file may be root's.
	 *
	 * @param callable $what What to do.
	 * @return mixed What it returns; false when the process could not become the owner.
	 */
	private function as_owner( callable $what ) {
		if ( null === $this->user ) {
			return $what();
		}
		list( $name, $own, $group ) = $this->user;
		$before                     = posix_getegid();
		try {
			return posix_initgroups( $name, $own ) && posix_setegid( $group ) && posix_seteuid( $this->uid ) && posix_geteuid() === $this->uid ? $what() : false;
		} finally {
			posix_seteuid( 0 );
			posix_setegid( $before );
			posix_initgroups( 'root', 0 );
		}
	}
}
