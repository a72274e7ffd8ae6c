/**
 * What can go wrong: a reason for programs and a fixed text for developers. No text ever holds input, and so no key.
 *
 * @module
 */

const TEXTS = {
	no_key: 'There is no key for this provider.',
	locked: 'The key is locked. Call unlock() from a click first.',
	not_revealed: 'This key is not given to the page. Use fetch().',
	unlock_refused: 'The passkey was not confirmed.',
	passkey_unsupported: 'The passkey cannot lock keys (WebAuthn PRF).',
	worker_failed: 'The file byok.worker.js did not start.',
	damaged: 'The stored entry was changed and is refused.',
	storage_refused: 'The browser keeps nothing for this page.',
	mode_unavailable: 'Keys cannot be kept there on this page.',
	provider_unknown: 'There is no such provider.',
	base_url_malformed: 'The base URL is not an https address.',
	key_malformed: 'A key is 1 to 8192 characters of ASCII without white space.',
	path_refused: 'The path does not lead to the provider.',
	signed_out: 'The site does not know you any more. Sign in again.',
	unreachable: 'The request got no answer.',
	refused: 'The site refused the request.',
	key_refused: 'The provider refused the key. Nothing was changed.',
	cancelled: 'Cancelled.',
} as const;

/** Why something failed. */
export type Reason = keyof typeof TEXTS;

/** Every error of this module. */
export class ByokError extends Error {
	override readonly name = 'ByokError';

	/**
	 * @param reason  Why.
	 * @param message A sentence for people, where the site has sent one; it comes from a fixed set, too.
	 * @param code    The site's error code, such as `byok_key_refused`.
	 */
	constructor( readonly reason: Reason, message: string = TEXTS[ reason ], readonly code = '' ) {
		super( message );
	}
}

/** For `catch()`: nothing, if it failed for that reason. */
export const noneIf = ( reason: Reason ) => ( error: unknown ): never[] => {
	if ( asError( error ).reason === reason ) {
		return [];
	}
	throw error;
};

/** The reason of whatever was thrown: `cancelled` for an aborted request, `unreachable` for what is not ours. */
export function asError( thrown: unknown ): ByokError {
	if ( thrown instanceof ByokError ) {
		return thrown;
	}
	return new ByokError( ( thrown as Error | undefined )?.name === 'AbortError' ? 'cancelled' : 'unreachable' );
}
