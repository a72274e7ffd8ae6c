<?php
/**
 * Monolog.
 *
 * @package byok
 */

declare( strict_types=1 );

namespace Byok\Log;

/**
 * A processor for Monolog 2 and 3 that masks every key in a record: message, context, extra and channel.
 *
 *     $logger = new Monolog\Logger( 'app' );
 *     $logger->pushProcessor( new Byok\Log\Redacting_Processor() ); // Before all others.
 *
 * Monolog runs the processor that was pushed last first, so the first one pushed sees what the others have added.
 * Processors of a single handler run even later: give it one of these as well.
 *
 * @since 0.1.0
 */
final class Redacting_Processor {

	/**
	 * What masks.
	 *
	 * @var Redaction
	 */
	private Redaction $redaction;

	/**
	 * Takes its options.
	 *
	 * @since 0.1.0
	 *
	 * @param array $options What a mask shows, see byok_redact().
	 * @throws \LogicException                  When the extension is not loaded.
	 * @throws \Byok\Exception\InputException option_invalid.
	 */
	public function __construct( array $options = array() ) {
		$this->redaction = new Redaction( $options );
	}

	/**
	 * Masks the keys of a record.
	 *
	 * No types: a record is an array in Monolog 2, and an object that is not changed but copied in Monolog 3.
	 *
	 * @since 0.1.0
	 *
	 * @param array|\Monolog\LogRecord $record Record.
	 * @return array|\Monolog\LogRecord The same, or one without keys.
	 */
	public function __invoke( #[\SensitiveParameter] $record ) {
		list( $message, $context ) = $this->redaction->record( $record['message'], $record['context'] );
		$extra                     = $this->redaction->value( $record['extra'] );
		$channel                   = $this->redaction->text( $record['channel'] );
		if ( is_array( $record ) ) {
			return compact( 'message', 'context', 'extra', 'channel' ) + $record;
		}
		return $record->with( message: $message, context: $context, extra: $extra, channel: $channel );
	}
}
