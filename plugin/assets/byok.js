/**
 * The pages with API keys, with JavaScript: the same forms, without reloading the page.
 *
 * It builds no HTML. Every part of a card is already in the page; this sets texts and the `hidden`
 * attribute, so nothing that a server or a person wrote is ever parsed as markup.
 *
 * It holds a key only in the field where it was pasted, for as long as the check takes. A key is
 * never put into a URL, an attribute, storage, or the console.
 */
( function ( wp, screen ) {
	'use strict';

	const { apiFetch } = wp;
	const { speak } = wp.a11y;
	const { __, _n, sprintf } = wp.i18n;

	const page = document.querySelector( '.byok' );
	if ( ! page || ! screen ) {
		return;
	}

	const part = ( card, name ) => card.querySelector( '.byok-' + name );
	const nameOf = ( card ) => screen.providers[ card.dataset.provider ]?.name ?? card.dataset.provider;
	const pathOf = ( card, tail = '' ) => screen.route + '/' + encodeURIComponent( card.dataset.provider ) + tail
		+ ( card.dataset.slot ? '?slot=' + encodeURIComponent( card.dataset.slot ) : '' );

	/** Abort controllers of the requests under way, by card. */
	const underWay = new Map();

	/* What a card shows. */

	function chipOf( info ) {
		const { chips } = screen;
		if ( info.state === 'locked' || info.state === 'damaged' ) {
			return chips[ info.state ];
		}
		if ( info.outcome === 'valid' && info.proof === 'reachable' ) {
			return chips.reachable;
		}
		return chips[ info.outcome ] ?? chips.stored;
	}

	/** Shows what the server tells of a key. */
	function paint( card, info ) {
		const hasKey = info.state !== 'absent';
		const before = { ...card.dataset };
		// What is used here while there is no key: the network's, or the server's.
		const instead = hasKey ? null : screen.providers[ card.dataset.provider ]?.inherited ?? null;
		const inUse = hasKey || instead !== null;
		const chip = instead ?? chipOf( info );

		card.dataset.slot = info.slot;
		card.dataset.state = info.state;
		card.dataset.waits = String( [ info.reason, info.previous_reason ].includes( 'envelope_unknown_key' ) );
		card.dataset.outcome = info.outcome ?? '';

		part( card, 'chip' ).textContent = chip.word;
		part( card, 'chip' ).dataset.tone = chip.tone;
		for ( const [ name, text ] of [ [ 'hint', ( instead ?? info ).hint ], [ 'base-url', info.base_url ] ] ) {
			part( card, name ).textContent = text ?? '';
			part( card, name ).closest( '.byok-fact' ).hidden = ! text;
		}

		const checked = part( card, 'checked' );
		checked.hidden = ! info.checked_at;
		if ( info.checked_at ) {
			const when = new Date( info.checked_at * 1000 );
			checked.dateTime = when.toISOString();
			checked.title = when.toLocaleString( document.documentElement.lang || undefined );
			checked.textContent = ago( when );
		}

		part( card, 'card__instead' ).textContent = instead?.sentence ?? '';
		part( card, 'card__instead' ).hidden = instead === null;
		if ( ! hasKey || info.saved_at > Date.now() / 1000 - 86400 ) {
			// A key of today is not old.
			part( card, 'card__old' ).hidden = true;
		}
		for ( const name of [ 'replace', 'remove' ] ) {
			part( card, name ).hidden = ! hasKey;
		}
		for ( const name of [ 'chip', 'card__facts' ] ) {
			part( card, name ).hidden = ! inUse;
		}
		part( card, 'card__description' ).hidden = inUse;
		part( card, 'spare' )?.toggleAttribute( 'hidden', ! hasKey );
		part( card, 'add' ).hidden = hasKey;
		part( card, 'add' ).textContent = instead ? __( 'Use another key here', 'byok' ) : __( 'Add key', 'byok' );
		// A locked or damaged key cannot be opened, so there is nothing to check.
		const opens = [ 'ready', 'stale' ].includes( info.state );
		part( card, 'check-form' ).hidden = ! opens;

		const address = part( card, 'base-url-input' );
		if ( address ) {
			address.value = info.base_url ?? '';
		}
		if ( before.waits === 'true' && card.dataset.waits === 'false' ) {
			recount( 'locked', '[data-waits="true"]', '#byok-unlock', '.byok-unlock__text' );
		}
		if ( before.state === 'stale' && info.state !== 'stale' ) {
			recount( 'stale', '[data-state="stale"]', '#byok-reencryption', '.byok-reencryption__text' );
		}
		const billing = part( card, 'billing' );
		if ( billing ) {
			billing.hidden = info.outcome !== 'no_credit' || ! opens;
		}
		place( card, inUse );
	}

	/** The panel above the cards counts keys in a state; one of them has just left it. */
	function recount( words, which, panel, text ) {
		const box = page.querySelector( panel );
		if ( ! box || box.dataset.done !== undefined ) {
			return;
		}
		const count = page.querySelectorAll( '.byok-card' + which ).length;
		const sentence = screen.words[ words ]?.[ count ];
		if ( count === 0 ) {
			box.hidden = true;
		} else if ( sentence ) {
			box.querySelector( text ).textContent = sentence;
		}
	}

	/** Moves a card below the heading that it belongs to, and keeps the focus in it. */
	function place( card, inUse ) {
		const list = ( name ) => page.querySelector( `.byok-list[data-list="${ name }"]` );
		const from = card.closest( '.byok-list' );
		const to = list( inUse ? 'with' : 'without' );
		if ( ! to || ( from.dataset.list === 'with' ) === inUse ) {
			return;
		}
		// In the order of the table of providers, as after a reload.
		const order = Object.keys( screen.providers );
		const at = ( one ) => order.indexOf( one.dataset.provider );
		const cards = to.querySelector( '.byok-cards' );
		const focused = card.contains( document.activeElement ) ? document.activeElement : null;
		cards.insertBefore( card, [ ...cards.children ].find( ( other ) => at( other ) > at( card ) ) ?? null );
		focused?.focus( { preventScroll: true } );

		foldLists();
		const another = list( 'with' ).hidden ? screen.words.first : screen.words.another;
		list( 'without' ).querySelector( '.byok-section' ).textContent = another;
	}

	/** Shows the headings that have a card below them, of those that were searched for. */
	function foldLists() {
		const shown = '.byok-card:not([hidden])';
		for ( const one of page.querySelectorAll( '.byok-list' ) ) {
			one.hidden = one.querySelector( shown ) === null;
		}
		const more = page.querySelector( '.byok-more[data-count]' );
		if ( more ) {
			const left = more.querySelectorAll( shown ).length;
			more.hidden = left === 0;
			/* translators: %s: number of providers. */
			more.querySelector( 'summary' ).textContent = sprintf( _n( '%s more provider', '%s more providers', left, 'byok' ), left );
		}
	}

	/** "checked 3 minutes ago", as the server says it. */
	function ago( when ) {
		const minutes = Math.floor( ( Date.now() - when.getTime() ) / 60000 );
		if ( minutes < 1 ) {
			return __( 'checked just now', 'byok' );
		}
		if ( minutes < 60 ) {
			/* translators: %d: number of minutes. */
			return sprintf( _n( 'checked %d minute ago', 'checked %d minutes ago', minutes, 'byok' ), minutes );
		}
		return null;
	}

	/** Says a sentence on the card and to screen readers. */
	function tell( card, tone, text, urgent = false ) {
		const message = part( card, 'message' );
		message.dataset.tone = tone;
		part( card, 'message__text' ).textContent = text;
		message.hidden = text === '';
		if ( text !== '' ) {
			speak( text, urgent ? 'assertive' : 'polite' );
		}
	}

	function sentence( info ) {
		let text = info.message;
		if ( ! info.saved && ! info.restored && info.state === 'ready' && info.outcome === 'valid' && info.proof !== 'reachable' ) {
			// Nothing was saved: the key was only checked again.
			text = __( 'Works.', 'byok' );
		}
		return info.checked?.trimmed
			? text + ' ' + __( 'White space around the key was removed.', 'byok' )
			: text;
	}

	/* Panels. */

	function openPanel( card, name ) {
		for ( const panel of card.querySelectorAll( '.byok-panel' ) ) {
			panel.hidden = panel.id !== card.id + '-panel-' + name;
		}
		for ( const button of card.querySelectorAll( '[data-opens]' ) ) {
			button.setAttribute( 'aria-expanded', String( button.dataset.opens === name ) );
		}
		const panel = card.querySelector( '.byok-panel:not([hidden])' );
		panel?.querySelector( 'input:not([type="hidden"]), .byok-danger' )?.focus();
	}

	/** Closes the panels of a card, empties the key field, and gives the focus back. */
	function closePanels( card, focus = true ) {
		const opener = card.querySelector( '[data-opens][aria-expanded="true"]:not([hidden])' );
		for ( const panel of card.querySelectorAll( '.byok-panel' ) ) {
			panel.hidden = true;
		}
		for ( const button of card.querySelectorAll( '[data-opens]' ) ) {
			button.setAttribute( 'aria-expanded', 'false' );
		}
		emptyField( card );
		if ( focus ) {
			( opener ?? part( card, 'card__name' ) ).focus();
		}
	}

	function emptyField( card ) {
		const field = part( card, 'key-input' );
		if ( ! field ) {
			return;
		}
		emptySecret( field );
		part( card, 'key-warning' ).hidden = true;
	}

	function emptySecret( field ) {
		field.value = '';
		showSecret( field, false );
	}

	function showSecret( field, shown ) {
		const show = field.parentElement.querySelector( '.byok-show' );
		field.classList.toggle( 'is-shown', shown );
		show.setAttribute( 'aria-pressed', String( shown ) );
		show.textContent = shown ? __( 'Hide', 'byok' ) : __( 'Show', 'byok' );
	}

	/* Requests. */

	/** Runs one request of a card: says that it is working, and puts the button back afterwards. */
	async function run( card, button, working, options ) {
		if ( underWay.has( card ) ) {
			return null;
		}
		const controller = new AbortController();
		underWay.set( card, controller );

		const label = part( button, 'label' );
		const rest = label.textContent;
		const field = part( card, 'key-input' );
		label.textContent = working;
		part( button, 'spinner' ).hidden = false;
		// Not `disabled`: that would throw the focus away in the middle of the check.
		button.setAttribute( 'aria-disabled', 'true' );
		card.setAttribute( 'aria-busy', 'true' );
		field.readOnly = true;
		tell( card, 'neutral', '' );
		speak( working );

		try {
			return await apiFetch( { ...options, signal: controller.signal } );
		} finally {
			underWay.delete( card );
			label.textContent = rest;
			part( button, 'spinner' ).hidden = true;
			button.removeAttribute( 'aria-disabled' );
			card.removeAttribute( 'aria-busy' );
			field.readOnly = false;
		}
	}

	function problem( error ) {
		return error?.message
			? String( error.message )
			: __( 'Your site did not answer. Please try again.', 'byok' );
	}

	async function save( card, form ) {
		const field = part( card, 'key-input' );
		const address = part( card, 'base-url-input' );
		const data = { key: field.value };
		if ( address ) {
			data.base_url = address.value.trim();
		}

		try {
			/* translators: %s: provider. */
			const working = sprintf( __( 'Checking with %s…', 'byok' ), nameOf( card ) );
			const info = await run( card, part( form, 'save' ), working, { path: pathOf( card ), method: 'POST', data } );
			if ( ! info ) {
				return;
			}
			closePanels( card, false );
			paint( card, info );
			tell( card, chipOf( info ).tone, sentence( info ) );
			part( card, 'card__name' ).focus();
		} catch ( error ) {
			if ( error?.name === 'AbortError' ) {
				stopped( card );
				return;
			}
			tell( card, 'bad', problem( error ), true );
			// A refused key is of no more use. After any other error the key may be right: it stays, so
			// that it need not be fetched again.
			if ( error?.code === 'byok_key_refused' ) {
				emptyField( card );
			}
			field.focus();
		}
	}

	/**
	 * After Cancel. The browser stopped waiting; the server may not have, and then saves what it was
	 * given. So the card says that, looks again for a while, and shows what came of it.
	 */
	function stopped( card ) {
		tell( card, 'neutral', __( 'Stopped waiting. If the check was nearly done, the key may still be saved; this card will show it.', 'byok' ) );
		// A little over a minute: no check takes longer (byok.timeout).
		let looks = 17;
		const look = async () => {
			if ( underWay.has( card ) ) {
				return;
			}
			const info = await apiFetch( { path: pathOf( card ) } ).catch( () => null );
			if ( info && ! underWay.has( card ) ) {
				const when = info.checked_at ? new Date( info.checked_at * 1000 ).getTime() : 0;
				const known = Date.parse( part( card, 'checked' ).dateTime ) || 0;
				if ( info.state !== card.dataset.state || when > known ) {
					closePanels( card, card.contains( document.activeElement ) );
					paint( card, info );
					tell( card, chipOf( info ).tone, info.message );
					return;
				}
			}
			if ( --looks ) {
				setTimeout( look, 4000 );
			}
		};
		setTimeout( look, 1000 );
	}

	async function check( card, form ) {
		try {
			const info = await run( card, part( form, 'check' ), __( 'Checking…', 'byok' ), { path: pathOf( card, '/check' ), method: 'POST' } );
			if ( info ) {
				paint( card, info );
				// A key that was put back works, but what the person wanted did not happen.
				tell( card, info.restored ? 'warn' : chipOf( info ).tone, sentence( info ) );
			}
		} catch ( error ) {
			tell( card, 'bad', problem( error ), true );
		}
	}

	async function remove( card, form ) {
		try {
			const info = await run( card, part( form, 'danger' ), __( 'Removing…', 'byok' ), { path: pathOf( card ), method: 'DELETE' } );
			if ( ! info ) {
				return;
			}
			closePanels( card, false );
			paint( card, info );
			tell( card, 'good', screen.words.removed );
			part( card, 'card__name' ).focus();
		} catch ( error ) {
			tell( card, 'bad', problem( error ), true );
		}
	}

	/* What a pasted key looks like. Only a warning: providers change their formats. */

	/** The provider with the longest prefix that fits: `sk-ant-` says more than `sk-`. */
	function lookOf( key ) {
		let best = { id: null, length: 0 };
		for ( const [ id, { prefixes } ] of Object.entries( screen.providers ) ) {
			for ( const prefix of prefixes ) {
				if ( key.startsWith( prefix ) && prefix.length > best.length ) {
					best = { id, length: prefix.length };
				}
			}
		}
		return best.id;
	}

	function warn( card ) {
		const id = card.dataset.provider;
		const key = part( card, 'key-input' ).value.trim();
		const warning = part( card, 'key-warning' );
		const prefixes = screen.providers[ id ]?.prefixes ?? [];
		const looks = lookOf( key );
		let text = '';

		// The first characters of a key that is being typed fit nobody yet.
		if ( key.length >= 8 && prefixes.length && looks !== id ) {
			// `sk-ant-` says all that `sk-ant-api03-` says.
			const shortest = prefixes.filter( ( one ) => ! prefixes.some( ( other ) => other !== one && one.startsWith( other ) ) );
			const own = shortest.join( __( ' or ', 'byok' ) );
			text = looks
				/* translators: 1: the provider it looks like. 2: provider of this card. 3: how its keys start. */
				? sprintf( __( 'This looks like a key from %1$s, not from %2$s (they start with %3$s). You can still check it.', 'byok' ), screen.providers[ looks ].name, nameOf( card ), own )
				/* translators: 1: provider. 2: how its keys start. */
				: sprintf( __( 'This does not look like a key from %1$s (they start with %2$s). You can still check it.', 'byok' ), nameOf( card ), own );
		}
		if ( text && text !== warning.textContent ) {
			speak( text );
		}
		warning.textContent = text;
		warning.hidden = text === '';
	}

	/* Events: one listener for each kind, on the page. */

	page.addEventListener( 'click', ( event ) => {
		const button = event.target.closest( 'button' );
		if ( button?.classList.contains( 'byok-show' ) ) {
			const field = button.parentElement.querySelector( '.byok-key-input' );
			showSecret( field, ! field.classList.contains( 'is-shown' ) );
			return;
		}
		const card = event.target.closest( '.byok-card' );
		if ( ! button || ! card ) {
			return;
		}
		if ( button.dataset.opens ) {
			event.preventDefault();
			if ( underWay.has( card ) ) {
				return;
			}
			if ( button.getAttribute( 'aria-expanded' ) === 'true' ) {
				closePanels( card );
			} else {
				openPanel( card, button.dataset.opens );
			}
		} else if ( button.classList.contains( 'byok-close' ) ) {
			event.preventDefault();
			cancel( card );
		}
	} );

	/** Cancel and Escape: first stop what is under way, keeping the field; else close. */
	function cancel( card ) {
		const controller = underWay.get( card );
		if ( controller ) {
			controller.abort();
		} else {
			closePanels( card );
		}
	}

	page.addEventListener( 'keydown', ( event ) => {
		const help = event.target.closest( '.byok-vault[open]' );
		if ( event.key === 'Escape' && help ) {
			help.open = false;
			help.querySelector( 'summary' ).focus();
		}
		const card = event.target.closest( '.byok-card' );
		if ( event.key === 'Escape' && ! event.isComposing && card && event.target.closest( '.byok-panel' ) ) {
			cancel( card );
		}
	} );

	page.addEventListener( 'submit', ( event ) => {
		const form = event.target;
		const card = form.closest( '.byok-card' );
		if ( form.classList.contains( 'byok-unlock-form' ) ) {
			unlock( event, form );
		}
		if ( ! card ) {
			return;
		}
		if ( form.classList.contains( 'byok-spare__form' ) ) {
			/* translators: %s: provider. */
			busy( event, form, sprintf( __( 'Checking with %s…', 'byok' ), nameOf( card ) ) );
			return;
		}
		if ( form.classList.contains( 'byok-remove-form' ) && part( card, 'spare__key' ) ) {
			// Another key takes its place: most of the card changes.
			busy( event, form, __( 'Removing…', 'byok' ) );
			return;
		}
		event.preventDefault();
		if ( form.classList.contains( 'byok-key-form' ) ) {
			save( card, form );
		} else if ( form.classList.contains( 'byok-check-form' ) ) {
			check( card, form );
		} else {
			remove( card, form );
		}
	} );

	/** The form is sent as it is, since every card may change; this only says that it works on it. */
	function unlock( event, form ) {
		busy( event, form, __( 'Opening the keys…', 'byok' ) );
	}

	/** Says that a form that loads the page anew is being worked on, and lets it be sent once. */
	function busy( event, form, words ) {
		const button = form.querySelector( 'button[type="submit"]' );
		if ( button.getAttribute( 'aria-disabled' ) === 'true' ) {
			event.preventDefault();
			return;
		}
		button.setAttribute( 'aria-disabled', 'true' );
		part( button, 'label' ).textContent = words;
		part( button, 'spinner' ).hidden = false;
		speak( words );
	}

	page.addEventListener( 'input', ( event ) => {
		const card = event.target.closest( '.byok-card' );
		if ( card && event.target.classList.contains( 'byok-key-input' ) ) {
			warn( card );
		} else if ( event.target.id === 'byok-search' ) {
			search( event.target.value );
		}
	} );

	/** Shows the cards whose provider's name holds the text. */
	function search( text ) {
		const wanted = text.trim().toLocaleLowerCase();
		let found = 0;
		for ( const card of page.querySelectorAll( '.byok-card' ) ) {
			const fits = nameOf( card ).toLocaleLowerCase().includes( wanted );
			card.hidden = ! fits;
			found += fits ? 1 : 0;
		}
		foldLists();
		const more = page.querySelector( '.byok-more[data-count]' );
		if ( more && wanted !== '' ) {
			more.dataset.before ??= String( more.open );
			more.open = true;
		} else if ( more?.dataset.before ) {
			// As it was before the search.
			more.open = more.dataset.before === 'true';
			delete more.dataset.before;
		}
		page.querySelector( '.byok-search__none' ).hidden = found > 0;
		/* translators: %d: number of providers. */
		speak( sprintf( _n( '%d provider found.', '%d providers found.', found, 'byok' ), found ) );
	}

	/* What only works with a script is shown by the script. */

	for ( const element of page.querySelectorAll( '.byok-show, .byok-search' ) ) {
		element.hidden = false;
	}

	// A link to a section that is closed opens it, and what it lies in: the documentation links to #byok-relay.
	const openLinked = () => {
		const linked = document.getElementById( location.hash.slice( 1 ) );
		if ( ! linked || ! page.contains( linked ) ) {
			return;
		}
		for ( let section = linked.closest( 'details' ); section; section = section.parentElement.closest( 'details' ) ) {
			section.open = true;
		}
		linked.scrollIntoView();
	};
	openLinked();
	window.addEventListener( 'hashchange', openLinked );

	// Other scripts of this page say so when they have changed keys.
	page.addEventListener( 'byok-changed', async () => {
		const infos = await apiFetch( { path: screen.route } ).catch( () => [] );
		for ( const info of infos ) {
			const card = document.getElementById( 'byok-' + info.provider );
			if ( card && ! underWay.has( card ) ) {
				paint( card, info );
			}
		}
	} );

	// A page that comes back from the browser's memory must not bring a key with it.
	const emptyAll = () => page.querySelectorAll( '.byok-key-input' ).forEach( emptySecret );
	emptyAll();
	window.addEventListener( 'pagehide', emptyAll );

	setInterval( () => {
		for ( const checked of page.querySelectorAll( '.byok-checked:not([hidden])' ) ) {
			// Past an hour the words of the server are still right to the hour; they stay.
			checked.textContent = ago( new Date( checked.dateTime ) ) ?? checked.textContent;
		}
	}, 60000 );
}( window.wp, window.byokScreen ) );
