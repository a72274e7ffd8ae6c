/**
 * A person in each place that a key can be kept in: first run, save, reload, another tab, change, remove, sign out, a storage
 * that is emptied, offline, a slow provider.
 */

import assert from 'node:assert/strict';
import { endOf, makeKey } from '../keys.mjs';
import { MEMBER, VISITOR, authenticator, look, newTab, open, parts, paste, picture, reads, storage, test } from './harness.mjs';
import { requests } from './provider.mjs';
import { site } from './site.mjs';

/** Sends a request with the key, and returns what a page got. */
export const used = ( page, init = {} ) => page.evaluate( async ( init ) => {
	const byok = window.byokModule.createBYOK();
	const words = [];
	for await ( const { data } of byok.events( '/messages', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify( { model: 'claude-test', stream: true } ), ...init } ) ) {
		words.push( data === '[DONE]' ? '' : JSON.parse( data ).choices[ 0 ].delta.content );
	}
	return words.join( '' );
}, init );

const secretOf = ( key ) => key.slice( -28, -4 );

/** Chips and sentences by what the provider says. */
const OUTCOMES = [
	[ 'valid', 'Works', 'Works. Saved.' ],
	[ 'no-credit', 'No credit', 'The key is right, but the account has no credit. Saved; add credit at Anthropic.' ],
	[ 'rate-limited', 'Limited just now', 'Anthropic is limiting requests just now, so the key is not verified yet. Saved.' ],
	[ 'restricted', 'Restricted', /^Anthropic does not let this key list models here .* Saved\.$/ ],
	[ 'outage', 'Not verified yet', 'Anthropic could not be reached from here, so the key is not verified yet. Saved; its first use will show.' ],
];

export async function modes() {
	for ( const mode of [ 'memory', 'browser', 'passkey', 'site', 'visitor' ] ) {
		await one( mode );
	}
	await outcomes();
	await site_only();
	await passkey_only();
}

