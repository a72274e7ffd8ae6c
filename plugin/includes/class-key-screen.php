<?php
/**
 * A page with keys: whose they are, where it is, and what it calls them.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Tells the three pages apart: the site's keys, the network's, and one's own. All three show the same
 * cards; what differs is here.
 *
 * It prints nothing, and it is never about somebody else's keys: a person's page is the one of who is
 * logged in.
 *
 * @since 0.1.0
 */
final class Key_Screen {

	/**
	 * Where each page is, below the site's or the network's admin address, and its name there.
	 */
	private const PAGES = array(
		'site'    => array( 'options-general.php', 'byok' ),
		'network' => array( 'settings.php', 'byok' ),
		'user'    => array( 'profile.php', 'byok-keys' ),
	);

	/**
	 * Beginnings of the REST routes.
	 */
	private const ROUTES = array(
		'site'    => '/byok/v1/keys',
		'network' => '/byok/v1/network/keys',
		'user'    => '/byok/v1/me/keys',
	);

	/**
	 * Names in the question before a key is removed.
	 */
	private const MOST_CALLERS = 5;

	/**
	 * Who has used which key, once it was asked.
	 *
	 * @var array<string, string[]>|null
	 */
	private ?array $callers = null;

	/**
	 * Takes the field as it is.
	 *
	 * @param Owner $owner Whose keys.
	 */
	private function __construct( public readonly Owner $owner ) {}

	/**
	 * Settings → API Keys.
	 *
	 * @since 0.1.0
	 */
	public static function site(): self {
		return new self( Owner::site() );
	}

	/**
	 * Network Admin → Settings → API Keys.
	 *
	 * @since 0.1.0
	 */
	public static function network(): self {
		return new self( Owner::network() );
	}

	/**
	 * Profile → Your API Keys.
	 *
	 * @since 0.1.0
	 */
	public static function own(): self {
		return new self( Owner::user( get_current_user_id() ) );
	}

	/**
	 * The page that a form says it is from.
	 *
	 * @since 0.1.0
	 *
	 * @param string $kind `site`, `network` or `user`. Never an id: those are not the browser's to say.
	 * @return self|null Null when there is no such page here.
	 */
	public static function of( string $kind ): ?self {
		switch ( $kind ) {
			case 'site':
				return self::site();
			case 'network':
				return is_multisite() ? self::network() : null;
			case 'user':
				return is_user_logged_in() ? self::own() : null;
			default:
				return null;
		}
	}

	/**
	 * Whether the current user may use it.
	 *
	 * @since 0.1.0
	 */
	public function is_allowed(): bool {
		return Capability::current_user_can( $this->owner );
	}

	/**
	 * Name of the page in its address.
	 *
	 * @since 0.1.0
	 */
	public function slug(): string {
		return self::PAGES[ $this->owner->kind ][1];
	}

	/**
	 * Address without the query: what a form with GET is sent to.
	 *
	 * @since 0.1.0
	 */
	public function file(): string {
		list( $file ) = self::PAGES[ $this->owner->kind ];
		if ( 'user' === $this->owner->kind && current_user_can( 'list_users' ) ) {
			// Where WordPress puts the profile of those who see a list of users.
			$file = 'users.php';
		}
		return 'network' === $this->owner->kind ? network_admin_url( $file ) : admin_url( $file );
	}

	/**
	 * Address.
	 *
	 * @since 0.1.0
	 */
	public function url(): string {
		return add_query_arg( 'page', $this->slug(), $this->file() );
	}

	/**
	 * Beginning of its REST routes.
	 *
	 * @since 0.1.0
	 */
	public function route(): string {
		return self::ROUTES[ $this->owner->kind ];
	}

	/**
	 * What nonces of its forms are for: one of this page is useless on another, on another site's, and
	 * for another person.
	 *
	 * @since 0.1.0
	 *
	 * @param string $what What the form does, and with what.
	 */
	public function nonce_action( string $what ): string {
		return 'byok_' . $this->owner->kind . '_' . $this->owner->id . '_' . $what;
	}

	/**
	 * Infos by provider id; on a member's page of those that members may bring keys for.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, array> See byok_key_info().
	 */
	public function infos(): array {
		return Own_Providers::offered( Vault::all( $this->owner ), $this->owner );
	}

