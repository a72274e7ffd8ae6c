/**
 * A website: its pages, its files, and a double of the site's REST API that answers as byok/v1 does. The tests reach into it
 * to sign people out, or to see what it was told.
 */

import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';

const TYPES = { '.js': 'text/javascript', '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.json': 'application/json' };
const NONCE = '0123456789';

/** As strict as a policy can be; the hosts of the providers must be named for keys that stay in the browser. */
export const policy = ( connect = "'self' https://api.anthropic.com https://api.openai.com https://api.mistral.ai" ) =>
	`default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; connect-src ${ connect }; img-src 'self'; base-uri 'none'; form-action 'none'`;

/** What the double knows and does. */
export const site = {};

/** `nginx` is what the web server's own path answers to a request with a good ticket, see `offload()`. */
export function reset() {
	Object.assign( site, { signedIn: true, down: false, walled: false, slow: 0, nonce: NONCE, keys: new Map(), visitors: new Map(), connected: [], relayed: [], seen: [], nginx: 'answers', tickets: new Map(), offloaded: [] } );
}

const file = ( path ) => readFileSync( new URL( `../../../${ path }`, import.meta.url ) );

/** What the page finds as data, as WordPress writes it. */
function page( config, extra, theme ) {
	return `<!doctype html><html lang="en"${ theme === 'rtl' ? ' dir="rtl"' : '' }><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A page</title>
<link rel="stylesheet" href="/pages/page.css"><link rel="icon" href="/pages/icon"></head><body class="${ theme }"><main><h1>A page</h1>
${ extra }</main><script type="application/json" id="wp-script-module-data-byok">${ typeof config === 'string' ? config : JSON.stringify( config ).replace( /</g, '\\u003c' ) }</script><script type="module" src="/assets/byok.module.js"></script><script type="module" src="/pages/page.js"></script></body></html>`;
}

const CSS = 'body { font: 16px/1.5 system-ui, sans-serif; margin: 0; padding: 16px; } body.dark { background: #101418; color: #eee; color-scheme: dark; }';
const SCRIPT = 'import * as byok from "/assets/byok.module.js"; window.byokModule = byok; document.documentElement.dataset.ready = "";';

/** Starts it; returns its address, and what ends it. */
export async function startSite() {
	const server = createServer( ( request, response ) => {
		serve( request, response ).catch( ( error ) => {
			console.error( error );
			response.writeHead( 500 ).end();
		} );
	} );
	await new Promise( ( done ) => server.listen( 0, '127.0.0.1', done ) );
	// Passkeys belong to names, and not to numbers.
	return { url: `http://localhost:${ server.address().port }`, stop: () => server.closeAllConnections() ?? server.close() };
}

async function serve( request, response ) {
	const url = new URL( request.url, 'http://localhost' );
	const send = ( status, body, type = 'application/json' ) => response.writeHead( status, { 'content-type': type, 'cache-control': 'no-store' } ).end( body );
	if ( url.pathname === '/page' ) {
		const config = JSON.parse( url.searchParams.get( 'config' ) ?? '{}' );
		const theme = url.searchParams.get( 'theme' ) ?? '';
		response.setHeader( 'content-security-policy', policy( url.searchParams.get( 'connect' ) ?? undefined ) );
		return send( 200, page( config, url.searchParams.get( 'body' ) ?? '<byok-settings></byok-settings><p><byok-badge></byok-badge></p>', theme ), TYPES[ '.html' ] );
	}
	if ( url.pathname === '/pages/page.js' || url.pathname === '/pages/page.css' ) {
		return send( 200, url.pathname.endsWith( 'js' ) ? SCRIPT : CSS, TYPES[ extname( url.pathname ) ] );
	}
	if ( url.pathname === '/pages/icon' ) {
		return response.writeHead( 204 ).end();
	}
	if ( /^\/assets\/byok[.-](module|form|worker|chat)\.js$/.test( url.pathname ) ) {
		response.setHeader( 'content-security-policy', policy() );
		return send( 200, file( `plugin${ url.pathname }` ), TYPES[ '.js' ] );
	}
	if ( /^\/hosts\/(html|react|vue)\/[\w./-]*$/.test( url.pathname ) && ! url.pathname.includes( '..' ) ) {
		const path = url.pathname.endsWith( '/' ) ? url.pathname + 'index.html' : url.pathname;
		response.setHeader( 'content-security-policy', policy() );
		return send( 200, file( `.work${ path.replace( '/hosts/', '/hosts-built/' ) }` ), TYPES[ extname( path ) ] );
	}
	if ( url.pathname === '/nonce' ) {
		return send( site.signedIn ? 200 : 403, site.signedIn ? site.nonce : '0', 'text/plain' );
	}
	// Two sites at one address, as WordPress has them in folders.
	url.pathname = url.pathname.replace( /^\/b(?=\/wp-json\/)/, '' );
	if ( url.pathname.startsWith( '/wp-json/byok/v1/' ) ) {
		return rest( request, url, send, response );
	}
	if ( url.pathname.startsWith( '/byok/relay/' ) && site.nginx !== 'missing' ) {
		return offload( request, url, send, response );
	}
	return send( 404, 'Not here.', 'text/plain' );
}

