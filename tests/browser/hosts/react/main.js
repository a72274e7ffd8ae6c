import { createElement as h, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { ask, byok } from '../ask.js';

function App() {
	const [ answer, setAnswer ] = useState( '' );
	const [ changes, setChanges ] = useState( 0 );
	return h( 'div', null,
		h( 'h1', null, 'React' ),
		// React 19 sets properties and listens to events of custom elements by their names.
		h( 'byok-settings', { byok, 'onbyok-change': () => setChanges( ( count ) => count + 1 ) } ),
		h( 'p', null, h( 'byok-badge', { byok, href: '/practice' } ) ),
		h( 'p', { id: 'changes' }, String( changes ) ),
		h( 'button', { id: 'ask', type: 'button', onClick: () => ask( setAnswer ) }, 'Ask' ),
		h( 'p', { id: 'answer', 'aria-live': 'polite' }, answer ),
	);
}

createRoot( document.querySelector( '#app' ) ).render( h( App ) );