	/**
	 * What is used where there is no key of this owner. A member is told nothing of the site's keys, and
	 * who administers one site of a network nothing of the characters of a key that is not theirs.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return array|null Info; null when there is nothing.
	 */
	public function inherited( string $provider ): ?array {
		$known = Providers::find( $provider );
		if ( null === $known || 'user' === $this->owner->kind ) {
			return null;
		}
		if ( 'site' === $this->owner->kind ) {
			$info = Resolver::inherited( $known );
			if ( null !== $info && is_multisite() && ! Capability::current_user_can( Owner::network() ) ) {
				$info = array_merge( $info, array_fill_keys( array( 'hint', 'previous_hint' ), '' ) );
			}
			return $info;
		}
		$given = null === Extension::reason() ? Server_Key::find( $known ) : null;
		return null === $given ? null : $given->info();
	}

	/**
	 * Title of the page.
	 *
	 * @since 0.1.0
	 */
	public function title(): string {
		return 'user' === $this->owner->kind ? __( 'Your API Keys', 'byok' ) : __( 'API Keys', 'byok' );
	}

	/**
	 * What the page is for.
	 *
	 * @since 0.1.0
	 */
	public function introduction(): string {
		$once = __( 'Paste a key once. It is checked, encrypted and never shown again.', 'byok' );
		switch ( $this->owner->kind ) {
			case 'network':
				return $once . ' ' . __( 'Keys here serve every site of the network that has none of its own.', 'byok' );
			case 'user':
				return $once . ' ' . __( 'Used instead of the site’s keys for what you do on this site. Nobody can read them on these pages, not even an administrator.', 'byok' );
			default:
				return $once;
		}
	}

	/**
	 * Heading above the cards with a key.
	 *
	 * @since 0.1.0
	 */
	public function heading(): string {
		switch ( $this->owner->kind ) {
			case 'network':
				return __( 'Keys of the network', 'byok' );
			default:
				return __( 'Your keys', 'byok' );
		}
	}

	/**
	 * The question before a key is removed.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name Name of the provider.
	 */
	public function removal_question( string $name ): string {
		switch ( $this->owner->kind ) {
			case 'network':
				/* translators: %s: provider. */
				$question = __( 'Remove the %s key from the network?', 'byok' );
				break;
			case 'user':
				/* translators: %s: provider. */
				$question = __( 'Remove your %s key?', 'byok' );
				break;
			default:
				/* translators: %s: provider. */
				$question = __( 'Remove the %s key from this site?', 'byok' );
		}
		return sprintf( $question, $name );
	}

	/**
	 * What happens when a key is removed.
	 *
	 * @since 0.1.0
	 *
	 * @param array|null $inherited What is used then.
	 * @param string[]   $slots     Slots in which there is a key.
	 */
	public function removal_consequence( ?array $inherited, array $slots = array() ): string {
		if ( count( $slots ) > 1 ) {
			return __( 'The spare key takes its place. The key itself stays valid with the provider, but it cannot be read back from here.', 'byok' );
		}
		if ( null !== $inherited ) {
			return Key_Chip::consequence( $inherited );
		}
		switch ( $this->owner->kind ) {
			case 'network':
				return __( 'Every site that has no key of its own stops working with it. The key itself stays valid with the provider, but it cannot be read back from here.', 'byok' );
			case 'user':
				return __( 'The site’s key is used then, if it has one. Yours stays valid with the provider, but it cannot be read back from here.', 'byok' );
			default:
				return __( 'Everything here that uses it stops working. The key itself stays valid with the provider, but it cannot be read back from this site.', 'byok' );
		}
	}

	/**
	 * Who has used a key in the last 30 days, and so who will miss it.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @return string A sentence; empty when nobody was seen, which does not mean that nobody has: code may
	 *                get the key and send it itself.
	 */
	public function removal_callers( string $provider ): string {
		// One query for all cards.
		$this->callers ??= Usage_Figures::callers( $this->owner );
		$names           = $this->callers[ $provider ] ?? array();
		if ( array() === $names ) {
			return '';
		}
		$more = count( $names ) - self::MOST_CALLERS;
		if ( $more > 1 ) {
			$names = array_slice( $names, 0, self::MOST_CALLERS );
			/* translators: %s: number of plugins and themes. */
			$names[] = sprintf( _n( '%s more', '%s more', $more, 'byok' ), number_format_i18n( $more ) );
		}
		/* translators: %l: names of plugins and themes. */
		return wp_sprintf( __( 'Used in the last 30 days by: %l.', 'byok' ), $names );
	}

	/**
	 * What is said after a key was removed.
	 *
	 * @since 0.1.0
	 */
	public function removed(): string {
		switch ( $this->owner->kind ) {
			case 'network':
				return __( 'The key was removed from the network.', 'byok' );
			case 'user':
				return __( 'Your key was removed.', 'byok' );
			default:
				return __( 'The key was removed from this site.', 'byok' );
		}
	}
}
