/**
 * What a passkey tells for a salt (WebAuthn's PRF extension), by way of functions that the page could not replace.
 *
 * It promises that what the passkey tells goes to the one function that is given here, and is in no promise, no event and
 * no property that a script of the page could wait at. A script can ask the person for the passkey by itself; only the
 * person can refuse that.
 *
 * @module
 */

import { ByokError } from './errors.js';
import { Bytes, PublicKeyCredential, apply, bare, create, credentials, extensionResults, follow, get, own, random, rawId } from './natives.js';

/** Which passkey, and with which salt. Both are no secrets. */
export interface Passkey {
	readonly id: Uint8Array< ArrayBuffer >;
	readonly salt: Uint8Array< ArrayBuffer >;
}

/** Whether this browser knows passkeys, on such a page. Whether they can lock keys shows when one is made. */
export const possible = (): boolean => Boolean( PublicKeyCredential && credentials && globalThis.isSecureContext );

const prf = ( credential: Credential | null ) => own( apply( extensionResults!, credential, [] ) as AuthenticationExtensionsClientOutputs, 'prf' );

const failure = ( error: unknown ) => new ByokError( ( error as Error | null )?.name === 'NotSupportedError' ? 'passkey_unsupported' : 'unlock_refused' );

/**
 * Asks for a passkey.
 *
 * @param passkey Which one.
 * @param take    Gets what it tells, and says when it has it.
 */
export function ask( passkey: Passkey, take: ( secret: ArrayBuffer, done: ( opened: boolean ) => void ) => void ): Promise< void > {
	return new Promise( ( resolve, reject ) => {
		// Without prototypes, here and below: what is wished for nowhere could be said by Object.prototype.
		const wish: CredentialRequestOptions = bare( { publicKey: bare( {
			challenge: random( 32 ),
			allowCredentials: [ bare( { type: 'public-key' as const, id: passkey.id } ) ],
			userVerification: 'required' as const,
			extensions: bare( { prf: bare( { eval: bare( { first: passkey.salt } ) } ) } ),
		} ) } );
		follow(
			apply( get!, credentials, [ wish ] ) as Promise< Credential | null >,
			( credential ) => {
				// Nothing is asked of it here, not even its length: a page could answer in its place.
				const secret = own( own( prf( credential ), 'results' ), 'first' ) as ArrayBuffer | undefined;
				if ( secret ) {
					take( secret, ( opened ) => opened ? resolve() : reject( new ByokError( 'passkey_unsupported' ) ) );
				} else {
					reject( new ByokError( 'passkey_unsupported' ) );
				}
			},
			( error ) => reject( failure( error ) ),
		);
	} );
}

/** Makes a passkey for this page, which is then asked as any other. */
export function make( label: string ): Promise< Passkey > {
	return new Promise( ( resolve, reject ) => {
		const type = 'public-key' as const;
		const wish: CredentialCreationOptions = bare( { publicKey: bare( {
			challenge: random( 32 ),
			rp: bare( { name: label } ),
			user: bare( { id: random( 16 ), name: label, displayName: label } ),
			pubKeyCredParams: [ bare( { type, alg: -7 } ), bare( { type, alg: -8 } ), bare( { type, alg: -257 } ) ],
			authenticatorSelection: bare( { residentKey: 'preferred' as const, userVerification: 'required' as const } ),
			extensions: bare( { prf: bare( {} ) } ),
		} ) } );
		follow(
			apply( create!, credentials, [ wish ] ) as Promise< PublicKeyCredential | null >,
			( credential ) => {
				const told = prf( credential );
				if ( own( told, 'results' ) ) {
					// Nothing was asked of it: a script has put in a question of its own, and may have heard the answer.
					reject( new ByokError( 'unlock_refused' ) );
				} else if ( own( told, 'enabled' ) ) {
					resolve( bare( { id: new Bytes( apply( rawId!, credential, [] ) as ArrayBuffer ), salt: random( 32 ) } ) );
				} else {
					reject( new ByokError( 'passkey_unsupported' ) );
				}
			},
			( error ) => reject( failure( error ) ),
		);
	} );
}
