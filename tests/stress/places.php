<?php
/**
 * The places that the writers compete for: `owner/provider`.
 *
 * Several owners of one provider are several places. Keys of a user are in wp_usermeta, which has no unique index that
 * would keep two first keys apart.
 */

declare( strict_types=1 );

return array(
	'site/anthropic',
	'site/openai',
	'site/google',
	'site/groq',
	'site/openrouter',
	'site/mistral',
	'user:1/anthropic',
	'user:1/openai',
);
