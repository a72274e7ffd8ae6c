/**
 * Keys at the site: a member's in the vault, a visitor's under a token, or one that is only stored there for somebody else's
 * program (connect). The site checks and encrypts them; nothing brings one back.
 *
 * @module
 */

import { ByokError, asError, noneIf } from './errors.js';
import { bare, fetch } from './natives.js';
import { PROVIDERS, type Model, type Outcome, type Provider } from './providers.js';
import { addressOf, plain } from './target.js';
import { Tickets, type Ticket } from './tickets.js';
import type { Shelf } from './shelf.js';
import type { KeyInfo, Store } from './store.js';

/** Which site, and as whom. */
export interface SiteOptions {
	/** Address of the site's REST API, as `rest_url()` gives it. */
	readonly root: string;
	/** A member's nonce for REST; empty for a visitor. */
	readonly nonce?: string;
	/** Where a new nonce comes from when that one is too old. */
	readonly nonceUrl?: string;
	/** Whether visitors without an account may keep keys at the site. */
	readonly visitors?: boolean;
	/** Whether requests may go through the site's relay. Without it they cannot be made with a key at the site. */
	readonly relay?: boolean;
	/**
	 * Where the web server has a path of its own for the relay: how many requests a ticket for it is for. All of them count as
	 * soon as it is made.
	 */
	readonly tickets?: number;
	/** A browser's half of a connect key, and for whom the key is. */
	readonly connect?: { readonly key: string; readonly ref?: string };
}

/** What the site tells of a key, or why not. */
interface Told {
	provider: string;
	state: string;
	hint?: string;
	outcome?: Outcome | null;
	proof?: 'key' | 'reachable' | null;
	checked_at?: number | null;
	message?: string;
	code?: string;
	data?: { status?: number };
}

/** Milliseconds for which nobody asks again what the site has told. */
const FRESH = 60000;

/** Any address, to judge what a path below it leads to. */
const BELOW = 'https://byok.invalid/relay';

export class SiteStore implements Store {
	readonly mode = 'site';
	#nonce: string;
	#tickets: Tickets | undefined;
	/** What the site was asked, by name, and until when that counts. */
	readonly #asked = new Map< string, { readonly until: number; readonly told: Promise< unknown > } >();
	/** Names on the shelf: other sites at this address have tokens, and other programs keys, of their own. */
	readonly #visitor: string;
	readonly #connected: string;

	readonly options: SiteOptions;

	constructor( options: SiteOptions, readonly shelf: Shelf ) {
		const { connect } = bare( options );
		this.options = bare( { ...options, ...( connect && { connect: bare( connect ) } ) } );
		this.#nonce = this.options.nonce ?? '';
		this.#visitor = 'visitor:' + this.options.root;
		this.#connected = `connected:${ connect?.key }:`;
		if ( this.options.tickets ) {
			this.#tickets = new Tickets( this.options.tickets, async ( wish ) => await this.#json( 'POST', 'tickets', wish ) as Ticket );
		}
	}

	available(): boolean {
		return Boolean( this.options.nonce || this.options.visitors || this.options.connect );
	}

	async list(): Promise< KeyInfo[] > {
		if ( this.options.connect ) {
			// That it was stored from here is all that the browser knows.
			return this.shelf.names().filter( ( name ) => name.startsWith( this.#connected ) ).map( ( name ) => infoOf( { provider: name.slice( this.#connected.length ), state: 'ready' } ) );
		}
		return this.#once( 'keys', async () => {
			const told = this.#nonce || this.#token() ? await this.#json( 'GET', this.#keys() ).catch( noneIf( 'no_key' ) ) as Told[] : [];
			return told.filter( ( { state } ) => state !== 'absent' ).map( infoOf );
		} );
	}

