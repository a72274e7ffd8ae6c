<?php
/**
 * What people may ask of their own data.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Takes part in WordPress's export and erasure of personal data with the keys that people have saved for
 * themselves: an export tells that there is a key and what it was used for, an erasure deletes both, and what was noted
 * beside them. For usage see Privacy_Usage, for people without an account Guest_Eraser.
 *
 * Neither a key nor a hint nor ciphertext is ever exported. Keys of a site or a network are no personal
 * data; whoever wants to delete those is an administrator.
 *
 * @since 0.1.0
 */
final class Privacy {

	/**
	 * Providers in one step. WordPress asks again for the next ones.
	 */
	private const STEP = 20;

	/**
	 * Adds the exporter.
	 *
	 * @since 0.1.0
	 *
	 * @param array $exporters Exporters.
	 * @return array The same with ours.
	 */
	public static function add_exporter( $exporters ) {
		$exporters['byok'] = array(
			'exporter_friendly_name' => __( 'API keys', 'byok' ),
			'callback'               => array( self::class, 'export' ),
		);
		return $exporters;
	}

	/**
	 * Adds the eraser.
	 *
	 * @since 0.1.0
	 *
	 * @param array $erasers Erasers.
	 * @return array The same with ours.
	 */
	public static function add_eraser( $erasers ) {
		$erasers['byok'] = array(
			'eraser_friendly_name' => __( 'API keys', 'byok' ),
			'callback'             => array( self::class, 'erase' ),
		);
		return $erasers;
	}

	/**
	 * Suggests a paragraph for the site's privacy policy.
	 *
	 * @since 0.1.0
	 */
	public static function suggest_policy(): void {
		if ( function_exists( 'wp_add_privacy_policy_content' ) ) {
			wp_add_privacy_policy_content( 'byok', '<p>' . implode( '</p><p>', array_map( 'esc_html', Messages::privacy_policy() ) ) . '</p>' );
		}
	}

	/**
	 * Tells of a person's own keys and what they were used for.
	 *
	 * @since 0.1.0
	 *
	 * @param string $email Address of the person.
	 * @param int    $page  Step, from 1.
	 * @return array{data: array[], done: bool}
	 */
	public static function export( $email, $page = 1 ) {
		$user = get_user_by( 'email', (string) $email );
		$data = array();
		list( $ids, $done ) = self::step( $user, (int) $page );
		foreach ( $ids as $id ) {
			$info = Vault::info( $id, Owner::user( $user->ID ) );
			if ( is_wp_error( $info ) || 'absent' === $info['state'] ) {
				continue;
			}
			$data[] = array(
				'group_id'    => 'byok',
				'group_label' => __( 'API keys', 'byok' ),
				'item_id'     => 'byok-key-' . $id,
				'data'        => array(
					// Of several keys each has its label behind the name.
					self::field( __( 'Provider', 'byok' ), $info['name'] . ( Place::DEFAULT_SLOT === $info['slot'] ? '' : " ({$info['slot']})" ) ),
					self::field( __( 'Owner', 'byok' ), Owner::user( $user->ID )->word() ),
					self::field( __( 'Saved', 'byok' ), self::time( $info['saved_at'] ) ),
					self::field( __( 'Last check', 'byok' ), self::time( $info['checked_at'] ) ),
				),
			);
		}
		if ( $user ) {
			list( $usage, $usage_done ) = Privacy_Usage::export( Owner::user( $user->ID ), max( 1, (int) $page ) );

			$data = array_merge( $data, $usage );
			$done = $done && $usage_done;
		}
		return array(
			'data' => $data,
			'done' => $done,
		);
	}

