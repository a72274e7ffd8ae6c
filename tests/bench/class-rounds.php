<?php
/**
 * Measuring several ways to do one thing in turn.
 */

declare( strict_types=1 );

namespace Byok\Tests;

/**
 * Times ways one after the other, again and again, so that what else the machine does meets all of them alike.
 */
final class Rounds {

	/**
	 * Measures each way in every round.
	 *
	 * Time is that of the processor: who else had it in the meantime does not count.
	 *
	 * @param array<string, callable(int): void> $ways   Does the work so many times, by name.
	 * @param int                                $rounds How many rounds; one more comes first and does not count.
	 * @param float                              $spent  Seconds that one way takes of one round, nearly.
	 * @return array<string, float[]> Microseconds of one time, for each round, by name.
	 */
	public static function time( array $ways, int $rounds, float $spent ): array {
		$times = array();
		$taken = array();
		foreach ( $ways as $name => $way ) {
			$times[ $name ] = self::fitting( $way, $spent );
		}
		for ( $round = 0; $round <= $rounds; $round++ ) {
			foreach ( $ways as $name => $way ) {
				$begun = self::cpu();
				$way( $times[ $name ] );
				$took = ( self::cpu() - $begun ) / $times[ $name ];
				if ( 0 !== $round ) {
					$taken[ $name ][] = $took;
				}
			}
		}
		return $taken;
	}

	/**
	 * Microseconds that this process has had of the processor, with what the system did for it.
	 */
	public static function cpu(): int {
		$usage = getrusage();
		return ( $usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec'] ) * 1000000 + $usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec'];
	}

	/**
	 * How many times fit into so many seconds.
	 *
	 * @param callable $way   Does the work so many times.
	 * @param float    $spent Seconds.
	 */
	private static function fitting( callable $way, float $spent ): int {
		for ( $times = 1; ; $times *= 4 ) {
			$begun = self::cpu();
			$way( $times );
			$took = ( self::cpu() - $begun ) / 1e6;
			if ( $took > $spent / 8 ) {
				return max( 1, (int) round( $times * $spent / $took ) );
			}
		}
	}
}
