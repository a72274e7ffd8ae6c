<?php
/**
 * A test that changes the site's salts again and again.
 *
 * @package byok
 */

namespace Byok\Tests;

/**
 * Lives through fifty changes of the salts, as a site does that is moved, restored and looked after by many
 * hands: sometimes the salts before are given as previous, sometimes not; sometimes keys are encrypted
 * anew, sometimes pasted again, sometimes salts come back.
 *
 * @group rotation
 */
final class RotationTest extends Test_Case {

	/**
	 * Changes of the salts.
	 */
	private const CHANGES = 50;

	/**
	 * What is done in one round; answers what it has found and done, never a key.
	 */
	private const ROUND = <<<'PHP'
		$seen = array( 'wrong' => array(), 'states' => array(), 'saved' => array() );
		foreach ( $places as list( $provider, $owner ) ) {
			$at   = "$provider of $owner";
			$args = compact( 'owner' );
			$got  = byok_get_key( $provider, $args );
			$seen['states'][ $at ] = byok_key_info( $provider, $args )['state'];
			if ( is_wp_error( $got ) ) {
				$seen['errors'][ $at ] = $got->get_error_code();
			} elseif ( hash( 'sha256', $got ) !== $expected[ $at ] ) {
				$seen['wrong'][] = $at;
			}
		}
		foreach ( $saves as $at => list( $provider, $owner, $key ) ) {
			$saved = byok_save_key( $provider, $key, compact( 'owner' ) );
			$seen['saved'][ $at ] = is_wp_error( $saved ) ? $saved->get_error_code() : 'saved';
			$got = byok_get_key( $provider, compact( 'owner' ) );
			if ( $got !== $key ) {
				$seen['wrong'][] = "$at, just saved";
			}
		}
		if ( $reencrypt ) {
			$status = Byok\Reencryption::step( 60.0 );
			$seen['reencrypted'] = is_array( $status ) && $status['finished'];
		}
		return $seen;
	PHP;

	public function test_no_key_is_lost_or_returned_wrong_in_fifty_changes_of_the_salts(): void {
		// A story that is the same every time, and as tangled as any.
		mt_srand( 20261121 );
		$member = self::user( 'subscriber' );
		$places = array( array( 'anthropic', 'site' ), array( 'openai', 'site' ), array( 'groq', 'site' ), array( 'mistral', 'site' ), array( 'anthropic', "user:$member" ) );
		if ( is_multisite() ) {
			$places[] = array( 'anthropic', 'network' );
			$places[] = array( 'google', 'network' );
		}

		// Per place: the hash of the key, and the round whose salts it is under.
		$expected = array();
		$under    = array();
		$counts   = array( 'opened' => 0, 'stale' => 0, 'locked' => 0, 'saved' => 0, 'reencrypted' => 0, 'came back' => 0 );
		$salts    = 0;
		$story    = array( 0 );
		$changes  = 0;
		for ( $round = 0; $changes < self::CHANGES; $round++ ) {
			$before = $salts;
			// Some days nothing happens.
			if ( $round > 0 && 0 !== mt_rand( 0, 4 ) ) {
				// Now and then older salts return, from a backup of wp-config.php.
				$back  = $round > 3 && 0 === mt_rand( 0, 4 );
				$salts = $back ? $story[ mt_rand( 0, count( $story ) - 1 ) ] : $round;

				$counts['came back'] += $back ? 1 : 0;
				$story[]              = $salts;

				$changes += $salts !== $before ? 1 : 0;
			}
			$previous  = $before !== $salts && 0 !== mt_rand( 0, 2 );
			$constants = ! $previous ? array() : array(
				'AUTH_KEY_PREVIOUS'  => hash( 'sha256', "round $before AUTH_KEY" ),
				'AUTH_SALT_PREVIOUS' => hash( 'sha256', "round $before AUTH_SALT" ),
			);

			// At first everybody saves, later somebody, over locked keys too.
			$saves = array();
			foreach ( $places as list( $provider, $owner ) ) {
				if ( 0 === $round || 0 === mt_rand( 0, 5 ) ) {
					$saves[ "$provider of $owner" ] = array( $provider, $owner, Test_Provider::key( $provider ) );
				}
			}
			$reencrypt = 0 === mt_rand( 0, 2 );

			$seen = Site::run( self::ROUND, array( 'salts' => "round $salts", 'given' => compact( 'places', 'expected', 'saves', 'reencrypt' ) ) + compact( 'constants' ) )['result'];
			$this->assertSame( array(), $seen['wrong'], "round $round" );

			foreach ( $places as list( $provider, $owner ) ) {
				$at = "$provider of $owner";
				if ( isset( $under[ $at ] ) ) {
					$state = $under[ $at ] === $salts ? 'ready' : ( $previous && $under[ $at ] === $before ? 'stale' : 'locked' );
					$this->assertSame( $state, $seen['states'][ $at ], "round $round, $at" );
					$this->assertSame( 'locked' === $state ? 'byok_envelope_unknown_key' : null, $seen['errors'][ $at ] ?? null, "round $round, $at" );
					++$counts[ 'ready' === $state ? 'opened' : $state ];
				}
				if ( isset( $saves[ $at ] ) ) {
					$this->assertSame( 'saved', $seen['saved'][ $at ], "round $round, $at" );
					$expected[ $at ] = hash( 'sha256', $saves[ $at ][2] );
					$under[ $at ]    = $salts;
					++$counts['saved'];
				} elseif ( $reencrypt && $previous && ( $under[ $at ] ?? null ) === $before ) {
					$under[ $at ] = $salts;
					++$counts['reencrypted'];
				}
			}
			if ( $reencrypt ) {
				$this->assertTrue( $seen['reencrypted'], "round $round" );
			}
		}
		foreach ( $counts as $what => $count ) {
			$this->assertGreaterThan( 4, $count, "the story must have $what" );
		}

		// At last every key opens under the salts it was left under.
		foreach ( array_unique( $under ) as $salts ) {
			$here = array_values( array_filter( $places, static fn( $place ) => $under[ "$place[0] of $place[1]" ] === $salts ) );
			$seen = Site::run( self::ROUND, array( 'salts' => "round $salts", 'given' => array( 'places' => $here, 'expected' => $expected, 'saves' => array(), 'reencrypt' => false ) ) )['result'];
			$this->assertSame( array( array(), array( 'ready' ) ), array( $seen['wrong'], array_values( array_unique( $seen['states'] ) ) ) );
		}
	}
}
