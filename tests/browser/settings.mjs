/**
 * A person with a browser at Settings → API Keys: pastes, checks, saves, reloads, uses and removes keys,
 * with JavaScript, without, and with the keyboard alone.
 *
 *     BYOK_BROWSER_URL       address of the site          BYOK_TEST_PROVIDER  address of the test provider
 *     BYOK_BROWSER_USER      login of an administrator    BYOK_ARTEFACTS      folder for the pictures
 *     BYOK_BROWSER_PASSWORD  and the password             BYOK_PASTED_KEYS    file that gets the keys (optional)
 *
 * bin/test sets all of them. The last line tells how many tests passed and failed.
 */

import assert from 'node:assert/strict';
import { card, complaints, everyBody, given, inForce, logIn, look, newWindow, open, overhang, picture, PROVIDER, providerAnswers, rest, restNonce, seen, SITE, start, stop } from './browser.mjs';
import { connectors } from './connectors.mjs';
import { elements } from './elements.mjs';
import { endOf, fingerprintOf, leaks, makeKey } from './keys.mjs';
import { members } from './members.mjs';
import { recovery } from './recovery.mjs';
import { focused, paste, reads, test, total } from './steps.mjs';
import { usage } from './usage.mjs';

/** Outcomes, with the words a person reads. */
const OUTCOMES = [
	[ 'valid', 'Works', 'Works. Saved and encrypted.' ],
	[ 'no-credit', 'No credit', 'The key is right, but the account has no credit. Saved; add credit at Anthropic.' ],
	[ 'rate-limited', 'Limited just now', 'Anthropic is limiting requests just now, so the key is not verified yet. Saved.' ],
	[ 'restricted', 'Restricted', 'Anthropic does not let this key list models here (region, project or permissions), so it is not verified. Saved.' ],
	[ 'outage', 'Not verified yet', 'Anthropic could not be reached, so the key is not verified yet. Saved; we check again on its first use.' ],
];
const REFUSED = /^Anthropic refused this key\. Nothing was changed\. Was it copied whole\?$/;

