<?php
/**
 * Who is calling.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Names the plugin, must-use plugin or theme whose code has caused a call, by the files on the call stack:
 * the nearest one that is neither byok's nor WordPress's. With WordPress's AI client it is whoever has asked
 * the client, and not the plugin of the provider that the client has chosen.
 *
 * It tells plugins apart that do not hide. PHP code can put another one's files on the stack, so this is
 * no proof of anything; see docs/usage.md. It does not know what a caller may do.
 *
 * @since 0.1.0
 */
final class Caller {

	/**
	 * Kinds of callers. `core` is WordPress itself, `cli` a person at the command line, `relay` whoever uses the
	 * site's relay.
	 */
	public const KINDS = array( 'plugin', 'mu-plugin', 'theme', 'core', 'cli', 'relay', 'unknown' );

	/**
	 * How many frames are looked at: almost always the first number is enough, and a stack that is deeper
	 * than the second belongs to code that has lost its way.
	 */
	private const DEPTHS = array( 48, 512 );

	/**
	 * Longest slug, in bytes. With its kind it fits into the column of the table.
	 */
	public const LONGEST = 80;

	/**
	 * Takes the fields as they are.
	 *
	 * @param string $kind One of self::KINDS.
	 * @param string $slug Folder or single file of the plugin or theme; empty for the other kinds.
	 */
	private function __construct(
		public readonly string $kind,
		public readonly string $slug = ''
	) {}

	/**
	 * Who is calling the code that asks.
	 *
	 * @since 0.1.0
	 */
	public static function current(): self {
		foreach ( self::DEPTHS as $depth ) {
			// phpcs:ignore WordPress.PHP.DevelopmentFunctions -- not for debugging.
			$frames                = debug_backtrace( DEBUG_BACKTRACE_IGNORE_ARGS, $depth );
			list( $found, $other ) = self::on_stack( array_column( $frames, 'file' ) );
			if ( null !== $found || count( $frames ) < $depth ) {
				break;
			}
		}
		return $found ?? ( defined( 'WP_CLI' ) && WP_CLI ? new self( 'cli' ) : $other );
	}

	/**
	 * The plugin or theme that files on a stack name: the nearest one. But not one that WordPress's AI client
	 * has called directly: a provider's plugin does what somebody else has asked the client for. Where nobody
	 * else has, it is the provider's plugin.
	 *
	 * @param string[] $files Files, the innermost first.
	 * @return array{self|null, self} The caller, and who it is when there is none.
	 */
	private static function on_stack( array $files ): array {
		$found    = null;
		$asked    = null;
		$unknown  = false;
		$previous = null;
		foreach ( $files as $file ) {
			$whose = Caller_Files::whose( $file );
			if ( Caller_Files::AI_CLIENT === $whose && null !== $found && $previous === $found ) {
				$asked ??= $found;
				$found   = null;
			} elseif ( $whose instanceof self ) {
				$whose   = null !== $found && $whose->id() === $found->id() ? $found : $whose;
				$found ??= $whose;
			} elseif ( Caller_Files::UNKNOWN === $whose ) {
				$unknown = true;
			}
			$previous = $whose;
		}
		return array( $found, $unknown ? new self( 'unknown' ) : $asked ?? new self( 'core' ) );
	}

	/**
	 * The relay, which asks for people outside and not for the code that happens to be on the stack.
	 *
	 * @since 0.1.0
	 */
	public static function relay(): self {
		return new self( 'relay' );
	}

	/**
	 * Makes a plugin or theme of its name.
	 *
	 * @since 0.1.0
	 *
	 * @param string $kind `plugin`, `mu-plugin` or `theme`.
	 * @param string $name Folder, or single file.
	 */
	public static function of( string $kind, string $name ): self {
		return new self( $kind, self::slug( $name ) );
	}

	/**
	 * Reads what id() has written.
	 *
	 * @since 0.1.0
	 *
	 * @param string $id Id.
	 * @return self|null Null when it is no id.
	 */
	public static function parse( string $id ): ?self {
		if ( ! preg_match( '{\A(plugin|mu-plugin|theme):([A-Za-z0-9._%/-]{1,' . self::LONGEST . '})\z}', $id, $found ) ) {
			return in_array( $id, array( 'core', 'cli', 'relay', 'unknown' ), true ) ? new self( $id ) : null;
		}
		return new self( $found[1], $found[2] );
	}

	/**
	 * What it is stored as.
	 *
	 * @since 0.1.0
	 *
	 * @return string Such as `plugin:my-plugin`, `theme:my-theme`, `core`; ASCII, at most 90 bytes.
	 */
	public function id(): string {
		return '' === $this->slug ? $this->kind : $this->kind . ':' . $this->slug;
	}

	/**
	 * What people call it. Reads the headers of plugins: for screens, not for each call.
	 *
	 * @since 0.1.0
	 *
	 * @return string Plain text; the slug when the plugin or theme is gone.
	 */
	public function name(): string {
		switch ( $this->kind ) {
			case 'core':
				return __( 'WordPress itself', 'byok' );
			case 'cli':
				return __( 'WP-CLI (the command line)', 'byok' );
			case 'relay':
				return __( 'The relay of this site', 'byok' );
			case 'unknown':
				return __( 'Code that is in no plugin or theme', 'byok' );
			case 'theme':
				$theme = wp_get_theme( rawurldecode( $this->slug ) );
				$name  = $theme->exists() ? (string) $theme->get( 'Name' ) : '';
				break;
			default:
				$name = $this->plugin_name();
		}
		return '' === trim( $name ) ? rawurldecode( $this->slug ) : wp_strip_all_tags( $name );
	}

	/**
	 * Name in a plugin's header.
	 *
	 * @return string Empty when there is none.
	 */
	private function plugin_name(): string {
		require_once ABSPATH . 'wp-admin/includes/plugin.php';
		foreach ( 'plugin' === $this->kind ? get_plugins() : get_mu_plugins() as $file => $header ) {
			if ( self::slug( explode( '/', (string) $file )[0] ) === $this->slug ) {
				return (string) $header['Name'];
			}
		}
		return '';
	}

	/**
	 * A name of a file or folder as a slug: ASCII, and short enough for the table. Two names never become
	 * one slug.
	 *
	 * @param string $name Name.
	 */
	private static function slug( string $name ): string {
		$slug = (string) preg_replace_callback( '{[^A-Za-z0-9._/-]}', static fn( array $found ) => rawurlencode( $found[0] ), $name );
		if ( strlen( $slug ) <= self::LONGEST ) {
			return '' === $slug ? '-' : $slug;
		}
		// Not in the middle of an escaped byte.
		return preg_replace( '/%[0-9A-F]?\z/', '', substr( $slug, 0, self::LONGEST - 17 ) ) . '-' . substr( hash( 'sha256', $name ), 0, 16 );
	}
}
