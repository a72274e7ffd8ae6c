/**
 * A key pasted once is never lost: after the site's secret was changed, after it was moved to another one,
 * and where others keep keys.
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { card, constants, given, inForce, logIn, look, open, overhang, picture, providerAnswers, rest, SITE } from './browser.mjs';
import { endOf, fingerprintOf, makeKey, makeSecret } from './keys.mjs';
import { focused, paste, reads, test } from './steps.mjs';

const unlockPanel = ( page ) => page.locator( '#byok-unlock' );
const outcome = ( page ) => page.locator( '#byok-outcome' );

/** Two keys under a secret, which is then another one. */
async function lock( page ) {
	const secrets = { before: makeSecret(), after: makeSecret() };
	const keys = { anthropic: makeKey( 'anthropic', 'valid' ), openai: makeKey( 'openai', 'no-credit' ) };
	constants( { BYOK_KEY: secrets.before } );
	for ( const [ provider, key ] of Object.entries( keys ) ) {
		await given( page, provider, key );
	}
	constants( { BYOK_KEY: secrets.after } );
	return { secrets, keys };
}

async function bothAreInForce( page, keys ) {
	for ( const [ provider, key ] of Object.entries( keys ) ) {
		assert.equal( await inForce( page, provider ), fingerprintOf( key ), provider );
	}
}

async function enter( page, values ) {
	const panel = unlockPanel( page );
	if ( ! await panel.locator( '.byok-unlock-button' ).isVisible() ) {
		await panel.getByText( 'Enter the previous secret', { exact: true } ).click();
	}
	for ( const [ name, value ] of Object.entries( values ) ) {
		const field = page.getByLabel( `Previous ${ name }`, { exact: true } );
		assert.equal( await field.inputValue(), '', 'nothing that was entered before comes back' );
		await field.fill( value );
	}
	await Promise.all( [ page.waitForNavigation(), panel.locator( '.byok-unlock-button' ).click() ] );
	await outcome( page ).waitFor();
}

