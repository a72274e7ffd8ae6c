/**
 * Where a key may go: the provider's own address and nowhere else. The same rules hold in the page and in the worker that
 * has locked keys.
 *
 * @module
 */

import { ByokError } from './errors.js';
import type { Provider } from './providers.js';

/** An address, and how it takes the key. Locked keys are encrypted together with it. */
export interface Target {
	readonly base: string;
	readonly header: string;
	readonly scheme: string;
	readonly headers: Readonly< Record< string, string > >;
}

/** A request as it can be handed to a worker. */
export interface Plain {
	readonly method: string;
	readonly path: string;
	readonly headers: readonly ( readonly [ string, string ] )[];
	readonly body: ArrayBuffer | null;
}

/** The target of a provider; with a base URL where everybody has one of their own. */
export function targetOf( known: Provider, baseUrl = '' ): Target {
	const base = known.base_url ?? checkedBase( baseUrl );
	return { base, header: known.auth.header, scheme: known.auth.scheme ?? '', headers: known.headers ?? {} };
}

function checkedBase( text: string ): string {
	let url: URL;
	try {
		url = new URL( text );
	} catch {
		throw new ByokError( 'base_url_malformed' );
	}
	// A model on one's own machine has no certificate, and what goes there leaves it not.
	const own = /^(localhost|127(\.\d+){3}|\[::1\])$/.test( url.hostname );
	// What a URL makes of some signs is not what a person reads.
	if ( /[\\@?#]/.test( text ) || ( url.protocol !== 'https:' && ! ( own && url.protocol === 'http:' ) ) ) {
		throw new ByokError( 'base_url_malformed' );
	}
	return url.href.replace( /\/+$/, '' );
}

/** An address of this origin, in full; undefined for any other. */
export function here( address: string | undefined ): string | undefined {
	const url = address ? new URL( address, location.href ) : null;
	return url?.origin === location.origin ? url.href : undefined;
}

/** The address of a path below a base URL. */
export function addressOf( base: string, path: string ): string {
	const url = new URL( base + path );
	if ( ! /^\/(?!\/)/.test( path ) || path.includes( '\\' ) || url.hash || ! url.href.startsWith( base + '/' ) ) {
		throw new ByokError( 'path_refused' );
	}
	return url.href;
}

/** Headers in which a client's dummy key would come. */
const KEY_HEADERS = [ 'authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'xi-api-key', 'x-byok-api-key', 'x-byok-token', 'x-wp-nonce' ];

/** Takes a request apart, and leaves out what the client thinks is the key. */
export async function plain( path: string, init: RequestInit ): Promise< Plain > {
	const own = { __proto__: null, ...init, signal: null } as RequestInit;
	const request = new Request( 'https://byok.invalid/', own );
	return {
		method: request.method,
		path,
		headers: [ ...request.headers ].filter( ( [ name ] ) => ! KEY_HEADERS.includes( name ) ),
		body: own.body === undefined || own.body === null ? null : await request.arrayBuffer(),
	};
}

/** Sends a request with the key to the provider. */
export function send( send: typeof fetch, target: Target, key: string, request: Plain, signal: AbortSignal | null ): Promise< Response > {
	const headers = new Headers( request.headers as [ string, string ][] );
	Object.entries( target.headers ).forEach( ( [ name, value ] ) => headers.set( name, value ) );
	if ( key !== '' ) {
		headers.set( target.header, target.scheme ? `${ target.scheme } ${ key }` : key );
	}
	return send( addressOf( target.base, request.path ), {
		method: request.method,
		headers,
		body: request.body,
		signal,
		// The key goes to this address and not where it points.
		redirect: 'error',
		credentials: 'omit',
		cache: 'no-store',
		referrerPolicy: 'no-referrer',
	} );
}
