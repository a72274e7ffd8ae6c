<?php
/**
 * The actions other plugins can listen to.
 *
 * @package byok
 */

namespace Byok;

use Throwable;

defined( 'ABSPATH' ) || exit;

/**
 * Tells other plugins what happened to a key. They never get the key, and a listener that throws does
 * not turn a save that has happened into a failure.
 *
 * @since 0.1.0
 */
final class Announcement {

	/**
	 * Announces a saved key.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $info     See byok_key_info().
	 */
	public static function saved( string $provider, array $info ): void {
		self::announce(
			static function () use ( $provider, $info ) {
				/**
				 * Fires after a key was checked and saved.
				 *
				 * @since 0.1.0
				 *
				 * @param string $provider Provider id.
				 * @param array  $info     See byok_key_info().
				 */
				do_action( 'byok_key_saved', $provider, $info );
			}
		);
	}

	/**
	 * Announces a stored key that was checked again.
	 *
	 * @since 0.1.0
	 *
	 * @param string      $provider   Provider id.
	 * @param array       $info       See byok_key_info().
	 * @param string|null $before     Outcome that was stored before.
	 * @param string|null $outcome    What was told of the key now.
	 * @param bool        $by_request Whether a request has told it and not a check.
	 */
	public static function checked( string $provider, array $info, ?string $before, ?string $outcome, bool $by_request ): void {
		$checked = compact( 'before', 'outcome', 'by_request' );
		self::announce(
			static function () use ( $provider, $info, $checked ) {
				/**
				 * Fires after a stored key was checked again.
				 *
				 * @since 0.1.0
				 *
				 * @param string $provider Provider id.
				 * @param array  $info     See byok_key_info().
				 * @param array  $checked {
				 *     What was found.
				 *
				 *     @type string|null $before     Outcome that was stored before.
				 *     @type string|null $outcome    What was told of the key now. That of $info is of another one, when
				 *                                   this one was refused and the key before it is in use again.
				 *     @type bool        $by_request Whether a request has told it and not a check.
				 * }
				 */
				do_action( 'byok_key_checked', $provider, $info, $checked );
			}
		);
	}

	/**
	 * Announces a key that was to be saved, and that the provider has refused.
	 *
	 * @since 0.1.0
	 *
	 * @param Place $place Where it was to be.
	 */
	public static function refused( Place $place ): void {
		self::announce(
			static function () use ( $place ) {
				/**
				 * Fires after a key was not saved, because its provider says that it is invalid.
				 *
				 * @since 0.1.0
				 *
				 * @param string $provider Provider id.
				 * @param array  $refused {
				 *     What was refused.
				 *
				 *     @type string $owner   Whose key it was to be, see byok_key_info().
				 *     @type string $slot    Which of several keys.
				 *     @type string $outcome `invalid`.
				 * }
				 */
				do_action(
					'byok_key_refused',
					$place->provider,
					array(
						'owner'   => $place->owner->word(),
						'slot'    => $place->slot,
						'outcome' => 'invalid',
					)
				);
			}
		);
	}

	/**
	 * Announces a deleted key.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $info     See byok_key_info(); the state is `absent`.
	 */
	public static function deleted( string $provider, array $info ): void {
		self::announce(
			static function () use ( $provider, $info ) {
				/**
				 * Fires after a key was deleted.
				 *
				 * @since 0.1.0
				 *
				 * @param string $provider Provider id.
				 * @param array  $info     See byok_key_info(); the state is `absent`, the owner says whose it was.
				 */
				do_action( 'byok_key_deleted', $provider, $info );
			}
		);
	}

	/**
	 * Announces that a key was handed out.
	 *
	 * @since 0.1.0
	 *
	 * @param string   $provider Provider id.
	 * @param callable $info     Makes the info, see byok_key_info(); only called when somebody listens.
	 */
	public static function used( string $provider, callable $info ): void {
		if ( ! has_action( 'byok_key_used' ) ) {
			return;
		}
		self::announce(
			static function () use ( $provider, $info ) {
				/**
				 * Fires when a key was handed out, before it is used.
				 *
				 * @since 0.1.0
				 *
				 * @param string $provider Provider id.
				 * @param array  $info     See byok_key_info().
				 */
				do_action( 'byok_key_used', $provider, $info() );
			}
		);
	}

	/**
	 * Announces a key that is locked since the site's secret was changed.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $info     See byok_key_info().
	 */
	public static function locked( string $provider, array $info ): void {
		self::announce(
			static function () use ( $provider, $info ) {
				/**
				 * Fires for each locked key of the site, on the first request after its secret was changed.
				 *
				 * @since 0.1.0
				 *
				 * @param string $provider Provider id.
				 * @param array  $info     See byok_key_info().
				 */
				do_action( 'byok_key_locked', $provider, $info );
			}
		);
	}

	/**
	 * Announces a budget that is reached, once a month.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $budget   See the action.
	 */
	public static function budget_reached( string $provider, array $budget ): void {
		self::announce(
			static function () use ( $provider, $budget ) {
				/**
				 * Fires when the use of a key has reached a budget, once a month for each.
				 *
				 * @since 0.1.0
				 *
				 * @param string $provider Provider id.
				 * @param array  $budget {
				 *     The budget.
				 *
				 *     @type string      $owner  Whose key: `site`, `network` or `user:ID`.
				 *     @type string|null $caller Id of the plugin or theme, such as `plugin:my-plugin`; null for
				 *                               the budget of the whole key.
				 *     @type string      $level  `soft`, requests go on; `hard`, they are refused.
				 *     @type string      $unit   `requests` or `tokens`.
				 *     @type int         $limit  The limit.
				 *     @type int         $used   What was used.
				 *     @type string      $month  Such as `2026-11`, in UTC.
				 * }
				 */
				do_action( 'byok_budget_reached', $provider, $budget );
			}
		);
	}

	/**
	 * Fires an action and survives its listeners.
	 *
	 * @param callable $fire Fires it.
	 */
	private static function announce( callable $fire ): void {
		try {
			$fire();
		} catch ( Throwable $thrown ) {
			// Not trigger_error(): handlers of other plugins make exceptions of that. And not the message,
			// which is not ours and may hold anything.
			if ( WP_DEBUG ) {
				error_log( 'byok: a listener threw ' . get_class( $thrown ) . '.' ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions -- only while debugging.
			}
		}
	}
}
