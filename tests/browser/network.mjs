/**
 * A person with a browser at Network Admin → Settings → API Keys and its page "Usage": a key that serves the sites, what
 * they have used, and who may use it. For a network of sites; otherwise as settings.mjs, and run by bin/test.
 */

import assert from 'node:assert/strict';
import { complaints, everyBody, inForce, logIn, look, newWindow, open, overhang, picture, rest, seen, SITE, start, stop } from './browser.mjs';
import { fingerprintOf, leaks, makeKey } from './keys.mjs';
import { focused, paste, reads, test, total } from './steps.mjs';

const ADMIN = SITE + '/wp-admin/network/settings.php';
const KEYS = ADMIN + '?page=byok';
const USAGE = ADMIN + '?page=byok-usage';
const ASKS = 'byok test helpers';

await start();
const page = await newWindow();
await logIn( page );
const plain = await newWindow( { javaScriptEnabled: false } );
await logIn( plain );

/** Forgets the key, what was used and what was decided. */
async function anew() {
	await rest( page, 'DELETE', '/byok/v1/network/keys/openai' );
	assert.equal( ( await rest( page, 'POST', '/byok-test/v1/usage', { rows: [] } ) ).status(), 200 );
}
/** "A plugin asks a model", on the network's main site. */
const ask = async () => ( await rest( page, 'POST', '/byok-test/v1/ask/openai' ) ).json();
const give = async () => assert.equal( ( await rest( page, 'PUT', '/byok/v1/network/keys/openai', { key: makeKey( 'openai', 'valid' ) } ) ).status(), 200 );

await test( 'network: a key that is pasted here serves a site that has none', page, async () => {
	await anew();
	await open( page, '', KEYS );
	const key = makeKey( 'openai', 'valid' );
	const it = await paste( page, 'openai', key );
	await reads( it.message, 'Works. Saved and encrypted.' );
	await reads( page.locator( '.byok-section:visible' ).first(), 'Keys of the network' );
	assert.equal( await inForce( page, 'openai' ), fingerprintOf( key ) );
	await open( page );
	await reads( page.locator( '#byok-openai .byok-chip:visible' ), 'From your network' );
	await look( page, 'of a site of the network' );
} );

await test( 'network: the page "Usage" is beside the keys, stays in the network\'s menu and says that nothing was used', page, async () => {
	await anew();
	await give();
	await open( page, '', KEYS );
	await page.getByRole( 'link', { name: 'Usage and budgets' } ).click();
	await page.waitForSelector( '.byok-usage' );
	assert.equal( page.url(), USAGE );
	await reads( page.locator( '.byok-usage__empty' ), /^Nothing was used yet\./ );
	await reads( page.locator( '#adminmenu .wp-submenu a.current' ), 'API Keys' );
	assert.equal( await page.locator( '#adminmenu a[href*="byok-usage"]' ).count(), 0 );
	await picture( page, 'network-usage-empty' );
	await page.locator( '.byok-header a' ).click();
	await page.waitForURL( KEYS );
} );

await test( 'network: what a site has asked for with the network\'s key is told on both pages', page, async () => {
	await anew();
	await give();
	assert.deepEqual( await ask(), { status: 200 } );
	for ( const address of [ USAGE, SITE + '/wp-admin/options-general.php?page=byok-usage' ] ) {
		await open( page, '', address );
		await reads( page.locator( '.byok-usage__sum' ), 'Requests: 1, of which failed: 0. Tokens sent: 11, received: 7.' );
		assert.equal( await page.locator( '.byok-chart rect' ).count(), 1 );
		await reads( page.locator( '.byok-table--lists tbody tr' ), new RegExp( `^${ ASKS }\\s+OpenAI\\s+byok-test-model\\s+1\\s+0\\s+11\\s+7$` ) );
		await look( page, 'of usage' );
		// Who may use the network's key is for the network to say.
		assert.equal( await page.locator( '#byok-policy-openai' ).count(), address === USAGE ? 1 : 0 );
	}
	await open( page, '', USAGE );
	await picture( page, 'network-usage' );
} );

