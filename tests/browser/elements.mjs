/**
 * The blocks on a page of a real WordPress: an author puts them there, members and visitors bring keys, and the chat answers
 * through the relay.
 */

import assert from 'node:assert/strict';
import { complaints, everyBody, logIn, look, newWindow, overhang, rest, SITE } from './browser.mjs';
import { endOf, makeKey } from './keys.mjs';
import { reads, test } from './steps.mjs';

const CONTENT = '<!-- wp:byok/api-key {"providers":["anthropic","openai"]} /--><!-- wp:byok/key-badge /--><!-- wp:byok/chat {"providers":["anthropic"]} /-->';

const shot = ( page, name, width = 1280 ) => page.setViewportSize( { width, height: 900 } ).then( () => page.screenshot( { path: `${ process.env.BYOK_ARTEFACTS }/${ name }.png`, fullPage: true, animations: 'disabled' } ) );

/** The parts of the form on a page. */
function parts( page ) {
	const root = page.locator( 'byok-settings' ).first();
	return { root, key: root.locator( '#key' ), chip: root.locator( '.chip' ), hint: root.locator( 'code' ), message: root.locator( '.message' ), button: ( name ) => root.getByRole( 'button', { name, exact: true } ) };
}

/** Opens the page with the form, and waits for it. */
async function show( page, url ) {
	await page.goto( url );
	const it = parts( page );
	await it.root.locator( 'h2' ).waitFor();
	return it;
}

async function ask( page, question ) {
	await page.fill( '.byok-chat textarea', question );
	await page.click( '.byok-chat button[type=submit]' );
}

/** What the console tells of what is meant: the editor's own, and answers to somebody who has been signed out. */
const EXPECTED = /net::ERR_NAME_NOT_RESOLVED|was added to the iframe incorrectly|status of 40[03]/;

export async function elements( admin ) {
	const before = complaints.length;
	await all( admin );
	complaints.push( ...complaints.splice( before ).filter( ( text ) => ! EXPECTED.test( text ) ) );
}

