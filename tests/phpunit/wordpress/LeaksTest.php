<?php
/**
 * Tests of the search for keys itself: a search that finds nothing proves nothing otherwise.
 *
 * @package byok
 */

namespace Byok\Tests;

use PHPUnit\Framework\TestCase;

final class LeaksTest extends TestCase {

	/**
	 * @dataProvider encodings
	 *
	 * @param callable $encode Encodes a text.
	 */
	public function test_a_key_is_found_in_every_encoding( callable $encode ): void {
		$key = Test_Provider::key();
		for ( $offset = 0; $offset < 3; $offset++ ) {
			$this->assertNotSame( array(), Leaks::find( $key, 'before ' . $encode( str_repeat( 'x', $offset ) . $key . 'yz' ) . ' after' ) );
		}
		$this->assertSame( array(), Leaks::find( $key, $encode( Test_Provider::key() ) ), 'another key' );
	}

	public function encodings(): array {
		return array(
			'plain'     => array( 'strval' ),
			'serialize' => array( 'serialize' ),
			'url'       => array( 'rawurlencode' ),
			'json'      => array( 'json_encode' ),
			'base64'    => array( 'base64_encode' ),
			'base64url' => array( static fn( $text ) => strtr( base64_encode( $text ), '+/', '-_' ) ),
			'hex'       => array( 'bin2hex' ),
			'utf-16'    => array( static fn( $text ) => mb_convert_encoding( $text, 'UTF-16LE' ) ),
		);
	}
}
