/**
 * A browser with both servers, and the steps that the tests of the module share.
 */

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { hosts, requests, startProvider } from './provider.mjs';
import { reset, startSite } from './site.mjs';

const ARTEFACTS = process.env.BYOK_ARTEFACTS;
assert.ok( ARTEFACTS, 'BYOK_ARTEFACTS is not set; bin/test sets it.' );
mkdirSync( ARTEFACTS, { recursive: true } );

/** What the site's page says of itself, for a member. */
export const MEMBER = { site: { root: '/wp-json/', nonce: '0123456789', nonceUrl: '/nonce', relay: true }, practice: { url: '/practice', safe: true } };
export const VISITOR = { site: { root: '/wp-json/', visitors: true, relay: true }, practice: { url: '/practice', safe: true } };

/** Everything that was received or could be seen. */
export const seen = [];
export const complaints = [];

let browser, provider, site;
export let SITE;

export async function start() {
	provider = await startProvider();
	site = await startSite();
	SITE = site.url;
	browser = await chromium.launch( {
		executablePath: process.env.BYOK_CHROMIUM ?? '/usr/bin/chromium',
		args: [
			'--no-sandbox', '--disable-gpu', '--disable-background-networking', '--ignore-certificate-errors',
			// The providers' names lead to the one here, and all other names to nobody.
			`--host-resolver-rules=${ hosts.map( ( host ) => `MAP ${ host }:443 127.0.0.1:${ provider.port }` ).join( ',' ) },MAP * ~NOTFOUND,EXCLUDE localhost,EXCLUDE 127.0.0.1`,
		],
	} );
}

export async function stop() {
	await browser.close();
	provider.stop();
	site.stop();
}

/** A window of its own. */
export async function newWindow( options = {} ) {
	const context = await browser.newContext( { viewport: { width: 1280, height: 900 }, reducedMotion: 'no-preference', ...options } );
	context.setDefaultTimeout( 10000 );
	context.on( 'request', ( request ) => seen.push( { name: `an address: ${ new URL( request.url() ).pathname }`, text: `${ request.url() }\n${ request.headers().referer ?? '' }` } ) );
	return prepare( await context.newPage() );
}

/** Another tab of the same window. */
export const newTab = async ( page ) => prepare( await page.context().newPage() );

function prepare( page ) {
	page.on( 'console', ( message ) => {
		const text = message.text();
		seen.push( { name: 'the console', text } );
		// Answers that are meant; Chromium tells of each.
		if ( [ 'error', 'warning' ].includes( message.type() ) && ! /status of (4\d\d|502|503)|net::ERR_(EMPTY_RESPONSE|INTERNET_DISCONNECTED|NAME_NOT_RESOLVED|FAILED)/.test( text ) ) {
			complaints.push( text );
		}
	} );
	page.on( 'pageerror', ( error ) => complaints.push( error.message ) );
	return page;
}

/** Opens a page with the elements on it, as the site would set it up. */
export async function open( page, config = MEMBER, { body, theme = '', connect } = {} ) {
	const query = new URLSearchParams( { config: JSON.stringify( config ), theme, ...( body !== undefined && { body } ), ...( connect !== undefined && { connect } ) } );
	await page.goto( `${ SITE }/page?${ query }` );
	await page.waitForSelector( 'html[data-ready]' );
	return parts( page );
}

/** The parts of the form, by what a person calls them. */
export function parts( page, root = page.locator( 'byok-settings' ).first() ) {
	const button = ( name ) => root.getByRole( 'button', { name, exact: true } );
	return {
		root,
		provider: root.getByLabel( 'Provider', { exact: true } ),
		key: root.locator( '#key' ),
		warning: root.locator( '#warning' ),
		address: root.locator( '#address' ),
		model: root.getByLabel( 'Model', { exact: true } ),
		chip: root.locator( '.chip' ),
		hint: root.locator( 'code' ),
		message: root.locator( '.message' ),
		mode: ( name ) => root.locator( `input[name=mode][value=${ name }]` ),
		help: root.getByText( 'Where do I get a key?' ),
		button,
		save: button( 'Check and save' ),
	};
}

/** Pastes a key and saves it in one of the places. */
export async function paste( it, key, mode = null, provider = null ) {
	if ( provider ) {
		await it.provider.selectOption( provider );
	}
	await it.key.fill( key );
	if ( mode ) {
		await it.mode( mode ).check();
	}
	await it.save.click();
}

/** A passkey on this machine that says yes by itself, or no. */
export async function authenticator( page, options = {} ) {
	const session = await page.context().newCDPSession( page );
	await session.send( 'WebAuthn.enable' );
	const { authenticatorId } = await session.send( 'WebAuthn.addVirtualAuthenticator', { options: {
		protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true, hasPrf: true,
		isUserVerified: true, automaticPresenceSimulation: true, ...options,
	} } );
	return { session, authenticatorId };
}

/** Writes down the page as it stands, shadow trees and storage included. */
export async function look( page, name ) {
	const text = await page.evaluate( () => {
		const html = ( root ) => [ root.innerHTML, ...[ ...root.querySelectorAll( '*' ) ].filter( ( element ) => element.shadowRoot ).map( ( element ) => html( element.shadowRoot ) ) ].join( '\n' );
		const fields = ( root ) => [ ...root.querySelectorAll( '*' ) ].flatMap( ( element ) => [ element.value ?? '', ...( element.shadowRoot ? fields( element.shadowRoot ) : [] ) ] ).join( '\n' );
		return html( document ) + fields( document );
	} );
	seen.push( { name: `the page ${ name }`, text } );
}

/** Everything in the browser's storage. */
export const storage = ( page ) => page.evaluate( () => JSON.stringify( [ { ...localStorage }, { ...sessionStorage }, document.cookie ] ) );

export async function picture( page, name, width = 1280 ) {
	await page.setViewportSize( { width, height: 700 } );
	await page.screenshot( { path: `${ ARTEFACTS }/${ name }-${ width }.png`, animations: 'disabled', fullPage: true } );
	await page.setViewportSize( { width: 1280, height: 900 } );
}

let passed = 0;
let failed = 0;

/** Runs a test with a window and a site of its own. BYOK_TEST_NAMES, an expression, leaves out those of other names. */
export async function test( name, work, options ) {
	if ( ! new RegExp( process.env.BYOK_TEST_NAMES ?? '' ).test( name ) ) {
		return;
	}
	reset();
	requests.length = 0;
	const page = await newWindow( options );
	const before = complaints.length;
	try {
		await work( page );
		assert.deepEqual( complaints.slice( before ), [], 'the console complained' );
		passed++;
		console.log( `ok      ${ name }` );
	} catch ( error ) {
		failed++;
		console.log( `FAILED  ${ name }\n        ${ String( error.stack ).split( '\n' ).slice( 0, 14 ).join( '\n        ' ) }` );
		await picture( page, `failed-${ failed }` ).catch( () => {} );
	} finally {
		await page.context().close();
	}
}

/** Waits until a text is there, and names what is there instead. */
export async function reads( locator, expected ) {
	let text = null;
	for ( const end = Date.now() + 8000; Date.now() < end; ) {
		text = await locator.first().textContent( { timeout: 500 } ).then( ( found ) => found.trim(), () => null );
		if ( text !== null && ( expected instanceof RegExp ? expected.test( text ) : text === expected ) ) {
			return;
		}
		await new Promise( ( done ) => setTimeout( done, 50 ) );
	}
	assert.fail( `reads ${ JSON.stringify( text ) } instead of ${ expected }` );
}

export const total = () => ( { passed, failed } );