	async save( known: Provider, key: string, _baseUrl: string, signal: AbortSignal | null ): Promise< KeyInfo > {
		const { connect } = this.options;
		if ( connect ) {
			const body = { key, ...( connect.ref && { ref_id: connect.ref } ) };
			const told = await this.#json( 'POST', `connect/keys/${ known.id }`, body, signal ) as Told & { ref_id?: string };
			this.shelf.set( this.#connected + known.id, told.ref_id ?? connect.ref ?? '' );
			return infoOf( { ...told, provider: known.id, state: 'ready' } );
		}
		const put = async () => {
			if ( ! this.#nonce && ! this.#token() ) {
				const { token } = await this.#json( 'POST', 'visitors' ) as { token: string };
				this.shelf.set( this.#visitor, token );
			}
			return this.#instead( await this.#json( 'PUT', `${ this.#keys() }/${ known.id }`, { key }, signal ) as Told );
		};
		// Once more, with a token of its own, for who had one that ended.
		return put().catch( ( error: unknown ) => asError( error ).reason === 'no_key' ? put() : Promise.reject( error ) );
	}

	async check( known: Provider, signal: AbortSignal | null ): Promise< KeyInfo > {
		return this.#instead( await this.#json( 'POST', `${ this.#keys() }/${ known.id }/check`, undefined, signal ) as Told );
	}

	async remove( id: string ): Promise< void > {
		if ( this.options.connect ) {
			return this.shelf.delete( this.#connected + id );
		}
		this.heard();
		if ( ( await this.list() ).some( ( info ) => info.provider === id ) ) {
			await this.#json( 'DELETE', `${ this.#keys() }/${ id }` );
			this.heard();
		}
	}

	/** Through the relay: the site puts the key in. */
	async send( known: Provider, path: string, init: RequestInit ): Promise< Response > {
		if ( ! this.options.relay || this.options.connect ) {
			throw new ByokError( 'mode_unavailable' );
		}
		const below = addressOf( BELOW, path ).slice( BELOW.length );
		const request = await plain( below, init );
		const signal = init.signal ?? null;
		const carried = await this.#tickets?.send( known, request, signal );
		if ( carried ) {
			return carried;
		}
		const token = this.#token();
		const answer = await this.#send( request.method, `relay/${ known.id }${ below }`, request.body, signal, request.headers );
		const told = answer.ok ? null : await answer.clone().json().catch( () => null ) as Told | null;
		// That there is no key, or nobody who has it, is an error of ours. All else is for who has asked, as a provider's answer is.
		const error = /^(byok|rest)_/.test( told?.code ?? '' ) && this.#error( answer.status, told, token );
		if ( error && error.reason !== 'refused' ) {
			throw error;
		}
		return answer;
	}

	async models( known: Provider ): Promise< Model[] > {
		const route = `models?provider=${ known.id }`;
		return this.options.connect ? [] : this.#once( route, async () => {
			const told = await this.#json( 'GET', route ) as { models?: Model[] } | Model[];
			return ( Array.isArray( told ) ? told : told.models ?? [] ).map( ( { id, name } ) => ( { id, name: name || id } ) );
		} );
	}

	async headers(): Promise< Record< string, string > > {
		if ( this.options.connect ) {
			throw new ByokError( 'not_revealed' );
		}
		const token = this.#token();
		return this.#nonce ? { 'X-WP-Nonce': this.#nonce } : token ? { 'X-BYOK-Token': token } : {};
	}

	async unlock(): Promise< void > {}

	lock(): void {}

	/** A visitor's token ends, with all that the site has written down of its owner. */
	async forget(): Promise< void > {
		if ( this.#token() ) {
			await this.#json( 'DELETE', 'visitors' );
			this.shelf.delete( this.#visitor );
			this.heard();
		}
	}

	/** Somebody has changed something: what the site has told before does not count any more. */
	heard(): void {
		this.#asked.clear();
		this.#tickets?.forget();
	}

	/** Asks once, for all who want to know at once and for a while. An error is asked again. */
	#once< T >( name: string, ask: () => Promise< T > ): Promise< T > {
		let asked = this.#asked.get( name );
		if ( ! asked || asked.until < Date.now() ) {
			asked = { until: Date.now() + FRESH, told: ask() };
			this.#asked.set( name, asked );
			asked.told.catch( () => this.#asked.delete( name ) );
		}
		return asked.told as Promise< T >;
	}

	/** What is told of a key takes the place of what was told before. */
	#instead( told: Told ): KeyInfo {
		const info = infoOf( told );
		const before = this.#asked.get( 'keys' );
		this.heard();
		if ( before ) {
			this.#asked.set( 'keys', { ...before, told: before.told.then( ( infos ) => [ ...( infos as KeyInfo[] ).filter( ( { provider } ) => provider !== info.provider ), info ] ) } );
		}
		return info;
	}

	#token(): string | null {
		return this.#nonce || this.options.connect ? null : this.shelf.get( this.#visitor );
	}