/** What both ways of saving have in common; `page` has a script or has none. */
async function saving( page, way ) {
	const scripted = way === 'with JavaScript';

	for ( const [ behaviour, chip, words ] of OUTCOMES ) {
		await test( `${ way }: ${ behaviour } is said in words, saved, still there after a reload, and usable`, page, async () => {
			await given( page, 'anthropic' );
			await open( page );
			const key = makeKey( 'anthropic', behaviour );
			const it = await paste( page, 'anthropic', key );

			await reads( it.message, words );
			await reads( it.chip, chip );
			await reads( it.hint, `sk-ant-…${ endOf( key ) }` );
			await reads( it.checked, 'checked just now' );
			assert.equal( await it.field.inputValue(), '', 'the field still holds something' );
			assert.equal( await it.field.isVisible(), false, 'the field is still open' );
			await look( page, `after ${ behaviour }` );
			await picture( page, `${ scripted ? '' : 'no-js-' }${ behaviour }` );

			await open( page );
			await reads( it.chip, chip );
			await reads( it.hint, `sk-ant-…${ endOf( key ) }` );
			assert.equal( await it.field.inputValue(), '' );
			assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( key ) );
		} );
	}

	await test( `${ way }: a refused key leaves the old one in place and empties the field`, page, async () => {
		const old = makeKey( 'anthropic', 'valid' );
		await given( page, 'anthropic', old );
		await open( page );
		const it = await paste( page, 'anthropic', makeKey( 'anthropic', 'invalid' ) );

		await reads( it.message, REFUSED );
		assert.equal( await it.field.isVisible(), true, 'the field should be open for another try' );
		assert.equal( await it.field.inputValue(), '' );
		await reads( it.hint, `sk-ant-…${ endOf( old ) }` );
		await reads( it.chip, 'Works' );
		assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( old ) );
		await look( page, 'after a refusal' );
		await picture( page, `${ scripted ? '' : 'no-js-' }invalid` );
	} );

	await test( `${ way }: an outage keeps the new key, not verified yet, and the old one until it is`, page, async () => {
		const old = makeKey( 'anthropic', 'valid' );
		await given( page, 'anthropic', old );
		await open( page );
		const key = makeKey( 'anthropic', 'outage' );
		const it = await paste( page, 'anthropic', key );
		await reads( it.chip, 'Not verified yet' );
		await reads( it.message, /The key before it is kept until this one is verified\.$/ );
		assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( key ) );

		await providerAnswers( page, 'invalid' );
		try {
			await it.again.click();
			await reads( it.message, 'Anthropic refused the new key, so the key before it is in use again.' );
			await reads( it.hint, `sk-ant-…${ endOf( old ) }` );
			await reads( it.chip, 'Works' );
		} finally {
			await providerAnswers( page );
		}
		assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( old ) );
	} );

	for ( const [ what, text, words ] of [
		[ 'nothing', () => '', /^The key is empty\. Nothing was changed\./ ],
		[ 'white space', () => '   ', /^The key is empty\. Nothing was changed\./ ],
		[ 'the hint', ( key ) => `sk-ant-…${ endOf( key ) }`, /Nothing was changed/ ],
		[ 'dots', () => '••••••••••••', /Nothing was changed/ ],
	] ) {
		await test( `${ way }: posting ${ what } changes nothing`, page, async () => {
			const old = makeKey( 'anthropic', 'valid' );
			await given( page, 'anthropic', old );
			await open( page );
			const it = await paste( page, 'anthropic', text( old ) );
			await reads( it.message, words );
			await reads( it.hint, `sk-ant-…${ endOf( old ) }` );
			assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( old ) );
		} );
	}

	await test( `${ way }: white space around a key is removed, and that is said`, page, async () => {
		await given( page, 'anthropic' );
		await open( page );
		const key = makeKey( 'anthropic', 'valid' );
		const it = await paste( page, 'anthropic', `  ${ key } ` );
		await reads( it.message, 'Works. Saved and encrypted. White space around the key was removed.' );
		assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( key ) );
	} );

	await test( `${ way }: checking again tells of an outage and keeps the key`, page, async () => {
		const key = makeKey( 'anthropic', 'valid' );
		await given( page, 'anthropic', key );
		await open( page );
		const it = card( page, 'anthropic' );
		await providerAnswers( page, 'outage' );
		try {
			await it.again.click();
			await reads( it.chip, 'Not verified yet' );
			await reads( it.message, /^Anthropic could not be reached/ );
		} finally {
			await providerAnswers( page );
		}
		assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( key ) );
		await it.again.click();
		await reads( it.chip, 'Works' );
		// Nothing was saved this time.
		await reads( it.message, 'Works.' );
	} );

	await test( `${ way }: a key is removed only after it was asked, and is gone then`, page, async () => {
		const key = makeKey( 'anthropic', 'valid' );
		await given( page, 'anthropic', key );
		await open( page );
		const it = card( page, 'anthropic' );

		await it.remove.click();
		await reads( it.root.locator( '.byok-panel__text:visible' ), /^Remove the Anthropic key from this site\?/ );
		await picture( page, `${ scripted ? '' : 'no-js-' }remove` );
		assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( key ), 'removed without being asked' );
		await it.close.click();
		await it.confirm.waitFor( { state: 'hidden' } );
		assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( key ), '"Keep it" did not keep it' );

		await it.remove.click();
		await it.confirm.click();
		await reads( it.message, 'The key was removed from this site.' );
		await it.add.waitFor();
		assert.equal( await it.hint.count(), 0, 'a hint of the removed key is left' );
		assert.equal( await inForce( page, 'anthropic' ), 'byok_key_absent' );
		assert.equal( await it.root.evaluate( ( one ) => one.closest( '.byok-list' ).dataset.list ), 'without' );
		await open( page );
		await it.add.waitFor();
	} );

	await test( `${ way }: a saved key stands under the keys, where it stays after a reload`, page, async () => {
		await given( page, 'openai' );
		await given( page, 'anthropic' );
		await open( page );
		const headings = page.locator( '.byok-section:visible' );
		assert.deepEqual( await headings.allTextContents(), [ 'Add your first key' ] );
		const list = ( it ) => it.root.evaluate( ( one ) => one.closest( '.byok-list' ).dataset.list );
		const it = await paste( page, 'openai', makeKey( 'openai', 'valid' ) );
		await reads( it.chip, 'Works' );
		await paste( page, 'anthropic', makeKey( 'anthropic', 'valid' ) );
		await reads( card( page, 'anthropic' ).chip, 'Works' );
		for ( const when of [ 'at once', 'after a reload' ] ) {
			assert.deepEqual( await headings.allTextContents(), [ 'Your keys', 'Add another provider' ], when );
			assert.equal( await list( it ), 'with', when );
			assert.deepEqual( await page.locator( '.byok-list[data-list="with"] .byok-card' ).evaluateAll( ( all ) => all.map( ( one ) => one.dataset.provider ) ), [ 'anthropic', 'openai' ], when );
			await open( page );
		}
		await given( page, 'openai' );
	} );

	await test( `${ way }: a provider with an address of one's own keeps it, and refuses others`, page, async () => {
		await given( page, 'openai-compatible' );
		await open( page );
		const key = makeKey( 'openai-compatible', 'valid' );
		const address = PROVIDER + '/openai-compatible/v1';

		let it = await paste( page, 'openai-compatible', key, 'https://"><script>alert(1)</script>' );
		await reads( it.message, /address/i );
		assert.equal( await inForce( page, 'openai-compatible' ), 'byok_key_absent' );
		await it.close.click();
		it = await paste( page, 'openai-compatible', key, '' );
		await reads( it.message, 'This provider needs an address.' );
		await it.close.click();
		it = await paste( page, 'openai-compatible', key, 'http://10.0.0.1/v1' );
		await it.message.waitFor();
		assert.equal( await inForce( page, 'openai-compatible' ), 'byok_key_absent' );
		await it.close.click();

		it = await paste( page, 'openai-compatible', key, address );
		// Anyone gets a list of models from some services: that proves nothing of the key.
		await reads( it.message, 'OpenAI-compatible answers. Saved and encrypted; whether the key is right shows at its first use.' );
		await reads( it.chip, 'Reachable' );
		await reads( it.root.locator( '.byok-base-url:visible' ), address );
		assert.equal( await inForce( page, 'openai-compatible' ), fingerprintOf( key ) );
		await open( page );
		await it.replace.click();
		assert.equal( await it.address.inputValue(), address, 'the address is offered again' );
		await given( page, 'openai-compatible' );
	} );

	for ( const [ state, chip, words ] of [
		[ 'locked', 'Locked', /This key is locked, not lost/ ],
		[ 'damaged', 'Damaged', /^This entry was changed outside byok and was refused/ ],
	] ) {
		await test( `${ way }: a ${ state } key says so, and can be pasted again`, page, async () => {
			await given( page, 'anthropic', makeKey( 'anthropic', 'valid' ) );
			assert.deepEqual( await ( await rest( page, 'POST', `/byok-test/v1/break/anthropic/${ state }` ) ).json(), { changed: true } );
			await open( page );
			const it = card( page, 'anthropic' );
			await reads( it.chip, chip );
			await reads( it.message, words );
			assert.equal( await it.again.count(), 0, 'there is nothing to check' );
			await picture( page, `${ scripted ? '' : 'no-js-' }${ state }` );

			const key = makeKey( 'anthropic', 'valid' );
			await paste( page, 'anthropic', key );
			await reads( it.chip, 'Works' );
			assert.equal( await page.locator( '#byok-unlock:visible' ).count(), 0, 'the panel still counts a locked key' );
			assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( key ) );
		} );
	}
}

