/**
 * `<byok-badge>`: one line that says how this page keeps keys, and leads to the page that says more. What it says is where
 * the visitor's key is, of several the one in the weakest place; without one, what the site has told of itself, if a key can
 * be kept there, else that keys stay in the browser. It never says more than it knows.
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
		const places = keys.modes( 'openai' );
		const unsafe = practice?.safe === false;
		const atSite = unsafe || places.includes( 'site' );
		// Without a key: what the site tells of itself, or that keys stay here. Where neither is known the link alone is true.
		const place = WEAKEST.find( ( mode ) => infos.some( ( info ) => info.mode === mode ) ) ??
			( asked && practice && atSite ? 'site' : asked && places[ 0 ] && ! atSite ? 'here' : 'more' );
		const name = unsafe && place === 'site' ? 'unsafe' : place;
		const tone = name === 'unsafe' ? 'bad' : name === 'browser' ? 'warn' : name === 'here' || name === 'more' ? '' : 'good';
		const say: Pick< Words, keyof typeof BADGE_WORDS > = { ...BADGE_WORDS, ...words };
		const href = this.#link( this.getAttribute( 'href' ) ?? practice?.url );
		this.#root.replaceChildren( h( href ? 'a' : 'span', { part: 'badge', 'data-tone': tone, ...( href && { href, title: say.badge_more } ) }, say[ `badge_${ name }` ] ) );
	}
}
