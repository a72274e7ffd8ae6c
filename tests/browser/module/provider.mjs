/**
 * All providers at once, over TLS: Chromium is told that their names lead here. What they answer is what the test provider
 * answers, see tests/provider/answers.json; how, stands in the key: `byok-test-valid-…`, `-invalid-`, `-slow-`, `-outage-`.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';

const answers = JSON.parse( readFileSync( new URL( '../../provider/answers.json', import.meta.url ), 'utf8' ) );
const table = JSON.parse( readFileSync( new URL( '../../../src/engine/providers.json', import.meta.url ), 'utf8' ) );

/** Names of all hosts. */
export const hosts = table.filter( ( { base_url } ) => base_url ).map( ( { base_url } ) => new URL( base_url ).host );

/** Every request that came: host, method, path, headers. */
export const requests = [];

const wait = ( time ) => new Promise( ( done ) => setTimeout( done, time ) );

/** Starts it; returns its port, and what ends it. */
export async function startProvider() {
	const folder = mkdtempSync( `${ tmpdir() }/byok-provider-` );
	execFileSync( 'openssl', [ 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=providers', '-keyout', `${ folder }/key`, '-out', `${ folder }/certificate` ], { stdio: 'ignore' } );
	const server = createServer( { key: readFileSync( `${ folder }/key` ), cert: readFileSync( `${ folder }/certificate` ) }, ( request, response ) => {
		answer( request, response ).catch( () => response.destroy() );
	} );
	rmSync( folder, { recursive: true } );
	await new Promise( ( done ) => server.listen( 0, '127.0.0.1', done ) );
	return { port: server.address().port, stop: () => server.closeAllConnections() ?? server.close() };
}

async function answer( request, response ) {
	const known = table.find( ( { base_url } ) => base_url && new URL( base_url ).host === request.headers.host );
	response.setHeader( 'access-control-allow-origin', '*' );
	response.setHeader( 'access-control-allow-headers', request.headers[ 'access-control-request-headers' ] ?? '*' );
	response.setHeader( 'access-control-allow-methods', 'GET, POST, DELETE' );
	if ( request.method === 'OPTIONS' ) {
		return response.writeHead( 204 ).end();
	}
	requests.push( { host: request.headers.host, method: request.method, path: request.url, headers: request.headers } );
	const { auth } = known;
	const key = ( request.headers[ auth.header ] ?? '' ).replace( `${ auth.scheme } `, '' );
	const behaviour = /byok-test-([a-z-]+)-[0-9a-f]/.exec( key )?.[ 1 ] ?? 'invalid';
	let body = '';
	for await ( const piece of request ) {
		body += piece;
	}
	if ( behaviour === 'slow' ) {
		await wait( 1500 );
	}
	if ( behaviour === 'outage' ) {
		return response.writeHead( 503 ).end( 'out' );
	}
	if ( request.url.includes( '/redirect' ) ) {
		return response.writeHead( 307, { location: 'https://elsewhere.example/' } ).end();
	}
	if ( /\/(chat\/completions|messages)$/.test( request.url ) && [ 'valid', 'slow' ].includes( behaviour ) ) {
		response.writeHead( 200, { 'content-type': 'text/event-stream' } );
		for ( const word of [ 'Hello', ' from', ' the', ' provider' ] ) {
			response.write( `data: ${ JSON.stringify( { asked: JSON.parse( body ).model, choices: [ { delta: { content: word } } ] } ) }\n\n` );
			await wait( 30 );
		}
		return response.end( 'data: [DONE]\n\n' );
	}
	const [ status, told ] = answers[ known.id ].answers[ behaviour === 'slow' ? 'valid' : behaviour ];
	response.writeHead( status, { 'content-type': 'application/json' } ).end( JSON.stringify( told ) );
}