/** What only a script can do. */
async function scripted( page ) {
	await test( 'a search shows what fits with its heading, and gives back what was there', page, async () => {
		await given( page, 'anthropic', makeKey( 'anthropic', 'valid' ) );
		await open( page );
		const headings = () => page.locator( '.byok-section:visible, .byok-more[data-count]:visible > summary' ).evaluateAll( ( all ) => all.map( ( one ) => one.textContent.trim() ) );
		const before = await headings();
		assert.equal( before.length, 3 );
		const field = page.locator( '#byok-search' );
		await field.fill( 'lm studio' );
		assert.deepEqual( await headings(), [ '1 more provider' ] );
		assert.equal( await page.locator( '.byok-card:visible' ).count(), 1 );
		await field.fill( 'Anthropic' );
		assert.deepEqual( await headings(), [ 'Your keys' ] );
		await field.fill( 'nobody' );
		assert.deepEqual( await headings(), [] );
		await reads( page.locator( '.byok-search__none:visible' ), /^No provider has this name\./ );
		await field.fill( '' );
		assert.deepEqual( await headings(), before );
		assert.equal( await page.locator( '.byok-more[data-count]' ).evaluate( ( more ) => more.open ), false );
	} );

	await test( 'saving does not leave the page, tells screen readers, and moves the focus', page, async () => {
		await given( page, 'anthropic' );
		await open( page );
		await page.evaluate( () => {
			window.stillHere = true;
		} );
		const it = card( page, 'anthropic' );
		await it.add.click();
		await focused( page, '#byok-anthropic .byok-key-input' );
		assert.equal( await it.add.getAttribute( 'aria-expanded' ), 'true' );
		await it.field.fill( makeKey( 'anthropic', 'valid' ) );
		await it.save.click();
		await reads( it.chip, 'Works' );
		await focused( page, '#byok-anthropic-name' );
		assert.equal( await page.evaluate( () => window.stillHere ), true, 'the page was reloaded' );
		assert.match( await page.locator( '#a11y-speak-polite' ).textContent(), /Works\. Saved and encrypted\./ );
	} );

	await test( 'a check shows that it runs, can be cancelled, keeps the field, and what it did is shown', page, async () => {
		const old = makeKey( 'anthropic', 'valid' );
		await given( page, 'anthropic', old );
		await open( page );
		const key = makeKey( 'anthropic', 'hang' );
		const it = await paste( page, 'anthropic', key );

		await reads( it.save, 'Checking with Anthropic…' );
		assert.equal( await it.save.getAttribute( 'aria-disabled' ), 'true' );
		assert.equal( await it.root.getAttribute( 'aria-busy' ), 'true' );
		assert.equal( await it.field.inputValue(), key, 'the field must be kept until the outcome is known' );
		await look( page, 'while checking' );
		await picture( page, 'checking' );
		// A second press while the first check runs is not a second check.
		await it.save.click( { force: true } );

		await it.close.click();
		await reads( it.message, /^Stopped waiting/ );
		await reads( it.save, 'Check and save' );
		assert.equal( await it.field.inputValue(), key );
		assert.equal( await it.root.getAttribute( 'aria-busy' ), null );
		await picture( page, 'cancelled' );

		// The server goes on by itself until its own time is up; the card shows what came of it.
		for ( let seconds = 0; seconds < 25 && ( await it.chip.textContent() ) !== 'Not verified yet'; seconds++ ) {
			await page.waitForTimeout( 1000 );
		}
		await reads( it.chip, 'Not verified yet' );
		assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( key ) );
		assert.equal( await it.field.inputValue(), '' );
	} );

	await test( 'when the site itself does not answer, the field is kept', page, async () => {
		await given( page, 'anthropic' );
		await open( page );
		const isSave = ( url ) => decodeURIComponent( url.href ).includes( '/byok/v1/keys/anthropic' );
		const before = complaints.length;
		await page.route( isSave, ( route ) => route.abort() );
		const key = makeKey( 'anthropic', 'valid' );
		const it = await paste( page, 'anthropic', key );
		await it.message.waitFor();
		assert.equal( await it.field.inputValue(), key );
		await page.unroute( isSave );
		// The console tells of the request that this test broke.
		complaints.splice( before );
		await it.save.click();
		await reads( it.chip, 'Works' );
		assert.equal( await it.field.inputValue(), '' );
	} );

	await test( 'a key of another provider is a warning, never a refusal', page, async () => {
		await given( page, 'anthropic' );
		await open( page );
		const it = card( page, 'anthropic' );
		await it.add.click();
		await it.field.fill( makeKey( 'google', 'valid' ) );
		await reads( it.warning, 'This looks like a key from Google Gemini, not from Anthropic (they start with sk-ant-). You can still check it.' );
		await picture( page, 'warning' );
		await it.field.fill( 'nothing-like-a-key' );
		await reads( it.warning, 'This does not look like a key from Anthropic (they start with sk-ant-). You can still check it.' );
		await it.field.fill( makeKey( 'anthropic', 'valid' ) );
		assert.equal( await it.warning.count(), 0 );
		assert.equal( await it.save.isEnabled(), true );
	} );

	await test( 'the key is drawn as dots, can be shown, and no browser is asked to remember it', page, async () => {
		await given( page, 'anthropic' );
		await open( page );
		const it = card( page, 'anthropic' );
		await it.add.click();
		await it.field.fill( makeKey( 'anthropic', 'valid' ) );
		const drawn = () => it.field.evaluate( ( field ) => getComputedStyle( field ).webkitTextSecurity );
		assert.equal( await drawn(), 'disc' );
		const show = it.root.locator( '.byok-key-form .byok-show' );
		await show.click();
		assert.equal( await drawn(), 'none' );
		assert.equal( await show.getAttribute( 'aria-pressed' ), 'true' );
		await show.click();
		assert.equal( await drawn(), 'disc' );
		assert.equal( await it.field.getAttribute( 'autocomplete' ), 'off' );
		assert.equal( await it.field.getAttribute( 'value' ), null );
		await it.close.click();
		assert.equal( await it.field.inputValue(), '', 'Cancel must empty the field' );
		await it.add.click();
		await it.field.fill( makeKey( 'anthropic', 'valid' ) );
		await page.goto( SITE + '/wp-admin/options-general.php' );
		await page.goBack();
		await page.waitForSelector( '.byok-column' );
		assert.equal( await it.field.inputValue(), '', 'going back must not bring a key' );
	} );

	await test( 'with the keyboard alone: add, escape, refuse, save, keep, remove', page, async () => {
		await given( page, 'anthropic' );
		await open( page );
		const tabTo = async ( selector ) => {
			for ( let presses = 0; presses < 150; presses++ ) {
				if ( await page.evaluate( ( wanted ) => document.activeElement.matches( wanted ), selector ) ) {
					const ring = await page.evaluate( () => {
						const style = getComputedStyle( document.activeElement );
						return style.boxShadow !== 'none' || ( style.outlineStyle !== 'none' && style.outlineColor !== 'rgba(0, 0, 0, 0)' );
					} );
					assert.ok( ring, `${ selector } has the focus and does not show it` );
					return;
				}
				await page.keyboard.press( 'Tab' );
			}
			assert.fail( `no way to ${ selector } with the Tab key` );
		};
		const it = card( page, 'anthropic' );
		await tabTo( '#byok-anthropic .byok-add' );
		await page.keyboard.press( 'Enter' );
		await focused( page, '#byok-anthropic .byok-key-input' );
		await page.keyboard.press( 'Escape' );
		await focused( page, '#byok-anthropic .byok-add' );
		await page.keyboard.press( 'Space' );
		await focused( page, '#byok-anthropic .byok-key-input' );
		await page.keyboard.insertText( makeKey( 'anthropic', 'invalid' ) );
		await page.keyboard.press( 'Enter' );
		await reads( it.message, REFUSED );
		await focused( page, '#byok-anthropic .byok-key-input' );
		const key = makeKey( 'anthropic', 'valid' );
		await page.keyboard.insertText( key );
		await tabTo( '#byok-anthropic .byok-save' );
		await page.keyboard.press( 'Enter' );
		await reads( it.chip, 'Works' );
		await focused( page, '#byok-anthropic-name' );
		await tabTo( '#byok-anthropic .byok-remove' );
		await page.keyboard.press( 'Enter' );
		await focused( page, '#byok-anthropic .byok-danger' );
		await page.keyboard.press( 'Escape' );
		await focused( page, '#byok-anthropic .byok-remove' );
		assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( key ) );
		await page.keyboard.press( 'Enter' );
		await focused( page, '#byok-anthropic .byok-danger' );
		await page.keyboard.press( 'Enter' );
		await it.add.waitFor();
		await focused( page, '#byok-anthropic-name' );
		assert.equal( await inForce( page, 'anthropic' ), 'byok_key_absent' );
	} );
}

