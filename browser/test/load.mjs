/** Loads a piece of the sources by itself. */

import { bundle } from '../build.mjs';

export async function load( entry ) {
	return import( 'data:text/javascript,' + encodeURIComponent( await bundle( entry, 'esm', false ) ) );
}
