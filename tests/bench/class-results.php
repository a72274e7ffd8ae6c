<?php
/**
 * What bin/bench has measured.
 */

declare( strict_types=1 );

namespace Byok\Tests;

/**
 * Reads the JSON of the sections and answers medians and ratios.
 */
final class Results {

	/**
	 * Content of the sections that were measured, by name.
	 *
	 * @var array<string, array>
	 */
	private array $sections = array();

	/**
	 * Reads all there is.
	 *
	 * @param string $folder Folder with a file for each section, and one for each first request.
	 */
	public function __construct( string $folder ) {
		foreach ( array( 'encrypt', 'requests', 'wordpress', 'redact', 'reencryption' ) as $section ) {
			$file = "$folder/$section.json";
			if ( is_file( $file ) ) {
				$this->sections[ $section ] = self::read( $file );
			}
		}
		foreach ( glob( "$folder/first-*.json" ) as $file ) {
			foreach ( self::read( $file )['wall'] as $way => $taken ) {
				$this->sections['requests']['first'][ $way ][] = $taken[0];
			}
		}
	}

	/**
	 * Whether a section was measured.
	 *
	 * @param string $section Section.
	 */
	public function has( string $section ): bool {
		return isset( $this->sections[ $section ] );
	}

	/**
	 * What a section has left, at a place in it.
	 *
	 * @param string|int ...$path Section, and names below it.
	 */
	public function at( string|int ...$path ): mixed {
		$found = $this->sections;
		foreach ( $path as $name ) {
			$found = $found[ $name ];
		}
		return $found;
	}

	/**
	 * The figures there, in short.
	 *
	 * @param string|int ...$path As in at().
	 * @return array{median: float, low: float, high: float, p99: float, count: int} Low and high are the quartiles.
	 */
	public function of( string|int ...$path ): array {
		return self::summary( $this->at( ...$path ) );
	}

	/**
	 * The middle one of the figures there.
	 *
	 * @param string|int ...$path As in at().
	 */
	public function median( string|int ...$path ): float {
		return $this->of( ...$path )['median'];
	}

	/**
	 * A list in short.
	 *
	 * @param float[] $figures Figures.
	 */
	public static function summary( array $figures ): array {
		sort( $figures );
		$at = static fn( float $part ) => (float) $figures[ (int) floor( $part * ( count( $figures ) - 1 ) ) ];
		return array(
			'median' => $at( 0.5 ),
			'low'    => $at( 0.25 ),
			'high'   => $at( 0.75 ),
			'p99'    => $at( 0.99 ),
			'count'  => count( $figures ),
		);
	}

	/**
	 * What was added in each round, as both were measured in it.
	 *
	 * @param float[] $with    Figures with it.
	 * @param float[] $without Figures without it.
	 */
	public static function added( array $with, array $without ): array {
		return self::summary( array_map( static fn( $one, $other ) => $one - $other, $with, $without ) );
	}

	/**
	 * Processor time that byok adds to a page, as a part of what it takes without.
	 *
	 * @param string $page Page.
	 */
	public function share_of_page( string $page ): float {
		$ways = $this->at( 'wordpress', 'pages', $page );
		return self::added( $ways['active']['cpu'], $ways['inactive']['cpu'] )['median'] / self::summary( $ways['inactive']['cpu'] )['median'];
	}

	/**
	 * Every ratio that there is a floor for: others beside byok, so that more is better for byok.
	 *
	 * @return array<string, float>
	 */
	public function ratios(): array {
		$ratios = array();
		if ( $this->has( 'encrypt' ) ) {
			foreach ( array( 'encrypt', 'decrypt' ) as $work ) {
				foreach ( array( 108, 8192 ) as $bytes ) {
					$at    = fn( string $way ) => $this->median( 'encrypt', $work, $bytes, $way );
					$limit = $at( 'kernel' ) + $at( 'nothing' );

					$ratios[ "$work $bytes bytes: the limit / byok" ]       = $limit / $at( 'byok' );
					$ratios[ "$work $bytes bytes: ext/sodium / byok" ]      = $at( 'sodium' ) / $at( 'byok' );
					$ratios[ "$work $bytes bytes: OpenSSL AES-GCM / byok" ] = $at( 'gcm' ) / $at( 'byok' );
					$ratios[ "$work $bytes bytes: sodium_compat / byok" ]   = $at( 'compat' ) / $at( 'byok' );
				}
			}
			$ratios['encrypt a new key: ext/sodium, which masks none / byok'] = $this->median( 'encrypt', 'encrypt', 108, 'sodium' ) / $this->median( 'encrypt', 'encrypt', 108, 'new' );
		}
		if ( $this->has( 'requests' ) ) {
			foreach ( array( 'wall', 'cpu' ) as $time ) {
				$at = fn( string $way ) => $this->median( 'requests', $time, $way );

				$ratios[ "request, $time: bare ureq / byok_send()" ]                       = $at( 'ureq' ) / $at( 'byok_send' );
				$ratios[ "request, $time: PHP’s curl, a handle each time / byok_send()" ] = $at( 'curl_new' ) / $at( 'byok_send' );
			}
		}
		if ( $this->has( 'wordpress' ) ) {
			foreach ( array_keys( $this->at( 'wordpress', 'pages' ) ) as $page ) {
				$ratios[ "$page: without byok / with it, processor" ] = 1 / ( 1 + $this->share_of_page( $page ) );
				$ratios[ "$page: without byok / with it, queries" ]   = $this->median( 'wordpress', 'pages', $page, 'inactive', 'queries' ) / $this->median( 'wordpress', 'pages', $page, 'active', 'queries' );
				$ratios[ "$page: without byok / with it, memory" ]    = $this->median( 'wordpress', 'pages', $page, 'inactive', 'memory' ) / $this->median( 'wordpress', 'pages', $page, 'active', 'memory' );
			}
			// 301 bytes of one row; a second row, or a longer one, is something to talk about.
			$ratios['512 bytes / autoloaded bytes'] = 512 / max( 1, array_sum( $this->at( 'wordpress', 'autoloaded' ) ) );
		}
		if ( $this->has( 'redact' ) ) {
			foreach ( $this->at( 'redact', 'mixes' ) as $mix => $rates ) {
				$others = max( $rates['preg_replace_callback'], $rates['preg_replace_callback, lines that a first look lets pass'] );

				$ratios[ "redact, $mix: byok / preg_replace_callback()" ] = $rates['byok, pieces of 1 MiB'] / $others;
			}
		}
		if ( $this->has( 'reencryption' ) ) {
			$told = $this->at( 'reencryption' );

			$ratios['re-encrypt: a loop in PHP / byok'] = ( $told['loop_seconds'] / $told['loop_rows'] ) / ( $told['seconds'] / $told['rows'] );
		}
		return $ratios;
	}

	/**
	 * The JSON in a file.
	 *
	 * @param string $file Path.
	 */
	private static function read( string $file ): array {
		return json_decode( file_get_contents( $file ), true, 16, JSON_THROW_ON_ERROR );
	}
}