/** Widths, colours, directions: with cards in several states. */
async function looks( page ) {
	await given( page, 'anthropic', makeKey( 'anthropic', 'valid' ) );
	await given( page, 'openai', makeKey( 'openai', 'no-credit' ) );
	await given( page, 'google', makeKey( 'google', 'outage' ) );

	for ( const [ name, width, query ] of [
		[ 'overview', 1280, '' ],
		[ 'overview-320', 320, '' ],
		[ 'field-320', 320, '&byok_open=openai-compatible:key' ],
		[ 'remove-320', 320, '&byok_open=anthropic:remove' ],
		// 1280 pixels at 200 % are 640.
		[ 'zoom-200', 640, '&byok_open=anthropic:key' ],
		[ 'midnight', 1280, '&byok_test_scheme=midnight&byok_open=anthropic:key' ],
		[ 'modern', 1280, '&byok_test_scheme=modern' ],
		[ 'right-to-left', 1280, '&byok_test_direction=rtl&byok_open=openai-compatible:key' ],
		[ 'right-to-left-320', 320, '&byok_test_direction=rtl&byok_open=anthropic:key' ],
	] ) {
		await test( `${ name }: nothing stands out to the side at ${ width } px`, page, async () => {
			await page.setViewportSize( { width, height: 1000 } );
			await open( page, query );
			assert.equal( await overhang( page ), 0 );
			if ( name.startsWith( 'right-to-left' ) ) {
				assert.equal( await page.evaluate( () => document.documentElement.dir || getComputedStyle( document.body ).direction ), 'rtl' );
			}
			await picture( page, name, width );
		} );
	}

	await test( 'a link to a closed section opens it, and the check of the data path answers there', page, async () => {
		const relay = page.locator( '#byok-relay' );
		await open( page );
		assert.equal( await relay.evaluate( ( section ) => section.open ), false );
		await page.evaluate( () => {
			location.hash = 'byok-relay';
		} );
		await page.waitForSelector( '#byok-relay[open]' );
		await page.goto( 'about:blank' );
		await open( page, '#byok-relay' );
		await page.waitForSelector( '#byok-relay[open]' );
		const button = relay.getByRole( 'button', { name: 'Check the data path' } );
		await button.click();
		await page.waitForURL( /byok_doctor=/ );
		await relay.getByText( 'Requests are counted in the' ).waitFor();
		assert.equal( await relay.evaluate( ( section ) => section.open ), true );
		assert.equal( await overhang( page ), 0 );
		await picture( page, 'relay-checked' );
		// What is no section of the page is left alone.
		await open( page, '#nothing%' );
	} );

	await test( 'in forced colours and with reduced motion everything is still there', page, async () => {
		await page.emulateMedia( { forcedColors: 'active', reducedMotion: 'reduce' } );
		try {
			await open( page, '&byok_open=anthropic:key' );
			const edge = await card( page, 'anthropic' ).chip.evaluate( ( chip ) => getComputedStyle( chip ).borderTopStyle );
			assert.equal( edge, 'solid' );
			await card( page, 'anthropic' ).root.locator( '.byok-save .byok-spinner' ).evaluate( ( ring ) => {
				ring.hidden = false;
				if ( getComputedStyle( ring ).animationName !== 'none' ) {
					throw new Error( 'the ring turns although less motion is wanted' );
				}
			} );
			await picture( page, 'forced-colours' );
		} finally {
			await page.emulateMedia( { forcedColors: 'none', reducedMotion: 'no-preference' } );
		}
	} );
}

