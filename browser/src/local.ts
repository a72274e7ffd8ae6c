/**
 * Keys that never leave the visitor's machine but for their provider: in memory of this tab, in this browser's storage in
 * the clear, or there under a passkey.
 *
 * It promises that a key is checked before it is kept, that a key that the provider refuses takes no other's place, and
 * that under a passkey nothing of the key is at rest in the clear.
 *
 * @module
 */

import { ByokError } from './errors.js';
import { bare, fetch } from './natives.js';
import { ask, make, possible, type Passkey } from './passkey.js';
import { hintOf, judge, modelsIn, type Model, type Outcome, type Provider } from './providers.js';
import { canStore, ids, read, toBytes, toText, write, type Entry, type KeptPasskey, type Shelf } from './shelf.js';
import { plain, send, targetOf, type Plain } from './target.js';
import { WorkerClient } from './worker-client.js';
import type { KeyInfo, Mode, Store } from './store.js';

/** How long a check may take before it counts as no answer. */
const PATIENCE = 20000;

/** After so long without a request the keys are locked again. */
const IDLE = 15 * 60000;

const both = ( signal: AbortSignal | null ) => AbortSignal.any( [ AbortSignal.timeout( PATIENCE ), ...( signal ? [ signal ] : [] ) ] );

abstract class LocalStore implements Store {
	constructor( readonly mode: Mode, protected readonly shelf: Shelf ) {}

	abstract available(): boolean;
	/** What is written down of a key. */
	protected abstract keep( known: Provider, key: string, baseUrl: string ): Promise< Pick< Entry, 'hint' | 'key' | 'sealed' | 'passkey' > >;
	/** Sends a request with a kept key. */
	protected abstract carry( known: Provider, entry: Entry, request: Plain, signal: AbortSignal | null ): Promise< Response >;
	protected abstract state( entry: Entry ): KeyInfo[ 'state' ];

	async list(): Promise< KeyInfo[] > {
		return ids( this.shelf ).flatMap( ( id ) => {
			const entry = read( this.shelf, id, this.mode );
			return entry ? [ this.#info( id, entry ) ] : [];
		} );
	}

	async save( known: Provider, key: string, baseUrl: string, signal: AbortSignal | null ): Promise< KeyInfo > {
		const target = targetOf( known, baseUrl );
		// As it is understood, so that what is shown and what is asked are the same.
		const base = known.base_url ? '' : target.base;
		const entry = await this.#checked( known, base, ( request, both ) => send( fetch, target, key, request, both ), signal );
		if ( entry.outcome === 'invalid' ) {
			throw new ByokError( 'key_refused' );
		}
		const kept = { ...entry, ...await this.keep( known, key, base ) };
		signal?.throwIfAborted();
		write( this.shelf, known.id, kept );
		return this.#info( known.id, kept );
	}

	async check( known: Provider, signal: AbortSignal | null ): Promise< KeyInfo > {
		const before = this.#entry( known );
		const checked = await this.#checked( known, before.baseUrl, ( request, both ) => this.carry( known, before, request, both ), signal );
		const entry = { ...before, ...checked };
		// Somebody, or another tab, may have replaced or removed it meanwhile.
		if ( JSON.stringify( read( this.shelf, known.id, this.mode ) ) === JSON.stringify( before ) ) {
			write( this.shelf, known.id, entry );
		}
		return this.#info( known.id, entry );
	}

	async remove( id: string ): Promise< void > {
		if ( read( this.shelf, id, this.mode ) ) {
			this.shelf.delete( 'key:' + id );
		}
	}

	async send( known: Provider, path: string, init: RequestInit ): Promise< Response > {
		return this.carry( known, this.#entry( known ), await plain( path, init ), init.signal ?? null );
	}

	async models( known: Provider, signal: AbortSignal | null ): Promise< Model[] > {
		if ( ! known.models ) {
			return [];
		}
		const answer = await this.send( known, known.models.path, { signal: both( signal ) } );
		return answer.ok ? modelsIn( known, await answer.text() ) : [];
	}

	async headers( known: Provider, model: string ): Promise< Record< string, string > > {
		const { key = '', baseUrl } = this.#entry( known );
		if ( this.mode === 'passkey' || baseUrl ) {
			throw new ByokError( 'not_revealed' );
		}
		return { 'X-BYOK-Api-Key': key, 'X-BYOK-Provider': known.id, ...( model && { 'X-BYOK-Model': model } ) };
	}

	async unlock( _id?: string ): Promise< void > {}

	lock(): void {}

	async forget(): Promise< void > {
		this.lock();
	}

	#entry( known: Provider ): Entry {
		const entry = read( this.shelf, known.id, this.mode );
		if ( ! entry ) {
			throw new ByokError( 'no_key' );
		}
		return entry;
	}

	#info( id: string, entry: Entry ): KeyInfo {
		const { hint, outcome, proves, checkedAt, baseUrl } = entry;
		return { provider: id, mode: this.mode, state: this.state( entry ), hint, outcome, proves, checkedAt, baseUrl, message: '' };
	}

	/** Asks the provider. No answer, or one without meaning, says nothing of the key. */
	async #checked( known: Provider, baseUrl: string, ask: ( request: Plain, signal: AbortSignal ) => Promise< Response >, signal: AbortSignal | null ): Promise< Entry > {
		const { method, path, proves } = known.check;
		let outcome: Outcome = 'unknown';
		try {
			const patience = both( signal );
			const answer = await ask( { method, path, headers: [], body: null }, patience );
			outcome = judge( known, answer.status, await answer.text() );
		} catch ( error ) {
			signal?.throwIfAborted();
			if ( error instanceof ByokError && error.reason !== 'unreachable' ) {
				throw error;
			}
		}
		return { mode: this.mode, hint: '', outcome, proves, checkedAt: Math.floor( Date.now() / 1000 ), baseUrl };
	}
}

