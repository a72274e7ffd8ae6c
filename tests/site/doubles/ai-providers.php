<?php
/**
 * Plugin Name: Doubles of provider plugins
 *
 * WordPress's AI client needs a plugin for each provider. These stand in for the official ones of Anthropic, Google and
 * OpenAI: the same ids, addresses, headers and shapes of requests and answers, as the providers document them. A fourth
 * one, "elsewhere", is a provider that byok does not know.
 *
 * @package byok
 */

// phpcs:disable -- several small classes, and names that are the client's.

use WordPress\AiClient\AiClient;
use WordPress\AiClient\Messages\DTO\MessagePart;
use WordPress\AiClient\Messages\DTO\ModelMessage;
use WordPress\AiClient\Messages\Enums\ModalityEnum;
use WordPress\AiClient\Providers\ApiBasedImplementation\AbstractApiBasedModel;
use WordPress\AiClient\Providers\ApiBasedImplementation\AbstractApiBasedModelMetadataDirectory;
use WordPress\AiClient\Providers\ApiBasedImplementation\AbstractApiProvider;
use WordPress\AiClient\Providers\ApiBasedImplementation\ListModelsApiBasedProviderAvailability;
use WordPress\AiClient\Providers\Contracts\ModelMetadataDirectoryInterface;
use WordPress\AiClient\Providers\Contracts\ProviderAvailabilityInterface;
use WordPress\AiClient\Providers\DTO\ProviderMetadata;
use WordPress\AiClient\Providers\Enums\ProviderTypeEnum;
use WordPress\AiClient\Providers\Http\DTO\Request;
use WordPress\AiClient\Providers\Http\Enums\HttpMethodEnum;
use WordPress\AiClient\Providers\Http\Enums\RequestAuthenticationMethod;
use WordPress\AiClient\Providers\Http\Util\ResponseUtil;
use WordPress\AiClient\Providers\Models\Contracts\ModelInterface;
use WordPress\AiClient\Providers\Models\DTO\ModelMetadata;
use WordPress\AiClient\Providers\Models\DTO\SupportedOption;
use WordPress\AiClient\Providers\Models\Enums\CapabilityEnum;
use WordPress\AiClient\Providers\Models\Enums\OptionEnum;
use WordPress\AiClient\Providers\Models\TextGeneration\Contracts\TextGenerationModelInterface;
use WordPress\AiClient\Results\DTO\Candidate;
use WordPress\AiClient\Results\DTO\GenerativeAiResult;
use WordPress\AiClient\Results\DTO\TokenUsage;
use WordPress\AiClient\Results\Enums\FinishReasonEnum;

if ( ! class_exists( AiClient::class ) ) {
	return;
}

trait Byok_Double_Authentication {

	/** A request with the key in the provider's own header, taken out of the client's object as the official plugins do. */
	private function authenticated( string $class, HttpMethodEnum $method, string $path, array $headers = array(), $data = null ): Request {
		$key = $this->getRequestAuthentication()->getApiKey();
		$headers[ $class::HEADER ] = $class::SCHEME . $key;
		return new Request( $method, $class::url( $path ), $headers, $data );
	}
}

abstract class Byok_Double_Provider extends AbstractApiProvider {

	const HEADER = 'Authorization';
	const SCHEME = 'Bearer ';

	protected static function baseUrl(): string {
		return static::BASE;
	}

	protected static function createProviderMetadata(): ProviderMetadata {
		return new ProviderMetadata( static::ID, ucfirst( static::ID ), ProviderTypeEnum::cloud(), 'https://example.org/keys', RequestAuthenticationMethod::apiKey() );
	}

	protected static function createProviderAvailability(): ProviderAvailabilityInterface {
		return new ListModelsApiBasedProviderAvailability( static::modelMetadataDirectory() );
	}

	protected static function createModelMetadataDirectory(): ModelMetadataDirectoryInterface {
		$directory = static::class . '_Models';
		return new $directory( static::class );
	}

	protected static function createModel( ModelMetadata $model, ProviderMetadata $provider ): ModelInterface {
		return new Byok_Double_Model( $model, $provider, static::class );
	}

	abstract public static function ask( string $model, string $text ): array;

	abstract public static function answered( array $answer ): string;
}

final class Byok_Double_Anthropic extends Byok_Double_Provider {

	const ID     = 'anthropic';
	const BASE   = 'https://api.anthropic.com/v1';
	const HEADER = 'x-api-key';
	const SCHEME = '';

	public static function ask( string $model, string $text ): array {
		return array( 'messages', array( 'model' => $model, 'max_tokens' => 100, 'messages' => array( array( 'role' => 'user', 'content' => array( array( 'type' => 'text', 'text' => $text ) ) ) ) ) );
	}

	public static function answered( array $answer ): string {
		return $answer['content'][0]['text'];
	}
}

final class Byok_Double_Openai extends Byok_Double_Provider {

	const ID   = 'openai';
	const BASE = 'https://api.openai.com/v1';

	public static function ask( string $model, string $text ): array {
		return array( 'responses', array( 'model' => $model, 'input' => array( array( 'role' => 'user', 'content' => array( array( 'type' => 'input_text', 'text' => $text ) ) ) ) ) );
	}

	public static function answered( array $answer ): string {
		return $answer['output'][0]['content'][0]['text'];
	}
}

final class Byok_Double_Google extends Byok_Double_Provider {

	const ID     = 'google';
	const BASE   = 'https://generativelanguage.googleapis.com/v1beta';
	const HEADER = 'x-goog-api-key';
	const SCHEME = '';

	public static function ask( string $model, string $text ): array {
		return array( "models/$model:generateContent", array( 'contents' => array( array( 'role' => 'user', 'parts' => array( array( 'text' => $text ) ) ) ) ) );
	}

