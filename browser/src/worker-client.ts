/**
 * The page's side of the worker that has locked keys.
 *
 * It promises that the worker is reachable through this object only, which the store of locked keys keeps to itself.
 *
 * @module
 */

import { ByokError, type Reason } from './errors.js';
import { Bytes, WORKER, Worker, apply, fill, listen, messageData, post, terminate } from './natives.js';
import type { Answer, Question, Sealed } from './worker.js';
import type { Plain, Target } from './target.js';

type Asked< T > = T extends { readonly id: number } ? Omit< T, 'id' > : never;

export class WorkerClient {
	readonly #worker: Worker;
	readonly #waiting = new Map< number, ( answer: Answer ) => void >();
	#count = 0;

	/** @param failed Is called when it did not start, or broke off. */
	constructor( failed: () => void ) {
		try {
			this.#worker = new Worker( WORKER );
		} catch {
			throw new ByokError( 'worker_failed' );
		}
		const hear = ( event: MessageEvent ) => {
			// Asked as any other property, it could be a page's, which would have the worker by the event.
			const answer = apply( messageData!, event, [] ) as Answer;
			this.#waiting.get( answer.id )?.( answer );
		};
		const fail = () => {
			this.end( 'worker_failed' );
			failed();
		};
		apply( listen!, this.#worker, [ 'message', hear ] );
		apply( listen!, this.#worker, [ 'error', fail ] );
	}

	/** Resolves when it runs. */
	async ready(): Promise< void > {
		// Of a request that there is none of there is no more, and this it answers.
		await this.#ask( { id: ++this.#count, do: 'more' } );
	}

	/** Hands over what the passkey told, and forgets it here. */
	open( secret: ArrayBuffer, done: ( opened: boolean ) => void ): void {
		const id = ++this.#count;
		this.#waiting.set( id, ( answer ) => done( answer.is === 'done' ) );
		// Copied, not transferred: a list of what to transfer would be gone through with the page's iterator.
		apply( post!, this.#worker, [ { id, do: 'open', secret } ] );
		apply( fill, new Bytes( secret ), [ 0 ] );
	}

	/** Encrypts a key. */
	async seal( provider: string, key: string, target: Target ): Promise< Sealed > {
		const id = ++this.#count;
		const answer = await this.#ask( { id, do: 'seal', provider, key, target } );
		return ( answer as { sealed: Sealed } ).sealed;
	}

	/** Has a request sent with a key. */
	async send( provider: string, sealed: Sealed, request: Plain, signal: AbortSignal | null ): Promise< Response > {
		const id = ++this.#count;
		const stop = () => {
			const waiting = this.#waiting.get( id );
			this.#say( { id, do: 'stop' } );
			waiting?.( { id, is: 'failed', reason: 'cancelled' } );
		};
		signal?.throwIfAborted();
		signal?.addEventListener( 'abort', stop, { once: true } );
		const head = await this.#ask( { id, do: 'send', provider, sealed, request } ) as Answer & { is: 'head' };
		const body = new ReadableStream< Uint8Array >( {
			pull: async ( controller ) => {
				const answer = await this.#ask( { id, do: 'more' } );
				if ( answer.is === 'piece' ) {
					return controller.enqueue( answer.bytes );
				}
				signal?.removeEventListener( 'abort', stop );
				controller.close();
			},
			cancel: stop,
		} );
		const bodiless = [ 204, 205, 304 ].includes( head.status );
		return new Response( bodiless ? null : body, { status: head.status, statusText: head.statusText, headers: head.headers } );
	}

	/** Ends the worker, and with it all that it knows. */
	end( reason: Reason = 'locked' ): void {
		apply( terminate!, this.#worker, [] );
		this.#waiting.forEach( ( hear, id ) => hear( { id, is: 'failed', reason } ) );
	}

	#say( question: Question ): void {
		apply( post!, this.#worker, [ question ] );
	}

	#ask( question: Asked< Question > & { id: number } ): Promise< Answer > {
		return new Promise( ( resolve, reject ) => {
			this.#waiting.set( question.id, ( answer ) => {
				this.#waiting.delete( question.id );
				if ( answer.is === 'failed' ) {
					reject( answer.reason === 'cancelled' ? new DOMException( 'Aborted', 'AbortError' ) : new ByokError( answer.reason ) );
				} else {
					resolve( answer );
				}
			} );
			this.#say( question as Question );
		} );
	}
}
