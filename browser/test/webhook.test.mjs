/** Signatures of webhooks: the vectors that PHP is tested with, too. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
// As a server has it.
import { verifyWebhook } from '../dist/byok.module.js';

const { cases } = JSON.parse( readFileSync( new URL( '../../tests/vectors/webhook.json', import.meta.url ), 'utf8' ) );

for ( const { name, valid, ...webhook } of cases ) {
	test( `webhook: ${ name } is ${ valid ? 'accepted' : 'refused' }`, async () => {
		assert.equal( await verifyWebhook( webhook ), valid );
	} );
}

test( 'webhook: the time is now by default', async () => {
	const [ { secret, body, header } ] = cases;
	assert.equal( await verifyWebhook( { secret, body, header } ), false );
} );

test( 'webhook: what is no number, and no header, is refused', async () => {
	const webhook = cases.find( ( { valid } ) => valid );
	for ( const wrong of [ { tolerance: NaN }, { tolerance: '300s' }, { now: NaN }, { header: undefined }, { header: null } ] ) {
		assert.equal( await verifyWebhook( { ...webhook, ...wrong } ), false, Object.keys( wrong )[ 0 ] );
	}
} );