/** The web server's own path: what nginx answers for itself, and what it passes on, both say that it was there. */
async function offload( request, url, send, response ) {
	let body = '';
	for await ( const piece of request ) {
		body += piece;
	}
	const [ , , , id, ...path ] = url.pathname.split( '/' );
	const ticket = request.headers[ id === 'anthropic' ? 'x-api-key' : 'authorization' ]?.replace( 'Bearer ', '' );
	site.offloaded.push( { id, path: '/' + path.join( '/' ) + url.search, headers: request.headers, body } );
	if ( site.nginx === 'breaks' ) {
		return request.socket.destroy();
	}
	response.setHeader( 'x-byok-relay', 'nginx' );
	const refuse = ( status, code ) => send( status, JSON.stringify( { type: 'error', error: { type: 'api_error', code, message: 'No.' } } ) );
	if ( site.nginx === 'ended' ) {
		site.nginx = 'answers';
		return refuse( 401, 'ticket_ended' );
	}
	if ( ! site.tickets.get( ticket ) || site.nginx === 'spent' ) {
		return refuse( 401, 'ticket_spent' );
	}
	site.tickets.set( ticket, site.tickets.get( ticket ) - 1 );
	if ( site.nginx === 'unreachable' ) {
		return refuse( 502, 'connect' );
	}
	if ( site.nginx === 'provider fails' ) {
		return send( 502, '{"error":{"code":"overloaded_error","message":"The provider fails."}}' );
	}
	return stream( response, [ 'Hello', ' from', ' nginx' ] );
}

/** Words as a model sends them. */
async function stream( response, words ) {
	response.writeHead( 200, { 'content-type': 'text/event-stream' } );
	for ( const word of words ) {
		response.write( `data: ${ JSON.stringify( { choices: [ { delta: { content: word } } ] } ) }\n\n` );
		await new Promise( ( done ) => setTimeout( done, 20 ) );
	}
	return response.end( 'data: [DONE]\n\n' );
}

const state = ( provider, key ) => ( { provider, state: key ? 'ready' : 'absent', hint: key ? '…' + key.slice( -4 ) : '', outcome: key ? 'valid' : null, proof: 'key', checked_at: key ? Math.floor( Date.now() / 1000 ) : null, message: key ? 'Works. Saved and encrypted.' : 'No key is stored.' } );
const error = ( code, message, status, data = {} ) => JSON.stringify( { code, message, data: { status, ...data } } );

