/** The site does not answer, or knows nobody any more: what is in the browser goes on, and the badge says no more than is known. */

import assert from 'node:assert/strict';
import { makeKey } from '../keys.mjs';
import { MEMBER, VISITOR, authenticator, open, paste, reads, storage, test } from './harness.mjs';
import { site } from './site.mjs';

/** What a call of the page's byok gives, or why not. */
const call = ( page, name, ...values ) => page.evaluate( async ( [ name, values ] ) => {
	const byok = window.byokModule.createBYOK();
	const [ on, method ] = name.split( '.' );
	return ( method ? byok[ on ][ method ]( ...values ) : byok[ on ]( ...values ) ).then( ( told ) => told?.status ?? 'done', ( error ) => error.reason );
}, [ name, values ] );

export async function down() {
	for ( const what of [ 'down', 'signed out' ] ) {
		await test( `${ what }: a key in the browser is used, shown and removed without the site`, async ( page ) => {
			const it = await open( page, MEMBER );
			await paste( it, makeKey( 'openai', 'valid' ), 'browser', 'openai' );
			await reads( it.chip, 'Works' );
			const reason = what === 'down' ? 'unreachable' : 'signed_out';
			Object.assign( site, what === 'down' ? { down: true } : { signedIn: false } );
			await page.reload();
			await reads( it.chip, 'Works' );
			assert.equal( await call( page, 'fetch', '/models' ), 200 );
			assert.equal( await call( page, 'guardFirstRun' ), 'done' );
			assert.equal( await call( page, 'keys.remove', 'openai' ), reason, 'whether it was there, too, is not known' );
			assert.equal( await storage( page ), '[{},{},""]' );
		} );
	}

	await test( 'down: clearAll() empties the browser, says that the site was not asked, and can ask it again', async ( page ) => {
		const it = await open( page, VISITOR );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'site' );
		await reads( it.chip, 'Works' );
		await paste( it, makeKey( 'openai', 'valid' ), 'browser', 'openai' );
		await reads( it.message, 'Works. Saved.' );
		site.down = true;
		assert.equal( await call( page, 'keys.clearAll' ), 'unreachable' );
		assert.doesNotMatch( await storage( page ), /key:|choice/ );
		site.down = false;
		assert.equal( await call( page, 'keys.clearAll' ), 'done' );
		assert.equal( site.visitors.size, 0, 'the visitor is not erased' );
		assert.equal( await storage( page ), '[{},{},""]' );
	} );

	await test( 'the badge says the weakest place there is, and nothing of a site that does not answer', async ( page ) => {
		await authenticator( page );
		const it = await open( page );
		const badge = page.locator( 'byok-badge a' );
		await paste( it, makeKey( 'openai', 'valid' ), 'browser', 'openai' );
		await reads( badge, 'Your key is in this browser, unencrypted' );
		for ( const [ id, mode ] of [ [ 'anthropic', 'passkey' ], [ 'mistral', 'site' ] ] ) {
			await paste( it, makeKey( id, 'valid' ), mode, id );
			await reads( it.message, /^Works\. Saved/ );
			await reads( badge, 'Your key is in this browser, unencrypted' );
		}
		site.down = true;
		await page.reload();
		await reads( badge, 'Your key is in this browser, unencrypted' );
		await page.evaluate( () => localStorage.removeItem( 'byok:v1:key:openai' ) );
		await page.reload();
		await reads( badge, 'Your key is locked with a passkey, in this browser' );
		await page.evaluate( () => localStorage.clear() );
		await page.reload();
		await it.key.waitFor();
		await reads( badge, 'How keys are kept here' );
		assert.equal( await badge.getAttribute( 'data-tone' ), '', 'it speaks for a site that does not answer' );
		site.down = false;
		await page.reload();
		await reads( badge, 'Keys are encrypted on this site' );
		// A page that offers no place at the site.
		await open( page, { practice: MEMBER.practice } );
		await reads( badge, 'Keys stay in your browser' );
		assert.equal( await badge.getAttribute( 'data-tone' ), '', 'it praises a place that there is none of' );
		// One with a place at the site, of which the site has told nothing, and one without any place.
		site.keys.clear();
		await open( page, { ...MEMBER, practice: undefined } );
		await reads( page.locator( 'byok-badge [part=badge]' ), 'How keys are kept here' );
		await open( page, { practice: MEMBER.practice, modes: [ 'site' ] } );
		await reads( badge, 'How keys are kept here' );
	} );

	await test( 'an answer that comes late takes no newer one\'s place', async ( page ) => {
		const it = await open( page );
		await paste( it, makeKey( 'anthropic', 'valid' ), 'browser' );
		await reads( it.chip, 'Works' );
		const late = page.waitForResponse( '**/me/keys' );
		site.slow = 700;
		// As when another tab has changed something.
		const changed = () => page.evaluate( () => void window.dispatchEvent( new StorageEvent( 'storage', { key: null } ) ) );
		await changed();
		await new Promise( ( done ) => setTimeout( done, 200 ) );
		site.slow = 0;
		await page.evaluate( () => localStorage.clear() );
		await changed();
		await it.key.waitFor();
		await late;
		await page.waitForTimeout( 900 );
		assert.equal( await it.key.count(), 1, 'a key that was removed is back' );
	} );
}
