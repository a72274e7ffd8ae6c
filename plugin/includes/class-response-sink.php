<?php
/**
 * Where the body of an answer goes.
 *
 * @package byok
 */

namespace Byok;

use WpOrg\Requests\Exception as Requests_Exception;

defined( 'ABSPATH' ) || exit;

/**
 * Takes a body as it comes, into memory or into the file that the request names, up to its limit, as
 * WordPress's own transports do.
 *
 * @since 0.1.0
 */
final class Response_Sink {

	/**
	 * What came so far, when it is not written to a file.
	 *
	 * @var string
	 */
	private string $body = '';

	/**
	 * Bytes that came so far.
	 *
	 * @var int
	 */
	private int $taken = 0;

	/**
	 * The open file.
	 *
	 * @var resource|null
	 */
	private $file = null;

	/**
	 * Opens the file, if there is to be one.
	 *
	 * @since 0.1.0
	 *
	 * @param array $options Options of the request: `blocking`, `filename`, `max_bytes`, `hooks`.
	 * @throws Requests_Exception When the file cannot be written.
	 */
	public function __construct( private readonly array $options ) {
		if ( false !== $options['filename'] ) {
			// phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions -- as WordPress's own transports do; the failure is told below.
			$file = @fopen( $options['filename'], 'wb' );
			if ( false === $file ) {
				throw new Requests_Exception( __( 'The file for the answer could not be opened.', 'byok' ), 'fopen' );
			}
			$this->file = $file;
		}
	}

	/**
	 * Takes some of the body.
	 *
	 * @since 0.1.0
	 *
	 * @param string $bytes Bytes.
	 * @return bool False when it has enough.
	 */
	public function write( string $bytes ): bool {
		if ( ! $this->options['blocking'] ) {
			// Nobody waits for it.
			return true;
		}
		// Zero is no limit to WordPress.
		$limit = (int) $this->options['max_bytes'] > 0 ? (int) $this->options['max_bytes'] : PHP_INT_MAX;
		$this->options['hooks']->dispatch( 'request.progress', array( $bytes, $this->taken, $this->options['max_bytes'] ) );
		$bytes        = substr( $bytes, 0, max( 0, $limit - $this->taken ) );
		$this->taken += strlen( $bytes );
		if ( null === $this->file ) {
			$this->body .= $bytes;
		} else {
			fwrite( $this->file, $bytes ); // phpcs:ignore WordPress.WP.AlternativeFunctions -- a stream.
		}
		return $this->taken < $limit;
	}

	/**
	 * Closes the file.
	 *
	 * @since 0.1.0
	 */
	public function close(): void {
		if ( null !== $this->file ) {
			fclose( $this->file ); // phpcs:ignore WordPress.WP.AlternativeFunctions -- a stream.
			$this->file = null;
		}
	}

	/**
	 * What came, when it was not written to a file.
	 *
	 * @since 0.1.0
	 */
	public function body(): string {
		return $this->body;
	}
}
