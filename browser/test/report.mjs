/** Prints what node:test tells as bin/test counts it. */
export default async function* report( source ) {
	let passed = 0;
	let failed = 0;
	for await ( const { type, data } of source ) {
		if ( type === 'test:pass' || type === 'test:fail' ) {
			const cause = data.details?.error?.cause;
			if ( type === 'test:pass' ) {
				passed++;
				yield `ok      ${ data.name }\n`;
			} else {
				failed++;
				yield `FAILED  ${ data.name }\n        ${ String( cause?.stack ?? cause ).replaceAll( '\n', '\n        ' ) }\n`;
			}
		}
	}
	yield `${ passed } passed, ${ failed } failed\n`;
}
