/** The web server's own path: requests go there with a ticket, and the other way when it does not take them. */

import assert from 'node:assert/strict';
import { makeKey } from '../keys.mjs';
import { MEMBER, SITE, VISITOR, open, paste, reads, test } from './harness.mjs';
import { used } from './modes.mjs';
import { site } from './site.mjs';

const of = ( who, uses ) => ( { ...who, site: { ...who.site, tickets: uses } } );

/** How many tickets the site was asked for. */
const asked = () => site.seen.filter( ( { route } ) => route === 'tickets' ).length;

/** A page with a key at the site. */
async function ready( page, config ) {
	const it = await open( page, config );
	await paste( it, makeKey( 'anthropic', 'valid' ), 'site' );
	await reads( it.chip, 'Works' );
	return it;
}

export async function tickets() {
	for ( const [ who, config ] of [ [ 'a member', MEMBER ], [ 'a visitor', VISITOR ] ] ) {
		await test( `tickets: ${ who }'s requests are passed on by the web server, and hold no worker of PHP`, async ( page ) => {
			await ready( page, of( config, 1 ) );
			assert.equal( await used( page, { headers: { 'content-type': 'application/json', authorization: 'Bearer dummy', 'anthropic-beta': 'one' } } ), 'Hello from nginx' );
			assert.equal( await used( page ), 'Hello from nginx' );
			assert.deepEqual( [ site.relayed.length, site.offloaded.length, asked() ], [ 0, 2, 2 ], 'a ticket of one use is used once' );
			const [ { id, path, headers, body } ] = site.offloaded;
			assert.deepEqual( [ id, path, JSON.parse( body ).model, headers[ 'anthropic-beta' ] ], [ 'anthropic', '/messages', 'claude-test', 'one' ] );
			assert.equal( headers.origin, SITE, 'a ticket is bound to the origin of the page' );
			// Nothing of the person goes along, only the ticket.
			assert.deepEqual( [ headers.authorization, headers[ 'x-wp-nonce' ], headers[ 'x-byok-token' ], headers.cookie, headers.referer ], Array( 5 ).fill( undefined ) );
		} );
	}

	await test( 'tickets: one is used as often as it is for, also by requests at once, and not for another key', async ( page ) => {
		const it = await ready( page, of( MEMBER, 3 ) );
		await page.evaluate( () => Promise.all( [ 1, 2, 3, 4 ].map( () => window.byokModule.createBYOK().fetch( '/models' ).then( ( answer ) => answer.text() ) ) ) );
		assert.deepEqual( [ site.relayed.length, site.offloaded.length, asked() ], [ 0, 4, 2 ] );
		await it.button( 'Replace' ).click();
		await paste( it, makeKey( 'anthropic', 'valid' ), 'site' );
		await reads( it.message, /^Works\. Saved/ );
		await used( page );
		assert.equal( asked(), 3, 'a ticket of the key before' );
	} );

	for ( const what of [ 'missing', 'gone', 'breaks', 'spent', 'elsewhere' ] ) {
		await test( `tickets: ${ what }, requests go through PHP, and the path is left alone for a while`, async ( page ) => {
			await ready( page, of( MEMBER, 1 ) );
			site.nginx = what;
			assert.equal( await used( page ), 'Hello from the relay' );
			assert.equal( await used( page ), 'Hello from the relay' );
			assert.deepEqual( [ site.relayed.length, asked() ], [ 2, 'spent' === what ? 2 : 1 ] );
		} );
	}

	await test( 'tickets: one that was ended before its time is asked for anew, once', async ( page ) => {
		await ready( page, of( MEMBER, 1 ) );
		site.nginx = 'ended';
		assert.equal( await used( page ), 'Hello from nginx' );
		assert.deepEqual( [ site.relayed.length, site.offloaded.length, asked() ], [ 0, 2, 2 ] );
	} );

	await test( 'tickets: what a provider answers is an answer, and is not asked again', async ( page ) => {
		await ready( page, of( MEMBER, 1 ) );
		site.nginx = 'unreachable';
		const answered = () => page.evaluate( () => window.byokModule.createBYOK().fetch( '/messages', { method: 'POST', body: '{}' } ).then( async ( answer ) => [ answer.status, ( await answer.json() ).error.code ] ) );
		// The provider may have taken it before it hung up.
		assert.deepEqual( await answered(), [ 502, 'connect' ] );
		site.offloaded.length = 0;
		site.nginx = 'provider fails';
		assert.deepEqual( await answered(), [ 502, 'overloaded_error' ] );
		assert.deepEqual( [ site.relayed.length, site.offloaded.length ], [ 0, 1 ] );
	} );
}
