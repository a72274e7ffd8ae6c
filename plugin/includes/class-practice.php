<?php
/**
 * How this site keeps keys.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Says how this site keeps keys, from its state at this moment: for visitors, who are to judge whether they trust it. So it
 * says what is weak as plainly as what is strong.
 *
 * It names no key, no key id, no path, no version and no person.
 *
 * @since 0.1.0
 */
final class Practice {

	/**
	 * Whether keys can be kept here just now.
	 *
	 * @since 0.1.0
	 */
	public static function is_safe(): bool {
		return null === Notices::server();
	}

	/**
	 * Who may have requests sent with a key from a browser.
	 *
	 * @since 0.1.0
	 *
	 * @return array{users: bool, members: bool, visitors: bool, connect: bool, pass_through: bool}
	 */
	public static function relay(): array {
		$kinds    = array_fill_keys( array( 'users', 'members', 'visitors', 'connect', 'pass_through' ), false );
		$settings = Relay_Settings::current();
		foreach ( array_keys( $kinds ) as $kind ) {
			$kinds[ $kind ] = $settings->enabled && $settings->$kind;
		}
		return $kinds;
	}

	/**
	 * Whether who is logged in may use the relay, with a key of their own at least.
	 *
	 * @since 0.1.0
	 */
	public static function may_relay(): bool {
		return Relay_Settings::current()->enabled && User_Identity::current() instanceof User_Identity;
	}

	/**
	 * The facts.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, array{title: string, text: string, tone: string}> By name: `encryption`, `secret`, `reading`,
	 *         `sending`, `browser`, `records`, `leaving`. The tone is `good`, `warn` or `bad`.
	 */
	public static function facts(): array {
		if ( ! self::is_safe() ) {
			return array(
				'encryption' => self::fact( __( 'Just now no keys can be kept here', 'byok' ), __( 'Encryption is not available on this server, so this site takes no keys. Keys that were saved before are encrypted and untouched.', 'byok' ), 'bad' ),
				'browser'    => self::browser(),
			);
		}
		$source = byok_key_source();
		return array(
			'encryption' => self::fact( __( 'Keys are encrypted before they are stored', 'byok' ), __( 'A native part of the server encrypts each key (XChaCha20-Poly1305) for its owner, provider and address. The database, or a copy of it, opens none of them alone; an entry that is moved or changed does not open.', 'byok' ) ),
			'secret'     => self::secret( (string) $source['source'] ),
			'reading'    => self::reading( ! empty( $source['reveal'] ) ),
			'sending'    => self::sending(),
			'browser'    => self::browser(),
			'records'    => self::fact( __( 'What is written down', 'byok' ), __( 'How often each key was used, by which plugin, for which model and how much. Nothing of what was asked or answered. Keys are masked in what this site logs.', 'byok' ) ),
			'leaving'    => self::fact( __( 'Taking a key back', 'byok' ), __( 'You can remove your key here at any time; it is deleted at once. Copies of the database that were made before still hold it, encrypted: end the key at its provider, too, if you want to be sure.', 'byok' ) ),
		);
	}

	/**
	 * Where the secret is that opens the keys.
	 *
	 * @param string $source One of the key sources.
	 */
	private static function secret( string $source ): array {
		switch ( $source ) {
			case 'key_file':
				return self::fact( __( 'The secret is out of this site’s reach', 'byok' ), __( 'What opens the keys is in a file of the server that the website’s own code cannot read. Somebody with the database and all files of the website opens none.', 'byok' ) );
			case 'environment':
				return self::fact( __( 'The secret is not in this site’s files', 'byok' ), __( 'What opens the keys is in the environment of the server. Somebody with the database and all files of the website opens none.', 'byok' ) );
			default:
				return self::fact( __( 'The secret is in this site’s configuration', 'byok' ), __( 'What opens the keys is in the file wp-config.php. Somebody with the database alone opens none; somebody who has that file, too, opens all.', 'byok' ), 'warn' );
		}
	}

	/**
	 * Who may read a key.
	 *
	 * @param bool $reveal Whether code of the site may have a key in the clear.
	 */
	private static function reading( bool $reveal ): array {
		$title = __( 'Who can read a key', 'byok' );
		return $reveal
			? self::fact( $title, __( 'No page, no export and no interface of this site shows a key again, not to you and not to administrators. Plugins of this site can ask for a key and get it, so the site’s administrators answer for the plugins that they install.', 'byok' ), 'warn' )
			: self::fact( $title, __( 'No page, no export and no interface of this site shows a key again, not to you and not to administrators. Its plugins can have requests sent with a key, and get none themselves: the server’s owner has switched that off.', 'byok' ) );
	}

	/**
	 * What leaves the site, and for whom.
	 */
	private static function sending(): array {
		$title = __( 'Where a key is sent', 'byok' );
		$text  = '' === (string) ini_get( 'byok.allow_hosts' )
			? __( 'Only to the address of its provider that was fixed when it was saved, over an encrypted connection.', 'byok' )
			: __( 'Only to the address of its provider that was fixed when it was saved, over an encrypted connection; the server’s owner has allowed addresses on its own network, too, which may be reached without one.', 'byok' );
		$text .= ' ';
		$relay = self::relay();
		if ( ! $relay['users'] && ! $relay['members'] && ! $relay['visitors'] ) {
			$text .= __( 'Requests are sent by this site’s own plugins. Browsers cannot have requests sent with a key that is kept here.', 'byok' );
		} else {
			$text .= implode( ' ', array_filter( array( self::own( $relay ), $relay['users'] ? __( 'Browsers of members whom the site trusts with that can have requests sent with their own keys and with the site’s.', 'byok' ) : '', __( 'The key itself does not go to the browser.', 'byok' ) ) ) );
		}
		if ( $relay['pass_through'] ) {
			$text .= ' ' . __( 'Who sends a key along with a request has it passed on, and not stored.', 'byok' );
		}
		return self::fact( $title, $text );
	}

	/**
	 * Whose browsers can have requests sent with keys of their own.
	 *
	 * @param array $relay See relay().
	 * @return string A sentence; empty for nobody's but those of members who are trusted with more.
	 */
	private static function own( array $relay ): string {
		if ( $relay['visitors'] ) {
			return __( 'Browsers of members and visitors can have requests sent with their own keys.', 'byok' );
		}
		return $relay['members'] ? __( 'Browsers of members can have requests sent with their own keys.', 'byok' ) : '';
	}

	/**
	 * What a browser may keep.
	 */
	private static function browser(): array {
		return self::fact( __( 'Keys that stay in your browser', 'byok' ), __( 'Where the form offers it, you can keep a key on your own machine: it goes from there to its provider, and this site never has it. Locked with a passkey it is encrypted; without, any script on this website could read it.', 'byok' ) );
	}

	/**
	 * A fact.
	 *
	 * @param string $title In a few words.
	 * @param string $text  Sentences.
	 * @param string $tone  What it feels like.
	 */
	private static function fact( string $title, string $text, string $tone = 'good' ): array {
		return compact( 'title', 'text', 'tone' );
	}
}
