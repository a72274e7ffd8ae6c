/**
 * What each page does with byok: it asks a model, and shows the answer as it comes.
 */

import { createBYOK } from 'byok';

export const byok = createBYOK();

/**
 * Asks, after the person has a key.
 *
 * @param {(text: string) => void} show Is called with all that has come.
 */
export async function ask( show ) {
	if ( ! await byok.guardFirstRun() ) {
		show( 'No key.' );
		return;
	}
	let text = '';
	const { model } = byok.keys.choice();
	for await ( const { data } of byok.events( '/messages', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify( { model: model || 'claude-test', stream: true } ) } ) ) {
		if ( data !== '[DONE]' ) {
			show( text += JSON.parse( data ).choices[ 0 ].delta.content );
		}
	}
}
