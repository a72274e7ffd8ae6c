/**
 * What all places for keys have in common.
 *
 * @module
 */

import type { Model, Outcome, Provider } from './providers.js';

/** Where keys can be: memory of this tab, this browser, this browser under a passkey, or the site. */
export type Mode = 'memory' | 'browser' | 'passkey' | 'site';

/** What may be told of a key. It has no field for the key. */
export interface KeyInfo {
	readonly provider: string;
	readonly mode: Mode;
	/** `locked`: a passkey, or the site's administrator, has to open it first. */
	readonly state: 'ready' | 'locked' | 'damaged';
	/** Its beginning and end; empty for a key under a passkey, of which nothing is written down in the clear. */
	readonly hint: string;
	readonly outcome: Outcome | null;
	/** Whether the check is about the key, or only tells that somebody answers. */
	readonly proves: 'key' | 'reachable';
	/** Unix time in seconds. */
	readonly checkedAt: number | null;
	readonly baseUrl: string;
	/** A sentence of the site's; empty elsewhere. */
	readonly message: string;
}

/** A place for keys. */
export interface Store {
	readonly mode: Mode;
	/** Whether this page can use it. */
	available(): boolean;
	list(): Promise< KeyInfo[] >;
	/** Checks a key and keeps it. Only a key that the provider refuses is not kept. */
	save( known: Provider, key: string, baseUrl: string, signal: AbortSignal | null ): Promise< KeyInfo >;
	check( known: Provider, signal: AbortSignal | null ): Promise< KeyInfo >;
	remove( id: string ): Promise< void >;
	send( known: Provider, path: string, init: RequestInit ): Promise< Response >;
	models( known: Provider, signal: AbortSignal | null ): Promise< Model[] >;
	/** Headers that make a request of the page's own carry the key, or say who sends it. */
	headers( known: Provider, model: string ): Promise< Record< string, string > >;
	/** Makes keys usable that need a person's consent first: one, or what there is. */
	unlock( id?: string ): Promise< void >;
	lock(): void;
	/** Somebody else has changed what is kept there. */
	heard?(): void;
	/** Ends what there is beside keys, once they are removed. */
	forget(): Promise< void >;
}
