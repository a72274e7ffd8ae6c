/**
 * Pages of other people's making: React, Vue and plain HTML, with the npm package built in by Vite. Each has a strict policy.
 */

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { makeKey } from '../keys.mjs';
import { SITE, authenticator, look, parts, paste, picture, reads, storage, test } from './harness.mjs';
import { requests } from './provider.mjs';

/** The page in plain HTML in Vite's development server, with the package where npm puts it. Returns its address, and what ends it. */
async function develop( optimizeDeps ) {
	const { createServer } = await import( '../hosts/node_modules/vite/dist/node/index.js' );
	const at = ( path ) => fileURLToPath( new URL( path, import.meta.url ) );
	const folder = mkdtempSync( `${ tmpdir() }/byok-vite-` );
	for ( const name of [ 'html', 'ask.js' ] ) {
		cpSync( at( `../hosts/${ name }` ), `${ folder }/${ name }`, { recursive: true } );
	}
	for ( const name of [ 'dist', 'package.json' ] ) {
		cpSync( at( `../../../browser/${ name }` ), `${ folder }/node_modules/byok/${ name }`, { recursive: true } );
	}
	const server = await createServer( { configFile: false, root: `${ folder }/html`, cacheDir: `${ folder }/cache`, logLevel: 'error', optimizeDeps, server: { host: '127.0.0.1', port: 0, fs: { strict: false } } } );
	await server.listen();
	return { url: `http://localhost:${ server.httpServer.address().port }/`, stop: () => server.close().then( () => rmSync( folder, { recursive: true } ) ) };
}

export async function hosts() {
	for ( const [ how, optimizeDeps, says ] of [ [ 'as docs/browser.md says', { exclude: [ 'byok' ] }, 'Works. Saved.' ], [ 'as it is', {}, /^A file of this page did not load/ ] ] ) {
		await test( `Vite's development server, ${ how }: ${ optimizeDeps.exclude ? 'a passkey locks a key' : 'what is missing is told' }`, async ( page ) => {
			const server = await develop( optimizeDeps );
			try {
				await authenticator( page );
				await page.goto( server.url );
				const it = parts( page );
				await paste( it, makeKey( 'anthropic', 'valid' ), 'passkey' );
				await reads( it.message, says );
			} finally {
				await server.stop();
			}
		} );
	}

	for ( const host of [ 'html', 'react', 'vue' ] ) {
		await test( `${ host }: the first question opens the form, a passkey locks the key, and the answer comes as a stream`, async ( page ) => {
			await authenticator( page );
			await page.goto( `${ SITE }/hosts/${ host }/` );
			const dialog = parts( page, page.locator( 'byok-settings[modal]' ) );
			await page.click( '#ask' );
			const key = makeKey( 'anthropic', 'valid' );
			await paste( dialog, key, 'passkey' );
			await reads( page.locator( '#answer' ), 'Hello from the provider' );
			assert.equal( requests.at( -1 ).headers[ 'x-api-key' ], key );
			assert.equal( ( await storage( page ) ).includes( key.slice( -28, -4 ) ), false );
			const it = parts( page );
			await reads( it.chip, 'Works' );
			await reads( page.locator( 'byok-badge' ), '' );
			assert.equal( await page.locator( 'byok-badge a' ).textContent(), 'Your key is locked with a passkey, in this browser' );
			await look( page, `of ${ host }` );
			await picture( page, `host-${ host }` );
			await page.reload();
			await reads( it.chip, 'Locked' );
			await it.button( 'Unlock' ).click();
			await reads( it.chip, 'Works' );
			await it.button( 'Check again' ).click();
			await reads( it.message, 'Works. Saved.' );
			if ( host !== 'html' ) {
				await reads( page.locator( '#changes' ), '1' );
			}
		} );

		await test( `${ host }: keys stay in the browser when the site keeps none`, async ( page ) => {
			await page.goto( `${ SITE }/hosts/${ host }/` );
			const it = parts( page );
			await it.key.waitFor();
			assert.equal( await it.mode( 'site' ).count(), 0 );
			await paste( it, makeKey( 'anthropic', 'valid' ), 'memory' );
			await reads( it.chip, 'Works' );
			await page.click( '#ask' );
			await reads( page.locator( '#answer' ), 'Hello from the provider' );
		} );
	}
}
