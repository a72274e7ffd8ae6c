/**
 * Where entries lie: in memory of this tab, or in the browser's storage, one item for each provider, so that two tabs that
 * save different keys do not undo each other.
 *
 * @module
 */

import { ByokError } from './errors.js';
import { bare } from './natives.js';
import type { Mode, KeyInfo } from './store.js';

/** An entry. `key` or `sealed`, never both. */
export type Entry = Pick< KeyInfo, 'hint' | 'outcome' | 'proves' | 'checkedAt' | 'baseUrl' > & {
	readonly mode: Mode;
	readonly key?: string;
	readonly sealed?: { readonly salt: string; readonly nonce: string; readonly data: string };
	/** The passkey that opens it. */
	readonly passkey?: KeptPasskey;
};

/** A passkey as it is written down. */
export interface KeptPasskey {
	readonly id: string;
	readonly salt: string;
}

/** Texts by name. */
export interface Shelf {
	get( name: string ): string | null;
	set( name: string, value: string ): void;
	delete( name: string ): void;
	names(): string[];
}

const memories = new Map< string, Map< string, string > >();

/** Memory of this tab, one for each namespace; a reload empties it. */
export function memoryShelf( namespace: string ): Shelf {
	const memory = memories.get( namespace ) ?? new Map< string, string >();
	memories.set( namespace, memory );
	return {
		get: ( name ) => memory.get( name ) ?? null,
		set: ( name, value ) => void memory.set( name, value ),
		delete: ( name ) => void memory.delete( name ),
		names: () => [ ...memory.keys() ],
	};
}

/** The storage; null where the browser has none for this page. Merely asking for it can throw. */
function storage(): Storage | null {
	try {
		return globalThis.localStorage ?? null;
	} catch {
		return null;
	}
}

/** The browser's storage. Where there is none, it is empty and takes nothing. */
export function browserShelf( namespace: string ): Shelf {
	const before = namespace + ':';
	return {
		get: ( name ) => storage()?.getItem( before + name ) ?? null,
		set( name, value ) {
			try {
				storage()!.setItem( before + name, value );
			} catch {
				throw new ByokError( 'storage_refused' );
			}
		},
		delete: ( name ) => storage()?.removeItem( before + name ),
		names: () => Object.keys( storage() ?? {} ).filter( ( name ) => name.startsWith( before ) ).map( ( name ) => name.slice( before.length ) ),
	};
}

/** Whether the browser keeps something for this page. */
export const canStore = (): boolean => storage() !== null;

/** Reads an entry. What is not one, or is of another mode, is none. */
export function read( shelf: Shelf, id: string, mode: Mode ): Entry | null {
	try {
		const entry = bare( JSON.parse( shelf.get( 'key:' + id )! ) as Entry );
		const { sealed, passkey } = entry;
		return entry.mode === mode ? bare( { ...entry, ...( sealed && { sealed: bare( sealed ) } ), ...( passkey && { passkey: bare( passkey ) } ) } ) : null;
	} catch {
		return null;
	}
}

/** Writes an entry. */
export function write( shelf: Shelf, id: string, entry: Entry ): void {
	shelf.set( 'key:' + id, JSON.stringify( entry ) );
}

/** Ids of providers with an entry. */
export function ids( shelf: Shelf ): string[] {
	return shelf.names().filter( ( name ) => name.startsWith( 'key:' ) ).map( ( name ) => name.slice( 4 ) );
}

/** Bytes as text and back. */
export const toText = ( bytes: Uint8Array ): string => btoa( String.fromCharCode( ...bytes ) );
export const toBytes = ( text: string ): Uint8Array< ArrayBuffer > => Uint8Array.from( atob( text ), ( letter ) => letter.charCodeAt( 0 ) );
