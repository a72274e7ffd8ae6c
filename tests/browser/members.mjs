/**
 * A member with keys of their own, and whose eyes they are for.
 */

import assert from 'node:assert/strict';
import { card, complaints, given, inForce, logIn, look, newWindow, open, overhang, picture, rest, SITE } from './browser.mjs';
import { endOf, fingerprintOf, makeKey } from './keys.mjs';
import { focused, paste, reads, test } from './steps.mjs';

const PROFILE = SITE + '/wp-admin/profile.php';
const OWN = PROFILE + '?page=byok-keys';

export async function members( page ) {
	const password = 'byok-test-' + makeKey( 'anthropic', 'valid' ).slice( -20 );
	const user = `member-${ Date.now() }`;
	const made = await rest( page, 'POST', '/wp/v2/users', { username: user, password, email: `${ user }@example.org`, roles: [ 'subscriber' ] } );
	assert.equal( made.status(), 201 );
	const { id } = await made.json();
	const own = makeKey( 'anthropic', 'valid' );
	const sites = makeKey( 'anthropic', 'valid' );
	await given( page, 'anthropic', sites );

	const member = await newWindow();
	await logIn( member, user, password );

	await test( 'a subscriber finds the way from the profile to a page of their own, with the keyboard', member, async () => {
		await member.goto( PROFILE );
		await reads( member.locator( '#byok-own-keys' ), 'You have no keys of your own.' );
		await member.getByRole( 'link', { name: 'Add an API key of your own' } ).press( 'Enter' );
		await member.waitForSelector( '.byok-column' );
		assert.equal( await member.locator( '.byok h1' ).textContent(), 'Your API Keys' );
		assert.equal( await member.locator( '#byok-openai-compatible' ).count(), 0, 'members do not choose addresses' );
		assert.doesNotMatch( await member.content(), /sk-ant-…[0-9a-f]/, 'the hint of the site\'s key is not for members' );
		assert.equal( await overhang( member ), 0 );
		await picture( member, 'member' );
	} );

	await test( 'a subscriber pastes a key, which is used for them alone', member, async () => {
		await open( member, '', OWN );
		const it = await paste( member, 'anthropic', own );
		await reads( it.message, 'Works. Saved and encrypted.' );
		await focused( member, '#byok-anthropic-name' );
		assert.equal( await inForce( member, 'anthropic' ), fingerprintOf( sites ), 'a request without a nonce is from nobody' );
		const used = await rest( member, 'GET', '/byok-test/v1/fingerprint/anthropic' );
		assert.equal( ( await used.json() ).sha256, fingerprintOf( own ) );
		const admins = await rest( page, 'GET', '/byok-test/v1/fingerprint/anthropic' );
		assert.equal( ( await admins.json() ).sha256, fingerprintOf( sites ) );
		await open( member, '', OWN );
		await reads( it.hint, `sk-ant-…${ endOf( own ) }` );
		await it.again.click();
		await reads( it.message, 'Works.' );
		await member.goto( PROFILE );
		await reads( member.locator( '#byok-own-keys' ), 'You have keys of your own for: Anthropic.' );
		await look( member, 'of a member' );
	} );

	await test( 'an administrator sees nothing of a member\'s key', page, async () => {
		for ( const address of [ `/wp-admin/user-edit.php?user_id=${ id }`, '/wp-admin/users.php?page=byok-keys', '/wp-admin/options-general.php?page=byok' ] ) {
			await page.goto( SITE + address );
			assert.doesNotMatch( await page.content(), new RegExp( `…${ endOf( own ) }` ), address );
		}
	} );

	await test( 'a subscriber cannot post for the site, nor with a nonce of their own page', member, async () => {
		await open( member, '', OWN );
		const nonce = await member.locator( '#byok-anthropic .byok-key-form input[name="_wpnonce"]' ).getAttribute( 'value' );
		const post = ( form ) => member.context().request.post( SITE + '/wp-admin/admin-post.php', { form: { _wpnonce: nonce, ...form }, maxRedirects: 0 } );
		for ( const owner of [ 'site', 'network', 'user:1', '', 'nobody' ] ) {
			assert.equal( ( await post( { action: 'byok_key', owner, provider: 'anthropic', do: 'remove' } ) ).status(), 403, owner );
		}
		for ( const action of [ 'byok_unlock', 'byok_reencrypt', 'byok_import' ] ) {
			for ( const owner of [ 'site', 'user' ] ) {
				assert.equal( ( await post( { action, owner } ) ).status(), 403, `${ action } for ${ owner }` );
			}
		}
		assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( sites ) );
		// An administrator's nonce for the site does not open their own keys, and the other way round.
		await open( page );
		const sitesNonce = await page.locator( '#byok-anthropic .byok-key-form input[name="_wpnonce"]' ).getAttribute( 'value' );
		const mixed = await page.context().request.post( SITE + '/wp-admin/admin-post.php', { form: { action: 'byok_key', owner: 'user', provider: 'anthropic', do: 'remove', _wpnonce: sitesNonce }, maxRedirects: 0 } );
		assert.equal( mixed.status(), 403 );
	} );

	await test( 'a subscriber replaces and removes a key without JavaScript', member, async () => {
		const plain = await newWindow( { javaScriptEnabled: false } );
		try {
			await logIn( plain, user, password );
			await open( plain, '', OWN );
			const key = makeKey( 'anthropic', 'valid' );
			const it = await paste( plain, 'anthropic', key );
			await reads( it.message, 'Works. Saved and encrypted.' );
			await reads( it.hint, `sk-ant-…${ endOf( key ) }` );
			assert.match( plain.url(), /profile\.php\?page=byok-keys&byok_notice=anthropic#byok-anthropic$/ );
			await it.remove.click();
			await reads( it.root.locator( '.byok-panel__text:visible' ), /^Remove your Anthropic key\?/ );
			await it.confirm.click();
			await reads( it.message, 'Your key was removed.' );
			await it.add.waitFor();
			assert.equal( await inForce( page, 'anthropic' ), fingerprintOf( sites ), 'the site\'s key is still there' );
		} finally {
			await plain.context().close();
		}
	} );

	await member.context().close();
}
