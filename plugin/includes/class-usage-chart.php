<?php
/**
 * Usage, day by day.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Draws a bar for each day, the part of errors in another tone, and gives the same figures as a table for
 * whoever cannot see bars or wants to know exactly.
 *
 * The drawing is plain SVG that needs no script. Its words are outside of it: inside they would shrink with
 * the window.
 *
 * @since 0.1.0
 */
final class Usage_Chart {

	/**
	 * Size of the drawing in its own units: of a day, of the gap beside it, and of the height.
	 */
	private const DAY    = 20;
	private const GAP    = 4;
	private const HEIGHT = 160;

	/**
	 * Prints it.
	 *
	 * @since 0.1.0
	 *
	 * @param array<string, array> $days Figures by day, the oldest first; see Usage_Figures::days().
	 */
	public static function render( array $days ): void {
		$requests = array_column( $days, 'requests' );
		$most     = max( array( 0, ...$requests ) );
		?>
		<section class="byok-usage__part" aria-labelledby="byok-chart-heading">
			<h2 class="byok-section" id="byok-chart-heading"><?php esc_html_e( 'The last 30 days', 'byok' ); ?></h2>
			<?php if ( 0 === $most ) : ?>
				<p class="byok-usage__empty"><?php esc_html_e( 'Nothing was used yet. Requests that go through byok are counted here: how many, how many failed, and how many tokens they took. What was asked and answered is not kept.', 'byok' ); ?></p>
			<?php else : ?>
				<p class="byok-usage__sum"><?php echo esc_html( self::sum( $days ) ); ?></p>
				<figure class="byok-chart">
					<figcaption class="byok-chart__caption">
						<span><?php esc_html_e( 'Requests a day', 'byok' ); ?></span>
						<span class="byok-chart__legend"><?php esc_html_e( 'failed', 'byok' ); ?></span>
					</figcaption>
					<div class="byok-chart__most"><?php echo esc_html( number_format_i18n( $most ) ); ?></div>
					<?php self::draw( $days, $most ); ?>
					<div class="byok-chart__days">
						<span><?php echo esc_html( self::day( (string) array_key_first( $days ) ) ); ?></span>
						<span><?php echo esc_html( self::day( (string) array_key_last( $days ) ) ); ?></span>
					</div>
				</figure>
				<details class="byok-more">
					<summary><?php esc_html_e( 'The same figures as a table', 'byok' ); ?></summary>
					<?php self::table( $days ); ?>
				</details>
			<?php endif; ?>
		</section>
		<?php
	}

	/**
	 * Prints the drawing.
	 *
	 * @param array<string, array> $days Figures by day.
	 * @param int                  $most Most requests of a day; more than 0.
	 */
	private static function draw( array $days, int $most ): void {
		$width = count( $days ) * self::DAY;
		printf(
			'<svg class="byok-chart__bars" viewBox="0 0 %1$d %2$d" preserveAspectRatio="none" role="img" aria-labelledby="byok-chart-title byok-chart-desc" focusable="false"><title id="byok-chart-title">%3$s</title><desc id="byok-chart-desc">%4$s</desc>',
			(int) $width,
			(int) self::HEIGHT,
			esc_html__( 'Requests a day in the last 30 days', 'byok' ),
			esc_html( self::sum( $days ) . ' ' . self::peak( $days, $most ) )
		);
		$at = 0;
		foreach ( $days as $figures ) {
			// Time runs as people read.
			$left = ( is_rtl() ? $width - self::DAY - $at : $at ) + self::GAP / 2;
			// A day with one request among days with thousands still has a bar.
			$all    = 0 === $figures['requests'] ? 0 : max( 2, (int) round( self::HEIGHT * $figures['requests'] / $most ) );
			$failed = 0 === $figures['errors'] ? 0 : min( $all, max( 2, (int) round( self::HEIGHT * $figures['errors'] / $most ) ) );
			self::bar( 'byok-chart__bar', $left, self::HEIGHT - $all, $all - $failed );
			self::bar( 'byok-chart__bar byok-chart__bar--failed', $left, self::HEIGHT - $failed, $failed );
			$at += self::DAY;
		}
		echo '</svg>';
	}

