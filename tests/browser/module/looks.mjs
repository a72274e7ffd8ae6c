/**
 * How the elements look and are read: every state in light and dark, on a phone and a desk, from right to left, without motion
 * and by keyboard alone; with axe's rules. The pictures are kept.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { makeKey } from '../keys.mjs';
import { MEMBER, VISITOR, authenticator, open, parts, paste, picture, reads, test } from './harness.mjs';
import { site } from './site.mjs';

const axe = readFileSync( createRequire( import.meta.url ).resolve( 'axe-core/axe.min.js' ), 'utf8' );

/** What axe has to say, by rule. */
async function violations( page ) {
	await page.evaluate( axe );
	const { violations } = await page.evaluate( () => window.axe.run( document, { resultTypes: [ 'violations' ] } ) );
	return violations.map( ( { id, nodes } ) => `${ id }: ${ nodes.map( ( { target, failureSummary } ) => `${ target.flat().join( ' ' ) } (${ failureSummary })` ).join( '; ' ) }` );
}

/** How many pixels stand out to the side. */
const overhang = ( page ) => page.evaluate( () => document.documentElement.scrollWidth - document.documentElement.clientWidth );

/** What is done until a state is there. Each gets the page and returns nothing. */
const STATES = {
	empty: async () => {},
	help: async ( page, it ) => it.help.click(),
	warning: async ( page, it ) => it.key.fill( makeKey( 'mistral', 'valid' ) ),
	nothing: async ( page, it ) => {
		await it.save.click();
		await reads( it.message, 'Paste the key first.' );
	},
	address: async ( page, it ) => it.provider.selectOption( 'openai-compatible' ),
	checking: async ( page, it ) => {
		await paste( it, makeKey( 'anthropic', 'slow' ), 'browser' );
		await it.button( 'Cancel' ).waitFor();
	},
	valid: async ( page, it ) => {
		await paste( it, makeKey( 'anthropic', 'valid' ), 'site' );
		await reads( it.message, 'Works. Saved and encrypted.' );
	},
	'no-credit': async ( page, it ) => {
		await paste( it, makeKey( 'anthropic', 'no-credit' ), 'browser' );
		await reads( it.chip, 'No credit' );
	},
	outage: async ( page, it ) => {
		await paste( it, makeKey( 'anthropic', 'outage' ), 'memory' );
		await reads( it.chip, 'Not verified yet' );
	},
	refused: async ( page, it ) => {
		await paste( it, makeKey( 'anthropic', 'invalid' ), 'browser' );
		await reads( it.message, /refused/ );
	},
	replace: async ( page, it ) => {
		await paste( it, makeKey( 'anthropic', 'valid' ), 'memory' );
		await reads( it.chip, 'Works' );
		await it.button( 'Replace' ).click();
	},
	removal: async ( page, it ) => {
		await paste( it, makeKey( 'anthropic', 'valid' ), 'memory' );
		await reads( it.chip, 'Works' );
		await it.button( 'Remove' ).click();
	},
	removed: async ( page, it ) => {
		await STATES.removal( page, it );
		await it.button( 'Yes, remove it' ).click();
		await reads( it.message, 'The key was removed.' );
	},
	unlocked: async ( page, it ) => {
		await authenticator( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'passkey' );
		await reads( it.chip, 'Works' );
	},
	locked: async ( page, it ) => {
		await STATES.unlocked( page, it );
		await it.button( 'Lock' ).click();
		await reads( it.chip, 'Locked' );
	},
	'signed-out': async ( page, it ) => {
		site.signedIn = false;
		await page.reload();
		await reads( it.message, /^This site does not know who you are/ );
	},
	modal: async ( page ) => {
		await page.evaluate( () => void window.byokModule.createBYOK().openSettings() );
		await parts( page, page.locator( 'byok-settings[modal]' ) ).key.waitFor();
	},
};

