/**
 * The providers. The table is cut out of src/engine/providers.json when this module is built; nothing is written here.
 *
 * @module
 */

import table from 'virtual:providers';

/** What an answer to the check of a key means; the first rule that fits decides. */
export interface Rule {
	readonly status: readonly number[];
	/** Any of these texts is in the body. */
	readonly contains?: readonly string[];
	/** JSON pointer to something that is there. */
	readonly present?: string;
	readonly equals?: { readonly pointer: string; readonly value: unknown };
	readonly at_most?: { readonly pointer: string; readonly number: number };
	readonly outcome: Outcome;
}

/** What a provider said of a key. */
export type Outcome = 'valid' | 'no_credit' | 'rate_limited' | 'restricted' | 'invalid' | 'unknown';

/** A provider. */
export interface Provider {
	readonly id: string;
	readonly name: string;
	/** Null where everybody has an address of their own. */
	readonly base_url: string | null;
	readonly prefixes: readonly string[];
	readonly key_required: boolean;
	readonly auth: { readonly header: string; readonly scheme?: string };
	/** Sent with every request. */
	readonly headers?: Readonly< Record< string, string > >;
	readonly check: { readonly method: string; readonly path: string; readonly proves: 'key' | 'reachable'; readonly rules: readonly Rule[] };
	readonly models?: { readonly path: string; readonly lists: readonly string[]; readonly id: string; readonly name?: string; readonly without?: string };
	/** Models to choose from while the provider's own list is not at hand. */
	readonly shipped: readonly string[];
}

// To the bottom: who could change an address here would get the next key.
function freeze< T >( value: T ): T {
	if ( typeof value === 'object' && value !== null ) {
		Object.values( value ).forEach( freeze );
		// What an entry does not say is not said by Object.prototype either.
		if ( ! Array.isArray( value ) ) {
			Object.setPrototypeOf( value, null );
		}
		Object.freeze( value );
	}
	return value;
}

/** An entry as it is written: without what build.mjs leaves out. */
type Written = Omit< Partial< Provider >, 'check' > & { readonly check: Partial< Provider[ 'check' ] > };

/** All providers, those that people use most first. It cannot be changed. */
export const PROVIDERS: readonly Provider[] = freeze( ( table as readonly Written[] ).map( ( known ) => (
	{ key_required: true, shipped: [], ...known, check: { method: 'GET', proves: 'key', ...known.check } } as unknown as Provider
) ) );

/** What follows a JSON pointer. */
function at( json: unknown, pointer: string ): unknown {
	return pointer.split( '/' ).slice( 1 ).reduce< unknown >(
		( value, name ) => typeof value === 'object' && value !== null && Object.hasOwn( value, name ) ? ( value as Record< string, unknown > )[ name ] : undefined,
		json,
	);
}

function parse( body: string ): unknown {
	try {
		return JSON.parse( body );
	} catch {
		return undefined;
	}
}

/** What an answer to the check says of the key. Without a rule for it, nothing. */
export function judge( known: Provider, status: number, body: string ): Outcome {
	const json = parse( body );
	return known.check.rules.find( ( rule ) => {
		const number = rule.at_most && at( json, rule.at_most.pointer );
		return rule.status.includes( status ) &&
			( ! rule.contains || rule.contains.some( ( text ) => body.includes( text ) ) ) &&
			( rule.present === undefined || at( json, rule.present ) !== undefined ) &&
			( ! rule.equals || at( json, rule.equals.pointer ) === rule.equals.value ) &&
			( ! rule.at_most || ( typeof number === 'number' && number <= rule.at_most.number ) );
	} )?.outcome ?? 'unknown';
}

/** A model to choose. */
export interface Model {
	readonly id: string;
	readonly name: string;
}

/** The models in an answer to the provider's list. */
export function modelsIn( known: Provider, body: string ): Model[] {
	const { lists = [], id = 'id', name = id, without = '' } = known.models ?? {};
	return lists.flatMap( ( list ) => at( parse( body ), list ) ?? [] ).flatMap( ( entry ) => {
		const model = at( entry, `/${ id }` );
		return typeof model !== 'string' || model === '' ? [] : [ {
			id: model.startsWith( without ) ? model.slice( without.length ) : model,
			name: String( at( entry, `/${ name }` ) ?? model ),
		} ];
	} );
}

/** What may be shown of a key: the provider's beginning and four characters, where enough stays hidden. */
export function hintOf( known: Provider, key: string ): string {
	const prefix = known.prefixes.filter( ( text ) => key.startsWith( text ) ).at( -1 ) ?? '';
	return key.length >= 16 && key.length - prefix.length >= 12 ? `${ prefix }…${ key.slice( -4 ) }` : '…';
}