	#keys(): string {
		return this.#nonce ? 'me/keys' : 'visitors/keys';
	}

	async #json( method: string, route: string, data?: object, signal: AbortSignal | null = null ): Promise< unknown > {
		const body = data ? JSON.stringify( data ) : null;
		const token = this.#token();
		const answer = await this.#send( method, route, body, signal, data ? [ [ 'content-type', 'application/json' ] ] : [] );
		const told = await answer.json().catch( () => null ) as Told | null;
		if ( answer.ok && told ) {
			return told;
		}
		throw this.#error( answer.status, told, token );
	}

	/** What a refusal of the site means for a request with that token. */
	#error( status: number, told: Told | null, token: string | null ): ByokError {
		const code = told?.code ?? '';
		const ended = code === 'byok_token_unknown' && token;
		if ( ended && token === this.#token() ) {
			// It is of no use any more: expired, revoked or erased, and what was kept under it is gone. There may be a newer one.
			this.shelf.delete( this.#visitor );
		}
		if ( ended || code === 'byok_key_absent' ) {
			this.heard();
			return new ByokError( 'no_key' );
		}
		if ( status === 401 || [ 'byok_forbidden', 'rest_cookie_invalid_nonce' ].includes( code ) ) {
			this.heard();
			return new ByokError( 'signed_out', undefined, code );
		}
		return new ByokError( code === 'byok_key_refused' ? 'key_refused' : 'refused', told?.message, code );
	}

	async #send( method: string, route: string, body: BodyInit | null, signal: AbortSignal | null, headers: Plain[ 'headers' ], again = true ): Promise< Response > {
		const { root, nonceUrl, connect } = this.options;
		const nonce = this.#nonce;
		const url = root + 'byok/v1/' + ( root.includes( '?' ) ? route.replace( '?', '&' ) : route );
		const extra = connect ? { 'X-BYOK-Token': connect.key } : await this.headers();
		const answer = await fetch( url, {
			method,
			headers: [ ...headers, ...Object.entries( extra ) ] as [ string, string ][],
			body,
			signal,
			credentials: 'same-origin',
			cache: 'no-store',
			redirect: 'error',
		} );
		if ( answer.status !== 403 || ! again || ! nonceUrl || ! nonce ) {
			return answer;
		}
		// A page that stays open longer than a nonce lives. Another request may have got a new one meanwhile.
		const fresh = await fetch( nonceUrl, { credentials: 'same-origin', cache: 'no-store' } );
		const got = fresh.ok ? ( await fresh.text() ).trim() : '';
		if ( ! /^[0-9a-f]{10}$/.test( got ) || got === nonce ) {
			return answer;
		}
		this.#nonce = got;
		return this.#send( method, route, body, signal, headers, false );
	}
}

type Plain = Awaited< ReturnType< typeof plain > >;

function infoOf( answer: Told ): KeyInfo {
	const told = bare( answer );
	return {
		provider: told.provider,
		mode: 'site',
		state: [ 'locked', 'damaged' ].includes( told.state ) ? told.state as 'locked' : 'ready',
		hint: told.hint ?? '',
		outcome: told.outcome ?? null,
		proves: told.proof ?? 'key',
		checkedAt: told.checked_at ?? null,
		baseUrl: '',
		message: told.message ?? '',
	};
}

/** Providers that can be kept at a site by who does not administer it: those with an address of their own are not. */
export const SITE_PROVIDERS = PROVIDERS.filter( ( known ) => known.base_url !== null ).map( ( known ) => known.id );
