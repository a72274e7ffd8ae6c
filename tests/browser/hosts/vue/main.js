import { createApp, h, ref } from 'vue';
import { ask, byok } from '../ask.js';

createApp( {
	setup() {
		const answer = ref( '' );
		const changes = ref( 0 );
		return () => [
			h( 'h1', 'Vue' ),
			h( 'byok-settings', { byok, onByokChange: () => changes.value++ } ),
			h( 'p', h( 'byok-badge', { byok, href: '/practice' } ) ),
			h( 'p', { id: 'changes' }, String( changes.value ) ),
			h( 'button', { id: 'ask', type: 'button', onClick: () => ask( ( text ) => {
				answer.value = text;
			} ) }, 'Ask' ),
			h( 'p', { id: 'answer', 'aria-live': 'polite' }, answer.value ),
		];
	},
} ).mount( '#app' );
