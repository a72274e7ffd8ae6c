<?php
/**
 * An answer that may not be the last.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Hands a body on as it comes, but keeps that of an error to itself until it is known whether another key is
 * tried: whoever listens gets one answer, not the refusals before it.
 *
 * @since 0.1.0
 */
final class Held_Answer {

	/**
	 * Bytes of an error that are kept, at most; refusals are short. A longer one is handed on as it comes.
	 */
	private const LONGEST = 65536;

	/**
	 * What is kept.
	 *
	 * @var string
	 */
	private string $kept = '';

	/**
	 * Status and headers of what is kept.
	 *
	 * @var array
	 */
	private array $head = array();

	/**
	 * Takes the listener.
	 *
	 * @since 0.1.0
	 *
	 * @param callable $on_chunk Gets what is handed on, see byok_send().
	 */
	public function __construct( private $on_chunk ) {}

	/**
	 * Takes a piece.
	 *
	 * @since 0.1.0
	 *
	 * @param string $bytes Bytes.
	 * @param array  $head  Status and headers.
	 * @return mixed False to stop.
	 */
	public function __invoke( string $bytes, array $head ) {
		if ( $head['status'] < 400 ) {
			return ( $this->on_chunk )( $bytes, $head );
		}
		$this->kept .= $bytes;
		$this->head  = $head;
		return strlen( $this->kept ) <= self::LONGEST || false !== $this->release();
	}

	/**
	 * Hands on what is kept.
	 *
	 * @since 0.1.0
	 *
	 * @return mixed False to stop.
	 */
	public function release() {
		$bytes      = $this->kept;
		$this->kept = '';
		return '' === $bytes ? true : ( $this->on_chunk )( $bytes, $this->head );
	}
}
