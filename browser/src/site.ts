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

/** Any address, to judge what a path below it leads to. */
const BELOW = 'https://byok.invalid/relay';

export class SiteStore implements Store {
	readonly mode = 'site';
	#nonce: string;
	#tickets: Tickets | undefined;
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
		if ( ! this.#nonce && ! this.#token() ) {
			return [];
		}
		const told = await this.#json( 'GET', this.#keys() ).catch( noneIf( 'no_key' ) ) as Told[];
		return told.filter( ( { state } ) => state !== 'absent' ).map( infoOf );
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
			const told = await this.#json( 'PUT', `${ this.#keys() }/${ known.id }`, { key }, signal ) as Told;
			this.#tickets?.forget();
			return infoOf( told );
		};
		// Once more, with a token of its own, for who had one that ended.
		return put().catch( ( error: unknown ) => asError( error ).reason === 'no_key' ? put() : Promise.reject( error ) );
	}

	async check( known: Provider, signal: AbortSignal | null ): Promise< KeyInfo > {
		return infoOf( await this.#json( 'POST', `${ this.#keys() }/${ known.id }/check`, undefined, signal ) as Told );
	}

	async remove( id: string ): Promise< void > {
		if ( this.options.connect ) {
			return this.shelf.delete( this.#connected + id );
		}
		if ( ( await this.list() ).some( ( info ) => info.provider === id ) ) {
			await this.#json( 'DELETE', `${ this.#keys() }/${ id }` );
			this.#tickets?.forget();
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
		return await this.#tickets?.send( known, request, signal ) ??
			this.#send( request.method, `relay/${ known.id }${ below }`, request.body, signal, request.headers );
	}

	async models( known: Provider, signal: AbortSignal | null ): Promise< Model[] > {
		if ( this.options.connect ) {
			return [];
		}
		const told = await this.#json( 'GET', `models?provider=${ known.id }`, undefined, signal ) as { models?: Model[] } | Model[];
		return ( Array.isArray( told ) ? told : told.models ?? [] ).map( ( { id, name } ) => ( { id, name: name || id } ) );
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
		}
	}

	#token(): string | null {
		return this.#nonce ? null : this.shelf.get( this.#visitor );
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
		const code = told?.code ?? '';
		if ( answer.status === 401 && token ) {
			// It is of no use any more: expired, revoked or erased, and what was kept under it is gone. There may be a newer one.
			if ( token === this.#token() ) {
				this.shelf.delete( this.#visitor );
			}
			throw new ByokError( 'no_key' );
		}
		if ( answer.status === 401 || [ 'byok_forbidden', 'rest_cookie_invalid_nonce' ].includes( code ) ) {
			throw new ByokError( 'signed_out', undefined, code );
		}
		throw new ByokError( code === 'byok_key_refused' ? 'key_refused' : 'refused', told?.message, code );
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
