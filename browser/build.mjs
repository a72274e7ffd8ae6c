/**
 * Builds the module and its worker: for the plugin (plugin/assets) and for the npm package (dist, with types and the
 * licence). `--check` builds into nowhere and fails when the plugin's files are not what comes out.
 */

import { createHash } from 'node:crypto';
import { readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { minify as shorten } from 'terser';

const at = ( path ) => fileURLToPath( new URL( path, import.meta.url ) );
const json = ( path ) => JSON.parse( readFileSync( at( path ), 'utf8' ) );

/** What a browser needs of src/engine/providers.json. */
export function providers() {
	const shipped = json( './models.json' );
	return json( '../src/engine/providers.json' ).map( ( { id, name, base_url, prefixes, key_required, auth, headers, check, models } ) => ( {
		id, name, base_url, prefixes, key_required, auth,
		// Anthropic answers pages only when they say that they know what they do.
		...( headers && { headers: id === 'anthropic' ? { ...headers, 'anthropic-dangerous-direct-browser-access': 'true' } : headers } ),
		check,
		...( models && { models: { path: models.path, lists: models.lists, id: models.id, name: models.name, without: models.without } } ),
		shipped: shipped[ id ] ?? [],
	} ) );
}

/** What only the form needs of it, by provider: the pages to get a key and credit at, and what stands in the empty field. */
export function pages() {
	return Object.fromEntries( json( '../src/engine/providers.json' ).map( ( { id, key_page, billing_page, prefixes, placeholder } ) => [ id, {
		key: key_page,
		billing: billing_page,
		placeholder: placeholder === `${ prefixes[ 0 ] }…` ? null : placeholder,
	} ] ) );
}

/** What most providers have in common is written once, in src/providers.ts, which puts it back. */
function cut( known ) {
	const check = { ...known.check };
	const left = Object.entries( known ).filter( ( [ name, value ] ) => ! ( name === 'key_required' && value ) && ! ( name === 'shipped' && value.length === 0 ) );
	for ( const [ name, value ] of [ [ 'method', 'GET' ], [ 'proves', 'key' ] ] ) {
		if ( check[ name ] === value ) {
			delete check[ name ];
		}
	}
	return { ...Object.fromEntries( left ), check };
}

const parts = {
	name: 'byok',
	setup( build ) {
		// Files of their own, which come when they are needed.
		build.onResolve( { filter: /\/(form|webhook)\.js$/ }, ( { kind, path } ) => kind === 'dynamic-import' ? { path: path.replace( './', './byok.' ), external: true } : null );
		build.onResolve( { filter: /^virtual:/ }, ( { path } ) => ( { path: path.slice( 8 ), namespace: 'byok' } ) );
		build.onLoad( { filter: /.*/, namespace: 'byok' }, ( { path } ) => ( { contents: JSON.stringify( path === 'pages' ? pages() : providers().map( cut ) ), loader: 'json' } ) );
		build.onLoad( { filter: /\.css$/ }, async ( { path } ) => {
			const { code } = await esbuild.transform( readFileSync( path, 'utf8' ), { loader: 'css', minify: true } );
			return { contents: code.trim(), loader: 'text' };
		} );
	},
};

const BANNER = '/*! byok 0.1.0, GPL-2.0-or-later. Built from browser/src by browser/build.mjs. */';

/** Builds one file and returns its text. */
export async function bundle( entry, format, minify ) {
	const { outputFiles } = await esbuild.build( {
		absWorkingDir: at( '.' ), entryPoints: [ at( `./src/${ entry }.ts` ) ], bundle: true, write: false, format, minify,
		target: 'es2022', charset: 'utf8', legalComments: 'none', banner: { js: BANNER }, plugins: [ parts ],
	} );
	const [ { text } ] = outputFiles;
	// What esbuild leaves, Terser makes smaller by a fiftieth.
	return minify ? ( await shorten( text, { module: format === 'esm', ecma: 2022, compress: { passes: 3, inline: 1 }, format: { comments: /^!/ } } ) ).code + '\n' : text;
}

/** Files that the module loads by itself. */
const LATER = { 'byok.form.js': [ 'elements/form', 'esm' ], 'byok.webhook.js': [ 'webhook', 'esm' ], 'byok.worker.js': [ 'worker', 'iife' ] };

/** All files, by name. */
async function files( minify ) {
	const built = {};
	for ( const [ name, [ entry, format ] ] of Object.entries( LATER ) ) {
		built[ name ] = await bundle( entry, format, minify );
	}
	return { 'byok.module.js': await bundle( 'index', 'esm', minify ), ...built };
}

/** The files of the plugin. What is loaded later has an address of its own in each version, so that no cache mixes them. */
export async function assets() {
	const built = await files( true );
	for ( const name of Object.keys( LATER ) ) {
		const version = createHash( 'sha256' ).update( built[ name ] ).digest( 'hex' ).slice( 0, 10 );
		built[ 'byok.module.js' ] = built[ 'byok.module.js' ].replaceAll( `./${ name }`, `./${ name }?ver=${ version }` );
	}
	return built;
}

if ( process.argv[ 1 ] === fileURLToPath( import.meta.url ) ) {
	const built = await assets();
	if ( process.argv.includes( '--check' ) ) {
		for ( const [ name, text ] of Object.entries( built ) ) {
			if ( readFileSync( at( `../plugin/assets/${ name }` ), 'utf8' ) !== text ) {
				throw new Error( `plugin/assets/${ name } is not what browser/src builds: npm run build` );
			}
		}
	} else {
		const write = ( folder, made ) => {
			mkdirSync( at( folder ), { recursive: true } );
			Object.entries( made ).forEach( ( [ name, text ] ) => writeFileSync( at( `${ folder }/${ name }` ), text ) );
		};
		write( '../plugin/assets', built );
		// Vite writes files of less than 4 kB into the page, as text, which a strict policy takes for no worker: this one stays readable.
		write( './dist', { ...await files( true ), 'byok.worker.js': await bundle( 'worker', 'iife', false ), LICENSE: readFileSync( at( '../LICENSE' ), 'utf8' ) } );
	}
}
