/**
 * Every sentence of the elements, in English. A page gives others as `words`; `{provider}` and its like stay in them.
 *
 * @module
 */

export const WORDS = {
	title: 'Your AI key',
	intro: 'Paste a key once. It is checked before it is kept, and never shown again.',
	provider: 'Provider',
	has_key: '{provider} (has a key)',
	key: '{provider} key',
	base_url: 'Address of the service',
	base_url_help: 'The key goes to this address and nowhere else.',
	where: 'Where do I get a key?',
	step_page: 'Open {link} and sign in, or make an account there.',
	step_page_link: 'the page with keys at {provider}',
	step_billing: 'Most providers want credit first: see {link}.',
	step_billing_link: 'billing at {provider}',
	step_create: 'Create a key and give it a name that you recognise, such as {site}.',
	step_copy: 'Copy it whole and paste it here. Keys start with {prefix}',
	step_copy_plain: 'Copy it whole and paste it here.',
	new_tab: '(opens in a new tab)',
	kept: 'Where it is kept',
	mode_site: 'On this site',
	mode_site_help: 'Encrypted on the server. No page shows it again, not even to you; this site can use it for you.',
	mode_passkey: 'In this browser, locked with a passkey',
	mode_passkey_help: 'Encrypted. Opens with your fingerprint, face or PIN, until you close this tab.',
	mode_browser: 'In this browser',
	mode_browser_help: 'The weakest place: kept as plain text. Whoever uses this browser, and any script on this website, can read it.',
	mode_memory: 'In this tab only',
	mode_memory_help: 'Forgotten when you reload or close the tab. Scripts on this page could read it until then.',
	format_hint: 'This does not look like a key of {provider} (they start with {prefix}). You can still check it.',
	save: 'Check and save',
	checking: 'Checking…',
	cancel: 'Cancel',
	close: 'Close',
	replace: 'Replace',
	again: 'Check again',
	remove: 'Remove',
	remove_question: 'Remove the {provider} key?',
	remove_help: 'What uses it here stops working. The key stays valid with the provider, but cannot be read back from here.',
	remove_yes: 'Yes, remove it',
	keep: 'Keep it',
	unlock: 'Unlock',
	lock: 'Lock',
	model: 'Model',
	model_default: 'Choose when it is used',
	model_shipped: 'The provider’s own list could not be had, so these are the ones known here.',
	loading: 'Loading…',
	chip_valid: 'Works',
	chip_reachable: 'Reachable',
	chip_no_credit: 'No credit',
	chip_rate_limited: 'Limited just now',
	chip_restricted: 'Restricted',
	chip_invalid: 'Refused',
	chip_unknown: 'Not verified yet',
	chip_locked: 'Locked',
	chip_damaged: 'Damaged',
	chip_stored: 'Stored',
	said_valid: 'Works. Saved.',
	said_reachable: '{provider} answers. Saved; whether the key is right shows at its first use.',
	said_no_credit: 'The key is right, but the account has no credit. Saved; add credit at {provider}.',
	said_rate_limited: '{provider} is limiting requests just now, so the key is not verified yet. Saved.',
	said_restricted: '{provider} does not let this key list models here (region, project or permissions), so it is not verified. Saved.',
	said_invalid: '{provider} refused this key at the last check. It is still kept; replace it or check it again.',
	said_unknown: '{provider} could not be reached from here, so the key is not verified yet. Saved; its first use will show.',
	said_refused: '{provider} refused this key. Nothing was changed. Was it copied whole?',
	said_removed: 'The key was removed.',
	said_cancelled: 'Cancelled. Nothing was changed.',
	said_empty: 'Paste the key first.',
	said_malformed: 'A key has only letters, digits and signs, without spaces. Was something else copied?',
	said_base_url: 'This address cannot be used. It begins with https://, or is on your own machine.',
	said_storage: 'This browser does not keep anything for this website. Choose another place.',
	said_unlock: 'The passkey was not confirmed. Nothing was changed.',
	said_no_prf: 'This browser, or this passkey, cannot lock keys. Choose another place.',
	said_worker: 'A file of this page did not load, so nothing can be locked or unlocked here. Reload the page, or choose another place.',
	said_locked: 'Unlock it with your passkey to use it in this tab.',
	said_damaged: 'This entry was changed and is refused. Remove it or paste the key again.',
	said_signed_out: 'This site does not know who you are any more. Sign in again, then reload this page.',
	said_offline: 'This site could not be reached. Nothing was changed; try again.',
	said_nowhere: 'There is no place for keys here just now. Sign in, or use a newer browser.',
	said_failed: 'That did not work. Nothing was changed.',
} as const;

/** Those of the badge, which is there before the form is. */
export const BADGE_WORDS = {
	badge_site: 'Keys are encrypted on this site',
	badge_unsafe: 'This site cannot keep keys just now',
	badge_passkey: 'Your key is locked with a passkey, in this browser',
	badge_browser: 'Your key is in this browser, unencrypted',
	badge_here: 'Keys stay in your browser',
	badge_memory: 'Your key is in this tab only',
	badge_more: 'How keys are kept here',
} as const;

/** The sentences by name. */
export type Words = Record< keyof typeof WORDS | keyof typeof BADGE_WORDS, string >;

/** A sentence with its placeholders filled in. */
export function fill( sentence: string, values: Readonly< Record< string, string > > ): string {
	return sentence.replace( /\{(\w+)\}/g, ( whole, name: string ) => values[ name ] ?? whole );
}
