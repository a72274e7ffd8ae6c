<?php
/**
 * One class for each provider that byok adds to WordPress's AI client.
 *
 * The client knows providers by the names of their classes and calls them statically, so each needs a class; the
 * name says which provider of the table it is, and all else is in AI_Provider. They are in one file because
 * there is nothing in them. Needed: OpenAI's API below the provider's base URL (`/models`, `/chat/completions`).
 *
 * @package byok
 */

// phpcs:disable Generic.Files.OneObjectStructurePerFile, Squiz.Commenting.ClassComment -- see above.

namespace Byok;

defined( 'ABSPATH' ) || exit;

final class AI_Provider_Deepseek extends AI_Provider {}
final class AI_Provider_Fireworks extends AI_Provider {}
final class AI_Provider_Groq extends AI_Provider {}
final class AI_Provider_Mistral extends AI_Provider {}
final class AI_Provider_Moonshot extends AI_Provider {}
final class AI_Provider_Nvidia extends AI_Provider {}
final class AI_Provider_Openrouter extends AI_Provider {}
final class AI_Provider_Perplexity extends AI_Provider {}
final class AI_Provider_Together extends AI_Provider {}
final class AI_Provider_Xai extends AI_Provider {}

return array(
	AI_Provider_Deepseek::class,
	AI_Provider_Fireworks::class,
	AI_Provider_Groq::class,
	AI_Provider_Mistral::class,
	AI_Provider_Moonshot::class,
	AI_Provider_Nvidia::class,
	AI_Provider_Openrouter::class,
	AI_Provider_Perplexity::class,
	AI_Provider_Together::class,
	AI_Provider_Xai::class,
);