/** Keys in the clear: in memory, or in the browser's storage, the weakest place, of which the form says so. */
export class OpenStore extends LocalStore {
	available(): boolean {
		return this.mode === 'memory' || canStore();
	}

	protected state(): KeyInfo[ 'state' ] {
		return 'ready';
	}

	protected async keep( known: Provider, key: string ): Promise< Pick< Entry, 'hint' | 'key' > > {
		return { hint: hintOf( known, key ), key };
	}

	protected carry( known: Provider, { key = '', baseUrl }: Entry, request: Plain, signal: AbortSignal | null ): Promise< Response > {
		return send( fetch, targetOf( known, baseUrl ), key, request, signal );
	}
}

/** Whether two are one. An entry that somebody has planted may have the id of another's. */
const same = ( one?: KeptPasskey | null, other?: KeptPasskey | null ) => one?.id === other?.id && one?.salt === other?.salt;

const fromText = ( { id, salt }: KeptPasskey ): Passkey => ( { id: toBytes( id ), salt: toBytes( salt ) } );

/** Keys under a passkey. */
export class LockedStore extends LocalStore {
	#worker: WorkerClient | null = null;
	/** Which passkey the worker knows. */
	#opened: KeptPasskey | null = null;
	#idle: ReturnType< typeof setTimeout > | undefined;

	/**
	 * @param shelf   The browser's storage.
	 * @param label   What the browser calls the passkey.
	 * @param changed Is called when keys lock themselves.
	 */
	constructor( shelf: Shelf, readonly label: () => string, readonly changed: () => void ) {
		super( 'passkey', shelf );
	}

	available(): boolean {
		return possible() && canStore();
	}

	protected state( { passkey }: Entry ): KeyInfo[ 'state' ] {
		return this.#worker && same( passkey, this.#opened ) ? 'ready' : 'locked';
	}

	protected async keep( known: Provider, key: string, baseUrl: string ): Promise< Pick< Entry, 'hint' | 'sealed' | 'passkey' > > {
		if ( ! this.#worker ) {
			await this.unlock();
		}
		const passkey = this.#opened!;
		const { salt, nonce, data } = await this.#open().seal( known.id, key, targetOf( known, baseUrl ) );
		return { hint: '', sealed: { salt: toText( salt ), nonce: toText( nonce ), data: toText( data ) }, passkey };
	}

	protected async carry( known: Provider, entry: Entry, request: Plain, signal: AbortSignal | null ): Promise< Response > {
		const { sealed } = entry;
		if ( ! sealed ) {
			throw new ByokError( 'damaged' );
		}
		if ( this.state( entry ) === 'locked' ) {
			throw new ByokError( 'locked' );
		}
		let bytes;
		try {
			bytes = { salt: toBytes( sealed.salt ), nonce: toBytes( sealed.nonce ), data: toBytes( sealed.data ) };
		} catch {
			throw new ByokError( 'damaged' );
		}
		return this.#open().send( known.id, bytes, request, signal );
	}

	override async unlock( id?: string ): Promise< void > {
		// Each key opens with the passkey that it was locked with, whatever was made or written since.
		const waiting = ( id ? [ id ] : ids( this.shelf ) ).map( ( one ) => read( this.shelf, one, this.mode )?.passkey ).find( ( one ) => one && ! same( one, this.#opened ) );
		if ( this.#worker && ! waiting ) {
			return;
		}
		const worker = new WorkerClient( () => this.lock() );
		try {
			// Before anything is asked: a passkey that nothing can be locked with would stay with the person.
			await worker.ready();
			const passkey = waiting ?? this.#passkey() ?? await this.#make();
			await ask( fromText( passkey ), ( secret, done ) => worker.open( secret, done ) );
			this.#worker?.end();
			this.#opened = passkey;
		} catch ( error ) {
			worker.end();
			throw error;
		}
		this.#worker = worker;
		this.#rest();
		this.changed();
	}

	override lock(): void {
		clearTimeout( this.#idle );
		this.#worker?.end();
		this.#worker = this.#opened = null;
		this.changed();
	}

	override async remove( id: string ): Promise< void > {
		await super.remove( id );
		if ( ( await this.list() ).length === 0 ) {
			// Nothing is under it any more; the next key gets a passkey anew.
			this.shelf.delete( 'passkey' );
			this.lock();
		}
	}

	#open(): WorkerClient {
		if ( ! this.#worker ) {
			throw new ByokError( 'locked' );
		}
		this.#rest();
		return this.#worker;
	}

	#rest(): void {
		clearTimeout( this.#idle );
		this.#idle = setTimeout( () => this.lock(), IDLE );
	}

	/** The one for the next key. */
	#passkey(): KeptPasskey | null {
		try {
			const kept = bare( JSON.parse( this.shelf.get( 'passkey' )! ) as KeptPasskey );
			fromText( kept );
			return kept;
		} catch {
			return null;
		}
	}

	async #make(): Promise< KeptPasskey > {
		const { id, salt } = await make( this.label() );
		const passkey = { id: toText( id ), salt: toText( salt ) };
		this.shelf.set( 'passkey', JSON.stringify( passkey ) );
		return passkey;
	}
}
