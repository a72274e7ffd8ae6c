/**
 * WordPress's own Settings → Connectors, with the vault behind it: a person saves, is refused, reloads and removes there,
 * and somebody else saves a title while the provider is out.
 */

import assert from 'node:assert/strict';
import { copyFileSync, rmSync } from 'node:fs';
import { complaints, given, inForce, look, open, overhang, picture, providerAnswers, rest, SITE } from './browser.mjs';
import { endOf, fingerprintOf, makeKey } from './keys.mjs';
import { reads, test } from './steps.mjs';

const CONNECTORS = SITE + '/wp-admin/options-connectors.php';

/** Providers, with what a person calls them there: one that byok adds, and one with a plugin of its own. */
const PROVIDERS = [ [ 'groq', 'Groq' ], [ 'anthropic', 'Anthropic' ] ];

/** What the console tells of answers that are meant: no plugin of a connector is installed, a key is refused. */
const EXPECTED = /status of (404|422)|^Failed to save API key: \{code: byok_key_refused,/;

export async function connectors( page ) {
	const double = `${ process.env.BYOK_BROWSER_SITE }/wp-content/mu-plugins/byok-ai-providers.php`;
	const before = complaints.length;
	copyFileSync( new URL( '../site/doubles/ai-providers.php', import.meta.url ), double );
	try {
		for ( const [ provider, name ] of PROVIDERS ) {
			await one( page, provider, name );
		}
	} finally {
		rmSync( double );
		await providerAnswers( page );
	}
	complaints.push( ...complaints.splice( before ).filter( ( text ) => ! EXPECTED.test( text ) ) );
}

async function one( page, provider, name ) {
	const it = card( page, name );
	const first = makeKey( provider, 'valid' );
	const second = makeKey( provider, 'valid' );

	await test( `connectors, ${ name }: a key is saved there, and is in the vault`, page, async () => {
		await given( page, provider );
		await show( page );
		await it.button( 'Set up' ).click();
		await it.field.fill( first );
		await it.button( 'Save' ).click();
		await it.connected.waitFor();
		assert.equal( await inForce( page, provider ), fingerprintOf( first ) );
		await look( page, `of connectors after saving ${ provider }` );
		await picture( page, `connectors-${ provider }` );
		await open( page );
		await reads( page.locator( `#byok-${ provider } .byok-chip` ).first(), 'Works' );
	} );

	await test( `connectors, ${ name }: after a reload it is connected, and shown as dots`, page, async () => {
		await show( page );
		await it.connected.waitFor();
		await it.button( 'Edit' ).click();
		assert.equal( await it.field.inputValue(), '•'.repeat( 16 ) + endOf( first ) );
		await look( page, `of connectors with ${ provider } open` );
	} );

	await test( `connectors, ${ name }: a title that is saved while the provider is out costs no key`, page, async () => {
		for ( const outcome of [ 'outage', 'rate-limited', 'close' ] ) {
			await providerAnswers( page, outcome );
			const saved = await rest( page, 'POST', '/wp/v2/settings', { title: `A title, ${ outcome }` } );
			assert.equal( saved.status(), 200 );
			assert.equal( ( await saved.json() ).title, `A title, ${ outcome }` );
		}
		await providerAnswers( page );
		assert.equal( await inForce( page, provider ), fingerprintOf( first ) );
		await show( page );
		await it.connected.waitFor();
	} );

	await test( `connectors, ${ name }: it is removed there, a bad one is refused, and a good one takes its place`, page, async () => {
		await show( page );
		await it.button( 'Edit' ).click();
		await it.button( 'Remove and replace' ).click();
		await page.waitForFunction( () => ! document.querySelector( 'input[disabled]' ) );
		assert.equal( await inForce( page, provider ), 'byok_key_absent' );
		await it.field.fill( makeKey( provider, 'invalid' ) );
		await it.button( 'Save' ).click();
		await it.root.getByText( 'It was not possible to connect to the provider using this key.' ).waitFor();
		await picture( page, `connectors-${ provider }-refused` );
		assert.equal( await inForce( page, provider ), 'byok_key_absent' );
		await it.field.fill( second );
		await it.button( 'Save' ).click();
		await it.connected.waitFor();
		assert.equal( await inForce( page, provider ), fingerprintOf( second ) );
	} );

	await test( `connectors, ${ name }: a key that was refused there leaves the one before`, page, async () => {
		const answer = await rest( page, 'POST', '/wp/v2/settings', { [ `connectors_ai_${ provider }_api_key` ]: makeKey( provider, 'invalid' ) } );
		assert.equal( answer.status(), 422 );
		assert.equal( await inForce( page, provider ), fingerprintOf( second ) );
		await show( page );
		await it.connected.waitFor();
		assert.equal( await overhang( page ), 0 );
	} );
}

/** Opens the page, and waits until it knows which connectors are connected. */
async function show( page ) {
	await page.goto( CONNECTORS );
	await card( page, 'Groq' ).root.waitFor();
	await page.waitForFunction( () => ! document.body.innerText.includes( 'Checking…' ) );
}

/** The parts of a connector's card. The page is WordPress's own, and its names of classes may change. */
function card( page, name ) {
	const root = page.locator( '.components-item' ).filter( { has: page.getByText( name, { exact: true } ) } );
	return {
		root,
		button: ( label ) => root.getByRole( 'button', { name: label, exact: true } ),
		field: root.getByRole( 'textbox' ),
		connected: root.getByText( 'Connected', { exact: true } ),
	};
}