async function unlocking( page, way ) {
	await test( `${ way }: locked keys open again with the previous secret, and only with that`, page, async () => {
		const { secrets, keys } = await lock( page );
		await open( page );
		await reads( unlockPanel( page ).locator( '.byok-unlock__text' ), /^This site’s secret keys were changed on .+\. 2 keys are locked, none is lost\./ );
		await reads( card( page, 'anthropic' ).chip, 'Locked' );
		assert.equal( await card( page, 'openai' ).root.locator( '.byok-billing:visible' ).count(), 0, 'nothing is known of a locked key\'s credit' );
		assert.equal( await inForce( page, 'anthropic' ), 'byok_envelope_unknown_key' );

		await enter( page, { BYOK_KEY: 'too short' } );
		await reads( outcome( page ), /^What was entered cannot be a secret of a site/ );
		await enter( page, { AUTH_KEY: makeSecret() } );
		await reads( outcome( page ), /^Enter the previous BYOK_KEY, or both/ );
		await enter( page, { BYOK_KEY: `define( 'SECURE_AUTH_KEY', '${ secrets.before }' );` } );
		await reads( outcome( page ), /^A pasted line defines something else/ );
		await enter( page, { BYOK_KEY: makeSecret() } );
		await reads( outcome( page ), /^This secret opens none of the locked keys\. Nothing was changed\./ );
		await focused( page, '#byok-outcome' );
		await reads( card( page, 'anthropic' ).chip, 'Locked' );
		await picture( page, `unlock-${ way.startsWith( 'without' ) ? 'no-js' : 'js' }` );

		await enter( page, { BYOK_KEY: `  define( "BYOK_KEY", '${ secrets.before }' ); // of the old server` } );
		await reads( outcome( page ), /^2 keys open again\. They are encrypted under the current secret now/ );
		assert.equal( await unlockPanel( page ).count(), 0 );
		await reads( card( page, 'anthropic' ).chip, 'Works' );
		await reads( card( page, 'openai' ).chip, 'No credit' );
		await bothAreInForce( page, keys );
		assert.match( page.url(), /page=byok&byok_notice=unlock#byok-outcome$/ );
		await look( page, 'after unlocking' );
	} );

	await test( `${ way }: a locked key can be pasted again instead, and the panel counts it`, page, async () => {
		await lock( page );
		await open( page );
		const it = await paste( page, 'anthropic', makeKey( 'anthropic', 'valid' ) );
		await reads( it.chip, 'Works' );
		await reads( unlockPanel( page ).locator( '.byok-unlock__text' ), / 1 key is locked, not lost\./ );
		await paste( page, 'openai', makeKey( 'openai', 'valid' ) );
		await reads( card( page, 'openai' ).chip, 'Works' );
		assert.equal( await page.locator( '#byok-unlock:visible' ).count(), 0 );
	} );

	await test( `${ way }: a locked key that is only kept is counted too, until it is not needed`, page, async () => {
		constants();
		await given( page, 'openai' );
		await given( page, 'anthropic', makeKey( 'anthropic', 'valid' ) );
		assert.equal( ( await rest( page, 'PUT', '/byok/v1/keys/anthropic', { key: makeKey( 'anthropic', 'outage' ) } ) ).status(), 200 );
		assert.deepEqual( await ( await rest( page, 'POST', '/byok-test/v1/break/anthropic/kept' ) ).json(), { changed: true } );
		await open( page );
		await reads( unlockPanel( page ).locator( '.byok-unlock__text' ), / 1 key is locked, not lost\./ );
		const it = card( page, 'anthropic' );
		await reads( it.chip, 'Not verified yet' );
		await reads( it.message, /The key before it is kept until this one is verified, and is locked, not lost/ );
		await paste( page, 'anthropic', makeKey( 'anthropic', 'valid' ) );
		await reads( it.chip, 'Works' );
		assert.equal( await page.locator( '#byok-unlock:visible' ).count(), 0 );
	} );
}

async function salts( page ) {
	await test( 'after new salts in wp-config.php the old lines, pasted whole, open the keys', page, async () => {
		constants();
		const key = makeKey( 'anthropic', 'valid' );
		await given( page, 'openai' );
		await given( page, 'anthropic', key );
		const file = process.env.BYOK_BROWSER_SITE + '/wp-config.php';
		const config = readFileSync( file, 'utf8' );
		const line = ( name ) => config.match( new RegExp( `^define\\( '${ name }', .*$`, 'm' ) )[ 0 ];
		const changed = [ 'AUTH_KEY', 'AUTH_SALT' ].reduce( ( text, name ) => text.replace( line( name ), () => `define( '${ name }', '${ makeSecret() }' );` ), config );
		writeFileSync( file, changed );
		try {
			// PHP looks at a file that it has compiled only every two seconds.
			await page.waitForTimeout( 2500 );
			await logIn( page );
			await open( page );
			await reads( card( page, 'anthropic' ).chip, 'Locked' );
			await enter( page, { AUTH_KEY: line( 'AUTH_KEY' ), AUTH_SALT: line( 'AUTH_SALT' ) } );
			await reads( outcome( page ), /^1 key opens again\./ );
			assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( key ) );
		} finally {
			writeFileSync( file, config );
			await page.waitForTimeout( 2500 );
			await logIn( page );
			await given( page, 'anthropic' );
		}
	} );
}

/** Keys that open under the secret before the current one. */
async function age( page ) {
	const { secrets, keys } = await lock( page );
	constants( { BYOK_KEY: secrets.after, BYOK_KEY_PREVIOUS: secrets.before } );
	await open( page );
	const panel = page.locator( '#byok-reencryption' );
	await reads( panel.locator( '.byok-reencryption__text' ), /^2 keys open under a previous secret\./ );
	await reads( card( page, 'anthropic' ).chip, 'Works' );
	assert.equal( await unlockPanel( page ).count(), 0 );
	return { secrets, keys, panel };
}

