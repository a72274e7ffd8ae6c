/** What is made of a provider's answer: the same as in the engine, whose test provider gives the answers. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { providers } from '../build.mjs';
import { load } from './load.mjs';

const { PROVIDERS, hintOf, judge, modelsIn } = await load( 'providers' );
const { looksLike } = await load( 'looks' );
const answers = JSON.parse( readFileSync( new URL( '../../tests/provider/answers.json', import.meta.url ), 'utf8' ) );

/** Answers that mean something else with this provider; the engine's tests have the same list. */
const OTHERWISE = { google: { 'no-credit': 'rate_limited' }, openrouter: { restricted: 'unknown' }, fireworks: { restricted: 'invalid' } };

for ( const known of PROVIDERS ) {
	test( `${ known.id }: every answer means what the engine makes of it`, () => {
		for ( const [ behaviour, [ status, body ] ] of Object.entries( answers[ known.id ].answers ) ) {
			assert.equal( judge( known, status, JSON.stringify( body ) ), OTHERWISE[ known.id ]?.[ behaviour ] ?? behaviour.replaceAll( '-', '_' ), behaviour );
		}
		for ( const [ status, body ] of [ [ 200, '' ], [ 200, '<html>' ], [ 500, '{}' ], [ 529, '{}' ], [ 404, '{}' ], [ 302, '' ] ] ) {
			assert.equal( judge( known, status, body ), 'unknown', `${ status } ${ body }` );
		}
	} );
}

test( 'lists of models are read as the provider writes them', () => {
	const of = ( id, body ) => modelsIn( PROVIDERS.find( ( known ) => known.id === id ), JSON.stringify( body ) );
	assert.deepEqual( of( 'anthropic', { data: [ { id: 'claude-test', display_name: 'Claude Test' } ] } ), [ { id: 'claude-test', name: 'Claude Test' } ] );
	assert.deepEqual( of( 'google', { models: [ { name: 'models/gemini-test', displayName: 'Gemini' } ] } ), [ { id: 'gemini-test', name: 'Gemini' } ] );
	assert.deepEqual( of( 'together', [ { id: 'a' }, { id: 7 }, null ] ), [ { id: 'a', name: 'a' } ] );
	assert.deepEqual( of( 'openai', 'no list' ), [] );
} );

test( 'the table cannot be changed', () => {
	assert.throws( () => {
		PROVIDERS[ 0 ].base_url = 'https://evil.example';
	}, TypeError );
	assert.throws( () => PROVIDERS[ 0 ].check.rules.push( {} ), TypeError );
	assert.throws( () => PROVIDERS.push( {} ), TypeError );
} );

test( 'a hint shows four characters of a long key, and nothing of a short one', () => {
	const [ anthropic ] = PROVIDERS;
	assert.equal( hintOf( anthropic, `sk-ant-api03-${ 'x'.repeat( 80 ) }byok-testQw4A` ), 'sk-ant-…Qw4A' );
	assert.equal( hintOf( anthropic, 'byok-test-0123456789abcdefQw4A' ), '…Qw4A' );
	assert.equal( hintOf( anthropic, 'byok-testQw4A' ), '…' );
	assert.equal( hintOf( anthropic, 'sk-ant-byok-testQw' ), '…' );
	assert.equal( looksLike( anthropic, 'sk-proj-byok-test' ), false );
} );

test( 'the table is the engine\'s, whatever is left out when it is written', () => {
	assert.deepEqual( JSON.parse( JSON.stringify( PROVIDERS ) ), JSON.parse( JSON.stringify( providers() ) ) );
} );
