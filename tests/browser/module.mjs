/**
 * The browser module in real Chromium, on pages with a strict policy, against a double of the site's REST API and one of all
 * providers. bin/test runs it, with BYOK_ARTEFACTS for the pictures.
 */

import { leaks } from './keys.mjs';
import { seen, start, stop, test, total } from './module/harness.mjs';
import assert from 'node:assert/strict';

const SUITES = [ 'modes', 'tickets', 'together', 'asked', 'planted', 'down', 'attack', 'looks', 'hosts' ];
const wanted = process.argv.slice( 2 );

await start();
for ( const name of SUITES.filter( ( suite ) => wanted.length === 0 || wanted.includes( suite ) ) ) {
	await ( await import( `./module/${ name }.mjs` ) )[ name ]();
}
await test( 'no key in any page after saving, address or line of the console', async () => {
	assert.deepEqual( leaks( seen ), [] );
} );
await stop();
const { passed, failed } = total();
console.log( `${ passed } passed, ${ failed } failed` );
process.exitCode = failed ? 1 : 0;