async function all( admin ) {
	const made = await rest( admin, 'POST', '/wp/v2/pages', { title: 'Bring a key', content: CONTENT, status: 'publish' } );
	const { id, link } = await made.json();

	await test( 'blocks: an author finds them in the editor, and chooses', admin, async () => {
		await admin.goto( SITE + '/wp-admin/post-new.php' );
		await admin.waitForFunction( () => window.wp?.blocks?.getBlockType( 'byok/chat' ) && window.wp.data.select( 'core/editor' )?.__unstableIsEditorReady() );
		// What is put in before the editor shows itself is thrown away by it.
		const canvas = admin.frameLocator( 'iframe[name=editor-canvas]' ).locator( 'body' ).or( admin.locator( '.editor-styles-wrapper' ) ).first();
		await canvas.getByLabel( 'Add title' ).waitFor();
		const valid = await admin.evaluate( ( content ) => {
			const { blocks, data } = window.wp;
			data.dispatch( 'core/preferences' )?.set( 'core/edit-post', 'welcomeGuide', false );
			const parsed = blocks.parse( content );
			data.dispatch( 'core/block-editor' ).insertBlocks( parsed );
			return parsed.map( ( { name, isValid, attributes } ) => [ name, isValid, attributes.providers ] );
		}, CONTENT );
		assert.deepEqual( valid, [ [ 'byok/api-key', true, [ 'anthropic', 'openai' ] ], [ 'byok/key-badge', true, undefined ], [ 'byok/chat', true, [ 'anthropic' ] ] ] );
		await canvas.getByText( 'Visitors see a form here' ).first().waitFor();
		await shot( admin, 'blocks-editor' );
		// Nothing was saved; nobody has to be asked about that.
		await admin.evaluate( () => window.wp.data.dispatch( 'core/block-editor' ).resetBlocks( [] ) );
		admin.once( 'dialog', ( dialog ) => dialog.accept() );
		await admin.goto( 'about:blank' );
	} );

	await test( 'blocks: a member saves a key at the site, and the chat answers through the relay', admin, async () => {
		await rest( admin, 'DELETE', '/byok/v1/me/keys/anthropic' );
		const it = await show( admin, link );
		await it.key.waitFor();
		assert.deepEqual( await it.root.locator( '#provider option' ).allTextContents(), [ 'Anthropic', 'OpenAI' ] );
		const key = makeKey( 'anthropic', 'valid' );
		await it.key.fill( key );
		await it.button( 'Check and save' ).click();
		await reads( it.message, 'Works. Saved and encrypted.' );
		await reads( it.hint, `sk-ant-…${ endOf( key ) }` );
		const kept = await ( await rest( admin, 'GET', '/byok/v1/me/keys/anthropic' ) ).json();
		assert.equal( kept.state, 'ready' );
		await admin.waitForFunction( () => document.querySelector( 'byok-settings' ).shadowRoot.querySelectorAll( '#model option' ).length > 2 );
		await ask( admin, 'Hello?' );
		await reads( admin.locator( '.byok-chat__answer' ), /\w/ );
		await admin.waitForFunction( () => document.querySelector( '.byok-chat__stop' ).hidden );
		assert.notEqual( await admin.locator( '.byok-chat__answer' ).textContent(), 'Waiting for the answer…' );
		assert.equal( await admin.locator( '.byok-chat__note' ).count(), 0 );
		await look( admin, 'with blocks, of a member' );
		await shot( admin, 'blocks-member' );
		await shot( admin, 'blocks-member-320', 320 );
		assert.equal( await overhang( admin ), 0 );
		await admin.setViewportSize( { width: 1280, height: 1000 } );
		await rest( admin, 'DELETE', '/byok/v1/me/keys/anthropic' );
	} );

	await test( 'blocks: the badge leads to the page that tells how this site keeps keys', admin, async () => {
		await admin.goto( link );
		await admin.locator( 'byok-badge a[part=badge]' ).click();
		await reads( admin.locator( 'h1' ), /^How .+ keeps API keys$/ );
		await reads( admin.locator( '#encryption dt' ), 'Keys are encrypted before they are stored' );
		await reads( admin.locator( '#sending dd' ), /Browsers of members whom the site trusts with that can have requests sent/ );
		await shot( admin, 'practice' );
		await shot( admin, 'practice-320', 320 );
		assert.equal( await overhang( admin ), 0 );
		await admin.setViewportSize( { width: 1280, height: 1000 } );
	} );

	await test( 'blocks: form, badge and chat are of one piece, in light and dark', admin, async () => {
		for ( const theme of [ 'light', 'dark' ] ) {
			const page = await newWindow();
			await show( page, link );
			const looks = await page.evaluate( ( scheme ) => {
				document.documentElement.style.colorScheme = scheme;
				const root = document.querySelector( 'byok-settings' ).shadowRoot;
				const of = ( element, names ) => names.map( ( name ) => getComputedStyle( element )[ name ] );
				const box = [ 'backgroundColor', 'borderTopColor', 'borderTopLeftRadius', 'color', 'fontFamily', 'fontSize', 'inlineSize', 'paddingTop' ];
				const button = [ 'backgroundColor', 'borderTopColor', 'borderTopLeftRadius', 'color', 'fontFamily', 'fontSize', 'blockSize', 'paddingLeft' ];
				const field = [ 'backgroundColor', 'borderTopColor', 'borderTopLeftRadius', 'color', 'fontSize', 'paddingLeft' ];
				const chat = ( selector ) => document.querySelector( `.byok-chat ${ selector }` );
				return {
					boxes: [ of( root.querySelector( 'section' ), box ), of( document.querySelector( '.byok-chat' ), box ) ],
					buttons: [ of( root.querySelector( 'button.primary' ), button ), of( chat( '[type=submit]' ), button ) ],
					fields: [ of( root.querySelector( '#provider' ), field ), of( chat( 'textarea' ), field ) ],
					badges: [ of( root.querySelector( 'section' ), [ 'backgroundColor', 'borderTopColor', 'color', 'fontFamily' ] ), of( document.querySelector( 'byok-badge' ).shadowRoot.querySelector( '[part=badge]' ), [ 'backgroundColor', 'borderTopColor', 'color', 'fontFamily' ] ) ],
				};
			}, theme );
			for ( const [ what, [ form, other ] ] of Object.entries( looks ) ) {
				assert.deepEqual( other, form, `${ what }, ${ theme }` );
			}
			await shot( page, `blocks-${ theme }` );
			await page.context().close();
		}
	} );

	await test( 'blocks: a stranger may keep a key in the browser only', admin, async () => {
		const page = await newWindow();
		const it = await show( page, link );
		await it.key.waitFor();
		assert.deepEqual( await it.root.locator( 'input[name=mode]' ).evaluateAll( ( all ) => all.map( ( { value } ) => value ) ), [ 'browser', 'memory' ] );
		await reads( page.locator( 'byok-badge [part=badge]' ), 'Keys stay in your browser' );
		await shot( page, 'blocks-stranger' );
		await page.context().close();
	} );

	await test( 'blocks: a subscriber is told that a key at the site is of no use here, and asks with it where members may', admin, async () => {
		const [ user, password ] = [ `asks-${ Date.now() }`, 'byok-test-' + makeKey( 'anthropic', 'valid' ).slice( -20 ) ];
		const made = await ( await rest( admin, 'POST', '/wp/v2/users', { username: user, password, email: `${ user }@example.org`, roles: [ 'subscriber' ] } ) ).json();
		const page = await newWindow();
		try {
			await logIn( page, user, password );
			const it = await show( page, link );
			await reads( page.locator( 'byok-badge [part=badge]' ), 'Keys are encrypted on this site' );
			await it.key.fill( makeKey( 'anthropic', 'valid' ) );
			await it.button( 'Check and save' ).click();
			await reads( it.message, 'Works. Saved and encrypted.' );
			await ask( page, 'Hello?' );
			await reads( page.locator( '.byok-chat__note' ), /^Your key is kept on this site, which sends no requests/ );
			await shot( page, 'blocks-subscriber' );
			await rest( admin, 'POST', '/byok-test/v1/option/byok_relay', { value: 'a:1:{s:7:"members";b:1;}' } );
			await show( page, link );
			await reads( it.chip, 'Works' );
			await ask( page, 'Hello?' );
			await page.waitForFunction( () => document.querySelector( '.byok-chat__answer' ) && document.querySelector( '.byok-chat__stop' ).hidden );
			assert.match( await page.locator( '.byok-chat__answer' ).textContent(), /\w/ );
			assert.equal( await page.locator( '.byok-chat__note' ).count(), 0 );
			await look( page, 'with blocks, of a subscriber' );
		} finally {
			await rest( admin, 'POST', '/byok-test/v1/option/byok_relay', { value: 'a:0:{}' } );
			await rest( admin, 'DELETE', `/wp/v2/users/${ made.id }&force=true&reassign=1` );
			await page.context().close();
		}
	} );

	await test( 'blocks: where visitors are let in, one keeps a key at the site, asks, and takes it back', admin, async () => {
		await rest( admin, 'POST', '/byok-test/v1/option/byok_relay', { value: 'a:1:{s:8:"visitors";b:1;}' } );
		try {
			const page = await newWindow();
			const it = await show( page, link );
			const key = makeKey( 'anthropic', 'valid' );
			await it.key.fill( key );
			await it.root.locator( 'input[value=site]' ).check();
			await it.button( 'Check and save' ).click();
			await reads( it.message, /^Works\. Saved/ );
			await page.reload();
			await reads( it.chip, 'Works' );
			await ask( page, 'Hello?' );
			await page.waitForFunction( () => document.querySelector( '.byok-chat__answer' ) && document.querySelector( '.byok-chat__stop' ).hidden );
			assert.match( await page.locator( '.byok-chat__answer' ).textContent(), /\w/ );
			await look( page, 'with blocks, of a visitor' );
			await it.button( 'Remove' ).click();
			await it.button( 'Yes, remove it' ).click();
			await reads( it.message, 'The key was removed.' );
			await everyBody();
			await page.context().close();
		} finally {
			await rest( admin, 'POST', '/byok-test/v1/option/byok_relay', { value: 'a:0:{}' } );
		}
	} );

	await test( 'blocks: a page of another program stores a key with the public half of a connect key, and can do no more', admin, async () => {
		await rest( admin, 'POST', '/byok-test/v1/option/byok_relay', { value: 'a:1:{s:7:"connect";b:1;}' } );
		const pair = await ( await rest( admin, 'POST', '/byok/v1/connect/pairs', { name: 'A program', origins: [ new URL( SITE ).origin ] } ) ).json();
		try {
			const page = await newWindow();
			await show( page, link );
			await page.evaluate( async ( key ) => {
				const { connect } = await import( document.querySelector( 'script[src*="byok.module.js"]' ).src );
				const form = document.createElement( 'byok-settings' );
				form.byok = window.connected = connect( { root: `${ location.origin }/index.php?rest_route=/`, key } );
				document.querySelector( 'byok-settings' ).replaceWith( form );
			}, pair.public_key );
			const it = parts( page );
			await it.key.fill( makeKey( 'anthropic', 'valid' ) );
			await it.button( 'Check and save' ).click();
			await reads( it.message, /^Works\. Saved/ );
			assert.equal( await page.evaluate( () => window.connected.fetch( '/models' ).catch( ( error ) => error.reason ) ), 'mode_unavailable' );
			await page.context().close();
		} finally {
			await rest( admin, 'DELETE', `/byok/v1/connect/pairs/${ pair.id }` );
			await rest( admin, 'POST', '/byok-test/v1/option/byok_relay', { value: 'a:0:{}' } );
		}
	} );

	await test( 'blocks: signed out in another tab, the form says so and keeps what was pasted', admin, async () => {
		const page = await newWindow();
		await logIn( page );
		const it = await show( page, link );
		await page.context().clearCookies();
		await it.key.fill( makeKey( 'anthropic', 'valid' ) );
		await it.button( 'Check and save' ).click();
		await reads( it.message, /^This site does not know who you are any more/ );
		assert.notEqual( await it.key.inputValue(), '' );
		await page.context().close();
	} );

	await rest( admin, 'DELETE', `/wp/v2/pages/${ id }&force=true` );
}
