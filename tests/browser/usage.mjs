/**
 * The page "Usage": empty, with little, with much; a plugin that asks, is approved and denied; budgets.
 */

import assert from 'node:assert/strict';
import { given, look, open, overhang, picture, rest, SITE } from './browser.mjs';
import { makeKey } from './keys.mjs';
import { focused, reads, test } from './steps.mjs';

const USAGE = SITE + '/wp-admin/options-general.php?page=byok-usage';
const ASKS = 'byok test helpers';

/** Rows of the table, for `days` days: callers and models with short and with long names. */
function rows( days ) {
	const callers = [ 'plugin:akismet', 'theme:twentytwentyfive', 'core', 'plugin:a-plugin-folder-with-a-long-name-that-nobody-has-cut-short-yet' ];
	const models = [ 'gpt-4o-mini', 'accounts/someone/models/a-model-with-a-long-name-that-nobody-has-cut-short-yet' ];
	const found = [];
	for ( let ago = 0; ago < days; ago++ ) {
		callers.forEach( ( caller, at ) => {
			const requests = 1 + ( ( ago * 37 + at * 101 ) % 900 );
			found.push( { ago, provider: 'openai', caller, model: models[ at % 2 ], requests, errors: ago % 4 ? 0 : Math.floor( requests / 5 ), tokens_in: requests * 1234, tokens_out: requests * 567 } );
		} );
	}
	return found;
}

