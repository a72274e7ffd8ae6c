/**
 * The web server's own path for the relay: it passes an answer on by itself, with a ticket of the site, so that no worker of
 * PHP is held as long as a model talks.
 *
 * It promises that a request that this path has not taken is left to whoever asks, and that one that a provider has answered
 * is not sent again. It does not know who may have a ticket.
 *
 * @module
 */

import { asError } from './errors.js';
import { fetch } from './natives.js';
import { here, send, type Plain } from './target.js';
import type { Provider } from './providers.js';

/** What the site tells of one. */
export interface Ticket {
	readonly ticket: string;
	/** Base URL for requests with it. */
	readonly url: string;
}

/** Milliseconds in which a ticket of a minute is used. */
const LASTS = 50000;

/** How long this path is left alone after it has failed. */
const PAUSE = 5 * 60000;

/** Refusals of the web server itself, before a provider was asked. A provider has codes of its own. */
const NOT_ASKED = /"code":"(ticket_|origin_refused|relay_)/;

export class Tickets {
	readonly #kept = new Map< string, { left: number; readonly ends: number; readonly told: Promise< Ticket > } >();
	#pause = 0;

	/**
	 * @param uses How many requests a ticket is for. They count at the site when it is made.
	 * @param make Gets a ticket from the site.
	 */
	constructor( readonly uses: number, readonly make: ( wish: { provider: string; uses: number; expires_in: number } ) => Promise< Ticket > ) {}

	/** Sends a request; null when it has to go another way. */
	async send( known: Provider, request: Plain, signal: AbortSignal | null, again = true ): Promise< Response | null > {
		const { id, auth } = known;
		if ( Date.now() < this.#pause ) {
			return null;
		}
		try {
			const { ticket, url } = await this.#take( id );
			// Elsewhere a page could not tell who has answered.
			const base = here( url )!.replace( /\/$/, '' );
			const answer = await send( fetch, { base, header: auth.header, scheme: auth.scheme ?? '', headers: {} }, ticket, request, signal );
			const refused = answer.ok ? null : NOT_ASKED.exec( await answer.clone().text().catch( () => '' ) );
			if ( answer.headers.has( 'x-byok-relay' ) && ! refused ) {
				return answer;
			}
			if ( again && refused?.[ 1 ] === 'ticket_' ) {
				// Over before its time: a key was changed, say.
				this.#kept.delete( id );
				return this.send( known, request, signal, false );
			}
		} catch ( error ) {
			signal?.throwIfAborted();
			if ( [ 'no_key', 'signed_out' ].includes( asError( error ).reason ) ) {
				throw error;
			}
		}
		this.forget();
		this.#pause = Date.now() + PAUSE;
		return null;
	}

	/** Ends all tickets: they hold the key as it was when they were made. */
	forget(): void {
		this.#kept.clear();
	}

	#take( provider: string ): Promise< Ticket > {
		let kept = this.#kept.get( provider );
		if ( ! kept || kept.left < 1 || kept.ends < Date.now() ) {
			kept = { left: this.uses, ends: Date.now() + LASTS, told: this.make( { provider, uses: this.uses, expires_in: 60 } ) };
			this.#kept.set( provider, kept );
		}
		kept.left--;
		return kept.told;
	}
}