	public static function answered( array $answer ): string {
		return $answer['candidates'][0]['content']['parts'][0]['text'];
	}
}

final class Byok_Double_Elsewhere extends Byok_Double_Provider {

	const ID   = 'elsewhere';
	const BASE = 'http://127.0.0.1:9/v1';

	public static function ask( string $model, string $text ): array {
		return array( 'chat/completions', array() );
	}

	public static function answered( array $answer ): string {
		return '';
	}
}

/** A class for each, because the client keeps lists of models by the name of the class. */
abstract class Byok_Double_Models extends AbstractApiBasedModelMetadataDirectory {

	use Byok_Double_Authentication;

	private string $provider;

	public function __construct( string $provider ) {
		$this->provider = $provider;
	}

	protected function sendListModelsRequest(): array {
		$response = $this->getHttpTransporter()->send( $this->authenticated( $this->provider, HttpMethodEnum::GET(), 'models' ) );
		ResponseUtil::throwIfNotSuccessful( $response );
		$models = array();
		foreach ( $response->getData()['data'] ?? $response->getData()['models'] as $model ) {
			$id            = $model['id'] ?? substr( $model['name'], strlen( 'models/' ) );
			$models[ $id ] = new ModelMetadata(
				$id,
				$id,
				array( CapabilityEnum::textGeneration(), CapabilityEnum::chatHistory() ),
				array(
					new SupportedOption( OptionEnum::inputModalities(), array( array( ModalityEnum::text() ) ) ),
					new SupportedOption( OptionEnum::outputModalities(), array( array( ModalityEnum::text() ) ) ),
				)
			);
		}
		return $models;
	}
}

final class Byok_Double_Anthropic_Models extends Byok_Double_Models {}
final class Byok_Double_Openai_Models extends Byok_Double_Models {}
final class Byok_Double_Google_Models extends Byok_Double_Models {}
final class Byok_Double_Elsewhere_Models extends Byok_Double_Models {

	/** Answers by the key, without a network, and as a provider answers that is asked over one. */
	protected function sendListModelsRequest(): array {
		$key = $this->getRequestAuthentication()->getApiKey();
		if ( str_contains( $key, 'invalid' ) ) {
			throw new \WordPress\AiClient\Providers\Http\Exception\ClientException( 'Unauthorized (401)', 401 );
		}
		if ( str_contains( $key, 'outage' ) || get_option( 'byok_test_outage' ) ) {
			throw new \WordPress\AiClient\Providers\Http\Exception\ServerException( 'Server error (500)', 500 );
		}
		return array( 'a' => new ModelMetadata( 'a', 'a', array( CapabilityEnum::textGeneration() ), array() ) );
	}
}

final class Byok_Double_Model extends AbstractApiBasedModel implements TextGenerationModelInterface {

	use Byok_Double_Authentication;

	private string $provider;

	public function __construct( ModelMetadata $model, ProviderMetadata $metadata, string $provider ) {
		parent::__construct( $model, $metadata );
		$this->provider = $provider;
	}

	public function generateTextResult( array $prompt ): GenerativeAiResult {
		list( $path, $body ) = $this->provider::ask( $this->metadata()->getId(), $prompt[0]->getParts()[0]->getText() );

		$response = $this->getHttpTransporter()->send( $this->authenticated( $this->provider, HttpMethodEnum::POST(), $path, array( 'Content-Type' => 'application/json' ), $body ) );
		ResponseUtil::throwIfNotSuccessful( $response );
		$text = $this->provider::answered( $response->getData() );
		return new GenerativeAiResult(
			'',
			array( new Candidate( new ModelMessage( array( new MessagePart( $text ) ) ), FinishReasonEnum::stop() ) ),
			new TokenUsage( 0, 0, 0 ),
			$this->providerMetadata(),
			$this->metadata()
		);
	}
}

add_action(
	'init',
	static function () {
		foreach ( array( Byok_Double_Anthropic::class, Byok_Double_Google::class, Byok_Double_Openai::class, Byok_Double_Elsewhere::class ) as $class ) {
			AiClient::defaultRegistry()->registerProvider( $class );
		}
	},
	5
);

/*
 * Writes down what other plugins see: every query, every request of the HTTP API, what is told of options and of REST
 * requests once their route has been found.
 */
$byok_recorded = WP_CONTENT_DIR . '/.byok-recorded';
if ( is_file( $byok_recorded ) ) {
	foreach ( array( 'query', 'http_request_args', 'http_api_debug', 'pre_update_option', 'update_option', 'updated_option', 'add_option', 'added_option', 'rest_request_before_callbacks', 'rest_request_after_callbacks' ) as $byok_hook ) {
		add_filter(
			$byok_hook,
			static function ( ...$arguments ) use ( $byok_hook, $byok_recorded ) {
				foreach ( $arguments as $at => $argument ) {
					if ( $argument instanceof WP_REST_Request ) {
						$arguments[ $at ] = array( $argument->get_params(), $argument->get_body() );
					} elseif ( is_object( $argument ) && ! $argument instanceof WP_Error ) {
						$arguments[ $at ] = get_class( $argument );
					}
				}
				if ( str_starts_with( $byok_hook, 'rest_' ) ) {
					unset( $arguments[1] );
				}
				file_put_contents( $byok_recorded, $byok_hook . ' ' . print_r( $arguments, true ), FILE_APPEND | LOCK_EX );
				return func_get_arg( 0 );
			},
			// As most plugins do; for queries last, when they are as they are sent.
			'query' === $byok_hook ? PHP_INT_MAX : 10,
			9
		);
	}
}