	/**
	 * Deletes a person's own keys and what is written down of their use.
	 *
	 * @since 0.1.0
	 *
	 * @param string $email Address of the person.
	 * @param int    $page  Step, from 1.
	 * @return array{items_removed: bool, items_retained: bool, messages: string[], done: bool}
	 */
	public static function erase( $email, $page = 1 ) {
		$user     = get_user_by( 'email', (string) $email );
		$removed  = false;
		$messages = array();
		list( $ids, $done ) = self::step( $user, (int) $page );
		if ( $user && (int) $page <= 1 ) {
			Person_Notes::forget_events( Owner::user( $user->ID ) );
		}
		foreach ( $ids as $id ) {
			$deleted = self::delete( $id, Owner::user( $user->ID ) );
			if ( is_wp_error( $deleted ) ) {
				$messages[] = Messages::not_erased( $id, $deleted->get_error_message() );
			} else {
				$removed = true;
			}
		}
		if ( $user && $done ) {
			Person_Notes::forget( Owner::user( $user->ID ) );
			// Last: a key whose decisions were gone could be used by every plugin.
			foreach ( array( 'erase', 'erase_decisions' ) as $what ) {
				$erased = Privacy_Usage::$what( Owner::user( $user->ID ) );
				if ( is_wp_error( $erased ) ) {
					$messages[] = Messages::usage_not_erased( $erased->get_error_message() );
				} else {
					$removed = $removed || $erased;
				}
			}
		}
		return array(
			'items_removed'  => $removed,
			'items_retained' => array() !== $messages,
			'messages'       => $messages,
			'done'           => $done,
		);
	}

	/**
	 * Deletes a person's key, also one of a provider that the table does not have any more.
	 *
	 * @param string $id    Id of the place.
	 * @param Owner  $owner The person.
	 * @return true|\WP_Error Errors as of Vault::delete().
	 */
	private static function delete( string $id, Owner $owner ) {
		$deleted = Vault::delete( $id, $owner );
		if ( ! is_wp_error( $deleted ) || 'provider_unknown' !== Failure::reason( $deleted ) ) {
			return $deleted;
		}
		$place = Place::of( $owner, $id );
		$raw   = Key_Store::read_raw( $place );
		return is_string( $raw ) ? Key_Store::remove( $place, $raw ) : $raw ?? true;
	}

	/**
	 * The providers of one step that a person has a row for.
	 *
	 * Steps go through the table of providers, not through the rows: an erasure removes rows, and one
	 * that failed must not be met again and again.
	 *
	 * @param \WP_User|false $user The person.
	 * @param int            $page Step, from 1.
	 * @return array{0: string[], 1: bool} Ids of places, see Place::id(), and whether this is the last step.
	 */
	private static function step( $user, int $page ): array {
		if ( ! $user ) {
			return array( array(), true );
		}
		$rows = Key_Store::read_all( Owner::user( $user->ID ) );
		if ( ! is_array( $rows ) ) {
			// The database fails: Vault says so for each.
			$rows = Providers::all();
		}
		$known = array_keys( Providers::all() );
		$from  = self::STEP * ( max( 1, $page ) - 1 );
		$done  = $from + self::STEP >= count( $known );
		// Several keys for one provider have several rows.
		$places = array_map( static fn( $id ) => Place::of( Owner::user( $user->ID ), (string) $id ), array_keys( $rows ) );
		$ids_of = static fn( callable $is_wanted ) => array_map( static fn( Place $place ) => $place->id(), array_filter( $places, $is_wanted ) );
		$now    = array_slice( $known, $from, self::STEP );
		$ids    = $ids_of( static fn( Place $place ) => in_array( $place->provider, $now, true ) );
		if ( $done && $from < max( 1, count( $known ) ) ) {
			// Of providers that the table does not have any more. Usage may take further steps.
			$ids = array_merge( $ids, $ids_of( static fn( Place $place ) => ! in_array( $place->provider, $known, true ) ) );
		}
		return array( array_values( $ids ), $done );
	}

	/**
	 * One line of an export.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name  Name.
	 * @param string $value Value.
	 * @return array{name: string, value: string}
	 */
	public static function field( string $name, string $value ): array {
		return array(
			'name'  => $name,
			'value' => $value,
		);
	}

	/**
	 * A time as WordPress's own exporters write it.
	 *
	 * @param int|null $time Unix time.
	 * @return string UTC; "never" for null.
	 */
	private static function time( ?int $time ): string {
		return null === $time ? __( 'never', 'byok' ) : gmdate( 'Y-m-d H:i:s', $time );
	}
}
