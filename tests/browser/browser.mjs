/**
 * A browser that writes down everything a site sends it, and the steps that every test takes.
 */

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const needed = ( name ) => {
	assert.ok( process.env[ name ], `${ name } is not set; bin/test sets it.` );
	return process.env[ name ];
};

export const SITE = needed( 'BYOK_BROWSER_URL' ).replace( /\/$/, '' );
export const PROVIDER = needed( 'BYOK_TEST_PROVIDER' ).replace( /\/$/, '' );
const ARTEFACTS = needed( 'BYOK_ARTEFACTS' );
const PAGE = SITE + '/wp-admin/options-general.php?page=byok';

mkdirSync( ARTEFACTS, { recursive: true } );

/** Everything that was received or could be seen: answers, addresses, pages as they stood, storage. */
export const seen = [];

/** What the browser's console complained about. */
export const complaints = [];

const bodies = [];

let browser;

export async function start() {
	browser = await chromium.launch( {
		executablePath: process.env.BYOK_CHROMIUM ?? '/usr/bin/chromium',
		args: [ '--no-sandbox', '--disable-gpu', '--disable-background-networking' ],
	} );
}

export async function stop() {
	await browser.close();
}

/**
 * Opens a window of its own: cookies, history and storage are not shared with another.
 *
 * @param {Object} options For Playwright, such as `javaScriptEnabled`.
 */
export async function newWindow( options = {} ) {
	const context = await browser.newContext( { viewport: { width: 1280, height: 1000 }, ...options } );
	context.setDefaultTimeout( 60000 );
	context.on( 'request', ( request ) => {
		seen.push( { name: 'an address: ' + new URL( request.url() ).pathname, text: request.url() + '\n' + ( request.headers().referer ?? '' ) } );
	} );
	context.on( 'response', ( response ) => {
		const url = new URL( response.url() );
		const name = `an answer: ${ response.request().method() } ${ url.pathname } ${ response.status() }`;
		seen.push( { name: name + ' (headers)', text: JSON.stringify( response.headers() ) } );
		// A redirect has no body, and the request that was cancelled never gets one.
		bodies.push( response.body().then( ( body ) => seen.push( { name, text: body.toString( 'latin1' ) } ), () => {} ) );
	} );
	const page = await context.newPage();
	page.on( 'console', ( message ) => {
		// A refused save is an answer with a 4xx status, of which Chromium's console always tells.
		const expected = /\/byok\/v1\/(me\/)?keys\//.test( decodeURIComponent( message.location().url ) ) && /status of 4(00|09|22)/.test( message.text() );
		if ( [ 'error', 'warning' ].includes( message.type() ) && ! expected ) {
			complaints.push( message.text() );
		}
	} );
	page.on( 'pageerror', ( error ) => {
		// WordPress's script of the profile page fails by itself when that page is left very early.
		if ( ! String( error.stack ).includes( '/wp-admin/js/user-profile' ) ) {
			complaints.push( error.message );
		}
	} );
	return page;
}

export async function everyBody() {
	await Promise.all( bodies );
}

export async function logIn( page, user = needed( 'BYOK_BROWSER_USER' ), password = needed( 'BYOK_BROWSER_PASSWORD' ) ) {
	for ( let again = 3; ; again-- ) {
		await fillIn( page, user, password );
		// Where secrets were changed a moment ago one process of the server may not know the cookie that another has given.
		const arrived = await page.waitForSelector( '#wpadminbar', { timeout: again > 0 ? 20000 : 60000 } ).then( () => true, ( error ) => {
			if ( again === 0 ) {
				throw error;
			}
		} );
		if ( arrived ) {
			return;
		}
	}
}

async function fillIn( page, user, password ) {
	await page.goto( SITE + '/wp-login.php' );
	// WordPress's own script puts the focus into the first field a moment after loading, once: a text on its way into the
	// second one lands there.
	await page.waitForTimeout( 300 );
	const entered = async () => ( await page.inputValue( '#user_login' ) ) === user && ( await page.inputValue( '#user_pass' ) ) === password;
	for ( let tries = 0; tries < 5 && ! ( await entered() ); tries++ ) {
		await page.fill( '#user_login', user );
		await page.fill( '#user_pass', password );
	}
	await page.click( '#wp-submit' );
}

