<?php
/**
 * What WordPress is told of the connectors that byok adds: name, description and where keys are made, by provider id.
 *
 * It is a part of the extension's table, and is here once more because every page tells WordPress of its connectors: a
 * constant array costs a page nothing. ConnectorsTest compares the two.
 *
 * @package byok
 */

defined( 'ABSPATH' ) || exit;

return array(
	'deepseek'   => array( 'DeepSeek', 'DeepSeek chat and reasoning models.', 'https://platform.deepseek.com/api_keys' ),
	'fireworks'  => array( 'Fireworks AI', 'Open models.', 'https://app.fireworks.ai/settings/users/api-keys' ),
	'groq'       => array( 'Groq', 'Open models, answered very fast.', 'https://console.groq.com/keys' ),
	'mistral'    => array( 'Mistral', 'Mistral and Codestral models.', 'https://console.mistral.ai/api-keys' ),
	'moonshot'   => array( 'Moonshot AI', 'Kimi models.', 'https://platform.moonshot.ai/console/api-keys' ),
	'nvidia'     => array( 'NVIDIA', 'Open models, hosted by NVIDIA.', 'https://build.nvidia.com/settings/api-keys' ),
	'openrouter' => array( 'OpenRouter', 'One key for the models of many providers.', 'https://openrouter.ai/settings/keys' ),
	'perplexity' => array( 'Perplexity', 'Sonar models, which search the web.', 'https://www.perplexity.ai/account/api/keys' ),
	'together'   => array( 'Together AI', 'Open models.', 'https://api.together.ai/settings/api-keys' ),
	'xai'        => array( 'xAI', 'Grok models.', 'https://console.x.ai/team/default/api-keys' ),
);
