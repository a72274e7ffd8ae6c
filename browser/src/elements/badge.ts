/**
 * `<byok-badge>`: one line that says how this page keeps keys, and leads to the page that says more. What it says is where
 * the visitor's key is, of several the one in the weakest place; without one, what the site has told of itself, if a key can
 * be kept there. It never says more than it knows.
 *
 * Attributes: `theme` (`light`, `dark`, `auto`; else as the page), `href` (where it leads).
 *
 * @module
 */

import { createBYOK, type BYOK } from '../byok.js';
import { BADGE_WORDS, type Words } from '../words.js';
import type { Mode } from '../store.js';
import CSS from './badge.css';
import { Element, h, shadow } from './dom.js';

/** Of keys in several places the least safe one counts. */
const WEAKEST: readonly Mode[] = [ 'browser', 'memory', 'passkey', 'site' ];

export class ByokBadge extends Element {
	readonly #root: ShadowRoot;
	#byok: BYOK | null = null;
	readonly #show = () => void this.#render();

	constructor() {
		super();
		this.#root = shadow( this, CSS );
	}

	get byok(): BYOK {
		return this.#byok ??= createBYOK();
	}

	set byok( byok: BYOK ) {
		this.disconnectedCallback();
		this.#byok = byok;
		this.connectedCallback();
	}

	connectedCallback(): void {
		if ( this.isConnected ) {
			this.byok.keys.addEventListener( 'change', this.#show );
			this.#show();
		}
	}

	disconnectedCallback(): void {
		this.#byok?.keys.removeEventListener( 'change', this.#show );
	}

	/** An address that is one of a page: others would run as a script. */
	#link( address = '' ): string {
		try {
			return address && /^https?:$/.test( new URL( address, this.baseURI ).protocol ) ? address : '';
		} catch {
			return '';
		}
	}

	async #render(): Promise< void > {
		const { keys, options: { words, practice } } = this.byok;
		// Of a site that does not answer nothing is known.
		const asked = await keys.list().catch( () => null );
		const infos = asked ?? await keys.list( true );
		const mode = WEAKEST.find( ( place ) => infos.some( ( info ) => info.mode === place ) ) ??
			( practice && asked && ( practice.safe === false || keys.modes( 'openai' ).includes( 'site' ) ) ? 'site' : null );
		if ( ! mode ) {
			return this.#root.replaceChildren();
		}
		const say: Pick< Words, keyof typeof BADGE_WORDS > = { ...BADGE_WORDS, ...words };
		const unsafe = mode === 'site' && practice?.safe === false;
		const [ text, tone ] = unsafe ? [ say.badge_unsafe, 'bad' ] : [ say[ `badge_${ mode }` ], mode === 'browser' ? 'warn' : 'good' ];
		const href = this.#link( this.getAttribute( 'href' ) ?? practice?.url );
		this.#root.replaceChildren( href
			? h( 'a', { class: 'badge', part: 'badge', 'data-tone': tone, href, title: say.badge_more }, h( 'span', {}, text ) )
			: h( 'span', { class: 'badge', part: 'badge', 'data-tone': tone }, h( 'span', {}, text ) ) );
	}
}