export async function looks() {
	for ( const [ state, reach ] of Object.entries( STATES ) ) {
		for ( const theme of [ 'light', 'dark' ] ) {
			await test( `${ state }, ${ theme }: axe finds nothing, and nothing stands out at 320 px`, async ( page ) => {
				const it = await open( page, MEMBER, { theme } );
				await it.provider.waitFor();
				await reach( page, it );
				assert.deepEqual( await violations( page ), [] );
				await picture( page, `${ state }-${ theme }` );
				await page.setViewportSize( { width: 320, height: 700 } );
				assert.equal( await overhang( page ), 0 );
				assert.deepEqual( await violations( page ), [] );
				await picture( page, `${ state }-${ theme }`, 320 );
			} );
		}
	}

	await test( 'badges say what is so, in light and dark', async ( page ) => {
		const body = [ '', 'light', 'dark' ].map( ( theme ) => `<p><byok-badge theme="${ theme }"></byok-badge></p>` ).join( '' ) + '<byok-settings></byok-settings>';
		let it = await open( page, MEMBER, { body } );
		const badge = page.locator( 'byok-badge a' ).first();
		await reads( badge, 'Keys are encrypted on this site' );
		assert.equal( await badge.getAttribute( 'href' ), '/practice' );
		assert.deepEqual( await violations( page ), [] );
		await picture( page, 'badges' );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'browser' );
		await reads( badge, 'Your key is in this browser, unencrypted' );
		assert.equal( await badge.getAttribute( 'data-tone' ), 'warn' );
		await picture( page, 'badges-browser' );
		it = await open( page, { ...MEMBER, practice: { url: '/practice', safe: false } }, { body } );
		await page.evaluate( () => window.byokModule.createBYOK().keys.clearAll() );
		await reads( badge, 'This site cannot keep keys just now' );
		assert.deepEqual( await violations( page ), [] );
		await open( page, {}, { body } );
		await it.key.waitFor();
		await reads( page.locator( 'byok-badge [part=badge]' ).first(), 'Keys stay in your browser' );
		assert.equal( await badge.count(), 0, 'it leads where nobody has told it' );
		await picture( page, 'badges-here' );
		assert.deepEqual( await violations( page ), [] );
	} );

	await test( 'from right to left, and in another language', async ( page ) => {
		const words = { title: 'מפתח הבינה שלך', save: 'בדיקה ושמירה', provider: 'ספק', kept: 'היכן הוא נשמר', mode_memory: 'רק בכרטיסייה הזאת', said_valid: 'עובד. נשמר.', chip_valid: 'עובד' };
		const it = await open( page, { ...VISITOR, words }, { theme: 'rtl' } );
		await reads( it.root.locator( 'h2' ), words.title );
		await picture( page, 'right-to-left' );
		const [ radio, label ] = await Promise.all( [ it.mode( 'memory' ).boundingBox(), it.root.getByText( words.mode_memory, { exact: true } ).boundingBox() ] );
		assert.ok( radio.x > label.x + label.width, 'the button stands on the wrong side' );
		await it.key.fill( makeKey( 'anthropic', 'valid' ) );
		await it.mode( 'memory' ).check();
		await it.button( words.save ).click();
		await reads( it.message, words.said_valid );
		assert.deepEqual( await violations( page ), [] );
		await page.setViewportSize( { width: 320, height: 700 } );
		assert.equal( await overhang( page ), 0 );
		await picture( page, 'right-to-left-key', 320 );
	} );

	await test( 'by keyboard alone: from the first field to a saved key, and away with it', async ( page ) => {
		const it = await open( page );
		await it.provider.focus();
		const at = () => page.evaluate( () => document.activeElement.shadowRoot?.activeElement?.id || document.activeElement.shadowRoot?.activeElement?.textContent || document.activeElement.shadowRoot?.activeElement?.value );
		await page.keyboard.press( 'Tab' );
		assert.equal( await at(), 'Where do I get a key?' );
		await page.keyboard.press( 'Enter' );
		await page.keyboard.press( 'Tab' );
		assert.match( await at(), /^the page with keys at Anthropic \(opens in a new tab\)$/ );
		await page.keyboard.press( 'Tab' );
		await page.keyboard.press( 'Tab' );
		assert.equal( await at(), 'key' );
		await page.keyboard.insertText( makeKey( 'anthropic', 'valid' ) );
		await page.keyboard.press( 'Tab' );
		await page.keyboard.press( 'ArrowUp' );
		assert.equal( await it.mode( 'memory' ).isChecked(), true, 'the arrows go round' );
		await page.keyboard.press( 'Enter' );
		await reads( it.message, 'Works. Saved.' );
		await page.waitForTimeout( 200 );
		assert.equal( await at(), 'Works. Saved.', 'what happened has the focus, and is read out' );
		await it.button( 'Remove' ).focus();
		await page.keyboard.press( 'Enter' );
		await page.waitForTimeout( 50 );
		assert.equal( await at(), 'Keep it', 'the harmless answer comes first' );
		await page.keyboard.press( 'Shift+Tab' );
		await page.keyboard.press( 'Enter' );
		await reads( it.message, 'The key was removed.' );
	} );

	await test( 'what came of it is in a live region that was there before', async ( page ) => {
		const it = await open( page );
		await it.provider.waitFor();
		const region = await it.root.locator( '[role=status]' ).elementHandle();
		await paste( it, makeKey( 'anthropic', 'invalid' ), 'memory' );
		await reads( it.message, /refused/ );
		assert.match( await region.evaluate( ( element ) => element.textContent ), /refused/ );
		assert.equal( await it.root.locator( '.body' ).first().getAttribute( 'aria-busy' ), null );
	} );

	await test( 'without motion, nothing turns', async ( page ) => {
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'slow' ), 'memory' );
		await it.root.locator( '.spinner' ).waitFor();
		assert.equal( await it.root.locator( '.spinner' ).evaluate( ( element ) => getComputedStyle( element ).animationName ), 'none' );
	}, { reducedMotion: 'reduce' } );

	await test( 'colours that a person has forced are kept, and a page may choose its own', async ( page ) => {
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'memory' );
		await reads( it.chip, 'Works' );
		await picture( page, 'forced-colors' );
		await page.emulateMedia( { forcedColors: 'none' } );
		await page.evaluate( () => document.documentElement.style.setProperty( '--byok-accent', 'rgb(120, 20, 90)' ) );
		assert.equal( await it.button( 'Check again' ).evaluate( ( element ) => getComputedStyle( element ).color ), 'rgb(120, 20, 90)' );
	}, { forcedColors: 'active' } );
}