async function one( name ) {
	const mode = name === 'visitor' ? 'site' : name;
	const config = name === 'visitor' ? VISITOR : MEMBER;
	const ready = async ( page, set = config ) => {
		if ( mode === 'passkey' ) {
			await authenticator( page );
		}
		return open( page, set );
	};

	await test( `${ name }: the first run asks for a key; saving goes on, and so does closing`, async ( page ) => {
		await ready( page );
		const ran = () => page.evaluate( () => {
			window.first = window.byokModule.createBYOK().guardFirstRun();
		} );
		const dialog = parts( page, page.locator( 'byok-settings[modal]' ) );
		await ran();
		await dialog.button( 'Close' ).click();
		assert.equal( await page.evaluate( () => window.first ), false );
		await ran();
		await dialog.key.waitFor();
		await page.keyboard.press( 'Escape' );
		assert.equal( await page.evaluate( () => window.first ), false );
		await ran();
		await paste( dialog, makeKey( 'anthropic', 'valid' ), mode );
		assert.equal( await page.evaluate( () => window.first ), true );
		await page.locator( 'byok-settings[modal]' ).waitFor( { state: 'detached' } );
		await ran();
		assert.equal( await page.evaluate( () => window.first ), true, 'the second time nothing is asked' );
	} );

	await test( `${ name }: a key is saved, shown by its end only, and carries a request`, async ( page ) => {
		const it = await ready( page );
		const key = makeKey( 'anthropic', 'valid' );
		await paste( it, key, mode );
		await reads( it.message, /^Works\. Saved/ );
		await reads( it.chip, 'Works' );
		if ( mode === 'passkey' ) {
			assert.equal( await it.hint.count(), 0 );
		} else {
			await reads( it.hint, new RegExp( `…${ endOf( key ) }$` ) );
		}
		assert.equal( await it.key.count(), 0, 'the field is still there' );
		await look( page, `after saving, ${ name }` );
		assert.equal( await used( page ), mode === 'site' ? 'Hello from the relay' : 'Hello from the provider' );
		if ( mode !== 'site' ) {
			const { headers, host } = requests.at( -1 );
			assert.equal( host, 'api.anthropic.com' );
			assert.equal( headers[ 'x-api-key' ], key );
			assert.equal( headers.cookie, undefined );
			assert.equal( headers.referer, undefined );
			assert.equal( site.seen.some( ( { body } ) => body.includes( secretOf( key ) ) ), false, 'the site got the key' );
		} else {
			assert.equal( requests.length, 0, 'the browser asked the provider by itself' );
			assert.equal( JSON.stringify( site.relayed ).includes( secretOf( key ) ), false );
		}
		const kept = await storage( page );
		assert.equal( kept.includes( secretOf( key ) ), mode === 'browser' );
		if ( mode === 'passkey' ) {
			assert.equal( kept.includes( endOf( key ) ), false );
		}
	} );

	await test( `${ name }: after a reload ${ mode === 'memory' ? 'it is forgotten' : 'it is there' }`, async ( page ) => {
		const it = await ready( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), mode );
		await reads( it.chip, 'Works' );
		await page.reload();
		if ( mode === 'memory' ) {
			await it.key.waitFor();
			assert.equal( await it.chip.count(), 0 );
			return;
		}
		if ( mode === 'passkey' ) {
			await reads( it.chip, 'Locked' );
			assert.equal( await page.evaluate( () => window.byokModule.createBYOK().fetch( '/models' ).catch( ( error ) => error.reason ) ), 'locked' );
			await it.button( 'Unlock' ).click();
		}
		await reads( it.chip, 'Works' );
		assert.match( await used( page ), /^Hello/ );
	} );

	await test( `${ name }: another tab ${ mode === 'memory' ? 'knows nothing of it' : 'has it, and sees what changes' }`, async ( page ) => {
		const it = await ready( page );
		const second = await newTab( page );
		const there = await open( second, config );
		await there.key.waitFor();
		// Browsers ask for passkeys in the tab that is in front only.
		await page.bringToFront();
		await paste( it, makeKey( 'anthropic', 'valid' ), mode );
		await reads( it.chip, 'Works' );
		if ( mode === 'memory' ) {
			await second.waitForTimeout( 300 );
			assert.equal( await there.chip.count(), 0 );
			return;
		}
		await reads( there.chip, mode === 'passkey' ? 'Locked' : 'Works' );
		await it.button( 'Remove' ).click();
		await it.button( 'Yes, remove it' ).click();
		await there.key.waitFor();
	} );

	await test( `${ name }: it is changed; a refused one changes nothing`, async ( page ) => {
		const it = await ready( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), mode );
		await reads( it.chip, 'Works' );
		await it.button( 'Replace' ).click();
		await paste( it, makeKey( 'anthropic', 'invalid' ), mode );
		await reads( it.message, 'Anthropic refused this key. Nothing was changed. Was it copied whole?' );
		await it.button( 'Keep it' ).click();
		await reads( it.chip, 'Works' );
		assert.match( await used( page ), /^Hello/ );
		const better = makeKey( 'anthropic', 'valid' );
		await it.button( 'Replace' ).click();
		await paste( it, better, mode );
		await reads( it.message, /^Works\. Saved/ );
		await used( page );
		assert.equal( mode === 'site' ? [ ...( name === 'visitor' ? [ ...site.visitors.values() ][ 0 ] : site.keys ).values() ][ 0 ] : requests.at( -1 ).headers[ 'x-api-key' ], better );
	} );

	await test( `${ name }: it is removed, and nothing of it stays`, async ( page ) => {
		const it = await ready( page );
		const key = makeKey( 'anthropic', 'valid' );
		await paste( it, key, mode );
		await reads( it.chip, 'Works' );
		await it.button( 'Remove' ).click();
		await it.button( 'Keep it' ).click();
		await reads( it.chip, 'Works' );
		await it.button( 'Remove' ).click();
		await it.button( 'Yes, remove it' ).click();
		await reads( it.message, 'The key was removed.' );
		await it.key.waitFor();
		assert.equal( site.keys.size, 0 );
		assert.doesNotMatch( await storage( page ), /key:|passkey|sealed/ );
		assert.equal( await page.evaluate( () => window.byokModule.createBYOK().fetch( '/models' ).catch( ( error ) => error.reason ) ), 'no_key' );
	} );

	await test( `${ name }: clearAll() removes everything`, async ( page ) => {
		const it = await ready( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), mode );
		await reads( it.chip, 'Works' );
		await paste( it, makeKey( 'mistral', 'valid' ), mode, 'mistral' );
		await reads( it.message, /^Works\. Saved/ );
		await page.evaluate( () => window.byokModule.createBYOK().keys.clearAll() );
		await it.key.waitFor();
		assert.deepEqual( await page.evaluate( () => Object.keys( localStorage ) ), [] );
		assert.equal( site.keys.size, 0 );
		assert.equal( site.visitors.size, 0, 'the visitor is not erased' );
	} );

	await test( `${ name }: the person empties the browser's storage`, async ( page ) => {
		const it = await ready( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), mode );
		await reads( it.chip, 'Works' );
		await page.evaluate( () => localStorage.clear() );
		await page.reload();
		if ( name === 'site' ) {
			await reads( it.chip, 'Works' );
		} else {
			await it.key.waitFor();
			assert.equal( await it.chip.count(), 0 );
		}
	} );

	await test( `${ name }: offline, nothing is lost and the words say so`, async ( page ) => {
		const it = await ready( page, mode === 'site' ? config : {} );
		const before = makeKey( 'anthropic', 'valid' );
		await paste( it, before, mode );
		await reads( it.chip, 'Works' );
		await it.button( 'Replace' ).click();
		await page.context().setOffline( true );
		await paste( it, makeKey( 'anthropic', 'valid' ), mode );
		await reads( it.message, mode === 'site' ? 'This site could not be reached. Nothing was changed; try again.' : /^Anthropic could not be reached from here/ );
		assert.equal( await page.evaluate( () => window.byokModule.createBYOK().fetch( '/models' ).catch( ( error ) => error.reason ) ), 'unreachable' );
		await page.context().setOffline( false );
		if ( mode === 'site' ) {
			assert.equal( await it.key.inputValue() !== '', true, 'what was pasted is gone' );
		}
	} );

	await test( `${ name }: a slow provider can be waited for, or cancelled`, async ( page ) => {
		const it = await ready( page );
		const key = makeKey( 'anthropic', 'slow' );
		await paste( it, key, mode );
		await it.button( 'Cancel' ).waitFor();
		await reads( it.button( 'Checking…' ), 'Checking…' );
		await picture( page, `${ name }-checking` );
		await it.button( 'Cancel' ).click();
		await reads( it.message, 'Cancelled. Nothing was changed.' );
		assert.equal( await it.key.inputValue(), key, 'the field is kept' );
		assert.equal( await it.chip.count(), 0 );
		await it.save.click();
		await reads( it.message, /^Works\. Saved/ );
	} );
}