/** Doors that must stay shut. */
async function doors( page ) {
	await test( 'a form without the right nonce, or sent as GET, changes nothing', page, async () => {
		const old = makeKey( 'anthropic', 'valid' );
		await given( page, 'anthropic', old );
		await open( page );
		const nonceOf = ( provider ) => page.locator( `#byok-${ provider } .byok-key-form input[name="_wpnonce"]` ).getAttribute( 'value' );
		const form = { action: 'byok_key', provider: 'anthropic', do: 'save', key: makeKey( 'anthropic', 'valid' ) };
		const post = ( fields ) => page.context().request.post( SITE + '/wp-admin/admin-post.php', { form: fields, maxRedirects: 0 } );

		assert.equal( ( await post( form ) ).status(), 403, 'no nonce' );
		assert.equal( ( await post( { ...form, _wpnonce: '0123456789' } ) ).status(), 403, 'made-up nonce' );
		assert.equal( ( await post( { ...form, _wpnonce: await nonceOf( 'openai' ) } ) ).status(), 403, 'nonce of another card' );
		const asGet = new URLSearchParams( { action: 'byok_key', provider: 'anthropic', do: 'remove', _wpnonce: await nonceOf( 'anthropic' ) } );
		const got = await page.context().request.get( `${ SITE }/wp-admin/admin-post.php?${ asGet }`, { maxRedirects: 0 } );
		assert.equal( got.status(), 405, 'GET' );
		assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( old ) );

		// The same form with everything right does work: the refusals above are not for another reason.
		const key = makeKey( 'anthropic', 'valid' );
		const answer = await post( { ...form, key, _wpnonce: await nonceOf( 'anthropic' ) } );
		assert.equal( answer.status(), 303 );
		assert.match( answer.headers().location, /options-general\.php\?page=byok&byok_notice=anthropic#byok-anthropic$/ );
		assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( key ) );
	} );

	for ( const role of [ 'editor', 'subscriber' ] ) {
		await test( `someone who is ${ role } sees neither the page nor the menu, and cannot post`, page, async () => {
			const password = 'byok-test-' + makeKey( 'anthropic', 'valid' ).slice( -20 );
			const user = `${ role }-${ Date.now() }`;
			const made = await rest( page, 'POST', '/wp/v2/users', { username: user, password, email: `${ user }@example.org`, roles: [ role ] } );
			assert.equal( made.status(), 201 );
			const other = await newWindow();
			const before = complaints.length;
			try {
				await logIn( other, user, password );
				assert.equal( await other.locator( 'a[href$="page=byok"]' ).count(), 0, 'the menu shows the page' );
				const answer = await other.goto( SITE + '/wp-admin/options-general.php?page=byok' );
				assert.equal( answer.status(), 403 );
				assert.doesNotMatch( await other.content(), /sk-ant-…|byok-card/ );
				const posted = await other.context().request.post( SITE + '/wp-admin/admin-post.php', {
					form: { action: 'byok_key', provider: 'anthropic', do: 'remove', _wpnonce: await restNonce( other ) },
					maxRedirects: 0,
				} );
				assert.equal( posted.status(), 403 );
				assert.match( await inForce( page, 'anthropic' ), /^[0-9a-f]{64}$/ );
			} finally {
				// The console tells of the 403 that this test wanted.
				complaints.splice( before );
				await other.context().close();
			}
		} );
	}
}

