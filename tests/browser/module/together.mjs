/** Several at one address: sites in folders, programs with connect keys, requests that are under way at once. */

import assert from 'node:assert/strict';
import { makeKey } from '../keys.mjs';
import { MEMBER, VISITOR, open, test } from './harness.mjs';
import { site } from './site.mjs';

const kept = ( page ) => page.evaluate( () => Object.keys( localStorage ).sort() );

export async function together() {
	await test( 'together: sites at one address have visitors of their own, and one that is cleared takes nothing from the other', async ( page ) => {
		await open( page, {}, { body: '' } );
		const told = await page.evaluate( async ( keys ) => {
			const [ one, two ] = [ '/wp-json/', '/b/wp-json/' ].map( ( root ) => window.byokModule.createBYOK( { modes: [ 'site' ], site: { root, visitors: true, relay: true } } ) );
			await one.keys.save( 'anthropic', keys[ 0 ] );
			const before = await two.keys.list();
			await two.keys.save( 'openai', keys[ 1 ] );
			const tokens = [ ( await one.getHeaders( 'anthropic' ) )[ 'X-BYOK-Token' ], ( await two.getHeaders( 'openai' ) )[ 'X-BYOK-Token' ] ];
			await one.keys.clearAll();
			return { before: before.length, same: tokens[ 0 ] === tokens[ 1 ], after: ( await two.keys.list() ).map( ( { provider } ) => provider ) };
		}, [ makeKey( 'anthropic', 'valid' ), makeKey( 'openai', 'valid' ) ] );
		assert.deepEqual( told, { before: 0, same: false, after: [ 'openai' ] } );
		assert.deepEqual( await kept( page ), [ 'byok:v1:visitor:/b/wp-json/' ] );
	} );

	await test( 'together: what a site calls its keys is apart from what another at that address does', async ( page ) => {
		await open( page, { namespace: 'byok/a' }, { body: '' } );
		await page.evaluate( ( key ) => window.byokModule.createBYOK().keys.save( 'anthropic', key, { mode: 'browser' } ), makeKey( 'anthropic', 'valid' ) );
		assert.deepEqual( await kept( page ), [ 'byok/a:v1:choice', 'byok/a:v1:key:anthropic' ] );
		for ( const [ namespace, found ] of [ [ 'byok/b', 0 ], [ 'byok', 0 ], [ 'byok/a', 1 ] ] ) {
			await open( page, { namespace }, { body: '' } );
			assert.equal( await page.evaluate( () => window.byokModule.createBYOK().keys.list().then( ( { length } ) => length ) ), found, namespace );
		}
	} );

	await test( 'together: what was stored for a program is listed for that program only', async ( page ) => {
		await open( page, VISITOR, { body: '' } );
		assert.deepEqual( await page.evaluate( async ( key ) => {
			const { connect, createBYOK } = window.byokModule;
			const of = ( name ) => connect( { root: '/wp-json/', key: `byok_pk_byok-test-${ name }` } );
			await of( 'one' ).keys.save( 'anthropic', key );
			return ( await Promise.all( [ of( 'one' ), of( 'two' ), createBYOK() ].map( ( byok ) => byok.keys.list() ) ) ).map( ( { length } ) => length );
		}, makeKey( 'anthropic', 'valid' ) ), [ 1, 0, 0 ] );
	} );

	await test( 'together: a refusal of a visitor\'s old token that comes late does not end the new one', async ( page ) => {
		await open( page, VISITOR, { body: '' } );
		const save = () => page.evaluate( ( key ) => window.byokModule.createBYOK().keys.save( 'anthropic', key ).then( ( { mode } ) => mode ), makeKey( 'anthropic', 'valid' ) );
		await save();
		const { length } = site.seen;
		site.slow = 1500;
		const late = page.evaluate( () => window.byokModule.createBYOK().keys.check( 'anthropic' ).catch( ( error ) => error.reason ) );
		while ( ! site.seen.slice( length ).some( ( { route } ) => route.endsWith( '/check' ) ) ) {
			await new Promise( ( done ) => setTimeout( done, 20 ) );
		}
		site.slow = 0;
		site.visitors.clear();
		await save();
		assert.equal( await late, 'no_key' );
		assert.equal( ( await page.evaluate( () => window.byokModule.createBYOK().keys.list() ) ).length, 1, 'the new token is gone' );
	} );

	await test( 'together: requests at once all go on when the nonce has ended', async ( page ) => {
		await open( page, MEMBER, { body: '' } );
		site.nonce = 'abcdef0123';
		assert.deepEqual( await page.evaluate( () => Promise.all( [ 1, 2, 3 ].map( () => window.byokModule.createBYOK().keys.models( 'anthropic' ).then( () => 'done' ) ) ) ), [ 'done', 'done', 'done' ] );
		const told = await page.evaluate( () => {
			const { createBYOK } = window.byokModule;
			return Promise.all( [ 1, 2, 3 ].map( () => createBYOK( { modes: [ 'site' ], site: { root: '/wp-json/', nonce: '0123456789', nonceUrl: '/nonce' } } ) ).flatMap( ( { keys } ) => [ keys.list(), keys.list(), keys.list() ] ) ).then( ( { length } ) => length, ( error ) => error.reason );
		} );
		assert.equal( told, 9 );
	} );
}