async function outcomes() {
	for ( const [ behaviour, chip, words ] of OUTCOMES ) {
		await test( `${ behaviour } is said in words and kept`, async ( page ) => {
			const it = await open( page );
			await paste( it, makeKey( 'anthropic', behaviour ), 'browser' );
			await reads( it.message, words );
			await reads( it.chip, chip );
			await picture( page, `outcome-${ behaviour }` );
			await page.reload();
			await reads( it.chip, chip );
			await it.button( 'Check again' ).click();
			await reads( it.message, words );
		} );
	}

	await test( 'another look of a key is a warning and no refusal; an empty field and spaces are said', async ( page ) => {
		const it = await open( page );
		await it.save.click();
		await reads( it.message, 'Paste the key first.' );
		await it.key.fill( 'byok test' );
		assert.equal( await it.warning.isVisible(), true );
		await reads( it.warning, 'This does not look like a key of Anthropic (they start with sk-ant-api03-…). You can still check it.' );
		await it.mode( 'memory' ).check();
		await it.save.click();
		await reads( it.message, /^A key has only letters, digits and signs/ );
		await it.key.fill( `  ${ makeKey( 'mistral', 'valid' ) }\n` );
		await it.save.click();
		await reads( it.message, 'Works. Saved.' );
	} );

	await test( 'an address of one\'s own is asked for, bound to the key, and must be https or this machine', async ( page ) => {
		const it = await open( page, MEMBER, { connect: "'self' https:" } );
		await it.provider.selectOption( 'openai-compatible' );
		assert.equal( await it.mode( 'site' ).count(), 0, 'members do not choose where the site sends requests to' );
		for ( const address of [ '', 'http://example.com/v1', 'https://me:secret@example.com', 'javascript:alert(1)', 'https://api.mistral.ai\\@evil.example/', 'https://@api.mistral.ai', 'https://api.mistral.ai/v1?', 'https://api.mistral.ai/v1#' ] ) {
			await it.address.fill( address );
			await paste( it, makeKey( 'openai', 'valid' ), 'browser' );
			await reads( it.message, /^This address cannot be used/ );
		}
		await it.address.fill( 'HTTPS://API.mistral.ai:443/x/../v1/' );
		await it.save.click();
		await reads( it.message, 'OpenAI-compatible answers. Saved; whether the key is right shows at its first use.' );
		await reads( it.chip, 'Reachable' );
		assert.equal( requests.at( -1 ).host, 'api.mistral.ai' );
		assert.equal( await page.evaluate( () => JSON.parse( localStorage[ 'byok:v1:key:openai-compatible' ] ).baseUrl ), 'https://api.mistral.ai/v1' );
		await it.button( 'Replace' ).click();
		assert.equal( await it.address.inputValue(), 'https://api.mistral.ai/v1' );
		await it.button( 'Keep it' ).click();
		assert.equal( await page.evaluate( () => window.byokModule.createBYOK().getHeaders().catch( ( error ) => error.reason ) ), 'not_revealed', 'a relay would send it elsewhere' );
	} );

	await test( 'models: the provider\'s own list, else the one known here; the choice is remembered', async ( page ) => {
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'browser' );
		await it.model.selectOption( 'claude-test' );
		await page.reload();
		await reads( it.chip, 'Works' );
		await page.waitForFunction( () => document.querySelector( 'byok-settings' ).shadowRoot.querySelector( '#model' )?.value === 'claude-test' );
		assert.deepEqual( await page.evaluate( () => window.byokModule.createBYOK().keys.choice() ), { provider: 'anthropic', model: 'claude-test' } );
		assert.deepEqual( Object.keys( await page.evaluate( () => window.byokModule.createBYOK().getHeaders() ) ), [ 'X-BYOK-Api-Key', 'X-BYOK-Provider', 'X-BYOK-Model' ] );
		await it.button( 'Replace' ).click();
		await paste( it, makeKey( 'anthropic', 'outage' ), 'browser' );
		await reads( it.root.locator( '.field small' ).last(), /^The provider’s own list could not be had/ );
		assert.ok( await it.model.locator( 'option[value^=claude-sonnet]' ).count() );
	} );

	await test( 'a key moves from one place to another and is in one only', async ( page ) => {
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'browser' );
		await reads( it.chip, 'Works' );
		await it.button( 'Replace' ).click();
		await paste( it, makeKey( 'anthropic', 'valid' ), 'site' );
		await reads( it.message, 'Works. Saved and encrypted.' );
		assert.doesNotMatch( await storage( page ), /key:anthropic/ );
		await it.button( 'Replace' ).click();
		await paste( it, makeKey( 'anthropic', 'valid' ), 'memory' );
		await reads( it.message, 'Works. Saved.' );
		assert.equal( site.keys.size, 0 );
	} );

	await test( 'an answer that points elsewhere is not followed with the key', async ( page ) => {
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'browser' );
		await reads( it.chip, 'Works' );
		for ( const path of [ '/redirect', '//elsewhere.example/', '/../../x', '@elsewhere.example/', 'https://elsewhere.example/', '/a\\b' ] ) {
			const got = await page.evaluate( ( path ) => window.byokModule.createBYOK().fetch( path ).then( ( { status } ) => status, ( error ) => error.name ), path );
			assert.match( String( got ), /^(ByokError|TypeError)$/, path );
		}
		assert.ok( requests.every( ( { host } ) => host === 'api.anthropic.com' ) );
	} );
}

