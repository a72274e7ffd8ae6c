<?php

/** Byok\Redactor, the stream filter, the options, and keys that the process knows. */
final class RedactorTest extends ExtensionTestCase {

	/** A key that no rule knows: hexadecimal digits. */
	private function plain_key(): string {
		return bin2hex( random_bytes( 20 ) );
	}

	public function test_a_text_without_keys_is_the_very_same_string(): void {
		$told = $this->answer( '
			$text = str_repeat( random_bytes( 1000 ) . "\n", 10000 );
			$before = memory_get_usage();
			$same = byok_redact( $text );
			report( array( $same === $text, memory_get_usage() - $before ) );' );
		$this->assertTrue( $told[0] );
		$this->assertLessThan( 1000, $told[1] );
	}

	public function test_options_change_what_a_mask_shows(): void {
		$key   = $this->new_key();
		$last  = substr( $key, -4 );
		$told  = $this->answer( '
			$k = ' . $this->literal( "a $key b" ) . ';
			report( array( byok_redact( $k ), byok_redact( $k, array( "first" => false ) ), byok_redact( $k, array( "last" => 2 ) ), byok_redact( $k, array( "first" => false, "last" => 0 ) ) ) );' );
		$this->assertSame( array( "a sk-ant-…$last b", "a …$last b", 'a sk-ant-…' . substr( $last, 2 ) . ' b', 'a … b' ), $told );
	}

	public function test_options_that_do_not_exist_are_refused(): void {
		foreach ( array( '"last" => 5', '"last" => -1', '"last" => "4"', '"first" => 1', '"other" => 1', '7' ) as $options ) {
			$told = $this->answer( "report( array(
				reason( fn() => byok_redact( 'x', array( $options ) ) ),
				reason( fn() => new Byok\Redactor( array( $options ) ) ),
			) );" );
			$this->assertSame( array( 'option_invalid', 'option_invalid' ), $told, $options );
		}
	}

	public function test_a_redactor_gives_out_what_is_decided(): void {
		$key  = $this->new_key();
		$mask = 'sk-ant-…' . substr( $key, -4 );
		$told = $this->answer( '
			$key = ' . $this->literal( $key ) . ';
			$r = new Byok\Redactor();
			$out = array( $r->push( "one\ntwo " ), $r->push( substr( $key, 0, 30 ) ), $r->push( substr( $key, 30 ) ), $r->push( "\n" ), $r->finish() );
			$first = array( $out, $r->found(), $r->missed() );
			$again = array( $r->push( "$key " ), $r->finish(), $r->found(), $r->found() );
			report( array( $first, $again ) );' );
		$found = array( 'provider' => 'anthropic', 'rule' => 'anthropic-key', 'masked' => $mask, 'offset' => 8, 'line' => 2 );
		$this->assertSame( array( array( "one\ntwo ", '', '', "$mask\n", '' ), array( $found ), 0 ), $told[0] );
		$this->assertSame( array( "$mask ", '', array( array( 'offset' => 0, 'line' => 1 ) + $found ), array() ), array( $told[1][0], $told[1][1], array_map( fn( $one ) => array( 'offset' => $one['offset'], 'line' => $one['line'] ) + $one, $told[1][2] ), $told[1][3] ) );
	}

	public function test_a_redactor_shows_and_gives_nothing_of_its_text(): void {
		$key  = $this->new_key();
		$told = $this->answer( '
			$r = new Byok\Redactor();
			$r->push( ' . $this->literal( $key ) . ' );
			ob_start();
			var_dump( $r ); print_r( $r ); var_export( $r ); echo json_encode( array( $r, (array) $r, get_object_vars( $r ) ) );
			$tries = array( fn() => clone $r, fn() => serialize( $r ), fn() => unserialize( \'O:13:"Byok\Redactor":0:{}\' ), fn() => $r->x = 1 );
			$thrown = array_map( function ( $try ) { try { $try(); return "done"; } catch ( Throwable $t ) { return "throws"; } }, $tries );
			report( array( ob_get_clean(), $thrown ) );' );
		$this->assert_free_of( $key, $told[0] );
		$this->assertSame( array_fill( 0, 4, 'throws' ), $told[1] );
	}

	public function test_the_filter_masks_what_is_written_and_what_is_read(): void {
		$key  = $this->new_key();
		$mask = 'sk-ant-…' . substr( $key, -4 );
		$file = $this->directory() . '/log';
		$told = $this->answer( '
			list( $key, $file ) = ' . $this->literal( array( $key, $file ) ) . ';
			$out = fopen( $file, "w" );
			stream_filter_append( $out, "byok.redact", STREAM_FILTER_WRITE );
			foreach ( str_split( "one $key\ntwo " . substr( $key, 0, 40 ), 7 ) as $piece ) { fwrite( $out, $piece ); }
			fflush( $out );
			$flushed = file_get_contents( $file );
			fwrite( $out, substr( $key, 40 ) );
			fclose( $out );
			$written = file_get_contents( $file );
			file_put_contents( $file, str_repeat( "$key ", 3000 ) );
			$in = fopen( $file, "r" );
			stream_filter_append( $in, "byok.redact", STREAM_FILTER_READ, array( "last" => 0 ) );
			$read = stream_get_contents( $in );
			fclose( $in );
			$both = fopen( "php://memory", "w+" );
			$filter = stream_filter_append( $both, "byok.redact", STREAM_FILTER_WRITE );
			fwrite( $both, "x $key" );
			stream_filter_remove( $filter );
			fwrite( $both, "!" );
			rewind( $both );
			report( array( $flushed, $written, $read, stream_get_contents( $both ), in_array( "byok.redact", stream_get_filters(), true ) ) );' );
		$this->assertSame( array( "one $mask\ntwo ", "one $mask\ntwo $mask", str_repeat( 'sk-ant-… ', 3000 ), "x $mask!", true ), $told );
	}

	public function test_a_filter_with_bad_options_is_refused(): void {
		$told = $this->answer( '
			$f = fopen( "php://memory", "w+" );
			report( reason( fn() => @stream_filter_append( $f, "byok.redact", STREAM_FILTER_WRITE, array( "last" => 9 ) ) ) );' );
		$this->assertSame( 'option_invalid', $told );
	}

	/** Every way a process meets a key. */
	public function meetings(): array {
		return array(
			'encrypted' => array( 'byok_encrypt( $key, array( "provider" => "mistral" ) );' ),
			'opened'    => array( 'byok_decrypt( $sealed, array( "provider" => "mistral" ) );' ),
			'checked'   => array( 'byok_validate_key( "mistral", $key );', 'byok-test-valid-' ),
			'stored'    => array( 'byok_redact_stored( array( array( $sealed, array( "provider" => "mistral" ) ) ) );' ),
		);
	}

	/** @dataProvider meetings */
	public function test_a_key_that_was_met_is_masked( string $meeting, string $prefix = '' ): void {
		$key    = $prefix . $this->plain_key();
		$sealed = $this->answer( self::SALTS . 'report( byok_encrypt( ' . $this->literal( $key ) . ', array( "provider" => "mistral" ) ) );' );
		$told   = $this->answer( self::SALTS . '
			list( $key, $sealed ) = ' . $this->literal( array( $key, $sealed ) ) . ';
			$text = "<$key> " . bin2hex( $key ) . " " . base64_encode( "user:$key" );
			$before = byok_redact( $text );
			' . $meeting . '
			$r = new Byok\Redactor();
			$r->push( $text ); $r->finish();
			report( array( $before === $text, byok_redact( $text ), $r->found()[0] ) );', array( 'byok.test_provider' => getenv( 'BYOK_TEST_PROVIDER' ) ) );
		$this->assertTrue( $told[0] );
		$this->assertStringStartsWith( '<…' . substr( $key, -4 ) . '> …' . substr( $key, -4 ) . ' ', $told[1] );
		$this->assert_free_of( $key, $told[1] );
		$this->assertSame( array( 'mistral', 'stored', 1 ), array( $told[2]['provider'], $told[2]['rule'], $told[2]['offset'] ) );
	}

	public function test_what_a_provider_refuses_is_not_remembered(): void {
		$told = $this->answer( '
			$text = "Login failed from 203.0.113.77, " . ( $key = bin2hex( random_bytes( 20 ) ) );
			$told = array( byok_validate_key( "mistral", "203.0.113.77" ), byok_validate_key( "mistral", $key ) );
			report( array( array_column( $told, "outcome" ), byok_redact( $text ) === $text ) );', array( 'byok.test_provider' => getenv( 'BYOK_TEST_PROVIDER' ) ) );
		$this->assertSame( array( array( 'invalid', 'invalid' ), true ), $told );
	}

	public function test_a_trace_shows_no_beginning_of_a_known_key_in_any_length(): void {
		$told = $this->answer( self::SALTS . '
			$key = "mZ" . bin2hex( random_bytes( 31 ) );
			byok_encrypt( $key );
			foreach ( array( 15, 16, 24, 60 ) as $length ) {
				ini_set( "zend.exception_string_param_max_len", (string) $length );
				$trace  = "#0 x.php(3): f(\'" . substr( $key, 0, $length ) . "...\')";
				$r      = new Byok\Redactor();
				$told[] = array( byok_redact( $trace ), $r->push( $trace ) . $r->finish() );
			}
			report( $told );' );
		$this->assertSame( array_fill( 0, 4, array_fill( 0, 2, "#0 x.php(3): f('…...')" ) ), $told );
	}

	public function test_rows_that_do_not_open_are_left_out(): void {
		$told = $this->answer( self::SALTS . '
			$key = "byok-test-" . bin2hex( random_bytes( 16 ) );
			$place = array( "provider" => "mistral", "blog" => "1" );
			$sealed = byok_encrypt( $key, $place );
			report( array(
				byok_redact_stored( array() ),
				byok_redact_stored( array( array( $sealed, $place ), array( "nonsense", $place ), array( $sealed ), array(), array( 1, 2 ) ) ),
				byok_redact_stored( array( "name" => array( $sealed, $place ), array( $sealed, $place ) ) ),
				reason( fn() => byok_redact_stored( array( $sealed ) ) ),
			) );' );
		$this->assertSame( array( 0, 1, 2, 'option_invalid' ), $told );
	}

	public function test_a_place_is_due_until_its_keys_are_known_and_after_the_interval(): void {
		$told = $this->answer( self::SALTS . '
			$sealed = byok_encrypt( "byok-test-" . bin2hex( random_bytes( 16 ) ), array() );
			$due = array( byok_redact_due( "one" ), byok_redact_due( "one" ) );
			byok_redact_stored( array( array( $sealed, array() ) ), "one" );
			array_push( $due, byok_redact_due( "one" ), byok_redact_due( "two" ), byok_redact_due( "one", 60 ), byok_redact_due( "one", 0 ) );
			byok_redact_stored( array() );
			$due[] = byok_redact_due( "" );
			usleep( 1050000 );
			array_push( $due, byok_redact_due( "one", 1 ), byok_redact_due( "one" ) );
			byok_redact_stored( array(), "two" );
			$due[] = byok_redact_due( "two" );
			array_push( $due, reason( fn() => byok_redact_due( "one", -1 ) ), reason( fn() => byok_redact_stored( array( 5 ), "three" ) ), byok_redact_due( "three" ) );
			report( $due );' );
		$this->assertSame( array( true, true, false, true, false, true, true, true, false, false, 'option_invalid', 'option_invalid', true ), $told );
	}

	public function test_a_place_is_due_when_its_keys_were_forgotten_for_others(): void {
		$told = $this->answer( self::SALTS . '
			$key = static fn() => "byok-test-" . bin2hex( random_bytes( 16 ) );
			$first = $key();
			byok_redact_stored( array( array( byok_encrypt( $first, array() ), array() ) ), "one" );
			for ( $others = 0; ! byok_redact_due( "one" ) && $others < 1000; $others++ ) {
				byok_encrypt( $key(), array() );
			}
			report( array( $others, byok_redact( $first ) === $first ) );' );
		$this->assertSame( array( 256, true ), $told );
	}

	public function test_a_row_of_another_place_teaches_nothing(): void {
		$key    = $this->plain_key();
		$sealed = $this->answer( self::SALTS . 'report( byok_encrypt( ' . $this->literal( $key ) . ', array( "blog" => "1" ) ) );' );
		$told   = $this->answer( self::SALTS . '
			list( $key, $sealed ) = ' . $this->literal( array( $key, $sealed ) ) . ';
			report( array( byok_redact_stored( array( array( $sealed, array( "blog" => "2" ) ) ) ), byok_redact( $key ) === $key ) );' );
		$this->assertSame( array( 0, true ), $told );
	}

	public function test_keys_are_learned_without_reveal(): void {
		$key    = $this->plain_key();
		$sealed = $this->answer( self::SALTS . 'report( byok_encrypt( ' . $this->literal( $key ) . ' ) );' );
		$told   = $this->answer( self::SALTS . '
			list( $key, $sealed ) = ' . $this->literal( array( $key, $sealed ) ) . ';
			report( array( byok_redact_stored( array( array( $sealed, array() ) ) ), byok_redact( $key ) ) );', array( 'byok.allow_reveal' => '0' ) );
		$this->assertSame( array( 1, '…' . substr( $key, -4 ) ), $told );
	}

	public function test_a_request_without_memory_for_the_result_ends_as_php_ends_it(): void {
		$text = '$text = str_repeat( "a line\n", 700000 ) . "gsk_" . str_repeat( "a1B2", 15 ); ';
		foreach ( array( 'byok_redact( $text );', '$r = new Byok\Redactor(); $r->push( $text );', '$f = fopen( "php://memory", "w+" ); stream_filter_append( $f, "byok.redact" ); fwrite( $f, $text );' ) as $call ) {
			list( $exit, $output, $errors ) = $this->run_php( $text . $call . ' echo "NOT ENDED";', array( 'memory_limit' => '8M' ) );
			$this->assertSame( 255, $exit, $output );
			$this->assertStringContainsString( 'Allowed memory size', $output );
			$this->assertStringNotContainsString( 'NOT ENDED', $output );
		}
	}

	public function test_nothing_of_a_learned_key_is_in_memory(): void {
		$key    = $this->plain_key();
		$sealed = $this->answer( self::SALTS . 'report( byok_encrypt( ' . $this->literal( $key ) . ' ) );' );
		$script = self::SALTS . '
			$sealed = ' . $this->literal( $sealed ) . ';
			echo byok_redact_stored( array( array( $sealed, array() ) ) ), byok_redact( str_repeat( "a text ", 10000 ) ) ? "" : "";
			fflush( STDOUT ); fgets( STDIN );';
		$file   = $this->directory() . '/script.php';
		file_put_contents( $file, "<?php\n$script" );
		$process = proc_open( array( PHP_BINARY, '-n', '-d', 'extension=' . getenv( 'BYOK_TEST_EXTENSION' ), $file ), array( array( 'pipe', 'r' ), array( 'pipe', 'w' ) ), $pipes );
		$this->assertSame( '1', fread( $pipes[1], 1 ) );
		$memory = $this->dump( proc_get_status( $process )['pid'] );
		fclose( $pipes[0] );
		proc_close( $process );
		$this->assertStringContainsString( $sealed, $memory, 'The dump must be whole.' );
		for ( $at = 0; $at + 12 <= strlen( $key ); $at++ ) {
			$this->assertFalse( strpos( $memory, substr( $key, $at, 12 ) ), "Twelve characters from $at on are in memory." );
		}
		$this->assertFalse( strpos( $memory, substr( base64_encode( $key ), 4, 16 ) ) );
		$this->assertFalse( strpos( $memory, substr( bin2hex( $key ), 20, 20 ) ) );
	}
}
