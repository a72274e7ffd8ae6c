/**
 * What a key looks like. It is by itself, because the form needs it and not the table of providers.
 *
 * @module
 */

import type { Provider } from './providers.js';

/** Whether a text looks like a key of the provider. It never decides: providers change what keys look like. */
export function looksLike( { prefixes }: Provider, key: string ): boolean {
	return prefixes.length === 0 || prefixes.some( ( prefix ) => key.startsWith( prefix ) );
}