async function site_only() {
	await test( 'site: signed out, it says so, and loses nothing', async ( page ) => {
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'site' );
		await reads( it.chip, 'Works' );
		site.signedIn = false;
		await it.button( 'Check again' ).click();
		await reads( it.message, 'This site does not know who you are any more. Sign in again, then reload this page.' );
		await picture( page, 'site-signed-out' );
		assert.equal( await page.evaluate( () => window.byokModule.createBYOK().keys.list().catch( ( error ) => error.reason ) ), 'signed_out' );
		site.signedIn = true;
		await page.reload();
		await reads( it.chip, 'Works' );
	} );

	await test( 'site: a nonce that is too old is replaced by a new one', async ( page ) => {
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'site' );
		await reads( it.chip, 'Works' );
		site.nonce = 'abcdef0123';
		assert.equal( await used( page ), 'Hello from the relay' );
		assert.equal( site.relayed.at( -1 ).headers[ 'x-wp-nonce' ], 'abcdef0123' );
		assert.deepEqual( await page.evaluate( () => window.byokModule.createBYOK().getHeaders() ), { 'X-WP-Nonce': 'abcdef0123' } );
	} );

	await test( 'site: the relay gets the request as it is, without the client\'s dummy key', async ( page ) => {
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'site' );
		await reads( it.chip, 'Works' );
		await used( page, { headers: { 'content-type': 'application/json', authorization: 'Bearer dummy', 'anthropic-beta': 'one' } } );
		const { id, path, headers, body } = site.relayed.at( -1 );
		assert.deepEqual( [ id, path, JSON.parse( body ).model, headers.authorization, headers[ 'anthropic-beta' ] ], [ 'anthropic', '/messages', 'claude-test', undefined, 'one' ] );
		await page.evaluate( () => window.byokModule.createBYOK().fetch( 'https://api.anthropic.com/v1/models?limit=1' ).then( ( answer ) => answer.text() ) );
		assert.equal( site.relayed.at( -1 ).path, '/models?limit=1' );
		await page.evaluate( () => window.byokModule.createBYOK().fetch( '/a/%2e%2e/models' ).then( ( answer ) => answer.text() ) );
		assert.equal( site.relayed.at( -1 ).path, '/models', 'what is judged is what is sent' );
		const { length } = site.seen;
		for ( const path of [ '/%2e%2e/openai/models', '/.%2E/.%2e/me/keys', '//models', '/a\\..\\b', '/models#x', 'models' ] ) {
			const reason = await page.evaluate( ( path ) => window.byokModule.createBYOK().fetch( path, { provider: 'anthropic' } ).then( String, ( error ) => error.reason ), path );
			assert.equal( reason, 'path_refused', path );
		}
		assert.equal( site.seen.slice( length ).filter( ( { route } ) => ! route.startsWith( 'me/keys' ) ).length, 0 );
	} );

	await test( 'visitor: a token that is revoked is forgotten, and the next key gets a new one', async ( page ) => {
		const it = await open( page, VISITOR );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'site' );
		await reads( it.chip, 'Works' );
		assert.match( ( await page.evaluate( () => window.byokModule.createBYOK().getHeaders() ) )[ 'X-BYOK-Token' ], /^byok_vt_/ );
		site.visitors.clear();
		assert.equal( await page.evaluate( () => window.byokModule.createBYOK().fetch( '/models' ).catch( ( error ) => error.reason ) ), 'no_key' );
		await page.reload();
		await paste( it, makeKey( 'anthropic', 'valid' ), 'site' );
		await reads( it.message, 'Works. Saved and encrypted.' );
		// It is revoked while the form is open.
		site.visitors.clear();
		await it.button( 'Replace' ).click();
		await paste( it, makeKey( 'anthropic', 'valid' ), 'site' );
		await reads( it.message, 'Works. Saved and encrypted.' );
		assert.equal( site.visitors.size, 1 );
	} );

	await test( 'connect: a key is stored for somebody else\'s program, and is of no use here', async ( page ) => {
		const it = await open( page, {}, { body: '<div id="here"></div>' } );
		await page.evaluate( () => {
			const form = document.createElement( 'byok-settings' );
			form.byok = window.connected = window.byokModule.connect( { root: '/wp-json/', key: 'byok_pk_byok-test', ref: 'ref0001' } );
			document.querySelector( '#here' ).append( form );
		} );
		const key = makeKey( 'anthropic', 'valid' );
		await it.key.fill( key );
		await it.save.click();
		await reads( it.message, /Saved/ );
		assert.deepEqual( site.connected, [ { provider: 'anthropic', key, ref_id: 'ref0001' } ] );
		assert.deepEqual( await page.evaluate( () => Promise.all( [
			window.connected.fetch( '/models' ).catch( ( error ) => error.reason ),
			window.connected.getHeaders().catch( ( error ) => error.reason ),
		] ) ), [ 'mode_unavailable', 'not_revealed' ] );
	} );
}

