/**
 * `<byok-settings>`: the form. A person chooses a provider, pastes a key, says where it is kept, and sees what came of it.
 *
 * Attributes: `providers` and `modes` (names of those that are offered; all by default), `provider` (shown first), `theme`
 * (`light`, `dark`, `auto`; else as the page), `modal` (in a dialog above the page).
 * Events: `byok-change` (`detail`: provider, mode, outcome; never a key) and `byok-close`.
 *
 * @module
 */

import { createBYOK, type BYOK } from '../byok.js';
import { asError } from '../errors.js';
import { Element } from './dom.js';
import type { Form } from './form.js';

export class ByokSettings extends Element {
	#byok: BYOK | null = null;
	#form: Form | null = null;
	#loading: Promise< void > = Promise.resolve();

	/** The byok that this form is about; the page's own by default. */
	get byok(): BYOK {
		return this.#byok ??= createBYOK();
	}

	set byok( byok: BYOK ) {
		this.#byok = byok;
		this.connectedCallback();
	}

	/** When the form is there; rejected when it could not be loaded. */
	get ready(): Promise< void > {
		return this.#loading;
	}

	connectedCallback(): void {
		if ( this.isConnected ) {
			this.#loading = this.#load();
			this.#loading.catch( () => {} );
		}
	}

	disconnectedCallback(): void {
		this.#form?.end();
		this.#form = null;
	}

	async #load(): Promise< void > {
		const { byok } = this;
		const { Form } = await import( './form.js' ).catch( ( error: unknown ) => {
			throw asError( error );
		} );
		// It may have been taken out meanwhile, or have been given another byok.
		if ( this.isConnected && byok === this.#byok ) {
			this.#form?.end();
			this.#form = new Form( this, byok, asError );
		}
	}
}
