<?php
/**
 * A model of a provider, in WordPress's AI client.
 *
 * @package byok
 */

namespace Byok;

use WordPress\AiClient\Providers\DTO\ProviderMetadata;
use WordPress\AiClient\Providers\Http\DTO\Request;
use WordPress\AiClient\Providers\Http\Enums\HttpMethodEnum;
use WordPress\AiClient\Providers\Models\DTO\ModelMetadata;
use WordPress\AiClient\Providers\OpenAiCompatibleImplementation\AbstractOpenAiCompatibleTextGenerationModel;
use WordPress\AiClient\Results\DTO\Candidate;

defined( 'ABSPATH' ) || exit;

/**
 * Generates text with OpenAI's chat completions.
 *
 * @since 0.1.0
 */
final class AI_Provider_Model extends AbstractOpenAiCompatibleTextGenerationModel {

	/**
	 * Reasons to stop that the client knows; it throws at any other.
	 */
	private const REASONS = array( 'stop', 'length', 'content_filter', 'tool_calls' );

	/**
	 * Takes a model.
	 *
	 * @since 0.1.0
	 *
	 * @param ModelMetadata    $metadata          What is known of the model.
	 * @param ProviderMetadata $provider_metadata What is known of the provider.
	 * @param string           $provider_class    Class of the provider.
	 */
	public function __construct( ModelMetadata $metadata, ProviderMetadata $provider_metadata, private readonly string $provider_class ) {
		parent::__construct( $metadata, $provider_metadata );
	}

	/**
	 * Makes a request.
	 *
	 * @param HttpMethodEnum    $method  Method.
	 * @param string            $path    Path below the base URL.
	 * @param array             $headers Headers.
	 * @param array|string|null $data    Body.
	 */
	protected function createRequest( HttpMethodEnum $method, string $path, array $headers = array(), $data = null ): Request {
		return new Request( $method, $this->provider_class::url( $path ), $headers, $data, $this->getRequestOptions() );
	}

	/**
	 * Reads one of the answers. Not every provider uses OpenAI's words for why a model has stopped.
	 *
	 * @param array $choice_data The answer.
	 * @param int   $index       Its number.
	 */
	protected function parseResponseChoiceToCandidate( array $choice_data, int $index ): Candidate {
		$reason = $choice_data['finish_reason'] ?? null;
		if ( ! in_array( $reason, self::REASONS, true ) ) {
			$choice_data['finish_reason'] = 'model_length' === $reason ? 'length' : 'stop';
		}
		return parent::parseResponseChoiceToCandidate( $choice_data, $index );
	}
}
