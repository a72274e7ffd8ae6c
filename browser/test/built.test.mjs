/** What is built: that it is what the sources say, how small it is, and what it stands on. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { assets, pages, providers } from '../build.mjs';

const file = ( path ) => readFileSync( new URL( path, import.meta.url ), 'utf8' );
const built = await assets();

test( 'the files in the plugin are what the sources build', () => {
	for ( const [ name, text ] of Object.entries( built ) ) {
		assert.ok( file( `../../plugin/assets/${ name }` ) === text, `${ name }: npm run build` );
	}
} );

test( 'the module is under 12 kB compressed; what it loads later is under 10', () => {
	const size = ( name ) => gzipSync( built[ name ], { level: 9 } ).length;
	console.log( Object.keys( built ).map( ( name ) => `${ name }: ${ size( name ) } bytes` ).join( ', ' ) );
	assert.ok( size( 'byok.module.js' ) < 12000 );
	assert.ok( size( 'byok.form.js' ) + size( 'byok.worker.js' ) < 10000 );
} );

test( 'the module imports its own files and nothing else, evaluates no text and writes no HTML', () => {
	for ( const [ name, text ] of Object.entries( built ) ) {
		const imports = [ ...text.matchAll( /\bimport\s*\(?\s*["']([^"']+)/g ) ].map( ( [ , from ] ) => from.replace( /\?.*/, '' ) );
		assert.deepEqual( imports, name === 'byok.module.js' ? [ './byok.form.js', './byok.webhook.js' ] : [], name );
		assert.doesNotMatch( text, /\beval\(|new Function|innerHTML|outerHTML|document\.write|insertAdjacentHTML|\.style\b/, name );
	}
} );

test( 'the table holds all providers of the engine, and nothing of theirs is written twice', () => {
	const engine = JSON.parse( file( '../../src/engine/providers.json' ) );
	assert.deepEqual( providers().map( ( { id } ) => id ), engine.map( ( { id } ) => id ) );
	for ( const [ index, known ] of providers().entries() ) {
		for ( const name of [ 'base_url', 'auth', 'check', 'prefixes' ] ) {
			assert.deepEqual( known[ name ], engine[ index ][ name ], `${ known.id }: ${ name }` );
		}
	}
	assert.deepEqual( pages(), Object.fromEntries( engine.map( ( { id, key_page, billing_page, prefixes, placeholder } ) =>
		[ id, { key: key_page, billing: billing_page, placeholder: placeholder === prefixes[ 0 ] + '…' ? null : placeholder } ] ) ) );
	const shipped = Object.keys( JSON.parse( file( '../models.json' ) ) );
	assert.deepEqual( shipped.filter( ( id ) => ! engine.some( ( known ) => known.id === id ) ), [] );
} );

test( 'the npm package holds the same files, as small, with its types and its licence', () => {
	for ( const name of [ 'byok.module.js', 'byok.form.js', 'byok.webhook.js' ] ) {
		assert.equal( file( `../dist/${ name }` ), built[ name ].replace( /\?ver=[0-9a-f]{10}/g, '' ), name );
	}
	assert.ok( file( '../dist/byok.worker.js' ).length > 4096, 'Vite would write it into the page' );
	assert.equal( file( '../dist/LICENSE' ), file( '../../LICENSE' ) );
	assert.match( file( '../dist/types/index.d.ts' ), /createBYOK/ );
	// Where the package is read there is no folder of the project around it.
	assert.doesNotMatch( file( '../README.md' ), /\]\(\.\.\// );
} );
