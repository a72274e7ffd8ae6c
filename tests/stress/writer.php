<?php
/**
 * Saves, checks, reads and deletes keys until it is killed, and keeps a diary.
 *
 * php writer.php DIARY — each line is one JSON object, written before the next thing is done:
 *
 *     begin  what is about to be done, where, and the SHA-256 of the key
 *     write  a query that would change a row: SHA-256 of the text it replaces and of the new one
 *     end    what the person was told
 */

declare( strict_types=1 );

use Byok\Tests\Test_Provider;

require __DIR__ . '/load.php';

$diary  = fopen( $argv[1], 'a' );
$number = 0;
$note   = static function ( string $what, array $more ) use ( $diary, &$number ): void {
	// One call of write(), not buffered: a killed process has written the whole line or none of it.
	fwrite( $diary, json_encode( array( 'what' => $what, 'number' => $number, 'at' => microtime( true ) ) + $more, JSON_THROW_ON_ERROR ) . "\n" );
};
stream_set_write_buffer( $diary, 0 );

add_filter(
	'query',
	static function ( string $query ) use ( $note ): string {
		if ( ! preg_match( '/^(INSERT|UPDATE|DELETE)\b.*byok_key_/s', $query ) ) {
			return $query;
		}
		// A row is a serialized list, and the text that it replaces is in hexadecimal digits.
		$old = null;
		$new = null;
		preg_match_all( "/'((?:[^'\\\\]|\\\\.)*)'/s", $query, $texts );
		foreach ( $texts[1] as $text ) {
			if ( str_starts_with( $text, 'a:1:{' ) ) {
				$new = stripslashes( $text );
			} elseif ( preg_match( '/^[0-9A-F]{100,}$/', $text ) ) {
				$old = hex2bin( $text );
			}
		}
		$note(
			'write',
			array(
				'old'      => null === $old ? null : hash( 'sha256', $old ),
				'new'      => null === $new ? null : hash( 'sha256', $new ),
				'envelope' => null === $new ? null : hash( 'sha256', envelope_of( $new ) ),
			)
		);
		return $query;
	}
);

$places = require __DIR__ . '/places.php';
while ( true ) {
	++$number;
	$place = $places[ array_rand( $places ) ];

	list( $owner, $provider ) = explode( '/', $place );

	$args = array( 'owner' => $owner );
	$dice = random_int( 1, 100 );
	$task = match ( true ) {
		$dice <= 60 => 'save',
		$dice <= 85 => 'read',
		$dice <= 95 => 'check',
		default     => 'delete',
	};
	// Now and then a key that cannot be verified, beside which the one before is kept.
	$key = Test_Provider::key( $provider, $dice <= 6 ? 'outage' : 'valid' );
	$note( 'begin', array( 'task' => $task, 'place' => $place ) + ( 'save' === $task ? array( 'key' => hash( 'sha256', $key ) ) : array() ) );
	$told = match ( $task ) {
		'save'   => byok_save_key( $provider, $key, $args ),
		'read'   => byok_get_key( $provider, $args ),
		'check'  => Byok\Vault::check( $provider, Byok\Owner::parse( $owner ) ),
		'delete' => byok_delete_key( $provider, $args ),
	};
	$note(
		'end',
		array( 'told' => is_wp_error( $told ) ? $told->get_error_code() : 'done' )
			+ ( is_string( $told ) ? array( 'key' => hash( 'sha256', $told ) ) : array() )
	);
}
