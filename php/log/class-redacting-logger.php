<?php
/**
 * PSR-3.
 *
 * @package byok
 */

declare( strict_types=1 );

namespace Byok\Log;

use Psr\Log\LoggerInterface;
use Psr\Log\LoggerTrait;

/**
 * A logger of PSR-3 (1, 2 and 3) that masks every key and hands on to another logger.
 *
 *     $logger = new Byok\Log\Redacting_Logger( $logger );
 *
 * @since 0.1.0
 */
final class Redacting_Logger implements LoggerInterface {

	use LoggerTrait;

	/**
	 * What masks.
	 *
	 * @var Redaction
	 */
	private Redaction $redaction;

	/**
	 * Takes the logger.
	 *
	 * @since 0.1.0
	 *
	 * @param LoggerInterface $logger  The logger that writes.
	 * @param array           $options What a mask shows, see byok_redact().
	 * @throws \LogicException                  When the extension is not loaded.
	 * @throws \Byok\Exception\InputException option_invalid.
	 */
	public function __construct( private readonly LoggerInterface $logger, array $options = array() ) {
		$this->redaction = new Redaction( $options );
	}

	/**
	 * Logs without keys. The level is handed on as it is.
	 *
	 * @since 0.1.0
	 *
	 * @param mixed              $level   Level.
	 * @param string|\Stringable $message Message; no type, which the versions of PSR-3 write differently.
	 * @param array              $context Context.
	 */
	public function log( $level, #[\SensitiveParameter] $message, #[\SensitiveParameter] array $context = array() ): void {
		list( $text, $safe ) = $this->redaction->record( (string) $message, $context );
		$this->logger->log( $level, $text, $safe );
	}
}
