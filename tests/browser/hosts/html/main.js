import { ask } from '../ask.js';

document.querySelector( '#ask' ).addEventListener( 'click', () => ask( ( text ) => {
	document.querySelector( '#answer' ).textContent = text;
} ) );
