/**
 * The worker that has locked keys while they are unlocked. It is a world of its own: nothing that a page does to its own
 * functions changes anything here, and only the one who started this worker can speak to it.
 *
 * It promises that no message from here holds a key or what a passkey told. It does not know whether a request is meant
 * well: who may use the page's byok may use the key, towards its provider.
 *
 * @module
 */

import { ByokError, asError } from './errors.js';
import { masked, masking } from './echo.js';
import { send, type Plain, type Target } from './target.js';

/** An encrypted key. */
export interface Sealed {
	readonly salt: Uint8Array< ArrayBuffer >;
	readonly nonce: Uint8Array< ArrayBuffer >;
	readonly data: Uint8Array< ArrayBuffer >;
}

/** What the page asks for. */
export type Question = { readonly id: number } & (
	| { readonly do: 'open'; readonly secret: ArrayBuffer }
	| { readonly do: 'seal'; readonly provider: string; readonly key: string; readonly target: Target }
	| { readonly do: 'send'; readonly provider: string; readonly sealed: Sealed; readonly request: Plain }
	| { readonly do: 'more' | 'stop' }
);

/** What it is told. */
export type Answer = { readonly id: number } & (
	| { readonly is: 'done' }
	| { readonly is: 'sealed'; readonly sealed: Sealed }
	| { readonly is: 'head'; readonly status: number; readonly statusText: string; readonly headers: [ string, string ][] }
	| { readonly is: 'piece'; readonly bytes: Uint8Array< ArrayBuffer > }
	| { readonly is: 'failed'; readonly reason: ReturnType< typeof asError >[ 'reason' ] }
);

const INFO = 'byok/browser/v1/';
const text = ( words: string ) => new TextEncoder().encode( words );
const random = ( length: number ) => crypto.getRandomValues( new Uint8Array( length ) );

/** What the passkey told. The browser lets nobody read it out of this. */
let root: CryptoKey | undefined;
let opened = false;

/** Requests under way: their answers, and how to stop them. */
const running = new Map< number, { stop: AbortController; reader?: ReadableStreamDefaultReader< Uint8Array< ArrayBuffer > > | undefined } >();

const answer = ( message: Answer ) => postMessage( message );

/** The cipher of one entry. HKDF binds it to its salt and provider, the cipher's additional data to the provider again. */
async function cipher( provider: string, salt: Uint8Array< ArrayBuffer >, nonce: Uint8Array< ArrayBuffer > ) {
	const key = await crypto.subtle.deriveKey(
		{ name: 'HKDF', hash: 'SHA-256', salt, info: text( INFO + provider ) },
		root!,
		{ name: 'AES-GCM', length: 256 },
		false,
		[ 'encrypt', 'decrypt' ],
	);
	return [ { name: 'AES-GCM', iv: nonce, additionalData: text( INFO + provider ) }, key ] as const;
}

async function seal( provider: string, key: string, target: Target ): Promise< Sealed > {
	const salt = random( 32 );
	const nonce = random( 12 );
	const data = await crypto.subtle.encrypt( ...await cipher( provider, salt, nonce ), text( JSON.stringify( { key, target } ) ) );
	return { salt, nonce, data: new Uint8Array( data ) };
}

async function open( provider: string, { salt, nonce, data }: Sealed ): Promise< { key: string; target: Target } | null > {
	try {
		const opened = await crypto.subtle.decrypt( ...await cipher( provider, salt, nonce ), data );
		return JSON.parse( new TextDecoder().decode( opened ) ) as { key: string; target: Target };
	} catch {
		return null;
	}
}

async function begin( id: number, provider: string, sealed: Sealed, request: Plain ): Promise< void > {
	const stop = new AbortController();
	running.set( id, { stop } );
	const opened = await open( provider, sealed );
	if ( ! opened ) {
		return answer( { id, is: 'failed', reason: 'damaged' } );
	}
	const response = await send( fetch, opened.target, opened.key, request, stop.signal );
	running.set( id, { stop, reader: response.body?.pipeThrough( masking( opened.key ) as TransformStream ).getReader() as ReadableStreamDefaultReader< Uint8Array< ArrayBuffer > > | undefined } );
	answer( { id, is: 'head', status: response.status, statusText: masked( response.statusText, opened.key ), headers: [ ...response.headers ].map( ( [ name, value ] ) => [ name, masked( value, opened.key ) ] ) } );
}

async function more( id: number ): Promise< void > {
	const piece = await running.get( id )?.reader?.read();
	if ( piece?.value ) {
		return answer( { id, is: 'piece', bytes: piece.value } );
	}
	running.delete( id );
	answer( { id, is: 'done' } );
}

async function handle( question: Question ): Promise< void > {
	const { id } = question;
	switch ( question.do ) {
		case 'open':
			// Once only: what is locked from now on is locked with what the passkey told, whoever speaks.
			if ( opened || question.secret.byteLength !== 32 ) {
				throw new ByokError( 'passkey_unsupported' );
			}
			opened = true;
			root = await crypto.subtle.importKey( 'raw', question.secret, 'HKDF', false, [ 'deriveKey' ] );
			return answer( { id, is: 'done' } );
		case 'seal':
			return answer( { id, is: 'sealed', sealed: await seal( question.provider, question.key, question.target ) } );
		case 'send':
			return begin( id, question.provider, question.sealed, question.request );
		case 'more':
			return more( id );
		default:
			running.get( id )?.stop.abort();
			running.delete( id );
	}
}

addEventListener( 'message', ( { data } ) => {
	handle( data as Question ).catch( ( error: unknown ) => {
		running.delete( ( data as Question ).id );
		answer( { id: ( data as Question ).id, is: 'failed', reason: asError( error ).reason } );
	} );
} );