async function rest( request, url, send, response ) {
	let body = '';
	for await ( const piece of request ) {
		body += piece;
	}
	const route = url.pathname.slice( '/wp-json/byok/v1/'.length );
	site.seen.push( { method: request.method, route: route + url.search, headers: request.headers, body } );
	if ( site.down ) {
		return request.socket.destroy();
	}
	if ( site.walled ) {
		return send( 401, '<h1>Password, please</h1>' );
	}
	await new Promise( ( done ) => setTimeout( done, site.slow ) );
	const data = body && request.headers[ 'content-type' ] === 'application/json' ? JSON.parse( body ) : {};
	const [ , connected ] = /^connect\/keys\/([a-z-]+)$/.exec( route ) ?? [];
	if ( connected && request.method === 'POST' ) {
		if ( ! /^byok_pk_/.test( request.headers[ 'x-byok-token' ] ?? '' ) ) {
			return send( 401, error( 'byok_token_unknown', 'No.', 401 ) );
		}
		site.connected.push( { provider: connected, ...data } );
		return send( 201, JSON.stringify( { ref_id: data.ref_id ?? 'pair0001generated', ...state( connected, data.key ) } ) );
	}
	if ( route === 'visitors' && request.method === 'POST' ) {
		const token = `byok_vt_${ Math.random().toString( 36 ).slice( 2 ) }`;
		site.visitors.set( token, new Map() );
		return send( 201, JSON.stringify( { token } ) );
	}
	// Who is it? A member by nonce, a visitor by token.
	let keys = null;
	if ( request.headers[ 'x-wp-nonce' ] !== undefined ) {
		if ( ! site.signedIn ) {
			return send( 401, error( 'byok_forbidden', 'Sorry.', 401 ) );
		}
		if ( request.headers[ 'x-wp-nonce' ] !== site.nonce ) {
			return send( 403, error( 'rest_cookie_invalid_nonce', 'Cookie check failed', 403 ) );
		}
		keys = site.keys;
	} else {
		keys = site.visitors.get( request.headers[ 'x-byok-token' ] ?? '' );
	}
	if ( ! keys ) {
		return send( 401, error( 'byok_token_unknown', 'No.', 401 ) );
	}
	if ( route === 'visitors' && request.method === 'DELETE' ) {
		site.visitors.delete( request.headers[ 'x-byok-token' ] );
		return send( 200, '{"erased":true}' );
	}
	const [ , provider, check ] = /^(?:me|visitors)\/keys(?:\/([a-z-]+))?(\/check)?$/.exec( route ) ?? [];
	if ( /^(me|visitors)\/keys/.test( route ) ) {
		if ( ! provider ) {
			return send( 200, JSON.stringify( [ 'anthropic', 'openai', 'mistral' ].map( ( id ) => state( id, keys.get( id ) ) ) ) );
		}
		if ( request.method === 'PUT' ) {
			if ( data.key.includes( '-invalid-' ) ) {
				return send( 422, error( 'byok_key_refused', 'Anthropic refused this key. Nothing was changed. Was it copied whole?', 422, { outcome: 'invalid' } ) );
			}
			if ( data.key.includes( '-slow-' ) ) {
				await new Promise( ( done ) => setTimeout( done, 1500 ) );
			}
			if ( request.socket.destroyed ) {
				return;
			}
			keys.set( provider, data.key );
			return send( 200, JSON.stringify( { ...state( provider, data.key ), saved: true } ) );
		}
		if ( request.method === 'DELETE' ) {
			keys.delete( provider );
		}
		return send( 200, JSON.stringify( { ...state( provider, keys.get( provider ) ), ...( check && { checked: {} } ) } ) );
	}
	if ( route === 'models' ) {
		return send( 200, JSON.stringify( { models: [ { id: 'test-model', name: 'Test model' } ] } ) );
	}
	if ( route === 'tickets' && request.method === 'POST' ) {
		if ( site.nginx === 'gone' ) {
			return send( 409, error( 'byok_relay_tickets_unavailable', 'No tickets.', 409 ) );
		}
		const ticket = `byok_tk_${ Math.random().toString( 36 ).slice( 2 ) }`;
		site.tickets.set( ticket, data.uses );
		return send( 201, JSON.stringify( { ticket, uses: data.uses, url: `${ site.nginx === 'elsewhere' ? 'http://elsewhere.example' : `http://${ request.headers.host }` }/byok/relay/${ data.provider }/` } ) );
	}
	const [ , id, path ] = /^relay\/([a-z-]+)(\/.*)$/.exec( route ) ?? [];
	if ( id && ! keys.has( id ) ) {
		return send( 404, error( 'byok_key_absent', 'No key is stored.', 404 ) );
	}
	if ( id ) {
		site.relayed.push( { id, path: path + url.search, headers: request.headers, body } );
		return stream( response, [ 'Hello', ' from', ' the', ' relay' ] );
	}
	return send( 404, error( 'rest_no_route', 'No route.', 404 ) );
}
