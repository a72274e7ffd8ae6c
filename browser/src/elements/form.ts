/**
 * The form of `<byok-settings>`. It is a file of its own, which comes when a form is shown: who has a key never loads it.
 *
 * It promises that a key is in no attribute, no event and, once it is kept, in no field. It imports nothing
 * of the module that there must be one of.
 *
 * @module
 */

import { WORDS, fill, type Words } from '../words.js';
import { looksLike } from '../looks.js';
import pages from 'virtual:pages';
import CSS from './style.css';
import { h, shadow, withLink } from './dom.js';
import type { BYOK } from '../byok.js';
import type { ByokError, Reason } from '../errors.js';
import type { Provider } from '../providers.js';
import type { KeyInfo, Mode } from '../store.js';

/** Where keys and credit are to be had, and what stands in the empty field, by provider. */
const PAGES = pages as Readonly< Record< string, { readonly key: string | null; readonly billing: string | null; readonly placeholder: string | null } > >;

type Tone = 'good' | 'warn' | 'bad' | 'neutral';

const TONES: Readonly< Record< string, Tone > > = { valid: 'good', no_credit: 'warn', rate_limited: 'warn', restricted: 'warn', invalid: 'bad', locked: 'warn', damaged: 'bad' };

/** What a check can say. What a site or a storage says otherwise is not known. */
const OUTCOMES = [ 'valid', 'no_credit', 'rate_limited', 'restricted', 'invalid' ];

const outcomeOf = ( { outcome, proves }: KeyInfo ) => outcome === 'valid' && proves === 'reachable' ? 'reachable' : OUTCOMES.includes( outcome! ) ? outcome! : 'unknown';

/** Sentences for what went wrong. */
const FAILURES: Partial< Record< Reason, keyof Words > > = {
	key_refused: 'said_refused',
	key_malformed: 'said_malformed',
	base_url_malformed: 'said_base_url',
	storage_refused: 'said_storage',
	unlock_refused: 'said_unlock',
	passkey_unsupported: 'said_no_prf',
	worker_failed: 'said_worker',
	locked: 'said_locked',
	damaged: 'said_damaged',
	signed_out: 'said_signed_out',
	cancelled: 'said_cancelled',
	unreachable: 'said_offline',
};

export class Form {
	readonly #head = h( 'h2', { id: 'title', tabindex: '-1', part: 'title' } );
	readonly #intro = h( 'p', { class: 'soft' } );
	readonly #select = h( 'select', { id: 'provider', part: 'select', onchange: () => this.#choose( this.#select.value ) } );
	readonly #label = h( 'label', { for: 'provider' } );
	readonly #body = h( 'div', { class: 'body' } );
	readonly #status = h( 'div', { role: 'status', tabindex: '-1' } );
	readonly #close = h( 'button', { type: 'button', part: 'button', onclick: () => this.#dialog?.close() } );
	readonly #section = h( 'section', { 'aria-labelledby': 'title', part: 'form' }, this.#head, this.#intro, h( 'div', { class: 'field' }, this.#label, this.#select ), this.#body, this.#status );
	readonly #root: ShadowRoot;
	#dialog: HTMLDialogElement | null = null;
	readonly #words: Words;
	#id = '';
	#infos: KeyInfo[] = [];
	#turn = 0;
	/** What is under way, so that it can be cancelled. */
	#busy: AbortController | null = null;
	/** What the view that is shown has asked for; a new view ends it. */
	#view = new AbortController();
	#input: HTMLInputElement | null = null;
	readonly #changed = () => void ( this.#busy ?? this.#refresh( true ) );

