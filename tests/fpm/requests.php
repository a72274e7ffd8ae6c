<?php
/**
 * Checks of what a FastCGI request brings along: php-fpm lets it set any INI entry, for the rest of the worker's life.
 */

declare( strict_types=1 );

use Byok\Tests\Stage;

return static function ( Stage $stage ): void {
	$fpm     = $stage->fpm;
	$pool    = array(
		'pm.max_children'                    => '1',
		'php_admin_value[byok.allow_reveal]' => '0',
		'php_admin_value[byok.tenant]'       => 'one',
		'php_value[byok.timeout]'            => '7',
	);
	$entries = array( 'key_file', 'previous_key_files', 'allow_reveal', 'tenant', 'timeout', 'allow_hosts', 'allow_proxy', 'ca_file', 'test_provider' );
	$look    = $stage->plain(
		'$values = array( "precision" => ini_get( "precision" ) );
		foreach ( $entries as $entry ) {
			$values[ $entry ] = ini_get( "byok.$entry" );
		}
		try {
			$opened = byok_decrypt( byok_encrypt( "plain" ) );
		} catch ( Byok\Exception\ByokException $refused ) {
			$opened = $refused->getReason();
		}
		return $values + array( "opened" => $opened );',
		array( 'entries' => $entries )
	);
	$secret  = Stage::text();
	$start   = static function ( array $ini = array(), string $php_ini = '' ) use ( $fpm, $pool, $secret ): void {
		$fpm->start( $ini, array( 'BYOK_KEY' => $secret ), array( 'www' => $pool ), $php_ini );
	};

	$start();
	$usual = $stage->result( $look );
	$stage->same( 'the configuration of a pool is in force', array( '0', 'one', '7', 'reveal_refused' ), array( $usual['allow_reveal'], $usual['tenant'], $usual['timeout'], $usual['opened'] ) );
	$stage->check( '… beside that of the master', str_starts_with( $usual['test_provider'], 'http' ), $usual['test_provider'] );

	$brought = "precision=5\n";
	foreach ( $entries as $entry ) {
		$brought .= "byok.$entry=1\n";
	}
	foreach ( array( 'PHP_ADMIN_VALUE', 'PHP_VALUE' ) as $name ) {
		// Before the first request of a worker, and after it.
		$start();
		$expected = array( 'precision' => '5' ) + $usual;
		foreach ( array( 'the first request', 'the second request' ) as $when ) {
			$stage->same( "$name of $when sets nothing of byok, only what is not byok's", $expected, $stage->result( $look, 'www', array( $name => $brought ) ) );
		}
		$stage->same( '… nor for the requests that come then', $expected, $stage->result( $look ) );
	}

	// The master has had a request already, and is not one itself.
	file_put_contents( "{$stage->folder}/preload.php", '<?php function byok_test_preloaded() {}' );
	$start( array( 'opcache.enable' => '1', 'opcache.preload' => "{$stage->folder}/preload.php", 'opcache.preload_user' => $stage->user ) );
	$stage->same( 'with opcache.preload, the configuration of a pool is in force', $usual, $stage->result( $look, 'www', array( 'PHP_ADMIN_VALUE' => "byok.allow_reveal=1\nbyok.tenant=two" ) ) );
	$fpm->reload();
	$stage->same( '… also after a reload', $usual, $stage->result( $look ) );

	// Sections of php.ini come during a request, but from who administers PHP.
	$start( array(), "[PATH={$stage->folder}]\nbyok.tenant=three\n" );
	$expected = array( 'tenant' => 'three' ) + $usual;
	foreach ( array( array(), array( 'PHP_ADMIN_VALUE' => 'byok.tenant=two' ), array() ) as $more ) {
		$seen = $stage->result( $look, 'www', $more );
		ksort( $expected );
		ksort( $seen );
		$stage->same( 'a section of php.ini is in force, whatever a request brings', $expected, $seen );
	}
	$fpm->stop();
};
