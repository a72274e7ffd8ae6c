/**
 * All keys of a page, wherever they are.
 *
 * @module
 */

import { ByokError, asError, noneIf } from './errors.js';
import { LockedStore, OpenStore } from './local.js';
import { bare } from './natives.js';
import { PROVIDERS, type Model, type Provider } from './providers.js';
import { browserShelf, canStore, memoryShelf, type Shelf } from './shelf.js';
import { SITE_PROVIDERS, SiteStore, type SiteOptions } from './site.js';
import type { KeyInfo, Mode, Store } from './store.js';

/** What a page may choose. */
export interface KeyOptions {
	/** Beginning of the names in the browser's storage, for two independent sets of keys at one address. */
	readonly namespace?: string;
	/** Ids of the providers to offer; all by default. */
	readonly providers?: readonly string[];
	/** Places to offer, the best first. */
	readonly modes?: readonly Mode[];
	/** The site that keeps keys, and carries requests. */
	readonly site?: SiteOptions | null;
}

/** What changed. */
export interface Change {
	readonly provider: string | null;
}

const MODES: readonly Mode[] = [ 'site', 'passkey', 'browser', 'memory' ];

/** A provider and a model that were chosen. */
export interface Choice {
	readonly provider: string;
	readonly model: string;
}

export class KeyManager extends EventTarget {
	readonly #stores: ReadonlyMap< Mode, Store >;
	readonly #shelf: Shelf;
	readonly #providers: readonly Provider[];
	readonly #name: string;

	/** Who sends an event. */
	readonly #mark = Symbol();


