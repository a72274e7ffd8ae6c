<?php
/**
 * Checks that the site sees its own paths, and that health tells the same.
 */

declare( strict_types=1 );

use Byok\Tests\Relay;
use Byok\Tests\Stage;

return static function ( Relay $relay, Stage $stage ): void {
	$look  = '$found = array_column( Byok\Relay_Doctor::look(), "status", "name" ); return array( $found["path"] ?? null, $found["limits"] ?? null, $found["route"] ?? null, Byok\Relay_Streams::workers() > 0, Byok\Site_Health_Tests::relay()["status"] );';
	$found = $stage->result( $stage->in_site( $look ) );
	$stage->same( 'the doctor sees that nginx passes answers on', array( 'good', 'good', null, true, 'good' ), $found );
	$health = $relay->ask( '/wp-json/byok/v1/health' );
	$stage->same( 'health tells the same', '{"status":"ok","path":"offload"}', $health['body'] );
};
