<?php
/**
 * A listener that gets no keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Calls somebody's function with what it was given, in which every key is masked.
 *
 * @since 0.1.0
 */
final class Masked_Listener {

	/**
	 * The function.
	 *
	 * @var callable
	 */
	private $listener;

	/**
	 * Takes the function.
	 *
	 * @since 0.1.0
	 *
	 * @param callable $listener Function.
	 */
	public function __construct( callable $listener ) {
		$this->listener = $listener;
	}

	/**
	 * Calls it.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed ...$given Arguments.
	 * @return mixed What it returns.
	 */
	public function __invoke( #[\SensitiveParameter] ...$given ) {
		return call_user_func_array( $this->listener, array_map( array( Redaction::class, 'of' ), $given ) );
	}
}
