<?php

/** What a core dump of a worker holds: never a root of the process, nor the text it was made of. */
final class MemoryTest extends ExtensionTestCase {

	/** Uses the ring a lot, plants a value, and waits to be read. No secret is in this code. */
	private const WORK = <<<'PHP'
	<?php
	$planted = hash( 'sha256', 'byok-test-planted', true );
	for ( $i = 1; $i <= 3000; $i++ ) {
		$context  = array( 'slot' => "s$i" );
		$envelope = byok_encrypt( str_repeat( 'k', $i % 200 + 1 ), $context );
		byok_decrypt( $envelope, $context );
		byok_inspect( $envelope, $context );
		byok_reencrypt( $envelope, $context );
	}
	$source = byok_key_source();
	echo json_encode( array( $source['source'], $source['key_id'], count( $source['previous_key_ids'] ) ) ), "\n";
	fgets( STDIN );
	PHP;

	public function sources(): array {
		$root   = random_bytes( 32 );
		$secret = $this->secret();
		$texts  = array(
			'passphrase' => array( $secret, hash_hkdf( 'sha256', $secret, 32, 'byok/v1/root/secret' ) ),
			'root'       => array( 'byok-root:' . rtrim( strtr( base64_encode( $root ), '+/', '-_' ), '=' ), $root ),
		);
		$cases = array();
		foreach ( array( 'environment', 'key_file' ) as $source ) {
			foreach ( $texts as $name => $text ) {
				$cases[ "$source, $name" ] = array_merge( array( $source ), $text );
			}
		}
		return $cases;
	}

	/** @dataProvider sources */
	public function test_a_core_dump_holds_no_root_and_no_secret( string $source, string $text, string $root ): void {
		$previous = $this->secret();
		$ini      = array();
		$set      = array();
		if ( 'key_file' === $source ) {
			$ini = array( 'byok.key_file' => $this->key_file( $text ), 'byok.previous_key_files' => $this->key_file( $previous ) );
		} else {
			$set = array( 'BYOK_KEY' => $text, 'BYOK_KEY_PREVIOUS' => $previous );
		}
		list( $told, $found ) = $this->searched( $ini, $set, array(
			'planted'  => array( hash( 'sha256', 'byok-test-planted', true ) ),
			'secret'   => $this->parts( $text ),
			'root'     => $this->parts( $root ),
			'words'    => $this->parts( $this->swapped( $root ) ),
			'previous' => $this->parts( $previous ),
			'its root' => $this->parts( hash_hkdf( 'sha256', $previous, 32, 'byok/v1/root/secret' ) ),
		) );
		$this->assertSame( array( $source, 1 ), array( $told[0], $told[2] ) );
		$id = rtrim( strtr( base64_encode( hash_hkdf( 'sha256', $root, 8, 'byok/v1/kid' ) ), '+/', '-_' ), '=' );
		$this->assertSame( $id, $told[1], 'This is not the root that was searched for.' );
		$this->assertTrue( $found['planted'], 'The search finds nothing at all.' );
		unset( $found['planted'] );
		$this->assertSame( array(), array_keys( array_filter( $found ) ) );
	}

	/** Halves of a value: a buffer may have been overwritten in part. A prefix that is no secret is left out. */
	private function parts( string $value ): array {
		$value = preg_replace( '/^byok-(root:|test-)/', '', $value );
		return str_split( $value, 16 );
	}

	/** The same in words of the other byte order: how SHA-256 takes a block. */
	private function swapped( string $value ): string {
		return implode( '', array_map( 'strrev', str_split( $value, 4 ) ) );
	}

	/**
	 * Runs WORK and searches its memory.
	 *
	 * @return array{0: array, 1: array<string, bool>} What it told, and which of the values were found.
	 */
	private function searched( array $ini, array $environment, array $values ): array {
		$command = array( PHP_BINARY, '-n', '-d', 'extension=' . getenv( 'BYOK_TEST_EXTENSION' ) );
		foreach ( $ini as $name => $value ) {
			array_push( $command, '-d', "$name=$value" );
		}
		$script = $this->directory() . '/work.php';
		file_put_contents( $script, self::WORK );
		$command[] = $script;
		$process   = proc_open( $command, array( array( 'pipe', 'r' ), array( 'pipe', 'w' ), STDERR ), $pipes, null, $environment );
		$told      = json_decode( (string) fgets( $pipes[1] ), true );
		$memory    = $this->dump( proc_get_status( $process )['pid'] );
		fwrite( $pipes[0], "\n" );
		$this->assertSame( 0, proc_close( $process ) );
		$this->assertGreaterThan( 1000000, strlen( $memory ) );
		$found = array();
		foreach ( $values as $name => $parts ) {
			$found[ $name ] = false;
			foreach ( $parts as $part ) {
				$found[ $name ] = $found[ $name ] || strlen( $part ) >= 8 && str_contains( $memory, $part );
			}
		}
		return array( $told, $found );
	}
}
