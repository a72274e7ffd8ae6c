/** How often the site is asked: what it has told is told to all parts of the page, until somebody changes something. */

import assert from 'node:assert/strict';
import { makeKey } from '../keys.mjs';
import { MEMBER, VISITOR, newTab, open, paste, reads, test } from './harness.mjs';
import { used } from './modes.mjs';
import { site } from './site.mjs';

const CHAT = '<div class="byok-chat" data-thinking="…"><div class="byok-chat__talk"></div><form><textarea aria-label="Question"></textarea><button type="submit" class="byok-chat__ask">Ask</button><button type="button" class="byok-chat__stop">Stop</button></form><button type="button" class="byok-chat__key">Key</button></div>';
const PAGE = { body: `<byok-settings></byok-settings><byok-badge></byok-badge>${ CHAT }<script type="module" src="/assets/byok-chat.js"></script>` };

/** What the site was asked since the last time. */
const since = () => site.seen.splice( 0 ).map( ( { method, route } ) => `${ method } ${ route }` );

const list = ( page ) => page.evaluate( () => window.byokModule.createBYOK().keys.list().then( ( infos ) => infos.map( ( { provider } ) => provider ), ( error ) => error.reason ?? error.name ) );

async function question( page ) {
	await page.getByLabel( 'Question' ).fill( 'Hello?' );
	await page.locator( '.byok-chat__ask' ).click();
	await reads( page.locator( '.byok-chat__answer' ).last(), 'Hello from the relay' );
	await page.waitForFunction( () => document.querySelector( '.byok-chat__stop' ).hidden );
}

export async function asked() {
	for ( const [ who, config, first, keys ] of [ [ 'a member', MEMBER, [ 'GET me/keys' ], 'me/keys' ], [ 'a visitor', VISITOR, [], 'visitors/keys' ] ] ) {
		await test( `asked: ${ who }'s page with form, badge and chat asks each thing once, for a key and two questions`, async ( page ) => {
			const it = await open( page, config, PAGE );
			await it.key.waitFor();
			assert.deepEqual( since(), first );
			await paste( it, makeKey( 'mistral', 'valid' ), 'site', 'mistral' );
			await reads( it.chip, 'Works' );
			await page.waitForFunction( () => document.querySelector( 'byok-settings' ).shadowRoot.querySelectorAll( '#model option' ).length > 1 );
			assert.deepEqual( since(), [ ...( who === 'a visitor' ? [ 'POST visitors' ] : [] ), `PUT ${ keys }/mistral`, 'GET models?provider=mistral' ] );
			await question( page );
			await question( page );
			assert.deepEqual( since(), [ 'POST relay/mistral/chat/completions', 'POST relay/mistral/chat/completions' ] );
			await it.model.selectOption( 'test-model' );
			await reads( it.chip, 'Works' );
			assert.deepEqual( since(), [], 'a model that is chosen changes no key' );
		} );
	}

	await test( 'asked: a key that is gone at the site is noticed when it is used, and what is shown follows', async ( page ) => {
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'site' );
		await reads( it.chip, 'Works' );
		site.keys.clear();
		assert.deepEqual( await list( page ), [ 'anthropic' ], 'this is asked anew' );
		assert.equal( await used( page ).catch( ( error ) => /no key/.test( error.message ) ), true );
		assert.deepEqual( await list( page ), [] );
		site.keys.set( 'anthropic', 'byok-test-0000' );
		assert.deepEqual( await list( page ), [], 'this is asked anew' );
		await page.evaluate( () => {
			const { now } = Date;
			Date.now = () => now() + 61000;
		} );
		assert.deepEqual( await list( page ), [ 'anthropic' ], 'what the site told a minute ago still counts' );
	} );

	await test( 'asked: a visitor whose site is behind a password for a while has the key afterwards', async ( page ) => {
		const it = await open( page, VISITOR );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'site' );
		await reads( it.chip, 'Works' );
		site.walled = true;
		await used( page ).catch( () => null );
		site.walled = false;
		assert.equal( await used( page ), 'Hello from the relay' );
	} );

	await test( 'asked: an error is asked again', async ( page ) => {
		await open( page, MEMBER, { body: '' } );
		site.down = true;
		assert.equal( await list( page ), 'TypeError' );
		site.down = false;
		assert.deepEqual( await list( page ), [] );
	} );

	await test( 'asked: another byok of the page, and another tab, hear of a change; one with other names does not', async ( page ) => {
		await open( page, MEMBER, { body: '' } );
		const second = await newTab( page );
		await open( second, MEMBER, { body: '' } );
		const listen = ( where ) => where.evaluate( ( member ) => {
			const { createBYOK } = window.byokModule;
			window.heard = {};
			for ( const namespace of [ 'byok', 'byok/b' ] ) {
				const { keys } = createBYOK( { namespace, site: member } );
				window[ namespace ] = keys;
				keys.addEventListener( 'change', () => {
					window.heard[ namespace ] = true;
				} );
			}
			return Promise.all( [ window.byok.list(), window[ 'byok/b' ].list() ] );
		}, MEMBER.site );
		await listen( page );
		await listen( second );
		await page.evaluate( ( key ) => window.byokModule.createBYOK().keys.save( 'anthropic', key ), makeKey( 'anthropic', 'valid' ) );
		for ( const where of [ page, second ] ) {
			await where.waitForFunction( () => window.heard.byok );
			assert.deepEqual( await where.evaluate( async () => [ ( await window.byok.list() ).length, window.heard ] ), [ 1, { byok: true } ] );
		}
		assert.doesNotMatch( await page.evaluate( () => Object.keys( localStorage ).join() ), /changed/ );
	} );
}
