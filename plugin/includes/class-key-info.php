<?php
/**
 * What may be told about a key.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Puts together what the settings page, REST and other plugins get to know of one provider. It has no
 * field in which a key could be, and no way to open one.
 *
 * @since 0.1.0
 */
final class Key_Info {

	/**
	 * Tells about a provider and what is stored for it.
	 *
	 * @since 0.1.0
	 *
	 * @param array       $provider The provider's row of the table.
	 * @param Place       $place    Where the key is.
	 * @param string|null $raw      Stored text; null when there is no row.
	 * @param string[]    $slots    Slots in which the owner has a key of this provider.
	 * @return array Info, see byok_key_info().
	 */
	public static function of( array $provider, Place $place, ?string $raw, array $slots = array() ): array {
		$state    = Key_State::of( $place, $raw );
		$row      = Key_Row::parse( $raw );
		$previous = Key_State::of_previous( $place, $row );
		$opens    = in_array( $state['state'], array( 'ready', 'stale' ), true );

		return array(
			'provider'        => $provider['id'],
			'name'            => $provider['name'],
			'description'     => $provider['description'],
			'state'           => $state['state'],
			'reason'          => $state['reason'],
			'hint'            => null === $row ? '' : $row->hint,
			'previous_hint'   => null === $row || null === $row->previous ? '' : $row->previous->hint,
			'previous_state'  => $previous['state'],
			'previous_reason' => $previous['reason'],
			'outcome'         => null === $row ? null : $row->outcome,
			'proof'           => null === $row ? null : $row->proof,
			'message'         => self::message( $provider, $place, $state, $row, $previous['state'] ),
			'slot'            => $place->slot,
			'slots'           => array_map( 'strval', array_values( $slots ) ),
			'resume_at'       => null === $row || (int) $row->resume_at <= time() ? null : $row->resume_at,
			'checked_at'      => null === $row ? null : $row->checked_at,
			'saved_at'        => null === $row ? null : $row->saved_at,
			'saved_by'        => null === $row ? null : $row->saved_by,

			// An address that the envelope does not vouch for is not told: the form would offer it as the
			// place to send the next key to.
			'origin'          => $opens ? $row->origin : $provider['origin'],
			'base_url'        => $opens ? $row->base_url : '',

			'owner'           => $place->owner->word(),
			'source'          => $place->owner->kind,
			'read_only'       => false,
			'set_by'          => null,
			'custom_base_url' => $provider['custom_base_url'],
			'key_required'    => $provider['key_required'],
			'key_page'        => $provider['key_page'],
			'billing_page'    => $provider['billing_page'],
			'prefixes'        => $provider['prefixes'],
			'placeholder'     => $provider['placeholder'],
		);
	}

	/**
	 * Tells about a provider and what is stored for it now.
	 *
	 * @since 0.1.0
	 *
	 * @param array $provider The provider's row of the table.
	 * @param Place $place    Where the key is.
	 * @return array|WP_Error Info; byok_storage_failed.
	 */
	public static function stored( array $provider, Place $place ) {
		$raws = Key_Store::read_slots( $place->owner, $place->provider );
		return is_wp_error( $raws ) ? $raws : self::of( $provider, $place, $raws[ $place->slot ] ?? null, array_keys( $raws ) );
	}

	/**
	 * Whether the key, or the one that is kept beside it, opens again as soon as somebody gives the secret from before.
	 *
	 * @since 0.1.0
	 *
	 * @param array $info Info.
	 */
	public static function waits_for_secret( array $info ): bool {
		return in_array( 'envelope_unknown_key', array( $info['reason'], $info['previous_reason'] ), true );
	}

	/**
	 * The sentence for a key at rest.
	 *
	 * @param array        $provider The provider's row of the table.
	 * @param Place        $place    Where the key is.
	 * @param array        $state    What Key_State::of() told.
	 * @param Key_Row|null $row      The row, when it is one.
	 * @param string       $previous State of the key that is kept beside it.
	 * @return string Sentences.
	 */
	private static function message( array $provider, Place $place, array $state, ?Key_Row $row, string $previous ): string {
		// Where only the key beside it is stale, that one's sentence says so.
		$own       = 'stale' === $state['state'] ? Key_State::of_row( $place, $row ) : $state;
		$sentences = array( Messages::state( $own['state'], $own['reason'], null === $row ? null : $row->saved_at ) );

		if ( in_array( $state['state'], array( 'ready', 'stale' ), true ) && null !== $row->outcome ) {
			$sentences[] = Messages::outcome( $row->outcome, $provider, $row->proof );
			$sentences[] = Messages::previous_kept( $previous );
			$sentences[] = (int) $row->resume_at <= time() ? '' : Messages::resting( $row->resume_at );
		}
		return implode( ' ', array_filter( $sentences ) );
	}
}