async function passkey_only() {
	await test( 'passkey: one that cannot lock keys, and a refusal, are said and change nothing', async ( page ) => {
		const { session, authenticatorId } = await authenticator( page, { hasPrf: false } );
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'passkey' );
		await reads( it.message, 'This browser, or this passkey, cannot lock keys. Choose another place.' );
		await session.send( 'WebAuthn.removeVirtualAuthenticator', { authenticatorId } );
		const { authenticatorId: second } = await authenticator( page );
		await session.send( 'WebAuthn.setUserVerified', { authenticatorId: second, isUserVerified: false } ).catch( () => {} );
		assert.doesNotMatch( await storage( page ), /sealed/ );
		assert.equal( await it.chip.count(), 0 );
	} );

	await test( 'passkey: without its worker none is made, and the words say so', async ( page ) => {
		const { session, authenticatorId } = await authenticator( page );
		const it = await open( page );
		await page.route( '**/byok.worker.js*', ( route ) => route.fulfill( { status: 404, contentType: 'text/html', body: 'Not here.' } ) );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'passkey' );
		await reads( it.message, /^A file of this page did not load/ );
		assert.equal( await page.evaluate( () => window.byokModule.createBYOK().unlock().catch( ( error ) => error.reason ) ), 'worker_failed' );
		assert.deepEqual( ( await session.send( 'WebAuthn.getCredentials', { authenticatorId } ) ).credentials, [] );
		assert.equal( await storage( page ), '[{},{},""]' );
		// A file that is there at last is enough.
		await page.unroute( '**/byok.worker.js*' );
		await it.save.click();
		await reads( it.chip, 'Works' );
	} );

	await test( 'passkey: the person says no, and nothing is opened', async ( page ) => {
		const { session, authenticatorId } = await authenticator( page );
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'passkey' );
		await reads( it.chip, 'Works' );
		await it.button( 'Lock' ).click();
		await reads( it.chip, 'Locked' );
		await picture( page, 'passkey-locked' );
		await session.send( 'WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false } );
		await it.button( 'Unlock' ).click();
		await reads( it.message, 'The passkey was not confirmed. Nothing was changed.' );
		await reads( it.chip, 'Locked' );
	} );

	await test( 'passkey: it is locked and unlocked by a button, and used in between', async ( page ) => {
		await authenticator( page );
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'passkey' );
		await reads( it.chip, 'Works' );
		await it.button( 'Lock' ).click();
		await reads( it.chip, 'Locked' );
		assert.equal( await page.evaluate( () => window.byokModule.createBYOK().fetch( '/models' ).catch( ( error ) => error.reason ) ), 'locked' );
		await it.button( 'Unlock' ).click();
		await reads( it.chip, 'Works' );
		assert.equal( await used( page ), 'Hello from the provider' );
		await it.button( 'Check again' ).click();
		await reads( it.message, 'Works. Saved.' );
	} );

	await test( 'passkey: an entry that was moved or changed is refused', async ( page ) => {
		await authenticator( page );
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'passkey' );
		await reads( it.chip, 'Works' );
		await paste( it, makeKey( 'mistral', 'valid' ), 'passkey', 'mistral' );
		await reads( it.message, 'Works. Saved.' );
		requests.length = 0;
		const reasons = await page.evaluate( async () => {
			const byok = window.byokModule.createBYOK();
			const name = ( id ) => `byok:v1:key:${ id }`;
			const ask = ( provider ) => byok.fetch( '/models?limit=7', { provider } ).then( ( { status } ) => status, ( error ) => error.reason );
			const [ one, two ] = [ localStorage[ name( 'anthropic' ) ], localStorage[ name( 'mistral' ) ] ];
			localStorage[ name( 'anthropic' ) ] = two;
			const moved = await ask( 'anthropic' );
			const entry = JSON.parse( one );
			const changed = [];
			for ( const field of [ 'salt', 'nonce', 'data' ] ) {
				const letter = entry.sealed[ field ][ 0 ] === 'A' ? 'B' : 'A';
				localStorage[ name( 'anthropic' ) ] = JSON.stringify( { ...entry, sealed: { ...entry.sealed, [ field ]: letter + entry.sealed[ field ].slice( 1 ) } } );
				changed.push( await ask( 'anthropic' ) );
			}
			localStorage[ name( 'anthropic' ) ] = one;
			return [ moved, ...changed, await ask( 'anthropic' ) ];
		} );
		assert.deepEqual( reasons, [ 'damaged', 'damaged', 'damaged', 'damaged', 200 ] );
		assert.equal( requests.filter( ( { path } ) => path.endsWith( 'limit=7' ) ).length, 1, 'a packet left' );
	} );

	await test( 'passkey: an address that somebody wrote beside the locked key is not suggested for the next one', async ( page ) => {
		await authenticator( page );
		const it = await open( page, {}, { connect: "'self' https:" } );
		await it.provider.selectOption( 'openai-compatible' );
		await it.address.fill( 'https://api.mistral.ai/v1' );
		await paste( it, makeKey( 'mistral', 'valid' ), 'passkey' );
		await reads( it.chip, 'Reachable' );
		await page.evaluate( () => {
			const name = 'byok:v1:key:openai-compatible';
			localStorage[ name ] = JSON.stringify( { ...JSON.parse( localStorage[ name ] ), baseUrl: 'https://evil.example/v1' } );
		} );
		await it.button( 'Replace' ).click();
		assert.equal( await it.address.inputValue(), '' );
	} );

	await test( 'passkey: another tab that makes another passkey locks this one', async ( page ) => {
		await authenticator( page );
		const it = await open( page, {} );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'passkey' );
		await reads( it.chip, 'Works' );
		const second = await newTab( page );
		await open( second, {} );
		for ( const change of [ () => localStorage.setItem( 'byok:v1:passkey', '{"id":"AAAA","salt":"AAAA"}' ), () => localStorage.clear() ] ) {
			const kept = await page.evaluate( () => ( { ...localStorage } ) );
			await second.evaluate( change );
			await page.waitForFunction( () => window.byokModule.createBYOK().keys.list().then( ( [ info ] ) => info?.state !== 'ready' ) );
			await page.evaluate( ( kept ) => Object.assign( localStorage, kept ), kept );
			assert.equal( ( await page.evaluate( () => window.byokModule.createBYOK().keys.list() ) )[ 0 ].state, 'locked' );
			await page.evaluate( () => window.byokModule.createBYOK().unlock().catch( () => {} ) );
		}
	} );

	await test( 'passkey: a key opens with the passkey it was locked with, whatever was made or written since', async ( page ) => {
		await authenticator( page );
		const it = await open( page, {} );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'passkey' );
		await reads( it.chip, 'Works' );
		const kept = await page.evaluate( () => localStorage[ 'byok:v1:key:anthropic' ] );
		assert.deepEqual( JSON.parse( kept ).passkey, JSON.parse( await page.evaluate( () => localStorage[ 'byok:v1:passkey' ] ) ) );
		for ( const written of [ null, '{"id":"AAAA","salt":"AAAA"}' ] ) {
			await page.evaluate( ( written ) => written ? localStorage.setItem( 'byok:v1:passkey', written ) : localStorage.removeItem( 'byok:v1:passkey' ), written );
			await page.reload();
			await reads( it.chip, 'Locked' );
			await it.button( 'Unlock' ).click();
			await reads( it.chip, 'Works' );
		}
		// Another key under another passkey.
		await page.evaluate( () => localStorage.clear() );
		await page.reload();
		await paste( it, makeKey( 'mistral', 'valid' ), 'passkey', 'mistral' );
		await reads( it.chip, 'Works' );
		const told = await page.evaluate( async ( kept ) => {
			localStorage[ 'byok:v1:key:anthropic' ] = kept;
			const byok = window.byokModule.createBYOK();
			const ask = ( provider ) => byok.fetch( '/models', { provider } ).then( ( { status } ) => status, ( error ) => error.reason );
			const both = async () => [ await ask( 'anthropic' ), await ask( 'mistral' ), ( await byok.keys.list() ).map( ( { provider, state } ) => `${ provider } ${ state }` ).sort() ];
			const before = await both();
			await byok.unlock( 'anthropic' );
			return [ before, await both() ];
		}, kept );
		assert.deepEqual( told, [ [ 'locked', 200, [ 'anthropic locked', 'mistral ready' ] ], [ 200, 'locked', [ 'anthropic ready', 'mistral locked' ] ] ] );
	} );

	await test( 'passkey: a stream can be stopped, and its provider sees it', async ( page ) => {
		await authenticator( page );
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'slow' ), 'passkey' );
		await reads( it.message, 'Works. Saved.' );
		assert.equal( await page.evaluate( async () => {
			const stop = new AbortController();
			const answer = window.byokModule.createBYOK().fetch( '/messages', { method: 'POST', body: '{}', signal: stop.signal } );
			setTimeout( () => stop.abort(), 200 );
			return answer.then( () => 'answered', ( error ) => error.name );
		} ), 'AbortError' );
	} );
}