async function reencrypting( page, plain ) {
	await test( 'with JavaScript: keys are encrypted anew with their progress, stopped, and gone on with', page, async () => {
		const { secrets, keys, panel } = await age( page );
		const isStep = ( url ) => decodeURIComponent( url.href ).includes( '/byok/v1/reencrypt' );
		const counts = { moved: 0, locked: 0, damaged: 0, busy: 0 };
		// As a site with very many members would answer; the last answer is the real one.
		const answers = [ { seen: 1200, total: 100000 }, { seen: 60000, total: 100000 } ];
		await page.route( isStep, async ( route ) => {
			assert.deepEqual( route.request().postDataJSON(), { scope: 'all' } );
			const answer = answers.shift();
			await new Promise( ( done ) => setTimeout( done, 400 ) );
			return answer ? route.fulfill( { json: { key_id: 'x', finished: false, ...counts, ...answer } } ) : route.continue();
		} );
		const go = panel.locator( '.byok-reencrypt' );
		const text = panel.locator( '.byok-progress__text' );
		await go.click();
		await reads( go, 'Encrypting anew…' );
		await panel.locator( '.byok-stop' ).click();
		await reads( go, 'Go on' );
		await reads( text, '1,200 of 100,000 looked at.' );
		assert.deepEqual( await panel.locator( 'progress' ).evaluate( ( bar ) => [ bar.value, bar.max ] ), [ 1200, 100000 ] );
		await focused( page, '.byok-reencrypt' );
		assert.match( await page.locator( '#a11y-speak-polite' ).textContent(), /Stopped\. 1,200 of 100,000 looked at\./ );
		await picture( page, 'progress' );
		await page.keyboard.press( 'Enter' );
		await reads( text, '60,000 of 100,000 looked at.' );
		await reads( panel.locator( '.byok-reencryption__text' ), '2 keys were encrypted anew.' );
		await page.unroute( isStep );
		await focused( page, '#byok-reencryption-title' );
		assert.equal( await go.isVisible(), false );
		await picture( page, 'reencrypted' );

		// Without the previous secret they open now.
		constants( { BYOK_KEY: secrets.after } );
		await bothAreInForce( page, keys );
		await open( page );
		assert.equal( await panel.count(), 0 );
	} );

	await test( 'without JavaScript: keys are encrypted anew, and what is still locked is told', plain, async () => {
		const { secrets, keys, panel } = await age( plain );
		assert.deepEqual( await ( await rest( plain, 'POST', '/byok-test/v1/break/openai/locked' ) ).json(), { changed: true } );
		await panel.locator( '.byok-reencrypt' ).click();
		await reads( outcome( plain ), '1 key was encrypted anew. 1 key is still locked: its secret is not here. It is not lost.' );
		constants( { BYOK_KEY: secrets.after } );
		assert.equal( await inForce( plain, 'anthropic' ), fingerprintOf( keys.anthropic ) );
		assert.equal( await inForce( plain, 'openai' ), 'byok_envelope_unknown_key' );
		await given( plain, 'openai' );
	} );
}

async function serverKeys( page, plain ) {
	const given_ = { MISTRAL_API_KEY: makeKey( 'mistral', 'valid' ) };
	const sentence = 'Set by the constant MISTRAL_API_KEY in your server’s configuration.';

	await test( 'a key that the server gives is shown, and can be neither replaced nor removed', page, async () => {
		await given( page, 'mistral' );
		constants( given_ );
		await open( page );
		const it = card( page, 'mistral' );
		await reads( it.chip, 'Set on the server' );
		await reads( it.hint, `…${ endOf( given_.MISTRAL_API_KEY ) }` );
		await reads( it.root.locator( '.byok-card__instead:visible' ), sentence );
		await reads( it.add, 'Use another key here' );
		for ( const button of [ it.again, it.replace, it.remove ] ) {
			assert.equal( await button.count(), 0 );
		}
		assert.equal( await inForce( page, 'mistral' ), fingerprintOf( given_.MISTRAL_API_KEY ) );
		await picture( page, 'server-key' );
		await page.setViewportSize( { width: 320, height: 1000 } );
		assert.equal( await overhang( page ), 0 );
		await page.setViewportSize( { width: 1280, height: 1000 } );
	} );

	for ( const [ way, window ] of [ [ 'with JavaScript', page ], [ 'without JavaScript', plain ] ] ) {
		await test( `${ way }: another key is used instead of the server's, until it is removed`, window, async () => {
			await open( window );
			const key = makeKey( 'mistral', 'valid' );
			const it = await paste( window, 'mistral', key );
			await reads( it.chip, 'Works' );
			assert.equal( await it.root.locator( '.byok-card__instead:visible' ).count(), 0 );
			assert.equal( await inForce( window, 'mistral' ), fingerprintOf( key ) );
			await it.remove.click();
			await reads( it.root.locator( '.byok-panel__text:visible' ), /The key that is set on the server is used then\./ );
			await it.confirm.click();
			await reads( it.chip, 'Set on the server' );
			await reads( it.root.locator( '.byok-card__instead:visible' ), sentence );
			await reads( it.add, 'Use another key here' );
			assert.equal( await inForce( window, 'mistral' ), fingerprintOf( given_.MISTRAL_API_KEY ) );
		} );
	}
	constants();
}

