/**
 * Server-sent events, as the HTML standard has them parsed (https://html.spec.whatwg.org/#event-stream-interpretation):
 * lines that end in CR, LF or CRLF, a byte order mark, data of several lines, comments, in pieces of any size.
 *
 * @module
 */

/** An event. */
export interface ServerEvent {
	/** `message` when the server gave none. */
	readonly event: string;
	readonly data: string;
	/** The last one that the server gave. */
	readonly id: string;
	/** Milliseconds to wait before connecting again, when the server has said so. */
	readonly retry: number | undefined;
}

/** Parses a stream in pieces. */
export class EventParser {
	#decoder = new TextDecoder();
	#rest = '';
	#cr = false;
	#event = '';
	#data: string[] = [];
	#id = '';
	#retry: number | undefined;

	/**
	 * Takes a piece and returns what is complete.
	 *
	 * @param bytes The piece.
	 */
	push( bytes: Uint8Array ): ServerEvent[] {
		let text = this.#decoder.decode( bytes, { stream: true } );
		if ( text === '' ) {
			return [];
		}
		// A CR ends a line at once; when an LF follows in the next piece, that is its second half.
		if ( this.#cr && text.startsWith( '\n' ) ) {
			text = text.slice( 1 );
		}
		this.#cr = text.endsWith( '\r' );
		const lines = ( this.#rest + text ).split( /\r\n|\n|\r/ );
		this.#rest = lines.pop()!;
		return lines.flatMap( ( line ) => this.#line( line ) );
	}

	#line( line: string ): ServerEvent[] {
		if ( line === '' ) {
			const event = { event: this.#event || 'message', data: this.#data.join( '\n' ), id: this.#id, retry: this.#retry };
			const events = this.#data.length ? [ event ] : [];
			this.#event = '';
			this.#data = [];
			return events;
		}
		const colon = line.indexOf( ':' );
		const field = colon < 0 ? line : line.slice( 0, colon );
		const value = colon < 0 ? '' : line.slice( colon + 1 ).replace( /^ /, '' );
		if ( field === 'event' ) {
			this.#event = value;
		} else if ( field === 'data' ) {
			this.#data.push( value );
		} else if ( field === 'id' && ! value.includes( '\0' ) ) {
			this.#id = value;
		} else if ( field === 'retry' && /^\d+$/.test( value ) ) {
			this.#retry = Number( value );
		}
		return [];
	}
}

/**
 * Reads the events of an answer or a stream.
 *
 * @param source Answer or stream of bytes. Leaving the loop ends it.
 */
export async function* readEvents( source: Response | ReadableStream< Uint8Array > ): AsyncGenerator< ServerEvent, void > {
	const reader = ( 'body' in source ? source.body : source )?.getReader();
	const parser = new EventParser();
	try {
		for ( let piece = await reader?.read(); piece?.value; piece = await reader!.read() ) {
			yield* parser.push( piece.value );
		}
	} finally {
		await reader?.cancel().catch( () => {} );
	}
}
