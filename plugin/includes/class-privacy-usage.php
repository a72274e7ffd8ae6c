<?php
/**
 * What people may ask of the usage of their own keys.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Exports and erases what a person's own keys were used for, and what the person has decided about who may
 * use them. What a site's or a network's keys were used for names no person.
 *
 * @since 0.1.0
 */
final class Privacy_Usage {

	/**
	 * Rows in one step of an export. WordPress asks again for the next ones.
	 */
	private const STEP = 200;

	/**
	 * Tells what a person's own keys were used for, and in the first step what was decided about them.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $person The person.
	 * @param int   $page   Step, from 1.
	 * @return array{0: array[], 1: bool} Items of an export, and whether this is the last step.
	 */
	public static function export( Owner $person, int $page ): array {
		$rows  = Usage_Figures::of_user( $person->id, $page, self::STEP );
		$items = 1 === $page ? self::decisions( $person ) : array();
		foreach ( $rows as $at => $row ) {
			$items[] = array(
				'group_id'    => 'byok-usage',
				'group_label' => __( 'Usage of API keys', 'byok' ),
				'item_id'     => 'byok-usage-' . ( ( $page - 1 ) * self::STEP + $at + 1 ),
				'data'        => array(
					Privacy::field( __( 'Day', 'byok' ), (string) $row['day'] ),
					Privacy::field( __( 'Provider', 'byok' ), self::provider( $row['provider'] ) ),
					Privacy::field( __( 'Plugin or theme', 'byok' ), Usage_Figures::name_of( $row['caller'] ) ),
					Privacy::field( __( 'Model', 'byok' ), (string) $row['model'] ),
					Privacy::field( __( 'Requests', 'byok' ), (string) $row['requests'] ),
					Privacy::field( __( 'Failed', 'byok' ), (string) $row['errors'] ),
					Privacy::field( __( 'Tokens in', 'byok' ), (string) $row['tokens_in'] ),
					Privacy::field( __( 'Tokens out', 'byok' ), (string) $row['tokens_out'] ),
				),
			);
		}
		return array( $items, count( $rows ) < self::STEP );
	}

	/**
	 * Removes what a person's own keys were used for.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $person The person.
	 * @return bool|WP_Error Whether there was any; byok_storage_failed.
	 */
	public static function erase( Owner $person ) {
		$removed = Usage_Table::forget_user( $person->id );
		return null === $removed ? Failure::because( 'storage_failed' ) : $removed > 0;
	}

	/**
	 * Removes what a person has decided, when there is no key any more that it is about: without decisions
	 * every plugin may use a key.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $person The person.
	 * @return bool|WP_Error Whether there was any; byok_storage_failed.
	 */
	public static function erase_decisions( Owner $person ) {
		return array() === Key_Store::read_all( $person ) ? Consent_Store::forget( $person ) : false;
	}

	/**
	 * What a person has decided, one item for each provider.
	 *
	 * @param Owner $person The person.
	 * @return array[] Items of an export.
	 */
	private static function decisions( Owner $person ): array {
		$policy = Consent_Store::read( $person );
		$items  = array();
		foreach ( is_wp_error( $policy ) ? array() : $policy->providers() as $provider ) {
			$names = static fn( array $callers ) => implode( ', ', array_map( array( Usage_Figures::class, 'name_of' ), array_map( 'strval', $callers ) ) );
			$data  = array(
				Privacy::field( __( 'Provider', 'byok' ), self::provider( $provider ) ),
				Privacy::field( __( 'May be used by', 'byok' ), Messages::consent_mode( $policy->mode( $provider ) ) ),
				Privacy::field( __( 'Approved', 'byok' ), $names( $policy->callers( $provider, 'approved' ) ) ),
				Privacy::field( __( 'Denied', 'byok' ), $names( $policy->callers( $provider, 'denied' ) ) ),
				Privacy::field( __( 'Waiting for you', 'byok' ), $names( array_keys( $policy->pending( $provider ) ) ) ),
			);
			foreach ( $policy->budgets( $provider ) as $caller => $limits ) {
				$whose  = Consent_Policy::WHOLE_KEY === (string) $caller ? __( 'The whole key', 'byok' ) : Usage_Figures::name_of( (string) $caller );
				$data[] = Privacy::field( __( 'Monthly budget', 'byok' ), $whose . ': ' . wp_json_encode( $limits->to_array() ) );
			}
			$items[] = array(
				'group_id'    => 'byok-decisions',
				'group_label' => __( 'Who may use each key, and how much', 'byok' ),
				'item_id'     => 'byok-decisions-' . $provider,
				'data'        => array_values( array_filter( $data, static fn( array $field ) => '' !== $field['value'] ) ),
			);
		}
		return $items;
	}

	/**
	 * Name of a provider.
	 *
	 * @param string $id Provider id.
	 */
	private static function provider( string $id ): string {
		return (string) ( Providers::find( $id )['name'] ?? $id );
	}
}
