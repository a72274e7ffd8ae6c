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
import { PublicKeyCredential, apply, create, credentials, extensionResults, follow, get, own } from './natives.js';

/** Which passkey, and with which salt. Both are no secrets. */
export interface Passkey {
	readonly id: Uint8Array< ArrayBuffer >;
	readonly salt: Uint8Array< ArrayBuffer >;
}

const random = ( length: number ) => crypto.getRandomValues( new Uint8Array( length ) );

/** Whether this browser knows passkeys, on such a page. Whether they can lock keys shows when one is made. */
export const possible = (): boolean => Boolean( PublicKeyCredential && credentials && globalThis.isSecureContext );

/** What was told. Nothing is asked of it here, not even its length: a page could answer in its place. */
function secretIn( credential: Credential | null ): ArrayBuffer | undefined {
	const results = apply( extensionResults!, credential, [] ) as AuthenticationExtensionsClientOutputs;
	return own( own( own( results, 'prf' ), 'results' ), 'first' ) as ArrayBuffer | undefined;
}

const failure = ( error: unknown ) => new ByokError( ( error as Error | null )?.name === 'NotSupportedError' ? 'passkey_unsupported' : 'unlock_refused' );

/**
 * Asks for a passkey.
 *
 * @param passkey Which one.
 * @param take    Gets what it tells, and says when it has it.
 */
export function ask( passkey: Passkey, take: ( secret: ArrayBuffer, done: ( opened: boolean ) => void ) => void ): Promise< void > {
	return new Promise( ( resolve, reject ) => {
		const wish: CredentialRequestOptions = { publicKey: {
			challenge: random( 32 ),
			allowCredentials: [ { type: 'public-key', id: passkey.id } ],
			userVerification: 'required',
			extensions: { prf: { eval: { first: passkey.salt } } },
		} };
		follow(
			apply( get!, credentials, [ wish ] ) as Promise< Credential | null >,
			( credential ) => {
				const secret = secretIn( credential );
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
		const wish: CredentialCreationOptions = { publicKey: {
			challenge: random( 32 ),
			rp: { name: label },
			user: { id: random( 16 ), name: label, displayName: label },
			pubKeyCredParams: [ -7, -8, -257 ].map( ( alg ) => ( { type: 'public-key', alg } ) ),
			authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
			extensions: { prf: {} },
		} };
		follow(
			apply( create!, credentials, [ wish ] ) as Promise< PublicKeyCredential | null >,
			( credential ) => {
				const results = apply( extensionResults!, credential, [] ) as AuthenticationExtensionsClientOutputs;
				if ( credential && own( own( results, 'prf' ), 'enabled' ) ) {
					resolve( { id: new Uint8Array( credential.rawId ), salt: random( 32 ) } );
				} else {
					reject( new ByokError( 'passkey_unsupported' ) );
				}
			},
			( error ) => reject( failure( error ) ),
		);
	} );
}
