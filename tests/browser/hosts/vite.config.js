/**
 * Builds each page by itself, with the npm package as a page's author would have it.
 */

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const host = process.env.BYOK_HOST;
const at = ( path ) => fileURLToPath( new URL( path, import.meta.url ) );

export default defineConfig( {
	root: at( `./${ host }` ),
	base: `/hosts/${ host }/`,
	build: { outDir: at( `../../../.work/hosts-built/${ host }` ), emptyOutDir: true, modulePreload: { polyfill: false } },
	define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
	logLevel: 'warn',
} );