	/**
	 * Puts the form into an element.
	 *
	 * @param host    The element.
	 * @param byok    What the form is about.
	 * @param asError That of the module, so that there is one kind of error.
	 */
	constructor( readonly host: HTMLElement, readonly byok: BYOK, readonly asError: ( thrown: unknown ) => ByokError ) {
		this.#words = { ...WORDS, ...byok.options.words } as Words;
		this.#root = shadow( host, CSS );
		byok.keys.addEventListener( 'change', this.#changed );
		this.#head.textContent = this.#words.title;
		this.#intro.textContent = this.#words.intro;
		this.#label.textContent = this.#words.provider;
		this.#close.textContent = this.#words.close;
		if ( host.hasAttribute( 'modal' ) ) {
			this.#dialog = h( 'dialog', { 'aria-labelledby': 'title', onclose: () => this.#tell( 'byok-close' ) }, this.#section );
			// The dialog has the name then, and one landmark of that name is enough on a page.
			this.#section.removeAttribute( 'aria-labelledby' );
			this.#section.append( h( 'div', { class: 'row' }, this.#close ) );
		}
		this.#root.replaceChildren( this.#dialog ?? this.#section );
		this.#dialog?.showModal();
		void this.#refresh();
	}

	/** Ends what is under way. */
	end(): void {
		this.byok.keys.removeEventListener( 'change', this.#changed );
		this.#busy?.abort();
		this.#view.abort();
	}

	/** Asks what there is, and shows it. What a person is typing stays. */
	async #refresh( quietly = false ): Promise< void > {
		const { keys } = this.byok;
		const turn = ++this.#turn;
		const found: { infos: KeyInfo[]; error?: unknown } = await keys.list().then( ( infos ) => ( { infos } ), async ( error: unknown ) => ( { infos: await keys.list( true ), error } ) );
		if ( turn !== this.#turn ) {
			// What was asked later is newer, even where its answer comes first.
			return;
		}
		this.#infos = found.infos;
		if ( found.error ) {
			this.#fail( found.error );
		}
		const ids = this.#providers.map( ( { id } ) => id );
		const wanted = [ this.#id, this.host.getAttribute( 'provider' ), keys.choice()?.provider, this.#infos[ 0 ]?.provider, ids[ 0 ] ];
		this.#id = wanted.find( ( id ) => id && ids.includes( id ) ) ?? '';
		this.#select.replaceChildren( ...this.#providers.map( ( { id, name } ) =>
			h( 'option', { value: id, selected: id === this.#id }, this.#info( id ) ? this.#say( 'has_key', { provider: name } ) : name ) ) );
		this.#select.parentElement!.hidden = ids.length < 2;
		if ( ! this.#id ) {
			this.#note( this.#words.said_nowhere, 'warn' );
		} else if ( ! ( quietly && this.#input?.value ) ) {
			this.#show();
		}
	}

	#choose( id: string ): void {
		this.#busy?.abort();
		this.#id = id;
		this.#note();
		if ( this.#info() ) {
			this.byok.keys.choose( { provider: id, model: '' } );
		}
		this.#show();
	}

	/** The names in one of the element's lists; null without one, which leaves out nothing. */
	#list( name: 'providers' | 'modes' ): string[] | null {
		return this.host.getAttribute( name )?.split( /[\s,]+/ ).filter( Boolean ) ?? null;
	}

	/** The providers that this form offers. */
	get #providers(): readonly Provider[] {
		const list = this.#list( 'providers' );
		return this.byok.keys.providers.filter( ( { id } ) => ( list?.includes( id ) ?? true ) && this.#modes( id ).length > 0 );
	}

	/** The places that it offers. */
	#modes( id: string ): Mode[] {
		const list = this.#list( 'modes' );
		return this.byok.keys.modes( id ).filter( ( mode ) => list?.includes( mode ) ?? true );
	}

	get #known(): Provider {
		return this.#providers.find( ( { id } ) => id === this.#id )!;
	}

	#info( wanted = this.#id ): KeyInfo | undefined {
		return this.#infos.find( ( { provider } ) => provider === wanted );
	}

	#say( name: keyof Words, values: Record< string, string > = {} ): string {
		return fill( this.#words[ name ], { provider: this.#known?.name ?? '', prefix: ( this.#known?.prefixes[ 0 ] ?? '' ) + '…', ...values } );
	}

