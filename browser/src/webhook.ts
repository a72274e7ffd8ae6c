/**
 * Proves that a webhook is from the site: `Byok-Signature: t=…,v1=hex( hmac_sha256( t + "." + body ) )`.
 *
 * For servers too: it needs nothing but Web Crypto.
 *
 * @module
 */

/** What was received. */
export interface Webhook {
	/** The body as it came, before any parsing. */
	readonly body: string;
	/** The header `Byok-Signature`. */
	readonly header: string;
	/** The endpoint's secret. */
	readonly secret: string;
	/** Seconds that the signature may be old, or early. */
	readonly tolerance?: number;
	/** Unix time in seconds; now by default. */
	readonly now?: number;
}

/** Whether the signature is the site's, and of this time. */
export async function verifyWebhook( { body, header, secret, tolerance = 300, now = Date.now() / 1000 }: Webhook ): Promise< boolean > {
	const parts = String( header ?? '' ).split( ',' ).map( ( part ) => part.trim() );
	const times = parts.filter( ( part ) => /^t=/.test( part ) );
	const time = times[ 0 ]?.slice( 2 );
	if ( time === undefined || times.length > 1 || ! /^(0|[1-9]\d{0,11})$/.test( time ) || ! ( Math.abs( now - Number( time ) ) <= tolerance ) || secret === '' ) {
		return false;
	}
	const bytes = ( text: string ) => new TextEncoder().encode( text );
	const key = await crypto.subtle.importKey( 'raw', bytes( secret ), { name: 'HMAC', hash: 'SHA-256' }, false, [ 'verify' ] );
	// While a secret is changed there may be one signature of each. Web Crypto compares in constant time.
	const found = await Promise.all( parts.filter( ( part ) => /^v1=[0-9a-f]{64}$/.test( part ) ).map( ( part ) =>
		crypto.subtle.verify( 'HMAC', key, Uint8Array.from( part.slice( 3 ).match( /../g )!, ( pair ) => parseInt( pair, 16 ) ), bytes( `${ time }.${ body }` ) ),
	) );
	return found.includes( true );
}
