<?php
/**
 * Usage by caller, provider and model.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * The table that tells who has used what. In a narrow window each of its rows becomes a small list.
 *
 * @since 0.1.0
 */
final class Usage_Report {

	/**
	 * Prints it; nothing when there is nothing to tell.
	 *
	 * @since 0.1.0
	 *
	 * @param array[] $rows Rows, see Usage_Figures::rows().
	 */
	public static function render( array $rows ): void {
		if ( array() === $rows ) {
			return;
		}
		$columns = array(
			'requests'   => __( 'Requests', 'byok' ),
			'errors'     => __( 'Failed', 'byok' ),
			'tokens_in'  => __( 'Tokens in', 'byok' ),
			'tokens_out' => __( 'Tokens out', 'byok' ),
		);
		$names   = array();
		?>
		<section class="byok-usage__part" aria-labelledby="byok-report-heading">
			<h2 class="byok-section" id="byok-report-heading"><?php esc_html_e( 'Who has used what', 'byok' ); ?></h2>
			<div class="byok-table-box" role="region" aria-labelledby="byok-report-heading" tabindex="0">
				<?php // Roles are said again: as lists in a narrow window, tables lose them. ?>
				<table class="byok-table byok-table--lists" role="table">
					<thead role="rowgroup">
						<tr role="row">
							<th scope="col" role="columnheader"><?php esc_html_e( 'Plugin or theme', 'byok' ); ?></th>
							<th scope="col" role="columnheader"><?php esc_html_e( 'Provider', 'byok' ); ?></th>
							<th scope="col" role="columnheader"><?php esc_html_e( 'Model', 'byok' ); ?></th>
							<?php foreach ( $columns as $label ) : ?>
								<th scope="col" role="columnheader" class="byok-number"><?php echo esc_html( $label ); ?></th>
							<?php endforeach; ?>
						</tr>
					</thead>
					<tbody role="rowgroup">
						<?php foreach ( $rows as $row ) : ?>
							<?php $name = $names[ $row['caller'] ] ??= Usage_Figures::name_of( $row['caller'] ); ?>
							<tr role="row">
								<th scope="row" role="rowheader"><bdi><?php echo esc_html( $name ); ?></bdi></th>
								<td role="cell" class="byok-word" data-label="<?php esc_attr_e( 'Provider', 'byok' ); ?>"><?php echo esc_html( Providers::find( $row['provider'] )['name'] ?? $row['provider'] ); ?></td>
								<td role="cell" data-label="<?php esc_attr_e( 'Model', 'byok' ); ?>"><?php echo '' === $row['model'] ? '—' : '<bdi dir="ltr">' . esc_html( $row['model'] ) . '</bdi>'; ?></td>
								<?php foreach ( $columns as $column => $label ) : ?>
									<td role="cell" class="byok-number" data-label="<?php echo esc_attr( $label ); ?>"><?php echo esc_html( number_format_i18n( $row[ $column ] ) ); ?></td>
								<?php endforeach; ?>
							</tr>
						<?php endforeach; ?>
					</tbody>
				</table>
			</div>
			<p class="byok-help"><?php esc_html_e( 'Tokens are those that the providers tell. Where one tells none, as for many images and failed requests, none are counted.', 'byok' ); ?></p>
		</section>
		<?php
	}
}