	/**
	 * Prints a bar.
	 *
	 * @param string $classes Classes.
	 * @param float  $left    Left edge.
	 * @param int    $top     Upper edge.
	 * @param int    $height  Height; nothing is printed for 0.
	 */
	private static function bar( string $classes, float $left, int $top, int $height ): void {
		if ( $height > 0 ) {
			printf( '<rect class="%s" x="%d" y="%d" width="%d" height="%d"/>', esc_attr( $classes ), (int) $left, (int) $top, (int) ( self::DAY - self::GAP ), (int) $height );
		}
	}

	/**
	 * Prints the table.
	 *
	 * @param array<string, array> $days Figures by day.
	 */
	private static function table( array $days ): void {
		?>
		<div class="byok-table-box" role="region" aria-labelledby="byok-chart-heading" tabindex="0">
			<table class="byok-table">
				<thead>
					<tr>
						<th scope="col"><?php esc_html_e( 'Day', 'byok' ); ?></th>
						<th scope="col" class="byok-number"><?php esc_html_e( 'Requests', 'byok' ); ?></th>
						<th scope="col" class="byok-number"><?php esc_html_e( 'Failed', 'byok' ); ?></th>
						<th scope="col" class="byok-number"><?php esc_html_e( 'Tokens in', 'byok' ); ?></th>
						<th scope="col" class="byok-number"><?php esc_html_e( 'Tokens out', 'byok' ); ?></th>
					</tr>
				</thead>
				<tbody>
					<?php foreach ( array_reverse( $days, true ) as $day => $figures ) : ?>
						<tr>
							<th scope="row"><?php echo esc_html( self::day( (string) $day ) ); ?></th>
							<?php foreach ( array( 'requests', 'errors', 'tokens_in', 'tokens_out' ) as $name ) : ?>
								<td class="byok-number"><?php echo esc_html( number_format_i18n( $figures[ $name ] ) ); ?></td>
							<?php endforeach; ?>
						</tr>
					<?php endforeach; ?>
				</tbody>
			</table>
		</div>
		<?php
	}

	/**
	 * All days in a sentence.
	 *
	 * @param array<string, array> $days Figures by day.
	 */
	private static function sum( array $days ): string {
		return sprintf(
			/* translators: 1: number of requests, 2: number of those that failed, 3: number of tokens sent, 4: number of tokens received. */
			__( 'Requests: %1$s, of which failed: %2$s. Tokens sent: %3$s, received: %4$s.', 'byok' ),
			number_format_i18n( array_sum( array_column( $days, 'requests' ) ) ),
			number_format_i18n( array_sum( array_column( $days, 'errors' ) ) ),
			number_format_i18n( array_sum( array_column( $days, 'tokens_in' ) ) ),
			number_format_i18n( array_sum( array_column( $days, 'tokens_out' ) ) )
		);
	}

	/**
	 * The day with the most requests in a sentence.
	 *
	 * @param array<string, array> $days Figures by day.
	 * @param int                  $most Most requests of a day.
	 */
	private static function peak( array $days, int $most ): string {
		$day = array_keys( $days )[ (int) array_search( $most, array_column( $days, 'requests' ), true ) ];
		/* translators: 1: a date, 2: number of requests. */
		return sprintf( __( 'Most on %1$s: %2$s.', 'byok' ), self::day( $day ), number_format_i18n( $most ) );
	}

	/**
	 * A day as people write it.
	 *
	 * @param string $day `YYYY-MM-DD`.
	 */
	private static function day( string $day ): string {
		return (string) wp_date( get_option( 'date_format' ), (int) strtotime( $day . ' 12:00:00 UTC' ), new \DateTimeZone( 'UTC' ) );
	}
}
