<?php
/**
 * Blocks and shortcodes.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Prints the blocks *API key*, *Key badge* and *AI chat*, and the shortcodes `[byok_key]` and `[byok_badge]` for classic
 * themes: elements, which the module in the browser brings to life. Elements registers them.
 *
 * @since 0.1.0
 */
final class Blocks {

	/**
	 * Places for keys, see browser/src/store.ts.
	 */
	public const MODES = array( 'site', 'passkey', 'browser', 'memory' );

	/**
	 * What the chat asks for, by provider; of all others it is what OpenAI's chat completions are. See byok-chat.js.
	 */
	private const CHATS = array(
		'anthropic' => 'POST /messages',
		'google'    => 'POST /models/*:streamGenerateContent',
	);

	/**
	 * Tells the editor which providers there are.
	 *
	 * @since 0.1.0
	 */
	public static function tell_editor(): void {
		// An editor that stands somewhere else than in wp-admin.
		Elements::add_script( wp_scripts() );
		$names = array_map( static fn( array $known ) => $known['name'], Providers::all() );
		$told  = array(
			'providers' => (object) $names,
			'chat'      => (object) array_intersect_key( $names, array_flip( self::chat_ids() ) ),
		);
		wp_add_inline_script( 'byok-blocks', 'window.byokBlocks = ' . wp_json_encode( $told, JSON_HEX_TAG | JSON_HEX_AMP | JSON_UNESCAPED_SLASHES ) . ';', 'before' );
	}

	/**
	 * Prints the block *API key*.
	 *
	 * @since 0.1.0
	 *
	 * @param array $attributes Attributes of the block.
	 * @return string HTML.
	 */
	public static function render_key( $attributes ): string {
		return self::wrapped( self::key_element( (array) $attributes ) );
	}

	/**
	 * Prints the block *Key badge*.
	 *
	 * @since 0.1.0
	 *
	 * @param array $attributes Attributes of the block.
	 * @return string HTML.
	 */
	public static function render_badge( $attributes ): string {
		return self::wrapped( self::badge_element( (array) $attributes ) );
	}

	/**
	 * Prints the block *AI chat*: a form that the script byok-chat.js answers.
	 *
	 * @since 0.1.0
	 *
	 * @param array $attributes Attributes of the block.
	 * @return string HTML.
	 */
	public static function render_chat( $attributes ): string {
		$attributes = (array) $attributes;
		wp_enqueue_script_module( Browser_Module::ID );
		wp_enqueue_script_module( 'byok-chat' );
		// WordPress puts it into the page after this.
		Elements::add_style( wp_styles() );
		$id        = wp_unique_id( 'byok-chat-' );
		$providers = self::known( $attributes['providers'] ?? array(), self::chat_ids() );
		$providers = array() === $providers ? self::chat_ids() : $providers;
		Browser_Module::offer( self::known( $attributes['providers'] ?? array(), $providers ) );
		$data = array(
			'data-provider'  => implode( ' ', $providers ),
			'data-theme'     => self::theme( $attributes ),
			'data-no-key'    => __( 'There is no key yet, so nobody can answer.', 'byok' ),
			'data-not-here'  => __( 'Your key is kept on this site, which sends no requests of pages with it. Keep the key in your browser to ask here.', 'byok' ),
			'data-failed'    => __( 'No answer came. Look at your key, or try again.', 'byok' ),
			'data-signed-out' => __( 'This site does not know who you are any more. Sign in again, then reload this page.', 'byok' ),
			'data-no-model'  => __( 'Choose a model for your key first.', 'byok' ),
			'data-thinking'  => __( 'Waiting for the answer…', 'byok' ),
		);
		$list = '';
		foreach ( array_filter( $data ) as $name => $value ) {
			$list .= sprintf( ' %s="%s"', $name, esc_attr( $value ) );
		}
		return self::wrapped(
			sprintf(
				'<div class="byok-chat"%1$s><div class="byok-chat__talk" role="log" aria-label="%2$s" tabindex="0"></div><form class="byok-chat__form"><label for="%3$s">%4$s</label><textarea id="%3$s" rows="3" required></textarea><div class="byok-chat__row"><button type="submit" class="byok-chat__ask">%5$s</button> <button type="button" class="byok-chat__stop" hidden>%6$s</button> <button type="button" class="byok-chat__key">%7$s</button></div></form><noscript>%8$s</noscript></div>',
				$list,
				esc_attr__( 'Conversation', 'byok' ),
				esc_attr( $id ),
				esc_html__( 'Your question', 'byok' ),
				esc_html__( 'Ask', 'byok' ),
				esc_html__( 'Stop', 'byok' ),
				esc_html__( 'Your key', 'byok' ),
				esc_html__( 'This needs JavaScript.', 'byok' )
			)
		);
	}

