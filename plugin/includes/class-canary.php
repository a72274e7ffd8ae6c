<?php
/**
 * Whether the site's secret is still the one it was.
 *
 * @package byok
 */

namespace Byok;

use Throwable;

defined( 'ABSPATH' ) || exit;

/**
 * Keeps a known text encrypted like a key. A PHP process looks at it every five minutes, and at once when the id of
 * the secret's key is one that it has not looked under. So the first request after somebody has changed the site's
 * salts, its key or its tenant knows it, and when that was; no other request asks the database.
 *
 * It changes no key and decides nothing about one.
 *
 * @since 0.1.0
 */
final class Canary {

	/**
	 * The option. Not autoloaded: few requests look at it. array( key_id, envelope, changed_at, source,
	 * source_before, written_at ).
	 */
	public const OPTION = 'byok_canary';

	/**
	 * What is encrypted. It is no secret.
	 */
	private const TEXT = 'byok canary';

	/**
	 * Sources of the secret, the strongest first.
	 */
	private const SOURCES = array( 'key_file', 'environment', 'constant', 'salts' );

	/**
	 * Seconds between two changes that are written down. Where two web servers have different secrets,
	 * every other request would write.
	 */
	private const PAUSE = MINUTE_IN_SECONDS;

	/**
	 * Looks whether the secret has changed since somebody has looked. Hooked to `init` by Known_Keys, when it is due.
	 *
	 * @since 0.1.0
	 */
	public static function look(): void {
		$seen = self::seen();
		try {
			$key_id = null === $seen || null !== Extension::reason() ? null : byok_key_source()['key_id'];
			if ( null !== $key_id && $key_id === $seen['key_id'] && null !== $seen['changed_at'] && Reencryption::has_opened_all_since( $seen['written_at'] ) ) {
				// A re-encryption of the whole network has ended, on another of its sites.
				self::settle();
				return;
			}
			// Without a usable secret there is nothing to compare; that is told elsewhere.
			if ( null === $key_id || $key_id === $seen['key_id'] || $seen['changed_at'] > time() - self::PAUSE ) {
				return;
			}
			$used = self::used_key_ids();
			if ( array() === $used || in_array( $seen['key_id'], $used, true ) ) {
				self::write( $key_id, time(), $seen['source'] ?? null );
			} else {
				// What was written down last has encrypted nothing here, such as the secret in the environment of one command.
				$is_back = array( $key_id ) === $used;
				self::write( $key_id, $is_back ? null : time(), $is_back ? null : $seen['source_before'] ?? null );
			}
			Attention::raise();
		} catch ( Throwable $thrown ) {
			// A site must not fail because byok could not look.
			return;
		}

		foreach ( Vault::all() as $provider => $info ) {
			if ( 'locked' === $info['state'] ) {
				Announcement::locked( $provider, $info );
			}
		}
	}

	/**
	 * Makes the canary when there is none yet, or a new one once no key waits for the old secret.
	 *
	 * The date and the offer to enter the old secret go away with it, so keys that this site's page does not
	 * list count too: those of networks and people, of which only a whole re-encryption tells.
	 *
	 * @since 0.1.0
	 */
	public static function settle(): void {
		try {
			$seen   = self::seen();
			$key_id = byok_key_source()['key_id'];
			if ( null === $key_id || ( null !== $seen && ! self::is_refused() && null === $seen['changed_at'] ) ) {
				return;
			}
			if ( null !== $seen && ( self::has_locked() || ( Key_Batch::has_shared() && ! Reencryption::has_opened_all_since( $seen['written_at'] ) ) ) ) {
				return;
			}
			self::write( $key_id, null, null );
		} catch ( Throwable $thrown ) {
			return;
		}
	}

	/**
	 * When the secret was changed: the time of the first request that saw it.
	 *
	 * @since 0.1.0
	 *
	 * @return int|null Unix time; null when it was not, or all keys have been seen to since.
	 */
	public static function changed_at(): ?int {
		return self::seen()['changed_at'] ?? null;
	}

