/**
 * Takes a key out of what a provider answers, where it repeats it, in an error say.
 *
 * It promises that the key as it is does not pass, however the answer is cut into pieces, and that nothing waits which is not
 * the beginning of it. It does not know other ways to write a key: in base64, in pieces, as JSON escapes.
 *
 * @module
 */

const MASK = '***';

/** Shorter ones stand in any text by chance. */
const SHORTEST = 8;

/** A text without the key. */
export const masked = ( text: string, key: string ): string => key.length < SHORTEST ? text : text.replaceAll( key, MASK );

/** For the bytes of an answer. */
export function masking( key: string ): TransformStream< Uint8Array, Uint8Array > {
	// As letters of one byte each, whatever they mean: keys are ASCII.
	const toBytes = ( text: string ) => Uint8Array.from( text, ( letter ) => letter.charCodeAt( 0 ) );
	let rest = '';
	return new TransformStream( {
		transform( piece, controller ) {
			for ( const byte of piece ) {
				rest += String.fromCharCode( byte );
			}
			rest = masked( rest, key );
			let held = key.length < SHORTEST ? 0 : Math.min( key.length - 1, rest.length );
			while ( held > 0 && ! key.startsWith( rest.slice( rest.length - held ) ) ) {
				held--;
			}
			const whole = rest.length - held;
			if ( whole > 0 ) {
				controller.enqueue( toBytes( rest.slice( 0, whole ) ) );
				rest = rest.slice( whole );
			}
		},
		flush( controller ) {
			controller.enqueue( toBytes( rest ) );
		},
	} );
}
