/** What a page's author writes, compiled against the types that are shipped. It is never run. */

import { ByokError, PROVIDERS, connect, createBYOK, readEvents, verifyWebhook, type BYOK, type KeyInfo, type Options } from '../../dist/types/index.js';

const options: Options = { providers: [ 'anthropic' ], modes: [ 'passkey', 'memory' ], words: { title: 'Key' } };
const byok: BYOK = createBYOK( options );

export async function all(): Promise< string[] > {
	const done: boolean = await byok.guardFirstRun( 'anthropic' );
	const info: KeyInfo | null = done ? await byok.keys.info( 'anthropic' ) : null;
	// @ts-expect-error -- nobody gets a key out of what is told of it.
	void info?.key;
	// @ts-expect-error -- there is no such place.
	createBYOK( { modes: [ 'cookie' ] } );
	const words: string[] = [];
	for await ( const { data } of byok.events( '/messages', { method: 'POST', provider: 'anthropic' } ) ) {
		words.push( data );
	}
	for await ( const { event } of readEvents( await byok.fetch( '/models' ) ) ) {
		words.push( event );
	}
	try {
		await byok.unlock();
	} catch ( error ) {
		if ( error instanceof ByokError && error.reason === 'unlock_refused' ) {
			words.push( error.message );
		}
	}
	await verifyWebhook( { body: '', header: '', secret: '' } );
	await connect( { root: '/wp-json/', key: 'byok_pk_', ref: 'x' } ).openSettings();
	return [ ...words, ...Object.keys( await byok.getHeaders() ), ...PROVIDERS.map( ( { id } ) => id ) ];
}