	#button( name: keyof Words, kind: string, press: () => void ): HTMLButtonElement {
		return h( 'button', { type: 'button', class: kind, part: `button ${ kind }`.trim(), onclick: press }, this.#words[ name ] );
	}

	/** Shows the key that there is, or the form. */
	#show(): void {
		const info = this.#info();
		this.#fill( info ? this.#rest( info ) : this.#form() );
	}

	#fill( content: Node[] ): void {
		this.#view.abort();
		this.#view = new AbortController();
		if ( ! content.includes( this.#input?.form as Node ) ) {
			this.#input = null;
		}
		this.#body.replaceChildren( ...content );
	}

	/** A key at rest. */
	#rest( info: KeyInfo ): Node[] {
		const about = info.state !== 'ready' ? info.state : info.outcome === null ? 'stored' : outcomeOf( info );
		const locked = info.mode === 'passkey' && info.state === 'locked';
		return [
			h( 'div', { class: 'row' },
				h( 'span', { class: 'chip', part: 'chip', 'data-tone': TONES[ about ] ?? 'neutral' }, this.#words[ `chip_${ about }` as keyof Words ] ),
				info.hint && h( 'code', { dir: 'ltr' }, info.hint ) ),
			h( 'p', { class: 'soft' }, h( 'strong', {}, this.#words[ `mode_${ info.mode }` ] ), ' — ', this.#words[ `mode_${ info.mode }_help` ] ),
			...( info.message && info.message !== this.#status.textContent ? [ h( 'p', { class: 'soft' }, info.message ) ] : [] ),
			...( info.state === 'ready' ? [ this.#models() ] : [] ),
			h( 'div', { class: 'row' },
				locked && this.#button( 'unlock', 'primary', () => this.#act( 'unlock', () => this.byok.unlock( this.#id ) ) ),
				info.state === 'ready' && ! this.byok.options.site?.connect && this.#button( 'again', '', () => this.#act( 'checking', ( signal ) => this.#told( this.byok.keys.check( this.#id, signal ) ) ) ),
				this.#button( 'replace', 'quiet', () => {
					this.#note();
					this.#fill( this.#form( true ) );
					this.#input?.focus();
				} ),
				info.mode === 'passkey' && ! locked && this.#button( 'lock', 'quiet', () => {
					this.#note();
					this.byok.keys.lock();
				} ),
				this.#button( 'remove', 'quiet danger', () => {
					this.#note();
					this.#fill( this.#question() );
				} ) ),
		];
	}

	/** The picker of models. The provider's own list takes the place of ours when it comes. */
	#models(): HTMLElement {
		const { keys } = this.byok;
		const id = this.#id;
		const choice = keys.choice();
		const chosen = choice?.provider === id ? choice.model : '';
		const select = h( 'select', { id: 'model', part: 'select', onchange: () => keys.choose( { provider: id, model: select.value } ) } );
		const help = h( 'small', {}, this.#words.loading );
		const offer = ( models: readonly { id: string; name: string }[] ) => {
			const unlisted = chosen && ! models.some( ( model ) => model.id === chosen ) ? [ { id: chosen, name: chosen } ] : [];
			select.replaceChildren( ...[ { id: '', name: this.#words.model_default }, ...unlisted, ...models ].map( ( model ) => h( 'option', { value: model.id, selected: model.id === chosen }, model.name ) ) );
		};
		offer( [] );
		// When the view is in its place: putting it there ends what the one before has asked.
		queueMicrotask( async () => {
			const { signal } = this.#view;
			const { models, live } = await keys.models( id, signal ).catch( () => ( { models: [], live: true } ) );
			if ( signal.aborted ) {
				return;
			}
			offer( models );
			help.textContent = live || models.length === 0 ? '' : this.#words.model_shipped;
			field.hidden = models.length === 0 && ! chosen;
		} );
		const field = h( 'div', { class: 'field' }, h( 'label', { for: 'model' }, this.#words.model ), select, help );
		return field;
	}

	/** The form for a key. */
	#form( replacing = false ): Node[] {
		const known = this.#known;
		const modes = this.#modes( known.id );
		const warning = h( 'p', { id: 'warning', class: 'warning', hidden: true }, this.#say( 'format_hint' ) );
		const input = h( 'input', {
			id: 'key', part: 'input', type: 'password', dir: 'ltr', placeholder: PAGES[ known.id ]!.placeholder ?? known.prefixes[ 0 ] + '…', 'aria-describedby': 'warning',
			autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', 'data-1p-ignore': true, 'data-lpignore': 'true',
			oninput: () => {
				const text = input.value.trim();
				warning.hidden = text === '' || looksLike( known, text );
			},
		} );
		// Under a passkey the address that counts is locked with the key; what lies beside it in storage anybody could have written.
		const address = known.base_url === null && h( 'input', { id: 'address', part: 'input', type: 'url', dir: 'ltr', placeholder: 'https://', 'aria-describedby': 'address-help', value: this.#info()?.mode === 'passkey' ? '' : this.#info()?.baseUrl ?? '' } );
		const current = this.#info()?.mode;
		const chosen = current && modes.includes( current ) ? current : modes[ 0 ];
		const save = h( 'button', { type: 'submit', class: 'primary', part: 'button primary' }, this.#words.save );
		const form: HTMLFormElement = h( 'form', {
			class: 'body', novalidate: true,
			onsubmit: ( event ) => {
				event.preventDefault();
				const mode = ( form.querySelector< HTMLInputElement >( '[name=mode]:checked' )?.value ?? chosen ) as Mode;
				this.#save( input, save, mode, address ? address.value.trim() : '' );
			},
		},
		this.#steps( known ),
		address && h( 'div', { class: 'field' }, h( 'label', { for: 'address' }, this.#words.base_url ), address, h( 'small', { id: 'address-help' }, this.#words.base_url_help ) ),
		h( 'div', { class: 'field' }, h( 'label', { for: 'key' }, this.#say( 'key' ) ), input, warning ),
		h( 'fieldset', {}, h( 'legend', {}, this.#words.kept ), ...modes.map( ( mode ) => h( 'label', { class: 'mode' },
			modes.length > 1 ? h( 'input', { type: 'radio', name: 'mode', value: mode, checked: mode === chosen, 'aria-describedby': `${ mode }-help` } ) : h( 'span' ),
			h( 'span', {}, this.#words[ `mode_${ mode }` ] ), h( 'small', { id: `${ mode }-help` }, this.#words[ `mode_${ mode }_help` ] ) ) ) ),
		h( 'div', { class: 'row' }, save, replacing && this.#button( 'keep', 'quiet', () => {
			this.#busy?.abort();
			this.#note();
			this.#show();
		} ) ) );
		this.#input = input;
		return [ form ];
	}

	/** Where do I get a key? */
	#steps( known: Provider ): HTMLElement | false {
		const { key, billing } = PAGES[ known.id ]!;
		if ( ! key ) {
			return false;
		}
		const step = ( sentence: keyof Words, words: keyof Words, href: string ) => h( 'li', {}, ...withLink( this.#words[ sentence ],
			h( 'a', { href, target: '_blank', rel: 'noopener noreferrer' }, `${ this.#say( words ) } ${ this.#words.new_tab }` ) ) );
		return h( 'details', { part: 'help' }, h( 'summary', {}, this.#words.where ), h( 'ol', {},
			step( 'step_page', 'step_page_link', key ),
			billing && step( 'step_billing', 'step_billing_link', billing ),
			h( 'li', {}, this.#say( 'step_create', { site: location.hostname } ) ),
			h( 'li', {}, this.#say( known.prefixes.length ? 'step_copy' : 'step_copy_plain' ) ) ) );
	}

	/** The question before a key is removed. */
	#question(): Node[] {
		const keep = this.#button( 'keep', '', () => this.#show() );
		queueMicrotask( () => keep.focus() );
		return [ h( 'div', { role: 'group', class: 'body', 'aria-labelledby': 'question' },
			h( 'p', { id: 'question' }, h( 'strong', {}, this.#say( 'remove_question' ) ), ' ', this.#words.remove_help ),
			h( 'div', { class: 'row' }, this.#button( 'remove_yes', 'danger', () => this.#act( 'checking', async () => {
				await this.byok.keys.remove( this.#id );
				this.#tell( 'byok-change', { provider: this.#id, mode: null, outcome: null } );
				return [ this.#words.said_removed, 'neutral' ];
			} ) ), keep ) ) ];
	}

	#save( input: HTMLInputElement, button: HTMLButtonElement, mode: Mode, baseUrl: string ): void {
		if ( this.#busy ) {
			return;
		}
		if ( input.value.trim() === '' && this.#known.key_required ) {
			this.#note( this.#words.said_empty, 'warn' );
			input.focus();
			return;
		}
		input.readOnly = true;
		void this.#act( 'checking', async ( signal ) => {
			try {
				return await this.#told( this.byok.keys.save( this.#id, input.value, { mode, baseUrl, signal } ), () => {
					input.value = '';
				} );
			} finally {
				input.readOnly = false;
			}
		}, button );
	}

	/** The sentence for what a check told. */
	async #told( promise: Promise< KeyInfo >, kept?: () => void ): Promise< [ string, Tone ] > {
		const info = await promise;
		const outcome = outcomeOf( info );
		kept?.();
		this.#tell( 'byok-change', { provider: info.provider, mode: info.mode, outcome: info.outcome } );
		if ( kept && outcome === 'valid' ) {
			this.#dialog?.close();
		}
		return [ info.message || this.#say( `said_${ outcome }` ), TONES[ outcome ] ?? 'neutral' ];
	}

	/** Does something that takes its time and can be cancelled. */
	async #act( word: 'checking' | 'unlock', work: ( signal: AbortSignal ) => Promise< [ string, Tone ] | void >, pressed = this.#root.activeElement as HTMLElement ): Promise< void > {
		if ( this.#busy ) {
			return;
		}
		const busy = this.#busy = new AbortController();
		const label = [ ...pressed.childNodes ];
		const cancel = this.#button( 'cancel', 'quiet', () => busy.abort() );
		this.#note();
		this.#body.ariaBusy = 'true';
		pressed.ariaDisabled = 'true';
		if ( word === 'checking' ) {
			pressed.replaceChildren( h( 'span', { class: 'spinner', 'aria-hidden': 'true' } ), this.#words.checking );
		}
		pressed.after( cancel );
		let done = false;
		try {
			const [ text, tone ] = await work( busy.signal ) ?? [ '' ];
			this.#note( text, tone );
			done = true;
		} catch ( error ) {
			this.#fail( error );
		}
		if ( this.#busy !== busy ) {
			return;
		}
		this.#busy = null;
		this.#body.ariaBusy = null;
		pressed.ariaDisabled = null;
		pressed.replaceChildren( ...label );
		cancel.remove();
		if ( done && this.host.isConnected ) {
			await this.#refresh();
			( this.#status.firstChild ? this.#status : this.#head ).focus();
		} else {
			pressed.focus();
		}
	}

	#fail( thrown: unknown ): void {
		const error = this.asError( thrown );
		const name = FAILURES[ error.reason ];
		// A sentence of the site's own says more than ours.
		const own = error.code && error.reason !== 'signed_out' ? error.message : '';
		this.#note( own || this.#say( name ?? 'said_failed' ), error.reason === 'cancelled' ? 'neutral' : error.reason === 'key_refused' ? 'bad' : 'warn' );
	}

	#note( text = '', tone: Tone = 'neutral' ): void {
		this.#status.replaceChildren( ...( text ? [ h( 'p', { class: 'message', part: 'message', 'data-tone': tone }, text ) ] : [] ) );
	}

	#tell( name: string, detail?: object ): void {
		this.host.dispatchEvent( new CustomEvent( name, { detail, bubbles: true, composed: true } ) );
	}
}
