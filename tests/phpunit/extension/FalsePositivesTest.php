<?php

/** What is no key stays, byte for byte: a set of texts, and a log of a million lines. */
final class FalsePositivesTest extends ExtensionTestCase {

	/** How many lines a log has here. */
	private const LINES = 1000000;

	/** The set, with `{characters:count}` filled by chance. */
	private const SET = <<<'PHP'
	mt_srand( 7 );
	function filled( string $template ): string {
		return preg_replace_callback(
			'/\{([^{}:]+):(\d+)\}/',
			static function ( array $slot ): string {
				$characters = preg_replace_callback( '/(\w)-(\w)/', static fn( $range ) => implode( range( $range[1], $range[2] ) ), $slot[1] );
				$text       = '';
				for ( $i = 0; $i < (int) $slot[2]; $i++ ) {
					$text .= $characters[ mt_rand( 0, strlen( $characters ) - 1 ) ];
				}
				return $text;
			},
			$template
		);
	}
	$templates = file( $file, FILE_IGNORE_NEW_LINES );

	PHP;

	public function test_nothing_of_the_set_is_masked(): void {
		$file = __DIR__ . '/../../vectors/not-keys.txt';
		$told = $this->answer( '$file = ' . $this->literal( $file ) . ";\n" . self::SET . '
			$changed = array();
			foreach ( $templates as $template ) {
				for ( $i = 0; $i < 200; $i++ ) {
					$text = filled( $template );
					foreach ( array( $text, json_encode( $text ), rawurlencode( $text ), htmlspecialchars( $text ), "\x1b[33m$text\x1b[0m" ) as $form ) {
						if ( byok_redact( $form ) !== $form ) { $changed[ $template ] = array( $form, byok_redact( $form ) ); }
					}
				}
			}
			report( array( count( $templates ), $changed ) );' );
		$this->assertGreaterThan( 100, $told[0] );
		$this->assertSame( array(), $told[1] );
	}

	public function test_a_log_of_a_million_lines_is_the_very_same(): void {
		$log  = $this->directory() . '/log';
		$told = $this->answer( '$file = ' . $this->literal( __DIR__ . '/../../vectors/not-keys.txt' ) . ";\n" . self::SET . '
			require ' . $this->literal( __DIR__ . '/../../bench/class-log-mix.php' ) . ';
			$log   = ' . $this->literal( $log ) . ';
			$lines = Byok\Tests\Log_Mix::write( $log, 190 << 20, 0 )["lines"];
			$input = fopen( $log, "r" );
			$found = array();
			$whole = new Byok\Redactor();
			$same  = true;
			$sums  = array( hash_init( "xxh128" ), hash_init( "xxh128" ) );
			while ( ! feof( $input ) ) {
				// Lines of the set among them.
				$piece = fread( $input, 1 << 20 );
				for ( $i = 0; $i < 300; $i++ ) { $piece .= "\n" . filled( $templates[ mt_rand( 0, count( $templates ) - 1 ) ] ); }
				$piece .= "\n";
				$lines += 301;
				$same   = $same && byok_redact( $piece ) === $piece;
				hash_update( $sums[0], $piece );
				hash_update( $sums[1], $whole->push( $piece ) );
				$found  = array_merge( $found, $whole->found() );
			}
			hash_update( $sums[1], $whole->finish() );
			report( array( $lines, $same, hash_final( $sums[0] ) === hash_final( $sums[1] ), array_slice( $found, 0, 5 ) ) );' );
		$this->assertGreaterThan( self::LINES, $told[0] );
		$this->assertSame( array( true, true, array() ), array_slice( $told, 1 ) );
	}
}
