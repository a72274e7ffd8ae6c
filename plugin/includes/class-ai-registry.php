<?php
/**
 * The registry of WordPress's AI client, which asks for byok's providers when they are wanted.
 *
 * @package byok
 */

namespace Byok;

use ReflectionProperty;
use Throwable;
use WordPress\AiClient\AiClient;
use WordPress\AiClient\Providers\Http\Contracts\RequestAuthenticationInterface;
use WordPress\AiClient\Providers\Models\Contracts\ModelInterface;
use WordPress\AiClient\Providers\Models\DTO\ModelConfig;
use WordPress\AiClient\Providers\Models\DTO\ModelRequirements;
use WordPress\AiClient\Providers\ProviderRegistry;

defined( 'ABSPATH' ) || exit;

/**
 * Registers byok's providers, and what finds their keys, with the first question that anybody has for the client:
 * that takes two milliseconds, and nearly no page asks. Whoever asks notices nothing of it.
 *
 * It knows one version of the client by heart. With another, and where somebody has used the client before byok was
 * loaded, providers are registered on `init` as anybody's are.
 *
 * @since 0.1.0
 */
final class AI_Registry extends ProviderRegistry {

	/**
	 * The versions of the client whose registry this one can stand for.
	 */
	private const VERSIONS = '1.3.';

	/**
	 * Whether providers of other plugins have come first, and whether byok's are in it.
	 *
	 * @var bool
	 */
	private bool $is_open = false;
	private bool $is_full = false;

	/**
	 * Has the client use this registry, if nobody has used it yet.
	 *
	 * @since 0.1.0
	 *
	 * @return self|null Null when it has another.
	 */
	public static function put_in_place(): ?self {
		try {
			// It has no setter.
			$place = new ReflectionProperty( AiClient::class, 'defaultRegistry' );
			if ( null === $place->getValue() && str_starts_with( AiClient::VERSION, self::VERSIONS ) ) {
				$place->setValue( null, new self() );
			}
			return self::in_place();
		} catch ( Throwable $thrown ) {
			return null;
		}
	}

	/**
	 * The client's registry, if it is this one.
	 *
	 * @since 0.1.0
	 */
	public static function in_place(): ?self {
		$registry = AiClient::defaultRegistry();
		return $registry instanceof self ? $registry : null;
	}

	/**
	 * Has the next question bring byok's providers.
	 *
	 * @since 0.1.0
	 */
	public function open(): void {
		$this->is_open = true;
	}

	/**
	 * Whether nobody has asked, and no other plugin has a provider here that needs a key.
	 *
	 * @since 0.1.0
	 */
	public function is_waiting(): bool {
		return ! $this->is_full && array() === parent::getRegisteredProviderIds();
	}

	/**
	 * Registers byok's providers, once.
	 */
	private function fill(): void {
		if ( $this->is_open && ! $this->is_full ) {
			$this->is_full = true;
			AI_Providers::register( $this );
			Connector_Client::pass_keys();
		}
	}

	// phpcs:disable Squiz.Commenting.FunctionComment.Missing, WordPress.NamingConventions -- each is the parent's, with byok's
	// providers in it. What is not here asks nothing of providers.

	public function registerProvider( string $className ): void {
		$this->fill();
		parent::registerProvider( $className );
	}

	public function getRegisteredProviderIds(): array {
		$this->fill();
		return parent::getRegisteredProviderIds();
	}

	public function hasProvider( string $idOrClassName ): bool {
		// WordPress asks for those of its connectors on every page.
		if ( isset( Connectors::own()[ $idOrClassName ] ) || str_starts_with( $idOrClassName, __NAMESPACE__ ) ) {
			$this->fill();
		}
		return parent::hasProvider( $idOrClassName );
	}

	public function getProviderClassName( string $idOrClassName ): string {
		$this->fill();
		return parent::getProviderClassName( $idOrClassName );
	}

	public function getProviderId( string $idOrClassName ): string {
		$this->fill();
		return parent::getProviderId( $idOrClassName );
	}

	public function isProviderConfigured( string $idOrClassName ): bool {
		$this->fill();
		return parent::isProviderConfigured( $idOrClassName );
	}

	public function findModelsMetadataForSupport( ModelRequirements $modelRequirements ): array {
		$this->fill();
		return parent::findModelsMetadataForSupport( $modelRequirements );
	}

	public function findProviderModelsMetadataForSupport( string $idOrClassName, ModelRequirements $modelRequirements ): array {
		$this->fill();
		return parent::findProviderModelsMetadataForSupport( $idOrClassName, $modelRequirements );
	}

	public function getProviderModel( string $idOrClassName, string $modelId, ?ModelConfig $modelConfig = null ): ModelInterface {
		$this->fill();
		return parent::getProviderModel( $idOrClassName, $modelId, $modelConfig );
	}

	public function bindModelDependencies( ModelInterface $modelInstance ): void {
		$this->fill();
		parent::bindModelDependencies( $modelInstance );
	}

	public function setProviderRequestAuthentication( string $idOrClassName, RequestAuthenticationInterface $requestAuthentication ): void {
		$this->fill();
		parent::setProviderRequestAuthentication( $idOrClassName, $requestAuthentication );
	}

	public function getProviderRequestAuthentication( string $idOrClassName ): ?RequestAuthenticationInterface {
		$this->fill();
		return parent::getProviderRequestAuthentication( $idOrClassName );
	}
}