for ( const [ name, window ] of [ [ 'with JavaScript', page ], [ 'without JavaScript', plain ] ] ) {
	await test( `network, ${ name }: who asks first is refused, approved and denied by the network`, window, async () => {
		await anew();
		await give();
		await open( window, '', USAGE );
		await window.selectOption( '#byok-mode-openai', 'ask' );
		await window.locator( '#byok-mode-openai + button' ).click();
		await reads( window.locator( '.byok-alert' ), 'Saved.' );
		assert.ok( window.url().startsWith( USAGE ), 'the network\'s page again' );
		assert.deepEqual( await ask(), { error: 'byok_not_approved', status: 403 } );
		await open( window, '', USAGE );
		await window.getByRole( 'button', { name: `Approve “${ ASKS }” for the OpenAI key` } ).click();
		await reads( window.locator( '.byok-policy__caller' ), new RegExp( `^${ ASKS } Approved$` ) );
		assert.deepEqual( await ask(), { status: 200 } );
		await window.getByRole( 'button', { name: `Withdraw: ${ ASKS }` } ).click();
		await reads( window.locator( '.byok-alert' ), 'Saved.' );
		assert.deepEqual( await ask(), { error: 'byok_not_approved', status: 403 } );
		await open( window, '', USAGE );
		await window.getByRole( 'button', { name: `Deny “${ ASKS }” the OpenAI key` } ).click();
		await reads( window.locator( '.byok-policy__caller' ), new RegExp( `^${ ASKS } Denied$` ) );
	} );
}

await test( 'network: a budget that is used up refuses the sites', page, async () => {
	await anew();
	await give();
	await open( page, '', USAGE );
	await page.locator( '#byok-policy-openai summary', { hasText: 'Monthly budget' } ).click();
	const whole = page.locator( '#byok-policy-openai .byok-budget' ).first();
	await whole.locator( 'input[name=hard_requests]' ).fill( '1' );
	await whole.getByRole( 'button' ).click();
	await reads( page.locator( '.byok-alert' ), 'Saved.' );
	assert.deepEqual( await ask(), { status: 200 } );
	assert.deepEqual( await ask(), { error: 'byok_budget_exceeded', status: 429 } );
	await open( page, '', USAGE );
	await reads( page.locator( '#byok-policy-openai legend' ).first(), /^The whole key\s+Used up$/ );
} );

await test( 'network: everything is reached and done with the keyboard alone', page, async () => {
	await anew();
	await give();
	await open( page, '', USAGE );
	await page.locator( '.byok-header a' ).focus();
	await page.keyboard.press( 'Tab' );
	await focused( page, '.byok-policy select' );
	await page.keyboard.press( 'ArrowDown' );
	await page.keyboard.press( 'Tab' );
	await page.keyboard.press( 'Enter' );
	await reads( page.locator( '.byok-alert' ), 'Saved.' );
	assert.notEqual( await page.locator( '.byok-policy select' ).first().inputValue(), 'all' );
} );

for ( const [ name, width, query ] of [
	[ 'network-usage-320', 320, '' ],
	[ 'network-usage-right-to-left', 1280, '&byok_test_direction=rtl' ],
] ) {
	await test( `${ name }: nothing stands out to the side at ${ width } px`, page, async () => {
		await page.setViewportSize( { width, height: 1000 } );
		await open( page, query, USAGE );
		assert.equal( await overhang( page ), 0 );
		await picture( page, name, width );
	} );
}

await test( 'network: who administers one site only sees neither page', page, async () => {
	const password = 'byok-test-' + makeKey( 'openai', 'valid' ).slice( -20 );
	const user = `local${ Date.now() }`;
	const made = await rest( page, 'POST', '/wp/v2/users', { username: user, password, email: `${ user }@example.org`, roles: [ 'administrator' ] } );
	assert.equal( made.status(), 201 );
	const local = await newWindow();
	const before = complaints.length;
	try {
		await logIn( local, user, password );
		for ( const address of [ KEYS, USAGE ] ) {
			assert.equal( ( await local.goto( address ) ).status(), 403 );
			assert.doesNotMatch( await local.content(), /byok-card|byok-usage/ );
		}
	} finally {
		// The console tells of the 403 that this test wanted.
		complaints.splice( before );
		await local.context().close();
	}
} );

await test( 'network: no key is in any answer, page, address or storage, in any encoding', page, async () => {
	await everyBody();
	assert.ok( seen.length > 100, 'the search has next to nothing to search in' );
	assert.deepEqual( [ ...new Set( leaks( seen ) ) ], [] );
} );

await test( 'network: the browser\'s console has nothing to complain about', page, async () => {
	assert.deepEqual( complaints, [] );
} );

await stop();
const { passed, failed } = total();
console.log( `${ passed } passed, ${ failed } failed` );
process.exit( failed ? 1 : 0 );