	constructor( options: KeyOptions = {} ) {
		super();
		const { namespace = 'byok', providers, modes = MODES, site } = bare( options );
		const shelf = browserShelf( namespace + ':v1' );
		const stores: Store[] = [
			new OpenStore( 'memory', memoryShelf( namespace ) ),
			new OpenStore( 'browser', shelf ),
			new LockedStore( shelf, () => globalThis.location?.hostname ?? namespace, () => this.#tell( null ) ),
			...( site ? [ new SiteStore( site, shelf ) ] : [] ),
		];
		this.#stores = new Map( modes.flatMap( ( mode ) => stores.filter( ( store ) => store.mode === mode && store.available() ).map( ( store ) => [ mode, store ] as const ) ) );
		this.#shelf = canStore() ? shelf : memoryShelf( namespace );
		this.#providers = PROVIDERS.filter( ( known ) => ( providers?.includes( known.id ) ?? true ) && this.modes( known.id ).length > 0 );
		this.#name = namespace + ':v1';
		globalThis.addEventListener?.( 'storage', ( { key } ) => {
			// Another tab, or the person has emptied the storage.
			if ( key === null || key.startsWith( this.#name + ':' ) ) {
				if ( ! key || key.endsWith( ':passkey' ) ) {
					// What the worker knows belongs to another passkey than what is stored from now on.
					this.lock();
				}
				this.#heard( null );
			}
		} );
		// Another one of this page that keeps keys under the same names, perhaps of another copy of this module.
		globalThis.addEventListener?.( this.#name, ( event ) => {
			// The event is every script's, so it holds no way to the keys.
			const { from, provider = null } = ( event as CustomEvent ).detail ?? {};
			if ( from !== this.#mark ) {
				this.#heard( provider );
			}
		} );
	}

	/** The providers that are offered. */
	get providers(): readonly Provider[] {
		return this.#providers;
	}

	/** The places that a provider's key can be in, the best first. */
	modes( id: string ): Mode[] {
		return [ ...this.#stores.keys() ].filter( ( mode ) => mode !== 'site' || SITE_PROVIDERS.includes( id ) );
	}

	/**
	 * What there is. When the site cannot be asked, its error is thrown: "no key" would be a guess.
	 *
	 * @param here Only what is in this browser, which needs no answer.
	 */
	async list( here = false ): Promise< KeyInfo[] > {
		const found = await Promise.all( this.#all().map( ( store ) => here && store.mode === 'site' ? [] : store.list() ) );
		return found.flat().filter( ( info ) => this.#providers.some( ( known ) => known.id === info.provider ) );
	}

	/** What there is of one provider, or of the first with a key; null for nothing. The site is asked for what is not here only. */
	async info( id?: string ): Promise< KeyInfo | null > {
		const fits = ( info: KeyInfo ) => ! id || info.provider === id;
		return ( await this.list( true ) ).find( fits ) ?? ( await this.list() ).find( fits ) ?? null;
	}

	/**
	 * Checks a key and keeps it in one place; one of the same provider in another place is removed then.
	 *
	 * @param id      Provider id.
	 * @param key     The key.
	 * @param options Where (the best place by default), the base URL where everybody has one of their own, and a signal.
	 */
	async save( id: string, key: string, options: { mode?: Mode | undefined; baseUrl?: string; signal?: AbortSignal | null } = {} ): Promise< KeyInfo > {
		const { mode = this.modes( id )[ 0 ], baseUrl = '', signal = null } = bare( options );
		const known = this.#known( id );
		const trimmed = key.trim();
		if ( ! /^[\x21-\x7e]{1,8192}$/.test( trimmed ) && ( trimmed !== '' || known.key_required ) ) {
			throw new ByokError( 'key_malformed' );
		}
		const store = this.#store( mode );
		// First of all, because a place that cannot be asked would keep the key before, and lead again later. Whom the site does
		// not know any more has no key there that could be removed from here.
		const before = await this.list().catch( noneIf( 'signed_out' ) );
		const info = await store.save( known, trimmed, baseUrl, signal );
		for ( const old of before.filter( ( one ) => one.provider === id && one.mode !== mode ) ) {
			// Two stores on one shelf write to the same place; the other one then finds nothing of its own there.
			await this.#store( old.mode ).remove( id );
		}
		if ( ! this.choice() ) {
			this.choose( { provider: id, model: '' } );
		}
		this.#changed( id );
		return info;
	}

	/** Checks a kept key once more. It stays, whatever the provider says. */
	async check( id: string, signal: AbortSignal | null = null ): Promise< KeyInfo > {
		const info = await ( await this.#of( id ) ).check( this.#known( id ), signal );
		this.#changed( id );
		return info;
	}

	/** Removes a provider's key, wherever it is. */
	async remove( id: string ): Promise< void > {
		await this.#each( ( store ) => store.remove( id ), () => {
			if ( this.choice()?.provider === id ) {
				this.choose( null );
			}
			this.#changed( id );
		} );
	}

	/** Removes every key and what else is remembered, in this browser and of the person at the site; a visitor is erased there. */
	async clearAll(): Promise< void > {
		await this.#each( async ( store ) => {
			for ( const { provider: id } of await store.list() ) {
				await store.remove( id );
			}
			await store.forget();
		}, () => {
			// A visitor's token goes when its site has erased what is under it; until then it can be asked once more.
			this.#shelf.names().filter( ( name ) => ! name.startsWith( 'visitor:' ) ).forEach( ( name ) => this.#shelf.delete( name ) );
			this.#changed( null );
		} );
	}

	/** Sends a request with a provider's key. */
	async send( id: string, path: string, init: RequestInit = {} ): Promise< Response > {
		return ( await this.#of( id ) ).send( this.#known( id ), path, init );
	}

	/** The models to choose from: the provider's own list, else those that this module knows. */
	async models( id: string, signal: AbortSignal | null = null ): Promise< { models: Model[]; live: boolean } > {
		const known = this.#known( id );
		let models: Model[] = [];
		try {
			models = await ( await this.#of( id ) ).models( known, signal );
		} catch {
			// Those below are better than none.
		}
		return models.length > 0 ? { models, live: true } : { models: known.shipped.map( ( model ) => ( { id: model, name: model } ) ), live: false };
	}

	/** Headers for a request of the page's own, see `getHeaders()`. */
	async headers( id: string ): Promise< Record< string, string > > {
		const { provider: chosen, model } = this.choice() ?? { provider: '', model: '' };
		return ( await this.#of( id ) ).headers( this.#known( id ), chosen === id ? model : '' );
	}

	/** Asks for the passkey of a provider's key, or of the first that is locked. Browsers want a click before. */
	async unlock( id?: string ): Promise< void > {
		await this.#stores.get( 'passkey' )?.unlock( id );
	}

	/** Locks what a passkey has opened. */
	lock(): void {
		this.#stores.get( 'passkey' )?.lock();
	}

	/** The provider and model that the person has chosen. */
	choice(): Choice | null {
		try {
			return bare( JSON.parse( this.#shelf.get( 'choice' )! ) as Choice );
		} catch {
			return null;
		}
	}

	/** Remembers a choice. */
	choose( choice: Choice | null ): void {
		if ( choice ) {
			this.#shelf.set( 'choice', JSON.stringify( { provider: choice.provider, model: choice.model } ) );
		} else {
			this.#shelf.delete( 'choice' );
		}
		this.#tell( choice?.provider ?? null );
	}

	#all(): Store[] {
		return [ ...this.#stores.values() ];
	}

	/** Does something in all places, then what follows. A site that does not answer keeps no other place from it; its error comes last. */
	async #each( work: ( store: Store ) => Promise< void >, then: () => void ): Promise< void > {
		let failed: ByokError | null = null;
		await Promise.all( this.#all().map( ( store ) => work( store ).catch( ( error: unknown ) => {
			failed ??= asError( error );
		} ) ) );
		then();
		if ( failed ) {
			throw failed as ByokError;
		}
	}

	#known( id: string ): Provider {
		const known = this.#providers.find( ( one ) => one.id === id );
		if ( ! known ) {
			throw new ByokError( 'provider_unknown' );
		}
		return known;
	}

	#store( mode: Mode | undefined ): Store {
		const store = mode && this.#stores.get( mode );
		if ( ! store ) {
			throw new ByokError( 'mode_unavailable' );
		}
		return store;
	}

	/** The place that a provider's key is in. */
	async #of( id: string ): Promise< Store > {
		const info = await this.info( id );
		if ( ! info ) {
			throw new ByokError( 'no_key' );
		}
		return this.#store( info.mode );
	}

	/** A key was changed from here. */
	#changed( id: string | null ): void {
		if ( this.#stores.has( 'site' ) ) {
			try {
				// The browser tells other tabs what happens to its storage, and of what is at the site nothing is there.
				this.#shelf.set( 'changed', '' );
				this.#shelf.delete( 'changed' );
			} catch {
				// They will ask the site in their time.
			}
		}
		globalThis.dispatchEvent?.( new CustomEvent( this.#name, { detail: { provider: id, from: this.#mark } } ) );
		this.#tell( id );
	}

	/** A key was changed from elsewhere. */
	#heard( id: string | null ): void {
		this.#stores.get( 'site' )?.heard?.();
		this.#tell( id );
	}

	#tell( id: string | null ): void {
		this.dispatchEvent( new CustomEvent< Change >( 'change', { detail: { provider: id } } ) );
	}
}
