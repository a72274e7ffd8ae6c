/**
 * What a page calls.
 *
 * @module
 */

import { ByokError, asError } from './errors.js';
import { KeyManager, type KeyOptions } from './keys.js';
import { apply, bare, querySelector } from './natives.js';
import { PROVIDERS, type Provider } from './providers.js';
import { readEvents, type ServerEvent } from './sse.js';
import type { SiteOptions } from './site.js';
import { here } from './target.js';
import type { Words } from './words.js';

/** What a page may choose: see KeyOptions, and what follows. */
export interface Options extends KeyOptions {
	/** Sentences in another language. Those that are missing are English. */
	readonly words?: Partial< Words >;
	/** What the badge tells of the site, and where it leads. */
	readonly practice?: { readonly url: string; readonly safe: boolean };
}

/** A request. `provider` is the chosen one by default. */
export type Init = RequestInit & { readonly provider?: string };

/** A page's byok. */
export interface BYOK {
	readonly options: Options;
	readonly keys: KeyManager;
	/**
	 * Sends a request with the key: through the site's relay when the key is there, else from this browser to the provider.
	 *
	 * @param path Below the provider's base URL, or that URL in full, so that this can be the `fetch` of a provider's client.
	 */
	fetch( path: string | URL, init?: Init ): Promise< Response >;
	/** The same, and reads the server-sent events of the answer. An answer without success is thrown. */
	events( path: string, init?: Init ): AsyncGenerator< ServerEvent, void >;
	/**
	 * Headers for a request of the page's own: with the key itself, for a server that takes it so, where the key is in memory
	 * or in the clear; with the nonce or the visitor's token, for the site's relay, where it is at the site. Under a passkey
	 * there are none: `not_revealed`.
	 */
	getHeaders( provider?: string ): Promise< Record< string, string > >;
	/** Whether there is a key; if not, the form opens. Resolves when a key was saved (true) and when the form was closed (false). */
	guardFirstRun( provider?: string ): Promise< boolean >;
	/** Opens the form above the page. Resolves when it is closed, with whether there is a key now. */
	openSettings( provider?: string ): Promise< boolean >;
	/** Asks for the passkey; from a click. */
	unlock( provider?: string ): Promise< void >;
}

class Page implements BYOK {
	readonly keys: KeyManager;
	#open: Promise< boolean > | null = null;

	readonly options: Options;

	constructor( options: Options ) {
		const { site, practice } = bare( options );
		this.options = bare( { ...options, ...( site && { site: bare( site ) } ), ...( practice && { practice: bare( practice ) } ) } );
		this.keys = new KeyManager( options );
		// So that it can be handed on by itself.
		this.fetch = this.fetch.bind( this );
	}

	async fetch( path: string | URL, options: Init = {} ): Promise< Response > {
		const { provider, ...init } = bare( options );
		const known = await this.#provider( provider );
		const text = String( path );
		const base = known.base_url ?? ( await this.keys.info( known.id ) )?.baseUrl;
		try {
			return await this.keys.send( known.id, base && text.startsWith( base + '/' ) ? text.slice( base.length ) : text, init );
		} catch ( error ) {
			// Who has cancelled it expects the browser's own error, as do the clients of providers.
			throw init.signal?.aborted ? error : asError( error );
		}
	}

	async* events( path: string, init?: Init ): AsyncGenerator< ServerEvent, void > {
		const answer = await this.fetch( path, init );
		if ( ! answer.ok ) {
			await answer.body?.cancel();
			throw new ByokError( 'refused', undefined, String( answer.status ) );
		}
		yield* readEvents( answer );
	}

	async getHeaders( provider?: string ): Promise< Record< string, string > > {
		return this.keys.headers( ( await this.#provider( provider ) ).id );
	}

	async guardFirstRun( provider?: string ): Promise< boolean > {
		return await this.#has( provider ) || this.openSettings( provider );
	}

	openSettings( provider?: string ): Promise< boolean > {
		this.#open ??= this.#show( provider ).finally( () => {
			this.#open = null;
		} );
		return this.#open;
	}

	unlock( provider?: string ): Promise< void > {
		return this.keys.unlock( provider );
	}

	async #show( provider?: string ): Promise< boolean > {
		const form = document.createElement( 'byok-settings' ) as HTMLElement & { byok: BYOK; ready: Promise< void > };
		form.byok = this;
		form.setAttribute( 'modal', '' );
		if ( provider ) {
			form.setAttribute( 'provider', provider );
		}
		const closed = new Promise( ( resolve ) => form.addEventListener( 'byok-close', resolve, { once: true } ) );
		document.body.append( form );
		try {
			await form.ready;
			await closed;
		} finally {
			form.remove();
		}
		return this.#has( provider );
	}

	async #has( provider?: string ): Promise< boolean > {
		try {
			return await this.keys.info( provider ) !== null;
		} catch ( error ) {
			if ( asError( error ).reason === 'signed_out' ) {
				return false;
			}
			throw error;
		}
	}

	/** The one that is named, the chosen one, or the first with a key. */
	async #provider( id = this.keys.choice()?.provider ): Promise< Provider > {
		const wanted = id ?? ( await this.keys.info() )?.provider;
		const known = PROVIDERS.find( ( one ) => one.id === wanted );
		if ( ! known ) {
			throw new ByokError( wanted === undefined ? 'no_key' : 'provider_unknown' );
		}
		return known;
	}
}

let shared: BYOK | undefined;

/**
 * What the site has written into the page for this module, as data and not as a script.
 *
 * It promises to read only what an author of posts cannot write: an element that is no script may have any id. And a key goes
 * to no other origin because of what stands in a page; who wants that says it in code.
 */
function fromPage(): Options {
	try {
		const data = apply( querySelector!, document, [ 'script[type="application/json"]#wp-script-module-data-byok' ] ) as Element | null;
		const told = JSON.parse( data?.textContent ?? '{}' ) as Options;
		const { root, nonceUrl, ...site } = told.site ?? { root: '' };
		const ours = here( root );
		return { ...told, site: ours === undefined ? null : { ...site, root: ours, nonceUrl: here( nonceUrl ) ?? '' } };
	} catch {
		return {};
	}
}

/**
 * Makes a page's byok. Without options it is the one that all elements of the page share, as the site has set it up.
 *
 * @param options What the page chooses.
 */
export function createBYOK( options?: Options ): BYOK {
	return options ? new Page( options ) : ( shared ??= new Page( fromPage() ) );
}

/**
 * A byok whose form stores keys at a site for somebody else's program: the browser's half of a connect key allows that and
 * nothing more, so `fetch()` of it refuses.
 *
 * @param options The site's REST address, the connect key (`byok_pk_…`), and the reference that the program knows.
 */
export function connect( given: Omit< Options, 'site' | 'modes' > & { root: SiteOptions[ 'root' ]; key: string; ref?: string } ): BYOK {
	const { root, key, ref, ...options } = bare( given );
	return createBYOK( { ...options, modes: [ 'site' ], site: { root, connect: { key, ...( ref && { ref } ) } } } );
}
