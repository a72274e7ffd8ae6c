<?php
/**
 * The models of a provider, in WordPress's AI client.
 *
 * @package byok
 */

namespace Byok;

use WordPress\AiClient\Messages\Enums\ModalityEnum;
use WordPress\AiClient\Providers\Http\DTO\Request;
use WordPress\AiClient\Providers\Http\DTO\Response;
use WordPress\AiClient\Providers\Http\Enums\HttpMethodEnum;
use WordPress\AiClient\Providers\Models\DTO\ModelMetadata;
use WordPress\AiClient\Providers\Models\DTO\SupportedOption;
use WordPress\AiClient\Providers\Models\Enums\CapabilityEnum;
use WordPress\AiClient\Providers\Models\Enums\OptionEnum;
use WordPress\AiClient\Providers\OpenAiCompatibleImplementation\AbstractOpenAiCompatibleModelMetadataDirectory;

defined( 'ABSPATH' ) || exit;

/**
 * Lists the models that generate text, from the provider's own list.
 *
 * Few providers say what a model can do. Where nothing is said a model counts as one for text, unless its name
 * tells otherwise; one that cannot do what is asked is refused by the provider.
 *
 * @since 0.1.0
 */
final class AI_Provider_Models extends AbstractOpenAiCompatibleModelMetadataDirectory {

	/**
	 * Names of models that do not chat.
	 */
	private const OTHER_KINDS = '/embed|whisper|tts|speech|audio|voxtral|transcri|moderation|guard|rerank|ocr|image|flux|diffusion|video/i';

	/**
	 * Takes a provider.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider_class Class of the provider.
	 */
	public function __construct( private readonly string $provider_class ) {}

	/**
	 * Makes a request.
	 *
	 * @param HttpMethodEnum    $method  Method.
	 * @param string            $path    Path below the base URL.
	 * @param array             $headers Headers.
	 * @param array|string|null $data    Body.
	 */
	protected function createRequest( HttpMethodEnum $method, string $path, array $headers = array(), $data = null ): Request {
		return new Request( $method, $this->provider_class::url( $path ), $headers, $data );
	}

	/**
	 * Reads the list.
	 *
	 * @param Response $response Answer of the provider.
	 * @return ModelMetadata[] Models.
	 */
	protected function parseResponseToModelMetadataList( Response $response ): array {
		$answer = (array) $response->getData();
		$models = array();
		// Some answer with the bare list.
		foreach ( array_is_list( $answer ) ? $answer : (array) ( $answer['data'] ?? array() ) as $model ) {
			if ( is_array( $model ) && is_string( $model['id'] ?? null ) && '' !== $model['id'] && self::is_for_text( $model ) ) {
				$name     = $model['name'] ?? $model['display_name'] ?? null;
				$models[] = new ModelMetadata(
					$model['id'],
					is_string( $name ) && '' !== $name ? $name : $model['id'],
					array( CapabilityEnum::textGeneration(), CapabilityEnum::chatHistory() ),
					self::options( $model )
				);
			}
		}
		return $models;
	}

	/**
	 * Each provider has a list of its own: the base class keeps lists by the name of the class, and this one is
	 * shared.
	 */
	protected function getBaseCacheKey(): string {
		return parent::getBaseCacheKey() . '_' . $this->provider_class::id();
	}

	/**
	 * Whether a model generates text.
	 *
	 * @param array $model What the provider says of it.
	 */
	private static function is_for_text( array $model ): bool {
		// As Groq, Mistral, OpenRouter and Together say it.
		if ( false === ( $model['active'] ?? null ) || false === ( $model['capabilities']['completion_chat'] ?? null ) ) {
			return false;
		}
		$makes = $model['architecture']['output_modalities'] ?? null;
		if ( is_array( $makes ) ) {
			return in_array( 'text', $makes, true );
		}
		return in_array( $model['type'] ?? 'chat', array( 'chat', 'language', 'code', 'base', 'model' ), true )
			&& ! preg_match( self::OTHER_KINDS, $model['id'] );
	}

	/**
	 * What a model can be asked for.
	 *
	 * @param array $model What the provider says of it.
	 * @return SupportedOption[] Options.
	 */
	private static function options( array $model ): array {
		$takes  = array( array( ModalityEnum::text() ) );
		$inputs = $model['architecture']['input_modalities'] ?? array();
		if ( true === ( $model['capabilities']['vision'] ?? null ) || ( is_array( $inputs ) && in_array( 'image', $inputs, true ) ) ) {
			$takes[] = array( ModalityEnum::text(), ModalityEnum::image() );
		}
		return array(
			new SupportedOption( OptionEnum::systemInstruction() ),
			new SupportedOption( OptionEnum::maxTokens() ),
			new SupportedOption( OptionEnum::temperature() ),
			new SupportedOption( OptionEnum::topP() ),
			new SupportedOption( OptionEnum::stopSequences() ),
			new SupportedOption( OptionEnum::presencePenalty() ),
			new SupportedOption( OptionEnum::frequencyPenalty() ),
			new SupportedOption( OptionEnum::candidateCount() ),
			new SupportedOption( OptionEnum::functionDeclarations() ),
			new SupportedOption( OptionEnum::outputMimeType(), array( 'text/plain', 'application/json' ) ),
			new SupportedOption( OptionEnum::outputSchema() ),
			new SupportedOption( OptionEnum::customOptions() ),
			new SupportedOption( OptionEnum::inputModalities(), $takes ),
			new SupportedOption( OptionEnum::outputModalities(), array( array( ModalityEnum::text() ) ) ),
		);
	}
}
