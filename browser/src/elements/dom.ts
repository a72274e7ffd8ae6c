/**
 * Makes elements. No text is ever read as HTML.
 *
 * @module
 */

type Child = Node | string | null | false | undefined;

/** Attributes; `onclick` and its like are listeners, `true` is an empty attribute, `false` none. */
export type Attributes = Readonly< Record< string, string | boolean | ( ( event: Event ) => void ) > >;

/** Makes an element. */
export function h< K extends keyof HTMLElementTagNameMap >( tag: K, attributes: Attributes = {}, ...children: Child[] ): HTMLElementTagNameMap[ K ] {
	const element = document.createElement( tag );
	for ( const [ name, value ] of Object.entries( attributes ) ) {
		if ( typeof value === 'function' ) {
			element.addEventListener( name.slice( 2 ), value );
		} else if ( value !== false ) {
			element.setAttribute( name, value === true ? '' : value );
		}
	}
	element.append( ...children.filter( ( child ) => child !== null && child !== undefined && child !== false ) as ( Node | string )[] );
	return element;
}

/** A sentence with a link in the place of `{link}`. */
export function withLink( sentence: string, link: Node ): Node[] {
	const [ before = '', after = '' ] = sentence.split( '{link}' );
	return [ new Text( before ), link, new Text( after ) ];
}

/** What custom elements extend; where there is no browser (a server that renders pages), merely a name. */
export const Element = ( globalThis.HTMLElement ?? class {} ) as typeof HTMLElement;

const sheets = new Map< string, CSSStyleSheet >();

/** A shadow root with a style, which needs no permission for inline styles. */
export function shadow( element: HTMLElement, css: string ): ShadowRoot {
	// Open, for tools that look at pages for people who cannot. A closed one would keep no script out that listens to the page.
	const root = element.shadowRoot ?? element.attachShadow( { mode: 'open' } );
	const sheet = sheets.get( css ) ?? new CSSStyleSheet();
	if ( ! sheets.has( css ) ) {
		sheet.replaceSync( css );
		sheets.set( css, sheet );
	}
	root.adoptedStyleSheets = [ sheet ];
	return root;
}
