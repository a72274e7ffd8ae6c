/** Where there is no browser: a server may import the package, to verify webhooks or to render pages. */

import assert from 'node:assert/strict';
import test from 'node:test';

test( 'the package can be imported without a browser', async () => {
	const byok = await import( '../dist/byok.module.js' );
	assert.equal( byok.PROVIDERS[ 0 ].id, 'anthropic' );
	const { keys } = byok.createBYOK( { providers: [ 'anthropic' ] } );
	assert.deepEqual( await keys.list(), [] );
	assert.deepEqual( keys.modes( 'anthropic' ), [ 'memory' ], 'nothing can be stored here' );
	await assert.rejects( keys.send( 'anthropic', '/models' ), { reason: 'no_key' } );
	await assert.rejects( keys.save( 'openai', 'byok-test' ), { reason: 'provider_unknown' } );
	await assert.rejects( keys.save( 'anthropic', 'byok test' ), { reason: 'key_malformed' } );
	await assert.rejects( keys.save( 'anthropic', 'byok-test', { mode: 'passkey' } ), { reason: 'mode_unavailable' } );
} );

test( 'no error repeats what was given', async () => {
	const { createBYOK } = await import( '../dist/byok.module.js' );
	const error = await createBYOK( {} ).keys.save( 'anthropic', 'sk-ant byok-test' ).catch( ( thrown ) => thrown );
	assert.doesNotMatch( `${ error.message }${ error.stack }`, /sk-ant byok/ );
} );
