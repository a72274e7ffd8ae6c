/**
 * Test keys, and the search for them in what a browser gets to see.
 */

import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';

/** How keys of a provider begin. Everything after it is random, and says that it is a test's. */
const BEGINNINGS = {
	anthropic: 'sk-ant-api03-',
	openai: 'sk-proj-',
	google: 'AIza',
	groq: 'gsk_',
	mistral: '',
	'openai-compatible': 'local-',
};

/** Every key that was made; none may ever come back. */
const made = [];

/**
 * Makes a key that has the test provider behave in a way.
 *
 * @param {string} provider  Provider id.
 * @param {string} behaviour `valid`, `no-credit`, `outage`, `hang` …
 */
export function makeKey( provider, behaviour ) {
	const key = `${ BEGINNINGS[ provider ] }byok-test-${ behaviour }-${ randomBytes( 24 ).toString( 'hex' ) }`;
	made.push( key );
	if ( process.env.BYOK_PASTED_KEYS ) {
		// bin/test searches the database and the logs for these when the browser is done.
		appendFileSync( process.env.BYOK_PASTED_KEYS, key + '\n' );
	}
	return key;
}

/** Makes a secret of a site, which may come back as little as a key. White space in it is on purpose. */
export function makeSecret() {
	const secret = `byok test ${ randomBytes( 32 ).toString( 'hex' ) }`;
	made.push( secret );
	if ( process.env.BYOK_PASTED_KEYS ) {
		appendFileSync( process.env.BYOK_PASTED_KEYS, secret + '\n' );
	}
	return secret;
}

export const fingerprintOf = ( key ) => createHash( 'sha256' ).update( key ).digest( 'hex' );

/** The last four characters, which a card does show. */
export const endOf = ( key ) => key.slice( -4 );

/**
 * What to look for: the part of a key that neither its beginning nor its hint tells, in the encodings
 * a web page or an answer could hold it in.
 *
 * @param {string} key The key.
 */
function needles( key ) {
	const secret = key.slice( -28, -4 );
	const found = new Set( [ secret, encodeURIComponent( secret ), JSON.stringify( secret ).slice( 1, -1 ), Buffer.from( secret ).toString( 'hex' ) ] );
	// Base64 of the same bytes has three faces, by where in the text they begin; the outer characters
	// mix with the neighbours.
	for ( const shift of [ 0, 1, 2 ] ) {
		const face = Buffer.from( '\0'.repeat( shift ) + secret ).toString( 'base64' ).replace( /=+$/, '' ).slice( shift ? shift + 1 : 0, -2 );
		found.add( face );
		found.add( face.replaceAll( '+', '-' ).replaceAll( '/', '_' ) );
	}
	return [ ...found ];
}

/**
 * Answers which texts hold a key, by their names. Never a key.
 *
 * @param {Array<{name: string, text: string}>} texts What the browser saw.
 */
export function leaks( texts ) {
	const wanted = made.flatMap( needles );
	return texts.filter( ( { text } ) => wanted.some( ( needle ) => text.includes( needle ) ) ).map( ( { name } ) => name );
}
