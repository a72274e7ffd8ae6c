/**
 * How a test is run and counted, and the steps of a person that several tests share.
 */

import assert from 'node:assert/strict';
import { card, picture } from './browser.mjs';

let passed = 0;
let failed = 0;

export async function test( name, page, work ) {
	try {
		await work();
		passed++;
		console.log( `ok      ${ name }` );
	} catch ( error ) {
		failed++;
		console.log( `FAILED  ${ name }\n        ${ String( error.message ).split( '\n' ).slice( 0, 12 ).join( '\n        ' ) }` );
		await picture( page, `failed-${ failed }` ).catch( () => {} );
	}
}

/** Waits until a text is there, and names what is there instead. */
export async function reads( locator, expected ) {
	const fits = ( text ) => ( expected instanceof RegExp ? expected.test( text ) : text === expected );
	let text = null;
	for ( const end = Date.now() + 30000; Date.now() < end; ) {
		text = await locator.textContent( { timeout: 500 } ).then( ( found ) => found.trim(), () => null );
		if ( text !== null && fits( text ) ) {
			return;
		}
		await new Promise( ( done ) => setTimeout( done, 100 ) );
	}
	assert.fail( `reads ${ JSON.stringify( text ) } instead of ${ expected }` );
}

export const focused = ( page, selector ) => page.waitForFunction( ( wanted ) => document.activeElement?.matches( wanted ), selector, { timeout: 15000 } );

/** Opens the field, pastes, and presses the button. */
export async function paste( page, provider, key, address = null ) {
	const it = card( page, provider );
	// Less common providers are folded away below the others. Without a script the page may just be about to be another
	// one, where they are folded away again: then it is opened once more.
	const more = page.locator( 'details.byok-more:not([open])', { has: it.root } ).locator( '> summary' );
	for ( let tries = 0; ; tries++ ) {
		try {
			if ( await more.count() ) {
				await more.click( { timeout: 2000 } ).catch( () => {} );
			}
			// One of the two is there, once the page is.
			await it.add.or( it.replace ).click( { timeout: 5000 } );
			break;
		} catch ( error ) {
			if ( tries === 12 ) {
				throw error;
			}
		}
	}
	if ( address !== null ) {
		await it.address.fill( address );
	}
	await it.field.fill( key );
	await it.save.click();
	return it;
}

/** How many tests passed and failed so far. */
export const total = () => ( { passed, failed } );
