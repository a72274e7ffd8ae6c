/** Server-sent events, by the standard's own examples and in every way to cut a stream into pieces. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { EventParser, readEvents } = await load( 'sse' );
const bytes = ( text ) => new TextEncoder().encode( text );

/** All events of a stream that comes in pieces of that size. */
function events( stream, size = Infinity ) {
	const parser = new EventParser();
	const all = bytes( stream );
	const found = [];
	for ( let at = 0; at < all.length; at += size ) {
		found.push( ...parser.push( all.slice( at, Math.min( all.length, at + size ) ) ) );
	}
	return found;
}

const data = ( stream, size ) => events( stream, size ).map( ( event ) => event.data );

const STREAMS = [
	[ 'data of several lines', 'data: YHOO\ndata: +2\ndata: 10\n\n', [ 'YHOO\n+2\n10' ] ],
	[ 'a comment, and fields with and without a space', ': test\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third\n\n', [ 'first', 'second', ' third' ] ],
	[ 'empty data; the last is not ended', 'data\n\ndata\ndata\n\ndata:', [ '', '\n' ] ],
	[ 'CR', 'data: a\r\rdata: b\r\r', [ 'a', 'b' ] ],
	[ 'CRLF', 'data: a\r\n\r\ndata: b\r\ndata: c\r\n\r\n', [ 'a', 'b\nc' ] ],
	[ 'all kinds of ends mixed', 'data: a\rdata: b\ndata: c\r\n\r\ndata: d\n\r\ndata: e\r\n\n', [ 'a\nb\nc', 'd', 'e' ] ],
	[ 'a byte order mark', '\ufeffdata: a\n\n', [ 'a' ] ],
	[ 'letters of several bytes', 'data: Zoë 鍵 🗝\n\n', [ 'Zoë 鍵 🗝' ] ],
	[ 'an unknown field, and an event without data', 'foo: bar\n\nevent: ping\n\ndata: a\n\n', [ 'a' ] ],
	[ 'an event that is not ended', 'data: a\n\ndata: b\n', [ 'a' ] ],
];

for ( const [ name, stream, expected ] of STREAMS ) {
	test( `events: ${ name }, in pieces of every size`, () => {
		for ( const size of [ 1, 2, 3, 5, 7, Infinity ] ) {
			assert.deepEqual( data( stream, size ), expected, `pieces of ${ size }` );
		}
	} );
}

test( 'events: an event is there as soon as its empty line ends, also with CR', () => {
	const parser = new EventParser();
	assert.equal( parser.push( bytes( 'data: a\r\r' ) ).length, 1 );
	assert.equal( parser.push( bytes( '\ndata: b\r\n\r' ) ).length, 1, 'the LF belongs to the CR before it' );
	assert.equal( parser.push( bytes( '\n' ) ).length, 0 );
} );

test( 'events: names, ids and retry', () => {
	const [ a, b, c, d ] = events( 'event: add\nid: 7\nretry: 2500\ndata: x\n\ndata: y\nretry: 1x\n\nid: 8\0\ndata: z\n\nid\ndata: last\n\n' );
	assert.deepEqual( a, { event: 'add', data: 'x', id: '7', retry: 2500 } );
	assert.deepEqual( b, { event: 'message', data: 'y', id: '7', retry: 2500 } );
	assert.equal( c.id, '7', 'an id with NUL is none' );
	assert.equal( d.id, '', 'an empty id takes it away' );
} );

test( 'events: leaving the loop ends the stream', async () => {
	let cancelled = false;
	const stream = new ReadableStream( { pull: ( controller ) => controller.enqueue( bytes( 'data: a\n\n' ) ), cancel: () => {
		cancelled = true;
	} } );
	for await ( const event of readEvents( new Response( stream ) ) ) {
		assert.equal( event.data, 'a' );
		break;
	}
	assert.equal( cancelled, true );
	assert.deepEqual( await Array.fromAsync?.( readEvents( new Response( null ) ) ) ?? [], [] );
} );
