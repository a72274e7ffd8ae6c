<?php
/**
 * Checks that tickets end with what they stand on, in all workers at once.
 */

declare( strict_types=1 );

use Byok\Tests\Relay;
use Byok\Tests\Stage;
use Byok\Tests\Test_Provider;

return static function ( Relay $relay, Stage $stage ): void {
	$key    = Test_Provider::key( 'openai' );
	$made   = $stage->result(
		$stage->in_site(
			'Byok\Relay_Settings::change( array( "visitors" => true, "connect" => true ) );
			wp_set_current_user( 1 );
			$pair = Byok\Connect_Pairs::make( "ended", array( "https://app.example" ), array() )["pair"];
			return array(
				"user"    => wp_insert_user( array( "user_login" => "ended" . wp_rand(), "user_pass" => wp_generate_password( 30 ), "role" => "author" ) ),
				"visitor" => Byok\Visitors::register()["owner"]->id,
				"again"   => ( $again = Byok\Visitors::register() )["owner"]->id,
				"token"   => $again["token"]->reveal(),
				"pair"    => $pair->id,
				"saved"   => is_array( byok_save_key( "openai", $key, array( "owner" => "site" ) ) ),
			);',
			compact( 'key' )
		)
	);
	$stage->check( 'there are a key, a user, visitors and a pair', true === $made['saved'], array_keys( $made ) );
	$user   = 'user:' . $made['user'];
	$ticket = static fn( string $owner ): string => $relay->ticket( 'openai', $key, array( 'uses' => 1000, 'expires_in' => 900, 'owner' => $owner ) );
	$used   = static fn( string $ticket ): array => Relay::refusal( $relay->ask( '/byok/relay/openai/models', array( "Authorization: Bearer $ticket" ) ) );
	$place  = 'Byok\Place::of( Byok\Owner::site(), "openai" )';
	foreach ( array(
		'another setting of the relay' => array( $user, 'return true === Byok\Relay_Settings::change( array( "enabled" => false ) )->users;', true ),
		'… and back'                   => array( $user, 'return true === Byok\Relay_Settings::change( array( "enabled" => true ) )->users;', true ),
		'a key in place of the key'    => array( $user, 'return is_array( byok_save_key( "openai", $key ) );', true ),
		'the end of the key'           => array( $user, 'return byok_delete_key( "openai" );', true ),
		'a caller that is denied'      => array( $user, "return Byok\\Consent::decide( $place, 'relay', 'deny' );", true ),
		'… and forgotten'              => array( $user, "return Byok\\Consent::decide( $place, 'relay', 'forget' );", true ),
		'another mode'                 => array( $user, "return Byok\\Consent::set_mode( $place, 'ask' ) && Byok\\Consent::set_mode( $place, 'all' );", true ),
		'another role of the user'     => array( $user, '( new WP_User( $made["user"] ) )->set_role( "subscriber" ); return true;', false ),
		'the end of the user'          => array( $user, 'require_once ABSPATH . "wp-admin/includes/user.php"; return wp_delete_user( $made["user"] );', false ),
		'a visitor who is revoked'     => array( "visitor:{$made['visitor']}", 'return is_array( Byok\Guest_Eraser::revoke( Byok\Owner::guest( "visitor", $made["visitor"] ) ) );', false ),
		'a new token of a visitor'     => array( "visitor:{$made['again']}", 'return is_array( Byok\Visitors::rotate( $made["token"] ) );', false ),
		'a visitor who is erased'      => array( "visitor:{$made['again']}", 'return is_array( Byok\Guest_Eraser::erase( Byok\Owner::guest( "visitor", $made["again"] ) ) );', false ),
		'a pair that is revoked'       => array( "ref:{$made['pair']}" . str_repeat( 'a', 20 ), 'return is_array( Byok\Connect_Pairs::revoke( $made["pair"] ) );', true ),
	) as $what => list( $owner, $code, $is_for_all ) ) {
		$theirs = $ticket( $owner );
		$others = $ticket( 'user:4711' );
		$before = array( $used( $theirs ), $used( $others ) );
		$did    = $stage->result( $stage->in_site( "wp_set_current_user( 1 ); $code", compact( 'made', 'key' ) ) );
		$stage->same( "$what: there is an answer before", array( array( 200, null ), array( 200, null ), true ), array( ...$before, $did ) );
		$stage->same( '… and none behind it', array( 401, 'ticket_ended' ), $used( $theirs ) );
		$stage->same( '… of others ' . ( $is_for_all ? 'neither' : 'still' ), $is_for_all ? array( 401, 'ticket_ended' ) : array( 200, null ), $used( $others ) );
	}
	$stage->same( 'a new one is good', array( 200, null ), $used( $ticket( $user ) ) );
};
