/**
 * The block *AI chat*: an example of what a page does with byok. It asks for a key when there is none, sends the question
 * through the site's relay (or from the browser, where the key is there), and shows the answer as it comes.
 *
 * It has no key and gets none: `byok.events()` carries it.
 */

/** How to ask, by provider; the others take what OpenAI's chat completions take. */
const APIS = {
	anthropic: ( model, messages ) => ( {
		path: '/messages',
		body: { model, max_tokens: 4096, stream: true, messages },
		read: ( { type, delta } ) => ( type === 'content_block_delta' ? delta.text : '' ),
	} ),
	google: ( model, messages ) => ( {
		path: `/models/${ encodeURIComponent( model ) }:streamGenerateContent?alt=sse`,
		body: { contents: messages.map( ( { role, content } ) => ( { role: role === 'user' ? 'user' : 'model', parts: [ { text: content } ] } ) ) },
		read: ( { candidates } ) => candidates?.[ 0 ]?.content?.parts?.map( ( { text } ) => text ).join( '' ),
	} ),
};

const chat = ( model, messages ) => ( {
	path: '/chat/completions',
	body: { model, stream: true, messages },
	read: ( { choices } ) => choices?.[ 0 ]?.delta?.content,
} );

/** A line of the conversation. */
function say( talk, who, text ) {
	const line = document.createElement( 'p' );
	line.className = `byok-chat__${ who }`;
	line.textContent = text;
	talk.append( line );
	talk.scrollTop = talk.scrollHeight;
	return line;
}

function start( root, byok ) {
	const { dataset } = root;
	const talk = root.querySelector( '.byok-chat__talk' );
	const form = root.querySelector( 'form' );
	const field = root.querySelector( 'textarea' );
	const stop = root.querySelector( '.byok-chat__stop' );
	const messages = [];
	const allowed = dataset.provider?.split( ' ' );
	let running = null;

	/** The chosen provider and model. Without a chosen model, the first that there is. */
	async function choice() {
		const keys = ( await byok.keys.list() ).filter( ( { provider } ) => ! allowed || allowed.includes( provider ) );
		const chosen = byok.keys.choice();
		const provider = keys.some( ( key ) => key.provider === chosen?.provider ) ? chosen.provider : keys[ 0 ]?.provider;
		if ( ! provider ) {
			return null;
		}
		const model = ( provider === chosen?.provider && chosen.model ) || ( await byok.keys.models( provider ) ).models[ 0 ]?.id;
		return { provider, model };
	}

	async function ask( question ) {
		let chosen = await choice();
		if ( ! chosen && await byok.openSettings( allowed?.[ 0 ] ) ) {
			chosen = await choice();
		}
		if ( ! chosen?.model ) {
			say( talk, 'note', chosen ? dataset.noModel : dataset.noKey );
			return;
		}
		field.value = '';
		say( talk, 'question', question );
		const line = say( talk, 'answer', dataset.thinking );
		const { path, body, read } = ( APIS[ chosen.provider ] ?? chat )( chosen.model, [ ...messages, { role: 'user', content: question } ] );
		let answer = '';
		try {
			const init = { provider: chosen.provider, method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify( body ), signal: running.signal };
			for await ( const { data } of byok.events( path, init ) ) {
				answer += data === '[DONE]' ? '' : read( JSON.parse( data ) ) ?? '';
				line.textContent = answer || dataset.thinking;
				talk.scrollTop = talk.scrollHeight;
			}
		} finally {
			line.textContent = answer;
			if ( answer === '' ) {
				line.remove();
			} else {
				messages.push( { role: 'user', content: question }, { role: 'assistant', content: answer } );
			}
		}
	}

	form.addEventListener( 'submit', async ( event ) => {
		event.preventDefault();
		const question = field.value.trim();
		if ( running || question === '' ) {
			return;
		}
		running = new AbortController();
		stop.hidden = false;
		try {
			await ask( question );
		} catch ( error ) {
			if ( error.reason === 'locked' ) {
				await byok.openSettings();
			} else if ( ! running.signal.aborted ) {
				say( talk, 'note', ( { mode_unavailable: dataset.notHere, signed_out: dataset.signedOut } )[ error.reason ] ?? dataset.failed );
			}
		} finally {
			running = null;
			stop.hidden = true;
		}
	} );
	stop.addEventListener( 'click', () => running?.abort() );
	root.querySelector( '.byok-chat__key' ).addEventListener( 'click', () => byok.openSettings() );
}

// The page's own byok is that of its elements, so nothing has to be imported and no import map is in the way of a policy.
await customElements.whenDefined( 'byok-settings' );
const { byok } = document.createElement( 'byok-settings' );
for ( const root of document.querySelectorAll( '.byok-chat' ) ) {
	// Whoever writes posts may write the class, and no form.
	if ( root.querySelector( 'form' ) ) {
		start( root, byok );
	}
}
