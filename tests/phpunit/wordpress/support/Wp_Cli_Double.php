<?php
/**
 * A double of WP-CLI's facade.
 *
 * WP-CLI itself is not installed where the tests run. This stands in for the functions that byok's commands call, and
 * behaves as WP-CLI's handbook tells of them: what is printed is kept, and what would end the process throws.
 *
 * @package byok
 */

// phpcs:disable -- several namespaces, as in WP-CLI.

namespace {

	/**
	 * Thrown where WP-CLI would end the process; its code is the exit status.
	 */
	final class WP_CLI_Double_Exit extends RuntimeException {}

	/**
	 * Double of WP-CLI's class.
	 */
	final class WP_CLI {

		/**
		 * What was printed to standard output.
		 */
		public static string $out = '';

		/**
		 * What was printed to standard error.
		 */
		public static string $err = '';

		/**
		 * What a person answers to questions.
		 */
		public static string $answer = 'n';

		/**
		 * Questions that were asked.
		 *
		 * @var string[]
		 */
		public static array $questions = array();

		/**
		 * Registered commands by name.
		 */
		public static array $commands = array();

		/**
		 * Forgets everything.
		 */
		public static function reset(): void {
			self::$out       = '';
			self::$err       = '';
			self::$answer    = 'n';
			self::$questions = array();
		}

		public static function add_command( $name, $callable, $args = array() ) {
			self::$commands[ $name ] = $callable;
			return true;
		}

		public static function line( $message = '' ) {
			self::$out .= $message . "\n";
		}

		public static function log( $message ) {
			self::$out .= $message . "\n";
		}

		public static function success( $message ) {
			self::$out .= "Success: $message\n";
		}

		public static function warning( $message ) {
			self::$err .= 'Warning: ' . ( is_wp_error( $message ) ? $message->get_error_message() : $message ) . "\n";
		}

		public static function error( $message, $exit = true ) {
			self::$err .= 'Error: ' . ( is_wp_error( $message ) ? $message->get_error_message() : $message ) . "\n";
			if ( false !== $exit ) {
				throw new WP_CLI_Double_Exit( '', true === $exit ? 1 : $exit );
			}
		}

		public static function halt( $status ) {
			throw new WP_CLI_Double_Exit( '', $status );
		}

		public static function confirm( $question, $assoc_args = array() ) {
			if ( ! empty( $assoc_args['yes'] ) ) {
				return;
			}
			self::$questions[] = $question;
			self::$out        .= "$question [y/n] ";
			if ( 'y' !== self::$answer ) {
				throw new WP_CLI_Double_Exit( '', 0 );
			}
		}
	}
}

namespace WP_CLI\Utils {

	/**
	 * Double of WP-CLI's printing of lists. Formats other than count and json are printed as lines of fields.
	 */
	function format_items( $format, $items, $fields ) {
		$fields = is_array( $fields ) ? $fields : explode( ',', $fields );
		if ( 'count' === $format ) {
			\WP_CLI::$out .= count( $items );
			return;
		}
		$rows = array();
		foreach ( $items as $item ) {
			$row = array();
			foreach ( $fields as $field ) {
				if ( ! array_key_exists( $field, $item ) ) {
					\WP_CLI::error( "Invalid field: $field." );
				}
				$row[ $field ] = $item[ $field ];
			}
			$rows[] = $row;
		}
		if ( 'json' === $format ) {
			\WP_CLI::$out .= json_encode( $rows );
			return;
		}
		foreach ( array_merge( array( $fields ), array_map( 'array_values', $rows ) ) as $row ) {
			\WP_CLI::$out .= implode( "\t", array_map( static fn( $value ) => is_scalar( $value ) || null === $value ? (string) $value : json_encode( $value ), $row ) ) . "\n";
		}
	}

	/**
	 * Double of WP-CLI's progress bar.
	 */
	function make_progress_bar( $message, $count, $interval = 100 ) {
		return new class( $count ) {

			public int $ticks = 0;

			public bool $finished = false;

			public function __construct( public int $count ) {
				$GLOBALS['byok_test_progress'] = $this;
			}

			public function tick( $increment = 1, $msg = null ) {
				$this->ticks += $increment;
			}

			public function finish() {
				$this->finished = true;
			}
		};
	}
}
