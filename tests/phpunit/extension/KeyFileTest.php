<?php

/** The key file: what is read, what is refused, and that nothing makes PHP wait. */
final class KeyFileTest extends ExtensionTestCase {

	/** What byok_key_source() tells with this file, and salts beside it. */
	private function told( string $path ): array {
		return $this->answer( self::SALTS . 'report( byok_key_source() + array( "encrypt" => reason( fn() => byok_encrypt( "byok-test" ) ) ) );', array( 'byok.key_file' => $path ) );
	}

	/** Asserts that this file is refused, and that the salts do not take its place. */
	private function assert_refused( string $reason, string $path ): void {
		$told = $this->told( $path );
		$this->assertSame( array( 'key_file', null, $reason, $reason ), array( $told['source'], $told['key_id'], $told['error'], $told['encrypt'] ) );
		$this->assertNotEmpty( $told['message'] );
	}

	public function test_a_key_file_writes_and_a_secret_moves_there_from_the_environment(): void {
		foreach ( array( $this->secret(), $this->answer( 'report( byok_generate_key() );' ) ) as $secret ) {
			$id = $this->answer( 'report( byok_key_source()["key_id"] );', array(), array( 'BYOK_KEY' => $secret ) );
			foreach ( array( '', "\n", "\r\n" ) as $end ) {
				$told = $this->told( $this->key_file( $secret . $end ) );
				$this->assertSame( array( 'key_file', $id, null, null ), array( $told['source'], $told['key_id'], $told['error'], $told['encrypt'] ) );
			}
		}
	}

	public function test_owner_may_write_it_and_nobody_else_may_do_anything(): void {
		$this->assertNull( $this->told( $this->key_file( $this->secret(), 0600 ) )['error'] );
		foreach ( array( 0440, 0404, 0420, 0401, 0500, 0700, 0644, 04400, 0200 ) as $mode ) {
			// Without root's rights a file that nobody may read is not opened at all.
			$reason = 0200 === $mode && 0 !== posix_geteuid() ? 'key_file_unreadable' : 'key_file_mode';
			$this->assert_refused( $reason, $this->key_file( $this->secret(), $mode ) );
		}
	}

	public function test_a_file_of_somebody_else_is_refused_by_root(): void {
		$path = $this->key_file( $this->secret() );
		if ( 0 === posix_geteuid() ) {
			chown( $path, 65534 );
			$this->assert_refused( 'key_file_owner', $path );
		} else {
			// The rule itself is tested in the engine; giving a file away takes root.
			$this->assertContains( 'key_file_own', $this->told( $path )['warnings'] );
		}
	}

	public function test_only_a_regular_file_is_read_and_nothing_waits(): void {
		$link = $this->directory() . '/link';
		symlink( $this->key_file( $this->secret() ), $link );
		$pipe = $this->directory() . '/pipe';
		posix_mkfifo( $pipe, 0400 );
		mkdir( $this->directory() . '/directory', 0700 );
		$socket = stream_socket_server( 'unix://' . $this->directory() . '/socket' );
		$begun  = microtime( true );
		foreach ( array( $link, $pipe, $this->directory() . '/directory', $this->directory() . '/socket', '/dev/zero' ) as $path ) {
			$this->assert_refused( 'key_file_not_regular', $path );
		}
		$this->assertLessThan( 10, microtime( true ) - $begun );
		fclose( $socket );
	}

	/** @dataProvider contents */
	public function test_content_is_one_line_of_a_usable_secret( string $content, string $reason ): void {
		$this->assert_refused( $reason, $this->key_file( $content ) );
	}

	public function contents(): array {
		$secret = str_repeat( 'byok-test-', 5 );
		return array(
			'empty'      => array( '', 'key_file_size' ),
			'too long'   => array( str_repeat( 'k', 4097 ), 'key_file_size' ),
			'two lines'  => array( "$secret\n$secret\n", 'key_file_malformed' ),
			'empty line' => array( "$secret\n\n", 'key_file_malformed' ),
			'tab'        => array( "$secret\t$secret", 'key_file_malformed' ),
			'nul'        => array( "$secret\0", 'key_file_malformed' ),
			'short'      => array( "short\n", 'source_too_short' ),
			'line end'   => array( "\n", 'source_too_short' ),
			'cut key'    => array( "byok-root:AAAA\n", 'source_malformed' ),
		);
	}

	public function test_four_kilobytes_are_read(): void {
		$this->assertNull( $this->told( $this->key_file( str_repeat( 'k', 4096 ) ) )['error'] );
	}

	public function test_the_path_is_absolute_and_leads_somewhere(): void {
		$path = $this->key_file( $this->secret() );
		$this->assert_refused( 'key_file_relative', 'byok.key' );
		$this->assert_refused( 'key_file_relative', './' . basename( $path ) );
		$this->assert_refused( 'key_file_missing', $path . '-not-here' );
		$this->assert_refused( 'key_file_missing', $path . '/below' );
	}

	public function test_a_user_who_may_not_read_the_file_of_root_is_refused_and_does_not_write_under_the_salts(): void {
		if ( 0 !== posix_geteuid() || ! is_executable( '/usr/bin/setpriv' ) ) {
			// /etc/shadow belongs to root everywhere.
			$this->assert_refused( 'key_file_unreadable', '/etc/shadow' );
			return;
		}
		// The user must reach the file's directory and fail at the file itself.
		$path = $this->key_file( $this->secret() );
		chmod( $this->directory(), 0755 );
		$arguments = array( '/usr/bin/setpriv', '--reuid=65534', '--clear-groups', PHP_BINARY, '-n', '-d', 'extension=' . $this->readable_extension(), '-d', "byok.key_file=$path", '-r', self::SALTS . 'echo json_encode( byok_key_source() );' );
		$told      = json_decode( (string) shell_exec( implode( ' ', array_map( 'escapeshellarg', $arguments ) ) ), true );
		$this->assertSame( array( 'key_file', 'key_file_unreadable' ), array( $told['source'], $told['error'] ) );

		$own = $this->key_file( $this->secret() );
		chown( $own, 65534 );
		$arguments = str_replace( $path, $own, $arguments );
		$told      = json_decode( (string) shell_exec( implode( ' ', array_map( 'escapeshellarg', $arguments ) ) ), true );
		$this->assertSame( array( 'key_file', null ), array( $told['source'], $told['error'] ) );
		$this->assertContains( 'key_file_own', $told['warnings'] );
	}

	/** A copy of the extension where every user can read it. */
	private function readable_extension(): string {
		$copy = $this->directory() . '/byok.so';
		copy( getenv( 'BYOK_TEST_EXTENSION' ), $copy );
		chmod( $copy, 0755 );
		return $copy;
	}

	public function test_a_script_cannot_name_another_file(): void {
		$path = $this->key_file( $this->secret() );
		$this->assertSame( array( false, 'salts' ), $this->answer( self::SALTS . 'report( array( ini_set( "byok.key_file", ' . $this->literal( $path ) . ' ), byok_key_source()["source"] ) );' ) );
	}
}
