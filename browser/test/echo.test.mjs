/** A key that a provider repeats. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { masked, masking } = await load( 'echo' );
const KEY = 'sk-byok-test-sk-byok-0123';

/** What comes out, and how much of it has come after each piece. */
async function through( pieces, key = KEY ) {
	const { readable, writable } = masking( key );
	const writer = writable.getWriter();
	const reader = readable.getReader();
	const came = [];
	const read = ( async () => {
		for ( let piece = await reader.read(); piece.value; piece = await reader.read() ) {
			came.push( Buffer.from( piece.value ) );
		}
	} )();
	for ( const piece of pieces ) {
		await writer.write( Buffer.from( piece ) );
	}
	const before = Buffer.concat( came ).toString();
	await writer.close();
	await read;
	return { before, all: Buffer.concat( came ).toString() };
}

test( 'echo: a key does not pass, wherever the answer is cut', async () => {
	const text = `{"error":"Wrong key ${ KEY }, ${ KEY }${ KEY }: sk-byok-test-"}`;
	const bytes = Buffer.from( text );
	for ( let at = 0; at <= bytes.length; at++ ) {
		assert.equal( ( await through( [ bytes.subarray( 0, at ), bytes.subarray( at ) ] ) ).all, '{"error":"Wrong key ***, ******: sk-byok-test-"}', String( at ) );
	}
	assert.equal( ( await through( [ ...bytes ].map( ( byte ) => [ byte ] ) ) ).all.includes( KEY ), false );
	assert.equal( masked( `Bearer ${ KEY }`, KEY ), 'Bearer ***' );
} );

test( 'echo: nothing else waits or changes, also in bytes that are no text', async () => {
	assert.deepEqual( await through( [ 'data: Grüße ', '… s' ] ), { before: 'data: Grüße … ', all: 'data: Grüße … s' } );
	const all = Uint8Array.from( { length: 256 }, ( none, byte ) => byte );
	const { readable, writable } = masking( KEY );
	const writer = writable.getWriter();
	void writer.write( all ).then( () => writer.close() );
	assert.deepEqual( new Uint8Array( await new Response( readable ).arrayBuffer() ), all );
	assert.equal( ( await through( [ 'a key of a letter' ], 'a' ) ).all, 'a key of a letter' );
} );