export async function open( page, query = '', address = PAGE ) {
	const answer = await page.goto( address + query );
	await page.waitForSelector( '.byok-column' );
	return answer;
}

/** Writes down the page as it stands, with what a script keeps in the browser. */
export async function look( page, name ) {
	seen.push( { name: `the page ${ name }`, text: await page.content() } );
	seen.push( { name: `the storage ${ name }`, text: await page.evaluate( () => JSON.stringify( [ { ...localStorage }, { ...sessionStorage }, document.cookie ] ) ) } );
}

/** Takes a picture: of the whole page, with a window as high as the page, as a person would scroll it. */
export async function picture( page, name, width = 1280 ) {
	await page.setViewportSize( { width, height: 1000 } );
	const height = await page.evaluate( () => Math.max( 1000, document.querySelector( '#wpbody-content' ).scrollHeight + 60 ) );
	await page.setViewportSize( { width, height } );
	await page.evaluate( () => window.scrollTo( 0, 0 ) );
	await page.screenshot( { path: `${ ARTEFACTS }/${ name }.png`, animations: 'disabled' } );
	await page.setViewportSize( { width: 1280, height: 1000 } );
}

/** How many pixels stand out to the side. */
export function overhang( page ) {
	return page.evaluate( () => document.documentElement.scrollWidth - document.documentElement.clientWidth );
}

/** The parts of one card, by what a person calls them. */
export function card( page, provider ) {
	const root = page.locator( `#byok-${ provider }` );
	const visible = ( selector ) => root.locator( `${ selector }:visible` );
	return {
		root,
		name: root.locator( '.byok-card__name' ),
		chip: visible( '.byok-chip' ),
		hint: visible( '.byok-hint' ),
		checked: visible( '.byok-checked' ),
		message: visible( '.byok-message__text' ),
		warning: visible( '.byok-key-warning' ),
		// Not those of spare keys.
		field: root.locator( '.byok-key-form .byok-key-input' ),
		address: root.locator( '.byok-base-url-input' ),
		add: visible( '.byok-add' ),
		again: visible( '.byok-check' ),
		replace: visible( '.byok-replace' ),
		remove: visible( '.byok-remove' ),
		save: visible( '.byok-save' ),
		confirm: visible( '.byok-danger' ),
		close: visible( '.byok-close' ),
	};
}

/** Which key another plugin gets: the fingerprint, or the error's code. */
export async function inForce( page, provider ) {
	const answer = await page.context().request.get( `${ SITE }/index.php?rest_route=/byok-test/v1/fingerprint/${ provider }` );
	const body = await answer.json();
	return body.sha256 ?? body.error;
}

/** A nonce for the REST API, as the page has it. */
export async function restNonce( page ) {
	const answer = await page.context().request.get( SITE + '/wp-admin/admin-ajax.php?action=rest-nonce' );
	return ( await answer.text() ).trim();
}

/** Calls the REST API as the person who is logged in. */
export async function rest( page, method, route, data ) {
	const nonce = await restNonce( page );
	return page.context().request.fetch( `${ SITE }/index.php?rest_route=${ route }`, { method, data, headers: { 'X-WP-Nonce': nonce } } );
}

/** Puts a provider into a known state: no key, or the given one. */
export async function given( page, provider, key = '' ) {
	await rest( page, 'DELETE', `/byok/v1/keys/${ provider }` );
	if ( key !== '' ) {
		const answer = await rest( page, 'PUT', `/byok/v1/keys/${ provider }`, { key } );
		assert.equal( answer.status(), 200, 'the key to begin with could not be saved' );
	}
}

/**
 * Gives the site constants, as its wp-config.php would: another secret, or a key of the server's. They
 * are in force until the next call.
 *
 * @param {Object<string, string>} constants Values by name.
 */
export function constants( constants = {} ) {
	writeFileSync( needed( 'BYOK_BROWSER_SITE' ) + '/../byok-test-constants.json', JSON.stringify( constants ) );
}

/** Forces all answers of the test provider, or none when the outcome is empty. */
export async function providerAnswers( page, outcome = '' ) {
	await page.context().request.post( `${ PROVIDER }/__mode/${ outcome }` );
}
