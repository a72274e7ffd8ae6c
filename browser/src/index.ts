/**
 * byok in the browser: bring your own key.
 *
 * @module
 */

import { ByokBadge } from './elements/badge.js';
import { ByokSettings } from './elements/settings.js';
import type { Webhook } from './webhook.js';

export { connect, createBYOK, type BYOK, type Init, type Options } from './byok.js';
export { ByokError, type Reason } from './errors.js';
export { KeyManager, type Choice, type KeyOptions } from './keys.js';
export { PROVIDERS, type Model, type Outcome, type Provider } from './providers.js';
export { EventParser, readEvents, type ServerEvent } from './sse.js';
export type { Webhook } from './webhook.js';
export type { SiteOptions } from './site.js';
export type { KeyInfo, Mode } from './store.js';
export type { Words } from './words.js';
export { ByokBadge, ByokSettings };

declare global {
	interface HTMLElementTagNameMap {
		'byok-settings': ByokSettings;
		'byok-badge': ByokBadge;
	}
}

/** Whether a webhook's signature is the site's, and of this time. For servers; so it comes when it is called, and no page loads it. */
export async function verifyWebhook( webhook: Webhook ): Promise< boolean > {
	return ( await import( './webhook.js' ) ).verifyWebhook( webhook );
}

// A second copy of this module, of another version, leaves the elements to the first.
for ( const [ name, element ] of [ [ 'byok-settings', ByokSettings ], [ 'byok-badge', ByokBadge ] ] as const ) {
	if ( globalThis.customElements && ! customElements.get( name ) ) {
		customElements.define( name, element );
	}
}
