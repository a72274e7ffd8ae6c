/**
 * What the browser gave us, taken when this module is loaded: a script that comes later and puts something of its own in
 * their place changes nothing here.
 *
 * It promises that unlocking (see locked.ts) calls no function that the page could have replaced since. It cannot know what
 * ran before it.
 *
 * @module
 */

const scope = globalThis as Partial< typeof globalThis >;

/** `Reflect.apply()`: unlike `.call()`, it is no property of the function that is called. */
export const apply = Reflect.apply;

// A promise of the browser's own is only ever followed through this: `await` asks the prototype, which a page can change.
// eslint-disable-next-line @typescript-eslint/unbound-method
const promiseThen = Promise.prototype.then;

/** Follows a promise; what the functions return goes nowhere, so they return nothing. */
export function follow< T >( promise: Promise< T >, done: ( value: T ) => void, failed: ( error: unknown ) => void ): void {
	apply( promiseThen, promise, [ done, failed ] );
}

const describe = Object.getOwnPropertyDescriptor;

/** A property that the object has itself: one of Object.prototype is somebody else's. */
export function own< T extends object, K extends keyof T & string >( object: T | undefined, name: K ): T[ K ] | undefined {
	return object && describe( object, name )?.value as T[ K ] | undefined;
}

const { create: make, keys } = Object;

/** A copy of what an object has itself. It has no prototype, so that nothing can be found where nothing was said. */
export function bare< T extends object >( object: T ): T {
	const copy = make( null ) as Record< string, unknown >;
	const names = keys( object );
	for ( let i = 0; i < names.length; i++ ) {
		copy[ names[ i ]! ] = own( object as Record< string, unknown >, names[ i ]! );
	}
	return copy as T;
}

const nativeFetch = scope.fetch;

/** The browser's own, which is told what is asked for and nothing else. */
export const fetch = ( url: string | URL | Request, init: RequestInit = {} ): Promise< Response > => apply( nativeFetch!, globalThis, [ url, bare( init ) ] );

// Asked of the document, it could be an element of that name.
export const querySelector = scope.Document?.prototype.querySelector;

export const { Worker, PublicKeyCredential, Uint8Array: Bytes } = scope as Required< typeof scope >;

const { crypto } = scope as typeof globalThis;
// eslint-disable-next-line @typescript-eslint/unbound-method
const getRandomValues = crypto?.getRandomValues;
export const random = ( length: number ): Uint8Array< ArrayBuffer > => apply( getRandomValues, crypto, [ new Bytes( length ) ] ) as Uint8Array< ArrayBuffer >;

// As text and now: an address that is an object would be asked for its text when it is used. Bundlers know this form, and put
// the file beside their own.
export const WORKER = new URL( './byok.worker.js', import.meta.url ).href;

export const post = scope.Worker?.prototype.postMessage;
export const terminate = scope.Worker?.prototype.terminate;
export const listen = scope.EventTarget?.prototype.addEventListener;
export const fill = Bytes.prototype.fill;
export const extensionResults = scope.PublicKeyCredential?.prototype.getClientExtensionResults;
export const rawId = describe( scope.PublicKeyCredential?.prototype ?? {}, 'rawId' )?.get;
export const messageData = describe( scope.MessageEvent?.prototype ?? {}, 'data' )?.get;
export const credentials = scope.navigator?.credentials;
export const create = credentials?.create;
export const get = credentials?.get;

// A promise that is resolved with an object looks for its `then`. It must not find one on Object.prototype, where any
// script could wait for the passkey's answer.
if ( scope.PublicKeyCredential ) {
	try {
		Object.defineProperty( scope.PublicKeyCredential.prototype, 'then', { value: undefined } );
	} catch {
		// It is there already: another copy of this module was first.
	}
}