	/**
	 * `[byok_key providers="anthropic openai" modes="site passkey" theme="dark"]`.
	 *
	 * @since 0.1.0
	 *
	 * @param array|string $given Attributes of the shortcode.
	 * @return string HTML.
	 */
	public static function key_shortcode( $given ): string {
		$given = shortcode_atts( array( 'providers' => '', 'modes' => '', 'theme' => '' ), (array) $given, 'byok_key' );
		foreach ( array( 'providers', 'modes' ) as $list ) {
			$given[ $list ] = preg_split( '/[\s,]+/', (string) $given[ $list ], -1, PREG_SPLIT_NO_EMPTY );
		}
		return self::key_element( $given );
	}

	/**
	 * `[byok_badge theme="dark"]`.
	 *
	 * @since 0.1.0
	 *
	 * @param array|string $given Attributes of the shortcode.
	 * @return string HTML.
	 */
	public static function badge_shortcode( $given ): string {
		return self::badge_element( shortcode_atts( array( 'theme' => '' ), (array) $given, 'byok_badge' ) );
	}

	/**
	 * The form.
	 *
	 * @param array $given `providers`, `modes`, `theme`.
	 */
	private static function key_element( array $given ): string {
		wp_enqueue_script_module( Browser_Module::ID );
		$providers = self::known( $given['providers'] ?? array(), self::provider_ids() );
		Browser_Module::offer( $providers );
		$list = self::attributes(
			array(
				'providers' => implode( ' ', $providers ),
				'modes'     => implode( ' ', self::known( $given['modes'] ?? array(), self::MODES ) ),
				'theme'     => self::theme( $given ),
			)
		);
		return "<byok-settings$list><noscript>" . esc_html__( 'This needs JavaScript.', 'byok' ) . '</noscript></byok-settings>';
	}

	/**
	 * The badge. Without a script it is a plain link to the same page.
	 *
	 * @param array $given `theme`.
	 */
	private static function badge_element( array $given ): string {
		wp_enqueue_script_module( Browser_Module::ID );
		return sprintf(
			'<byok-badge%s><a href="%s">%s</a></byok-badge>',
			self::attributes( array( 'theme' => self::theme( $given ) ) ),
			esc_url( Practice_Page::url() ),
			esc_html__( 'How keys are kept here', 'byok' )
		);
	}

	/**
	 * Attributes with a value.
	 *
	 * @param array<string, string> $values Values by name.
	 */
	private static function attributes( array $values ): string {
		$list = '';
		foreach ( array_filter( $values ) as $name => $value ) {
			$list .= sprintf( ' %s="%s"', $name, esc_attr( $value ) );
		}
		return $list;
	}

	/**
	 * Those of a list that there are.
	 *
	 * @param mixed    $list  What an author has chosen.
	 * @param string[] $known What there is.
	 * @return string[]
	 */
	private static function known( $list, array $known ): array {
		return array_values( array_intersect( array_filter( (array) $list, 'is_string' ), $known ) );
	}

	/**
	 * Ids of all providers.
	 *
	 * @return string[]
	 */
	private static function provider_ids(): array {
		return array_map( 'strval', array_keys( Providers::all() ) );
	}

	/**
	 * Ids of the providers that the chat can ask: those whose relay has what byok-chat.js asks for.
	 *
	 * @return string[]
	 */
	private static function chat_ids(): array {
		$can = static fn( array $known ) => in_array( self::CHATS[ $known['id'] ] ?? 'POST /chat/completions', (array) ( $known['relay'] ?? array() ), true );
		return array_map( 'strval', array_keys( array_filter( Providers::all(), $can ) ) );
	}

	/**
	 * Light, dark, or as the page.
	 *
	 * @param array $given Attributes.
	 */
	private static function theme( array $given ): string {
		return implode( self::known( $given['theme'] ?? '', array( 'light', 'dark', 'auto' ) ) );
	}

	/**
	 * Puts a block's own classes around it.
	 *
	 * @param string $html HTML.
	 */
	private static function wrapped( string $html ): string {
		return sprintf( '<div %s>%s</div>', get_block_wrapper_attributes(), $html );
	}
}