	/**
	 * A stronger source than the one in force, which was there before the change and is not any more. It was
	 * lost rather than given up: whoever has gone from the salts to a key file does not go back on purpose.
	 *
	 * @since 0.1.0
	 *
	 * @return string|null `key_file`, `environment` or `constant`; null when there is none.
	 */
	public static function lost_source(): ?string {
		$seen = self::seen();
		if ( null === $seen || null === $seen['changed_at'] || null !== Extension::reason() ) {
			return null;
		}
		$before = array_search( $seen['source_before'] ?? null, self::SOURCES, true );
		$now    = array_search( byok_key_source()['source'], self::SOURCES, true );
		return false !== $before && false !== $now && $before < $now ? self::SOURCES[ $before ] : null;
	}

	/**
	 * Whether the canary does not open although its key is here: it was encrypted for another tenant, or on
	 * another site, and so were the keys.
	 *
	 * @since 0.1.0
	 */
	public static function is_refused(): bool {
		$seen = self::seen();
		return null !== $seen
			&& null === Extension::reason()
			&& 'envelope_refused' === byok_inspect( $seen['envelope'], self::context() )['reason'];
	}

	/**
	 * Whether a key of this site waits for its secret, or one that is kept beside it, or the database does
	 * not tell.
	 */
	private static function has_locked(): bool {
		$rows = Key_Store::read_all( Owner::site() );
		if ( is_wp_error( $rows ) ) {
			return true;
		}
		foreach ( $rows as $id => $raw ) {
			$place = Place::of( Owner::site(), (string) $id );
			$kept  = Key_Row::parse( $raw )?->previous;
			if (
				'locked' === Key_State::of( $place, $raw )['state']
				|| ( null !== $kept && 'locked' === Key_State::of_row( $place, $kept )['state'] )
			) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Ids of the keys that this site's rows are encrypted under.
	 *
	 * @return string[] Each once; none when there are no rows, or the database does not answer.
	 */
	private static function used_key_ids(): array {
		$rows = Key_Store::read_all( Owner::site() );
		$ids  = array();
		foreach ( is_wp_error( $rows ) ? array() : $rows as $raw ) {
			$row    = Key_Row::parse( $raw );
			$key_id = null === $row ? null : byok_inspect( $row->envelope )['key_id'];
			if ( null !== $key_id ) {
				$ids[ $key_id ] = true;
			}
		}
		return array_map( 'strval', array_keys( $ids ) );
	}

	/**
	 * What was written down last.
	 *
	 * @return array{key_id: string, envelope: string, changed_at: int|null, source?: string|null,
	 *               source_before?: string|null, written_at: int}|null Null when it is not ours.
	 */
	private static function seen(): ?array {
		$seen = get_option( self::OPTION );
		if (
			! is_array( $seen )
			|| ! is_string( $seen['key_id'] ?? null )
			|| ! is_string( $seen['envelope'] ?? null )
			|| ! ( null === ( $seen['changed_at'] ?? null ) || is_int( $seen['changed_at'] ) )
			|| ! ( null === ( $seen['source'] ?? null ) || is_string( $seen['source'] ) )
			|| ! is_int( $seen['written_at'] ?? 0 )
		) {
			return null;
		}
		return $seen + array(
			'changed_at' => null,
			'written_at' => 0,
		);
	}

	/**
	 * Writes down under which secret the site is now.
	 *
	 * @param string      $key_id        Id of the key that encrypts.
	 * @param int|null    $changed_at    When it was changed, Unix time.
	 * @param string|null $source_before Source of the secret before the change.
	 * @throws \Byok\Exception\ByokException When there is no usable key source.
	 */
	private static function write( string $key_id, ?int $changed_at, ?string $source_before ): void {
		$envelope = byok_encrypt( self::TEXT, self::context() );
		$source   = byok_key_source()['source'];

		$written_at = time();
		update_option( self::OPTION, compact( 'key_id', 'envelope', 'changed_at', 'source', 'source_before', 'written_at' ), false );
	}

	/**
	 * Where the canary sits: no provider can have its place.
	 */
	private static function context(): array {
		return array( 'slot' => 'canary' ) + Place::of_site( '' )->context( '' );
	}
}
