<?php
/**
 * Checks of the secret in the master's environment.
 */

declare( strict_types=1 );

use Byok\Tests\Stage;

return static function ( Stage $stage ): void {
	$fpm    = $stage->fpm;
	$secret = Stage::text();
	$marked = '(taken by byok)';
	$look   = $stage->plain(
		'ob_start();
		phpinfo();
		return array(
			"source"  => byok_key_source(),
			"getenv"  => getenv( "BYOK_KEY" ),
			"server"  => $_SERVER["BYOK_KEY"] ?? null,
			"env"     => $_ENV["BYOK_KEY"] ?? null,
			"all"     => print_r( array( getenv(), $_SERVER, $_ENV ), true ),
			"phpinfo" => ob_get_clean(),
			"environ" => (string) @file_get_contents( "/proc/self/environ" ),
			"child"   => shell_exec( "echo \"\$BYOK_KEY\"" ),
			"inside"  => shell_exec( "env | grep ^BYOK_KEY=" ),
			"works"   => "plain" === byok_decrypt( byok_encrypt( "plain" ) ),
		);'
	);
	file_put_contents( "{$stage->folder}/preload.php", '<?php function byok_test_preloaded() {}' );

	foreach ( array( 'with' => true, 'without' => false ) as $how => $preload ) {
		$fpm->start(
			array( 'variables_order' => 'EGPCS', 'opcache.enable' => '1' )
				+ ( $preload ? array( 'opcache.preload' => "{$stage->folder}/preload.php", 'opcache.preload_user' => $stage->user ) : array() ),
			array( 'BYOK_KEY' => $secret ),
			// Dumpable, so that a worker may look at its own /proc/self.
			array( 'www' => array( 'pm.max_children' => '1', 'clear_env' => 'no', 'process.dumpable' => 'yes' ) )
		);
		$stage->same( "$how opcache.preload", $preload, $stage->result( $stage->plain( 'return function_exists( "byok_test_preloaded" );' ) ) );
		foreach ( array( 'the first request', 'the second request', 'a request after a reload', 'one after a second reload' ) as $number => $when ) {
			if ( $number >= 2 ) {
				$fpm->reload();
			}
			$seen   = $stage->result( $look );
			$worker = (string) file_get_contents( '/proc/' . $fpm->workers()[0] . '/environ' );
			$stage->same( "$when has the environment as its source", array( 'environment', null, true ), array( $seen['source']['source'], $seen['source']['error'], $seen['works'] ) );
			$stage->same( '… getenv(), $_SERVER and $_ENV show the mark', array( $marked, $marked, $marked ), array( $seen['getenv'], $seen['server'], $seen['env'] ) );
			$stage->check( '… phpinfo() shows the mark', str_contains( $seen['phpinfo'], $marked ) );
			// php-fpm has the room of its environment for its title, so this is not empty and may lack the mark.
			$stage->check( '… /proc/self/environ can be read', '' !== $seen['environ'] );
			$stage->same( '… a child process gets the mark', array( "$marked\n", "BYOK_KEY=$marked\n" ), array( $seen['child'], $seen['inside'] ) );
			$stage->same( '… nothing of this shows the secret', array(), Stage::found( serialize( $seen ) . $worker, Stage::traces( $secret ) ) );
		}
	}
	$fpm->stop();

	// The master keeps its environment. Started as root, only root can look into its memory; else its own user can, where
	// the system does not forbid it.
	$warnings  = $stage->plain( 'return array( byok_key_source()["warnings"], false !== @fopen( "/proc/" . posix_getppid() . "/mem", "r" ) );' );
	$forbidden = '0' !== trim( (string) @file_get_contents( '/proc/sys/kernel/yama/ptrace_scope' ) ?: '0' );
	foreach ( array( 'root' => true, 'the pool user' => false ) as $who => $as_root ) {
		chmod( $stage->folder, $as_root ? 0755 : 0777 );
		chmod( "{$stage->folder}/fpm.log", 0666 );
		$fpm->start( array(), array( 'BYOK_KEY' => $secret ), array( 'www' => array( 'pm.max_children' => '1' ) ), '', $as_root );
		list( $told, $readable ) = $stage->result( $warnings );
		$stage->same( "when $who starts php-fpm, PHP code can read the master's memory or not", ! $as_root && ! $forbidden, $readable );
		$stage->same( '… and byok warns of that', ! $as_root, in_array( 'environment_own', $told, true ) );
		$fpm->start( array(), array(), array( 'www' => array( 'pm.max_children' => '1' ) ), '', $as_root );
		$stage->check( '… and of nothing without a secret there', ! in_array( 'environment_own', $stage->result( $warnings )[0], true ) );
		$fpm->stop();
	}
	chmod( $stage->folder, 0755 );
};
