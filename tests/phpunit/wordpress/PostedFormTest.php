<?php
/**
 * Tests of posted forms that are refused.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Import_Form;
use Byok\Key_Form;
use Byok\Key_Screen;
use Byok\Unlock_Form;
use Exception;

/**
 * A refusal ends in wp_die(), where error handlers of other plugins run, which like to keep the request.
 */
final class PostedFormTest extends Test_Case {

	/**
	 * What was posted, to look for in backtraces.
	 *
	 * @var string
	 */
	private static string $secret = '';

	/**
	 * Places in which what handles the refusal has seen the secret; null when it did not run.
	 *
	 * @var string[]|null
	 */
	private static ?array $seen = null;

	protected function setUp(): void {
		parent::setUp();
		self::$secret = Test_Provider::key();
		self::$seen   = null;
		add_filter( 'wp_die_handler', static fn() => array( self::class, 'look' ) );

		$_SERVER['REQUEST_METHOD'] = 'POST';
	}

	protected function tearDown(): void {
		unset( $_SERVER['REQUEST_METHOD'] );
		$_POST    = array();
		$_GET     = array();
		$_REQUEST = array();
		parent::tearDown();
	}

	/**
	 * @dataProvider refusals
	 *
	 * @param callable $handler Handler of the form.
	 * @param string   $field   Field with the secret.
	 * @param string   $why     Why it is refused.
	 */
	public function test_what_handles_a_refusal_sees_no_secret( callable $handler, string $field, string $why ): void {
		$fields = array(
			$field     => wp_slash( self::$secret ),
			'owner'    => 'an owner' === $why ? 'nobody' : 'site',
			'provider' => 'anthropic',
			'do'       => 'save',
			'_wpnonce' => 'a nonce' === $why ? 'wrong' : wp_create_nonce( Key_Screen::site()->nonce_action( 'key_anthropic' ) ),
		);
		if ( 'a person' === $why ) {
			wp_set_current_user( self::user( 'editor' ) );
		}
		if ( 'a method' === $why ) {
			$_SERVER['REQUEST_METHOD'] = 'GET';

			$_GET = $fields;
		}
		$_POST    = $fields;
		$_REQUEST = $fields;

		try {
			$handler();
			$this->fail( 'it was not refused' );
		} catch ( Exception $died ) {
			$this->assertSame( 'died', $died->getMessage() );
		}
		$this->assertSame( array(), self::$seen );
		$this->assertNull( self::raw( 'anthropic' ) );
	}

	public function refusals(): array {
		$cases = array();
		$forms = array(
			'key'    => array( array( Key_Form::class, 'handle' ), 'key' ),
			'import' => array( array( Import_Form::class, 'handle' ), 'source' ),
			'unlock' => array( array( Unlock_Form::class, 'handle' ), 'previous_' . array_key_first( \Byok\Previous_Secret::CONSTANTS ) ),
		);
		foreach ( $forms as $form => list( $handler, $field ) ) {
			foreach ( array( 'a nonce', 'a person', 'an owner', 'a method' ) as $why ) {
				$cases[ "$form: $why" ] = array( $handler, $field, $why );
			}
		}
		return $cases;
	}

	/**
	 * What an error handler of another plugin looks at.
	 */
	public static function look(): void {
		$places = array(
			'fields'    => print_r( array( $_POST, $_GET, $_REQUEST ), true ),
			'backtrace' => '',
		);
		foreach ( debug_backtrace() as $frame ) {
			if ( 'handle' === $frame['function'] ) {
				break;
			}
			$places['backtrace'] .= print_r( $frame['args'] ?? array(), true );
		}
		self::$seen = array_keys( array_filter( $places, static fn( string $text ) => array() !== Leaks::find( self::$secret, $text ) ) );
		throw new Exception( 'died' );
	}
}
