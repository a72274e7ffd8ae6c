<?php
/**
 * What a scan has found.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Puts findings together: the same key in the same place is one line, with how often it is there.
 *
 * @since 0.1.0
 */
final class Scan_Report {

	/**
	 * How many lines are kept. A log may hold a key of each request.
	 */
	private const LINES = 10000;

	/**
	 * Lines by what makes them the same.
	 *
	 * @var array[]
	 */
	private array $lines = array();

	/**
	 * How many keys were found.
	 *
	 * @var int
	 */
	private int $count = 0;

	/**
	 * Adds findings.
	 *
	 * @since 0.1.0
	 *
	 * @param string  $kind     What holds them: `option`, `file`.
	 * @param string  $where    Which one. It may hold a key itself.
	 * @param array[] $findings From Key_Scan.
	 */
	public function add( string $kind, string $where, array $findings ): void {
		$where = array() === $findings ? '' : byok_redact( $where );
		foreach ( $findings as $finding ) {
			++$this->count;
			$same = implode( "\0", array( get_current_blog_id(), $kind, $where, $finding['provider'], $finding['masked'] ) );
			if ( isset( $this->lines[ $same ] ) ) {
				++$this->lines[ $same ]['times'];
			} elseif ( count( $this->lines ) < self::LINES ) {
				$this->lines[ $same ] = array(
					'site'     => get_current_blog_id(),
					'kind'     => $kind,
					'where'    => $where,
					'line'     => 'file' === $kind ? $finding['line'] : '',
					'provider' => $finding['provider'],
					'key'      => $finding['masked'],
					'rule'     => $finding['rule'],
					'times'    => 1,
				);
			}
		}
	}

	/**
	 * Adds to the number of keys that nothing more is known of.
	 *
	 * @since 0.1.0
	 *
	 * @param int $count How many.
	 */
	public function add_untold( int $count ): void {
		$this->count += $count;
	}

	/**
	 * The lines.
	 *
	 * @since 0.1.0
	 *
	 * @return array[] With site, kind, where, line, provider, key, rule and times.
	 */
	public function lines(): array {
		return array_values( $this->lines );
	}

	/**
	 * How many keys were found, also those that no line tells of.
	 *
	 * @since 0.1.0
	 */
	public function count(): int {
		return $this->count;
	}

	/**
	 * How many of them no line tells of.
	 *
	 * @since 0.1.0
	 */
	public function untold(): int {
		return $this->count - array_sum( array_column( $this->lines, 'times' ) );
	}
}
