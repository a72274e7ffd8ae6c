<?php
/**
 * A provider of the table, in WordPress's AI client.
 *
 * @package byok
 */

namespace Byok;

use WordPress\AiClient\Providers\ApiBasedImplementation\AbstractApiProvider;
use WordPress\AiClient\Providers\Contracts\ModelMetadataDirectoryInterface;
use WordPress\AiClient\Providers\Contracts\ProviderAvailabilityInterface;
use WordPress\AiClient\Providers\DTO\ProviderMetadata;
use WordPress\AiClient\Providers\Enums\ProviderTypeEnum;
use WordPress\AiClient\Providers\Http\Enums\RequestAuthenticationMethod;
use WordPress\AiClient\Providers\Models\Contracts\ModelInterface;
use WordPress\AiClient\Providers\Models\DTO\ModelMetadata;

defined( 'ABSPATH' ) || exit;

/**
 * Describes a provider that speaks OpenAI's API to the AI client. Everything about it comes from the table.
 *
 * @since 0.1.0
 */
abstract class AI_Provider extends AbstractApiProvider {

	/**
	 * Which provider it is.
	 *
	 * @since 0.1.0
	 *
	 * @return string Provider id, from the name of the class: `groq` for AI_Provider_Groq.
	 */
	public static function id(): string {
		return strtolower( str_replace( '_', '-', substr( static::class, strlen( self::class ) + 1 ) ) );
	}

	/**
	 * Where its API is.
	 */
	protected static function baseUrl(): string {
		return rtrim( (string) self::known()['base_url'], '/' );
	}

	/**
	 * What is told of it.
	 */
	protected static function createProviderMetadata(): ProviderMetadata {
		$known = self::known();
		return new ProviderMetadata(
			$known['id'],
			$known['name'],
			ProviderTypeEnum::cloud(),
			$known['key_page'],
			RequestAuthenticationMethod::apiKey(),
			$known['description']
		);
	}

	/**
	 * Whether it can be used.
	 */
	protected static function createProviderAvailability(): ProviderAvailabilityInterface {
		return new AI_Provider_Availability( static::id() );
	}

	/**
	 * Its models.
	 */
	protected static function createModelMetadataDirectory(): ModelMetadataDirectoryInterface {
		return new AI_Provider_Models( static::class );
	}

	/**
	 * One of its models.
	 *
	 * @param ModelMetadata    $model_metadata    What is known of the model.
	 * @param ProviderMetadata $provider_metadata What is known of the provider.
	 */
	protected static function createModel( ModelMetadata $model_metadata, ProviderMetadata $provider_metadata ): ModelInterface {
		return new AI_Provider_Model( $model_metadata, $provider_metadata, static::class );
	}

	/**
	 * The provider's row of the table.
	 */
	private static function known(): array {
		return Providers::find( static::id() );
	}
}
