/**
 * Encrypting keys anew, with JavaScript: in steps of a few seconds, with its progress, and it can be
 * stopped. What was done stays done; the server knows where to go on.
 *
 * It has no key and no secret, and builds no HTML.
 */
( function ( wp ) {
	'use strict';

	const { apiFetch } = wp;
	const { speak } = wp.a11y;
	const { __, _n, sprintf } = wp.i18n;

	const box = document.getElementById( 'byok-reencryption' );
	if ( ! box ) {
		return;
	}

	const part = ( name ) => box.querySelector( '.byok-' + name );
	const button = part( 'reencrypt' );
	const stop = part( 'stop' );
	const bar = box.querySelector( 'progress' );

	/** Milliseconds between two announcements: a screen reader should not have to talk all the time. */
	const PAUSE = 10000;

	/** Answers without any progress after which something is wrong. */
	const PATIENCE = 3;

	let running = false;
	let stopping = false;

	function show( state, label ) {
		running = state;
		button.querySelector( '.byok-label' ).textContent = label;
		button.querySelector( '.byok-spinner' ).hidden = ! state;
		if ( state ) {
			// Not `disabled`: that would throw the focus away.
			button.setAttribute( 'aria-disabled', 'true' );
		} else {
			button.removeAttribute( 'aria-disabled' );
		}
		stop.hidden = ! state;
		stop.removeAttribute( 'aria-disabled' );
		stopping = false;
	}

	function say( text, tone = 'neutral', urgent = false ) {
		part( 'reencryption__text' ).textContent = text;
		box.dataset.tone = tone;
		speak( text, urgent ? 'assertive' : 'polite' );
	}

	const number = ( value ) => value.toLocaleString( document.documentElement.lang || undefined );

	function progress( status ) {
		const seen = Math.min( status.seen, status.total );
		bar.max = Math.max( 1, status.total );
		bar.value = seen;
		/* translators: 1: number of keys and sites that were looked at, 2: number of all of them. */
		const text = sprintf( __( '%1$s of %2$s looked at.', 'byok' ), number( seen ), number( status.total ) );
		part( 'progress__text' ).textContent = text;
		part( 'progress' ).hidden = false;
		return text;
	}

	/** The same sentences as without JavaScript. */
	function result( { moved, locked, damaged, busy } ) {
		const sentences = [
			/* translators: %s: a number. */
			[ moved, _n( '%s key was encrypted anew.', '%s keys were encrypted anew.', moved, 'byok' ) ],
			/* translators: %s: a number. */
			[ locked, _n( '%s key is still locked: its secret is not here. It is not lost.', '%s keys are still locked: their secret is not here. None is lost.', locked, 'byok' ) ],
			/* translators: %s: a number. */
			[ damaged, _n( '%s entry is damaged and was left as it is.', '%s entries are damaged and were left as they are.', damaged, 'byok' ) ],
			/* translators: %s: a number. */
			[ busy, _n( '%s key was changed by someone else meanwhile. Encrypt anew once more.', '%s keys were changed by someone else meanwhile. Encrypt anew once more.', busy, 'byok' ) ],
		];
		return sentences
			.filter( ( [ count ], index ) => count > 0 || index === 0 )
			.map( ( [ count, sentence ] ) => sprintf( sentence, number( count ) ) )
			.join( ' ' );
	}

	function finish( status ) {
		const whole = status.locked + status.damaged + status.busy === 0;
		show( false, __( 'Encrypt anew', 'byok' ) );
		part( 'progress' ).hidden = true;
		// The button has done its work. Whoever was on it is told the outcome, not dropped.
		const focused = box.contains( document.activeElement );
		part( 'reencryption-form' ).hidden = status.busy === 0;
		say( result( status ), whole ? 'good' : 'warn' );
		if ( focused ) {
			box.querySelector( 'h2' ).focus();
		}
		// It stays, with the outcome, when the cards have nothing more to count.
		box.dataset.done = '';
		box.dispatchEvent( new CustomEvent( 'byok-changed', { bubbles: true } ) );
	}

	async function run() {
		let told = Date.now();
		let last = '';
		let same = 0;
		show( true, __( 'Encrypting anew…', 'byok' ) );
		speak( __( 'Encrypting anew…', 'byok' ) );
		try {
			for ( ;; ) {
				const status = await apiFetch( { path: '/byok/v1/reencrypt', method: 'POST', data: { scope: box.dataset.scope } } );
				if ( status.finished ) {
					finish( status );
					return;
				}
				const text = progress( status );
				const now = JSON.stringify( status );
				same = now === last ? same + 1 : 0;
				last = now;
				if ( same >= PATIENCE ) {
					throw new Error( __( 'It does not go on. Perhaps someone else encrypts the keys anew just now. Look again in a minute.', 'byok' ) );
				}
				if ( stopping ) {
					show( false, __( 'Go on', 'byok' ) );
					button.focus();
					/* translators: %s: such as "1,200 of 100,000 looked at." */
					speak( sprintf( __( 'Stopped. %s', 'byok' ), text ) );
					return;
				}
				if ( Date.now() - told > PAUSE ) {
					told = Date.now();
					speak( text );
				}
			}
		} catch ( error ) {
			show( false, __( 'Go on', 'byok' ) );
			say( error?.message ? String( error.message ) : __( 'Your site did not answer. What was done is done; go on when you like.', 'byok' ), 'bad', true );
		}
	}

	part( 'reencryption-form' ).addEventListener( 'submit', ( event ) => {
		event.preventDefault();
		if ( ! running ) {
			run();
		}
	} );

	stop.addEventListener( 'click', () => {
		stopping = true;
		stop.setAttribute( 'aria-disabled', 'true' );
	} );
}( window.wp ) );