export async function usage( page, plain ) {
	await given( page, 'openai', makeKey( 'openai', 'valid' ) );
	const make = async ( made ) => assert.equal( ( await rest( page, 'POST', '/byok-test/v1/usage', { rows: made } ) ).status(), 200 );
	const ask = async () => ( await rest( page, 'POST', '/byok-test/v1/ask/openai' ) ).json();
	const show = ( query = '' ) => open( page, query, USAGE );

	await test( 'usage: a site that has used nothing says so', page, async () => {
		await make( [] );
		await open( page );
		await page.getByRole( 'link', { name: 'Usage and budgets' } ).click();
		await page.waitForSelector( '.byok-usage' );
		await reads( page.locator( '.byok-usage__empty' ), /^Nothing was used yet\./ );
		assert.equal( await page.locator( '.byok-chart' ).count(), 0 );
		await picture( page, 'usage-empty' );
	} );

	await test( 'usage: one request is one bar, one line, and the same in the table below', page, async () => {
		assert.deepEqual( await ask(), { status: 200 } );
		await show();
		await reads( page.locator( '.byok-usage__sum' ), 'Requests: 1, of which failed: 0. Tokens sent: 11, received: 7.' );
		assert.equal( await page.locator( '.byok-chart rect' ).count(), 1 );
		await reads( page.locator( '.byok-table--lists tbody tr' ), new RegExp( `^${ ASKS }\\s+OpenAI\\s+byok-test-model\\s+1\\s+0\\s+11\\s+7$` ) );
		await page.locator( 'summary', { hasText: 'The same figures as a table' } ).click();
		assert.equal( await page.locator( '.byok-chart ~ details tbody tr' ).count(), 30 );
		await look( page, 'of usage' );
		await picture( page, 'usage-little' );
	} );

	for ( const [ name, window ] of [ [ 'with JavaScript', page ], [ 'without JavaScript', plain ] ] ) {
		await test( `usage, ${ name }: who asks first is refused, told of, and approved`, window, async () => {
			await make( [] );
			await open( window, '', USAGE );
			await window.selectOption( '#byok-mode-openai', 'ask' );
			await window.locator( '#byok-mode-openai + button' ).click();
			await reads( window.locator( '.byok-alert' ), 'Saved.' );
			assert.deepEqual( await ask(), { error: 'byok_not_approved', status: 403 } );
			await window.goto( SITE + '/wp-admin/index.php' );
			await reads( window.locator( '#byok-approvals-notice p' ).first(), new RegExp( `^“${ ASKS }” wanted to use the OpenAI key and was refused` ) );
			await window.getByRole( 'link', { name: 'Approve or deny' } ).click();
			await window.getByRole( 'button', { name: `Approve “${ ASKS }” for the OpenAI key` } ).click();
			await reads( window.locator( '.byok-policy__caller' ), new RegExp( `^${ ASKS } Approved$` ) );
			assert.equal( await window.locator( '#byok-approvals' ).count(), 0 );
			assert.deepEqual( await ask(), { status: 200 } );
			await window.getByRole( 'button', { name: `Withdraw: ${ ASKS }` } ).click();
			await reads( window.locator( '.byok-alert' ), 'Saved.' );
			assert.deepEqual( await ask(), { error: 'byok_not_approved', status: 403 } );
			await open( window, '', USAGE );
			await window.getByRole( 'button', { name: `Deny “${ ASKS }” the OpenAI key` } ).click();
			await reads( window.locator( '.byok-policy__caller' ), new RegExp( `^${ ASKS } Denied$` ) );
			await window.goto( SITE + '/wp-admin/index.php' );
			assert.equal( await window.locator( '#byok-approvals-notice' ).count(), 0 );
		} );
	}

	await test( 'usage: a budget that is used up refuses, is told of, and put away for the month', page, async () => {
		await make( [] );
		await show();
		await page.locator( '#byok-policy-openai summary', { hasText: 'Monthly budget' } ).click();
		const whole = page.locator( '#byok-policy-openai .byok-budget' ).first();
		await whole.locator( 'input[name=hard_requests]' ).fill( 'many' );
		await whole.getByRole( 'button' ).click();
		await reads( page.locator( '.byok-alert' ), 'A budget is a whole number, such as 100000. Nothing was changed.' );
		await page.locator( '#byok-policy-openai summary', { hasText: 'Monthly budget' } ).click();
		await whole.locator( 'input[name=hard_requests]' ).fill( '1' );
		await whole.getByRole( 'button' ).click();
		await reads( page.locator( '.byok-alert' ), 'Saved.' );
		assert.deepEqual( await ask(), { status: 200 } );
		assert.deepEqual( await ask(), { error: 'byok_budget_exceeded', status: 429 } );
		await open( page );
		await reads( page.locator( '#byok-budgets-notice p' ).first(), /^The OpenAI key has used up its budget of this month\./ );
		await page.getByRole( 'button', { name: 'Put away for this month' } ).click();
		await reads( page.locator( '#byok-policy-openai legend' ).first(), /^The whole key\s+Used up$/ );
		await picture( page, 'usage-budget' );
		await open( page );
		assert.equal( await page.locator( '#byok-budgets-notice' ).count(), 0 );
	} );

	await test( 'usage: the question before a removal names who has used the key', page, async () => {
		await make( rows( 2 ) );
		await open( page, '&byok_open=openai:remove' );
		await reads( page.locator( '#byok-openai-remove-text' ), /Used in the last 30 days by: .*Twenty Twenty-Five.*\.$/s );
	} );

	await test( 'usage: everything is reached and done with the keyboard alone', page, async () => {
		await make( [] );
		await show();
		await page.locator( '.byok-header a' ).focus();
		await page.keyboard.press( 'Tab' );
		await focused( page, '.byok-policy select' );
		await page.keyboard.press( 'ArrowDown' );
		await page.keyboard.press( 'Tab' );
		await focused( page, '.byok-policy button' );
		await page.keyboard.press( 'Enter' );
		await reads( page.locator( '.byok-alert' ), 'Saved.' );
		assert.notEqual( await page.locator( '.byok-policy select' ).first().inputValue(), 'all' );
	} );

	await make( rows( 30 ) );
	await rest( page, 'POST', '/byok/v1/policy', { provider: 'openai', mode: 'ask', caller: 'core', decision: 'approve' } );
	await rest( page, 'POST', '/byok/v1/policy', { provider: 'openai', caller: 'theme:twentytwentyfive', budget: { soft_requests: 1 } } );
	await ask();
	for ( const [ name, width, query ] of [
		[ 'usage-much', 1280, '' ],
		[ 'usage-320', 320, '' ],
		[ 'usage-640', 640, '' ],
		[ 'usage-midnight', 1280, '&byok_test_scheme=midnight' ],
		[ 'usage-right-to-left', 1280, '&byok_test_direction=rtl' ],
		[ 'usage-right-to-left-320', 320, '&byok_test_direction=rtl' ],
	] ) {
		await test( `${ name }: nothing stands out to the side at ${ width } px`, page, async () => {
			await page.setViewportSize( { width, height: 1000 } );
			await show( query );
			assert.equal( await overhang( page ), 0 );
			assert.ok( ( await page.locator( '.byok-chart rect' ).count() ) > 30 );
			await picture( page, name, width );
		} );
	}
	await make( [] );
}
