<?php
/**
 * The sentences of the form in the browser.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Translates what `<byok-settings>` and `<byok-badge>` say. The English ones are those of browser/src/words.ts; a test
 * compares them.
 *
 * @since 0.1.0
 */
final class Browser_Words {

	/**
	 * The sentences by name. What stands in braces is filled in by the browser.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, string> Plain text.
	 */
	public static function all(): array {
		return array(
			'title'             => __( 'Your AI key', 'byok' ),
			'intro'             => __( 'Paste a key once. It is checked before it is kept, and never shown again.', 'byok' ),
			'provider'          => __( 'Provider', 'byok' ),
			/* translators: {provider}: left as they are; the browser fills them in. */
			'has_key'           => __( '{provider} (has a key)', 'byok' ),
			/* translators: {provider}: left as they are; the browser fills them in. */
			'key'               => __( '{provider} key', 'byok' ),
			'base_url'          => __( 'Address of the service', 'byok' ),
			'base_url_help'     => __( 'The key goes to this address and nowhere else.', 'byok' ),
			'where'             => __( 'Where do I get a key?', 'byok' ),
			/* translators: {link}: left as they are; the browser fills them in. */
			'step_page'         => __( 'Open {link} and sign in, or make an account there.', 'byok' ),
			/* translators: {provider}: left as they are; the browser fills them in. */
			'step_page_link'    => __( 'the page with keys at {provider}', 'byok' ),
			/* translators: {link}: left as they are; the browser fills them in. */
			'step_billing'      => __( 'Most providers want credit first: see {link}.', 'byok' ),
			/* translators: {provider}: left as they are; the browser fills them in. */
			'step_billing_link' => __( 'billing at {provider}', 'byok' ),
			/* translators: {site}: left as they are; the browser fills them in. */
			'step_create'       => __( 'Create a key and give it a name that you recognise, such as {site}.', 'byok' ),
			/* translators: {prefix}: left as they are; the browser fills them in. */
			'step_copy'         => __( 'Copy it whole and paste it here. Keys start with {prefix}', 'byok' ),
			'step_copy_plain'   => __( 'Copy it whole and paste it here.', 'byok' ),
			'new_tab'           => __( '(opens in a new tab)', 'byok' ),
			'kept'              => __( 'Where it is kept', 'byok' ),
			'mode_site'         => __( 'On this site', 'byok' ),
			'mode_site_help'    => __( 'Encrypted on the server. No page shows it again, not even to you; this site can use it for you.', 'byok' ),
			'mode_passkey'      => __( 'In this browser, locked with a passkey', 'byok' ),
			'mode_passkey_help' => __( 'Encrypted. Opens with your fingerprint, face or PIN, until you close this tab.', 'byok' ),
			'mode_browser'      => __( 'In this browser', 'byok' ),
			'mode_browser_help' => __( 'The weakest place: kept as plain text. Whoever uses this browser, and any script on this website, can read it.', 'byok' ),
			'mode_memory'       => __( 'In this tab only', 'byok' ),
			'mode_memory_help'  => __( 'Forgotten when you reload or close the tab. Scripts on this page could read it until then.', 'byok' ),
			/* translators: {provider}, {prefix}: left as they are; the browser fills them in. */
			'format_hint'       => __( 'This does not look like a key of {provider} (they start with {prefix}). You can still check it.', 'byok' ),
			'save'              => __( 'Check and save', 'byok' ),
			'checking'          => __( 'Checking…', 'byok' ),
			'cancel'            => __( 'Cancel', 'byok' ),
			'close'             => __( 'Close', 'byok' ),
			'replace'           => __( 'Replace', 'byok' ),
			'again'             => __( 'Check again', 'byok' ),
			'remove'            => __( 'Remove', 'byok' ),
			/* translators: {provider}: left as they are; the browser fills them in. */
			'remove_question'   => __( 'Remove the {provider} key?', 'byok' ),
			'remove_help'       => __( 'What uses it here stops working. The key stays valid with the provider, but cannot be read back from here.', 'byok' ),
			'remove_yes'        => __( 'Yes, remove it', 'byok' ),
			'keep'              => __( 'Keep it', 'byok' ),
			'unlock'            => __( 'Unlock', 'byok' ),
			'lock'              => __( 'Lock', 'byok' ),
			'model'             => __( 'Model', 'byok' ),
			'model_default'     => __( 'Choose when it is used', 'byok' ),
			'model_shipped'     => __( 'The provider’s own list could not be had, so these are the ones known here.', 'byok' ),
			'loading'           => __( 'Loading…', 'byok' ),
			'chip_valid'        => __( 'Works', 'byok' ),
			'chip_reachable'    => __( 'Reachable', 'byok' ),
			'chip_no_credit'    => __( 'No credit', 'byok' ),
			'chip_rate_limited' => __( 'Limited just now', 'byok' ),
			'chip_restricted'   => __( 'Restricted', 'byok' ),
			'chip_invalid'      => __( 'Refused', 'byok' ),
			'chip_unknown'      => __( 'Not verified yet', 'byok' ),
			'chip_locked'       => __( 'Locked', 'byok' ),
			'chip_damaged'      => __( 'Damaged', 'byok' ),
			'chip_stored'       => __( 'Stored', 'byok' ),
			'said_valid'        => __( 'Works. Saved.', 'byok' ),
			/* translators: {provider}: left as they are; the browser fills them in. */
			'said_reachable'    => __( '{provider} answers. Saved; whether the key is right shows at its first use.', 'byok' ),
			/* translators: {provider}: left as they are; the browser fills them in. */
			'said_no_credit'    => __( 'The key is right, but the account has no credit. Saved; add credit at {provider}.', 'byok' ),
			/* translators: {provider}: left as they are; the browser fills them in. */
			'said_rate_limited' => __( '{provider} is limiting requests just now, so the key is not verified yet. Saved.', 'byok' ),
			/* translators: {provider}: left as they are; the browser fills them in. */
			'said_restricted'   => __( '{provider} does not let this key list models here (region, project or permissions), so it is not verified. Saved.', 'byok' ),
			/* translators: {provider}: left as they are; the browser fills them in. */
			'said_invalid'      => __( '{provider} refused this key at the last check. It is still kept; replace it or check it again.', 'byok' ),
			/* translators: {provider}: left as they are; the browser fills them in. */
			'said_unknown'      => __( '{provider} could not be reached from here, so the key is not verified yet. Saved; its first use will show.', 'byok' ),
			/* translators: {provider}: left as they are; the browser fills them in. */
			'said_refused'      => __( '{provider} refused this key. Nothing was changed. Was it copied whole?', 'byok' ),
			'said_removed'      => __( 'The key was removed.', 'byok' ),
			'said_cancelled'    => __( 'Cancelled. Nothing was changed.', 'byok' ),
			'said_empty'        => __( 'Paste the key first.', 'byok' ),
			'said_malformed'    => __( 'A key has only letters, digits and signs, without spaces. Was something else copied?', 'byok' ),
			'said_base_url'     => __( 'This address cannot be used. It begins with https://, or is on your own machine.', 'byok' ),
			'said_storage'      => __( 'This browser does not keep anything for this website. Choose another place.', 'byok' ),
			'said_unlock'       => __( 'The passkey was not confirmed. Nothing was changed.', 'byok' ),
			'said_no_prf'       => __( 'This browser, or this passkey, cannot lock keys. Choose another place.', 'byok' ),
			'said_worker'       => __( 'A file of this page did not load, so nothing can be locked or unlocked here. Reload the page, or choose another place.', 'byok' ),
			'said_locked'       => __( 'Unlock it with your passkey to use it in this tab.', 'byok' ),
			'said_damaged'      => __( 'This entry was changed and is refused. Remove it or paste the key again.', 'byok' ),
			'said_signed_out'   => __( 'This site does not know who you are any more. Sign in again, then reload this page.', 'byok' ),
			'said_offline'      => __( 'This site could not be reached. Nothing was changed; try again.', 'byok' ),
			'said_nowhere'      => __( 'There is no place for keys here just now. Sign in, or use a newer browser.', 'byok' ),
			'said_failed'       => __( 'That did not work. Nothing was changed.', 'byok' ),
			'badge_site'        => __( 'Keys are encrypted on this site', 'byok' ),
			'badge_unsafe'      => __( 'This site cannot keep keys just now', 'byok' ),
			'badge_passkey'     => __( 'Your key is locked with a passkey, in this browser', 'byok' ),
			'badge_browser'     => __( 'Your key is in this browser, unencrypted', 'byok' ),
			'badge_here'        => __( 'Keys stay in your browser', 'byok' ),
			'badge_memory'      => __( 'Your key is in this tab only', 'byok' ),
			'badge_more'        => __( 'How keys are kept here', 'byok' ),
		);
	}
}
