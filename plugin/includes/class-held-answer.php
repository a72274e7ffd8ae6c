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
	 * Bytes of an error that are kept, at most; refusals are short. A longer one is handed on as it comes, and is
	 * the answer: no other key is tried then.
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
	 * Whether anything was handed on.
	 *
	 * @var bool
	 */
	private bool $is_heard = false;

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
			$this->is_heard = true;
			return ( $this->on_chunk )( $bytes, $head );
		}
		$this->kept .= $bytes;
		$this->head  = $head;
		return ( ! $this->is_heard && strlen( $this->kept ) <= self::LONGEST ) || false !== $this->release();
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
		if ( '' === $bytes ) {
			return true;
		}
		$this->is_heard = true;
		return ( $this->on_chunk )( $bytes, $this->head );
	}

	/**
	 * Whether anything was handed on: another answer behind it would make one of two.
	 *
	 * @since 0.1.0
	 */
	public function is_heard(): bool {
		return $this->is_heard;
	}
}