async function importing( page, plain ) {
	const option = async ( name, value ) => ( await ( await rest( page, 'POST', `/byok-test/v1/option/${ name }`, { value } ) ).json() ).sha256;

	for ( const [ way, window ] of [ [ 'with JavaScript', page ], [ 'without JavaScript', plain ] ] ) {
		await test( `${ way }: a key of WordPress's connectors is moved here after a warning`, window, async () => {
			await given( page, 'anthropic' );
			const key = makeKey( 'anthropic', 'valid' );
			await option( 'connectors_ai_anthropic_api_key', key );
			await open( window );
			const line = window.locator( '.byok-import__line' );
			await reads( line.locator( '.byok-hint' ), `sk-ant-…${ endOf( key ) }` );
			await line.getByText( 'Move it here', { exact: true } ).click();
			await line.getByText( /WordPress’s own AI client and plugins that ask byok for the key go on/ ).waitFor();
			await picture( window, `import-${ way.startsWith( 'without' ) ? 'no-js' : 'js' }` );
			assert.equal( await inForce( window, 'anthropic' ), 'byok_key_absent', 'moved without being asked' );
			await line.getByRole( 'button', { name: 'Check and move' } ).click();
			await reads( card( window, 'anthropic' ).message, /^Works\. Saved and encrypted\. The key was moved to byok and the old entry was emptied/ );
			assert.equal( await inForce( window, 'anthropic' ), fingerprintOf( key ) );
			assert.equal( await option( 'connectors_ai_anthropic_api_key' ), '' );
			assert.equal( await window.locator( '#byok-import' ).count(), 0 );
			await look( window, 'after an import' );
		} );
	}

	await test( 'a key in any other option can be named; what is no key stays', page, async () => {
		await given( page, 'google' );
		const key = makeKey( 'google', 'valid' );
		await option( 'someones_settings', key );
		await open( page );
		const form = page.locator( '#byok-import-other' );
		await form.locator( 'summary' ).click();
		await form.getByLabel( 'Name of the option that holds the key' ).fill( 'siteurl' );
		await form.getByRole( 'button' ).click();
		await reads( outcome( page ), 'byok does not take keys from there. Nothing was changed.' );
		await form.getByLabel( 'Name of the option that holds the key' ).fill( 'someones_settings' );
		await form.getByRole( 'button' ).click();
		await reads( card( page, 'google' ).message, /The key was moved to byok/ );
		assert.equal( await inForce( page, 'google' ), fingerprintOf( key ) );
		assert.equal( await option( 'someones_settings' ), '' );
		await given( page, 'google' );
	} );
}

async function puttingBack( page ) {
	await test( 'a key that a check in the background has put back says so on its card', page, async () => {
		const old = makeKey( 'anthropic', 'valid' );
		await given( page, 'anthropic', old );
		await open( page );
		await reads( ( await paste( page, 'anthropic', makeKey( 'anthropic', 'outage' ) ) ).chip, 'Not verified yet' );
		await inForce( page, 'anthropic' );
		await providerAnswers( page, 'invalid' );
		try {
			await page.context().request.get( SITE + '/wp-cron.php?doing_wp_cron' );
		} finally {
			await providerAnswers( page );
		}
		const it = card( page, 'anthropic' );
		for ( const time of [ 'once', 'and again' ] ) {
			await open( page );
			await reads( it.hint, `sk-ant-…${ endOf( old ) }` );
			await reads( it.message, 'Anthropic refused the new key, so the key before it is in use again.', time );
		}
		await it.again.click();
		await reads( it.message, 'Works.' );
		await open( page );
		assert.equal( await it.message.count(), 0, 'told after somebody has seen to the key' );
	} );
}

async function looks( page ) {
	await lock( page );
	for ( const [ name, width, query ] of [
		[ 'locked-320', 320, '' ],
		[ 'locked-zoom-200', 640, '' ],
		[ 'locked-right-to-left', 1280, '&byok_test_direction=rtl' ],
		[ 'locked-midnight', 1280, '&byok_test_scheme=midnight' ],
	] ) {
		await test( `${ name }: nothing stands out to the side at ${ width } px`, page, async () => {
			await page.setViewportSize( { width, height: 1000 } );
			await open( page, query );
			for ( const summary of await unlockPanel( page ).locator( 'summary' ).all() ) {
				await summary.press( 'Enter' );
			}
			await page.locator( '.byok-unlock-button' ).waitFor();
			assert.equal( await overhang( page ), 0 );
			await picture( page, name, width );
		} );
	}
	constants();
	await given( page, 'anthropic' );
	await given( page, 'openai' );
}

export async function recovery( page, plain ) {
	for ( const provider of [ 'anthropic', 'openai', 'google', 'groq', 'openrouter', 'mistral', 'openai-compatible' ] ) {
		await given( page, provider );
	}
	await unlocking( page, 'with JavaScript' );
	await unlocking( plain, 'without JavaScript' );
	await reencrypting( page, plain );
	await serverKeys( page, plain );
	await importing( page, plain );
	await puttingBack( page );
	await looks( page );
	await salts( page );
}