await start();
const page = await newWindow();
await logIn( page );

await test( 'the page of a new site names every provider and what protects the keys', page, async () => {
	for ( const provider of [ 'anthropic', 'openai', 'google', 'groq', 'openrouter', 'mistral', 'openai-compatible' ] ) {
		await given( page, provider );
	}
	await open( page );
	assert.equal( await page.locator( '.byok h1' ).textContent(), 'API Keys' );
	await reads( page.locator( '.byok-header__text p' ), 'Paste a key once. It is checked, encrypted and never shown again.' );
	await reads( page.locator( '.byok-vault__word' ), /^Protected by your site’s salts$/ );
	assert.ok( ( await page.locator( '.byok-card' ).count() ) >= 7 );
	await page.locator( '.byok-more[data-count] > summary' ).click();
	assert.equal( await page.locator( '.byok-add:visible' ).count(), await page.locator( '.byok-card' ).count() );
	const link = page.locator( '#byok-anthropic .byok-get-key' );
	assert.match( await link.getAttribute( 'href' ), /^https:\/\/[a-z.]*(anthropic|claude)\.com\// );
	await picture( page, 'new' );
	await page.locator( '.byok-vault summary' ).click();
	await picture( page, 'stronger' );
} );

await saving( page, 'with JavaScript' );
await scripted( page );

const plain = await newWindow( { javaScriptEnabled: false } );
await logIn( plain );
await saving( plain, 'without JavaScript' );
await doors( page );
await looks( page );
await members( page );
await elements( page );
await usage( page, plain );
await connectors( page );
await recovery( page, plain );

await test( 'no key is in any answer, page, address or storage, in any encoding', page, async () => {
	await everyBody();
	assert.ok( seen.length > 200, 'the search has next to nothing to search in' );
	assert.deepEqual( [ ...new Set( leaks( seen ) ) ], [] );
	// The search finds a key where there is one.
	const key = makeKey( 'anthropic', 'valid' );
	for ( const text of [ `x${ key }`, Buffer.from( 'ab' + key ).toString( 'base64' ), encodeURIComponent( `"${ key }"` ) ] ) {
		assert.deepEqual( leaks( [ { name: 'planted', text } ] ), [ 'planted' ] );
	}
} );

await test( 'the browser\'s console has nothing to complain about', page, async () => {
	assert.deepEqual( complaints, [] );
} );

await stop();
const { passed, failed } = total();
console.log( `${ passed } passed, ${ failed } failed` );
process.exit( failed ? 1 : 0 );
