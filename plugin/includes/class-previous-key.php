<?php
/**
 * The key before.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Decides which key is kept beside one that was saved and not proven: a slip of the hand must not cost
 * the key that works, and an answer such as "too many requests" says nothing about the new one.
 *
 * One key is kept, not a chain of them. What a row tells of its last check is not authentic; whoever could
 * edit it to have a key dropped could as well delete the row.
 *
 * It opens nothing and stores nothing.
 *
 * @since 0.1.0
 */
final class Previous_Key {

	/**
	 * Outcomes that only a right key can have. Limits and refusals of a region, a project or a path are
	 * often told before the key is looked at.
	 */
	private const PROVEN = array( 'valid', 'no_credit' );

	/**
	 * Outcomes of a key that may be in use for years and is never proven: the provider answers anyone, or
	 * does not let the key do what a check does.
	 */
	private const NEVER_PROVEN = array( 'valid', 'restricted' );

	/**
	 * Seconds after which such a key counts as the one in use. Who has mistyped it would have noticed.
	 */
	private const SETTLED = DAY_IN_SECONDS;

	/**
	 * Whether the provider has told that the key is right.
	 *
	 * @since 0.1.0
	 *
	 * @param Key_Row $row Row.
	 */
	public static function is_proven( Key_Row $row ): bool {
		return self::proves( $row->outcome, $row->proof );
	}

	/**
	 * Whether an outcome says that a key is right.
	 *
	 * @since 0.1.0
	 *
	 * @param string|null $outcome What a check has told.
	 * @param string|null $proof   What that is about.
	 */
	public static function proves( ?string $outcome, ?string $proof ): bool {
		return 'key' === $proof && in_array( $outcome, self::PROVEN, true );
	}

	/**
	 * The key to keep beside a new one.
	 *
	 * @since 0.1.0
	 *
	 * @param Place        $place  Place.
	 * @param Key_Row      $row    The new one.
	 * @param Key_Row|null $before The row that it replaces, when it is one.
	 * @return Key_Row|null Null when none is needed, or none can be used ever again.
	 */
	public static function beside( Place $place, Key_Row $row, ?Key_Row $before ): ?Key_Row {
		if ( self::is_proven( $row ) || null === $before ) {
			return null;
		}

		// Of several that were not proven, the one before them all.
		$is_good = self::is_proven( $before ) || self::is_settled( $before );
		foreach ( $is_good ? array( $before, $before->previous ) : array( $before->previous, $before ) as $key ) {
			// One that is locked opens again when its secret is given back.
			if ( null !== $key && 'damaged' !== Key_State::of_row( $place, $key )['state'] ) {
				return $key;
			}
		}
		return null;
	}

	/**
	 * Whether the key that was kept takes its place again after a check of the one in use.
	 *
	 * @since 0.1.0
	 *
	 * @param Place   $place   Place.
	 * @param Key_Row $row     The row that was checked.
	 * @param string  $outcome What was told.
	 */
	public static function comes_back( Place $place, Key_Row $row, string $outcome ): bool {
		return 'invalid' === $outcome
			&& null !== $row->previous
			&& ! self::is_settled( $row )
			&& $row->previous->opens( $place );
	}

	/**
	 * Whether a key that cannot be proven has been in use for long.
	 *
	 * @param Key_Row $row Row.
	 */
	private static function is_settled( Key_Row $row ): bool {
		return in_array( $row->outcome, self::NEVER_PROVEN, true ) && $row->saved_at < time() - self::SETTLED;
	}
}
