<?php
/**
 * What pages may have of byok.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Registers the blocks, the shortcodes, and the scripts and styles that they bring. This runs on every page, so it names
 * all of it and loads nothing: block.json, which is what the editor and other sites read, is read on no page.
 *
 * @since 0.1.0
 */
final class Elements {

	/**
	 * What is in the block.json of all of them.
	 */
	private const COMMON = array(
		'api_version'           => 3,
		'category'              => 'widgets',
		'keywords'              => array( 'ai', 'key', 'byok' ),
		'textdomain'            => 'byok',
		'editor_script_handles' => array( 'byok-blocks' ),
		'supports'              => array(
			'html'    => false,
			'align'   => array( 'wide', 'full' ),
			'spacing' => array( 'margin' => true ),
		),
	);

	/**
	 * Attributes of the blocks.
	 */
	private const LIST  = array(
		'type'    => 'array',
		'items'   => array( 'type' => 'string' ),
		'default' => array(),
	);
	private const THEME = array(
		'type'    => 'string',
		'enum'    => array( '', 'light', 'dark', 'auto' ),
		'default' => '',
	);

	/**
	 * Where the plugin's files are.
	 *
	 * @var string|null
	 */
	private static ?string $url = null;

	/**
	 * Registers script modules, blocks and shortcodes. Hooked to `init`.
	 *
	 * The chat finds the module by its elements and so needs no import map.
	 *
	 * @since 0.1.0
	 */
	public static function register(): void {
		wp_register_script_module( 'byok', self::url( 'byok.module.js' ), array(), self::version( 'byok.module.js' ) );
		wp_register_script_module( 'byok-chat', self::url( 'byok-chat.js' ), array(), self::version( 'byok-chat.js' ) );
		foreach ( self::blocks() as $name => $block ) {
			register_block_type( $name, $block + self::COMMON );
		}
		add_shortcode( 'byok_key', array( Blocks::class, 'key_shortcode' ) );
		add_shortcode( 'byok_badge', array( Blocks::class, 'badge_shortcode' ) );
	}

	/**
	 * Gives the blocks their names, where somebody may read them: in an editor and in the REST API.
	 *
	 * @since 0.1.0
	 */
	public static function name_blocks(): void {
		$names = array(
			'byok/api-key'   => array( __( 'API key', 'byok' ), __( 'A form with which visitors bring an AI key of their own: it is checked, and kept where they choose.', 'byok' ) ),
			'byok/key-badge' => array( __( 'Key badge', 'byok' ), __( 'One line that says how keys are kept here, with a link to the page that says it all.', 'byok' ) ),
			'byok/chat'      => array( __( 'AI chat', 'byok' ), __( 'An example: asks a model with the visitor’s key, through this site’s relay or straight from the browser, and shows the answer as it comes.', 'byok' ) ),
		);
		foreach ( $names as $name => list( $title, $description ) ) {
			$block = \WP_Block_Type_Registry::get_instance()->get_registered( $name );
			if ( null !== $block ) {
				$block->title       = $title;
				$block->description = $description;
			}
		}
	}

	/**
	 * Adds the script of the editor to those that WordPress knows.
	 *
	 * @since 0.1.0
	 *
	 * @param \WP_Scripts $scripts All scripts.
	 */
	public static function add_script( $scripts ): void {
		$scripts->add( 'byok-blocks', self::url( 'byok-blocks.js' ), array( 'wp-blocks', 'wp-block-editor', 'wp-components', 'wp-element', 'wp-i18n' ), BYOK_VERSION, 1 );
		$scripts->set_translations( 'byok-blocks', 'byok', plugin_dir_path( BYOK_PLUGIN_FILE ) . 'languages' );
	}

	/**
	 * Adds the style of the chat.
	 *
	 * @since 0.1.0
	 *
	 * @param \WP_Styles $styles All styles.
	 */
	public static function add_style( $styles ): void {
		$styles->add( 'byok-chat', self::url( 'byok-chat.css' ), array(), BYOK_VERSION );
	}

	/**
	 * The blocks, as their block.json has them, without names.
	 *
	 * @return array<string, array> Arguments of register_block_type() by name.
	 */
	private static function blocks(): array {
		return array(
			'byok/api-key'   => array(
				'icon'            => 'admin-network',
				'attributes'      => array(
					'providers' => self::LIST,
					'modes'     => self::LIST,
					'theme'     => self::THEME,
				),
				'render_callback' => array( Blocks::class, 'render_key' ),
			),
			'byok/key-badge' => array(
				'icon'            => 'shield',
				'attributes'      => array( 'theme' => self::THEME ),
				'render_callback' => array( Blocks::class, 'render_badge' ),
			),
			'byok/chat'      => array(
				'icon'               => 'format-chat',
				'attributes'         => array(
					'providers' => self::LIST,
					'theme'     => self::THEME,
				),
				'render_callback'    => array( Blocks::class, 'render_chat' ),
				'view_style_handles' => array( 'byok-chat' ),
			),
		);
	}

	/**
	 * Address of a file.
	 *
	 * @param string $name Name of the file.
	 */
	private static function url( string $name ): string {
		self::$url ??= plugins_url( 'assets/', BYOK_PLUGIN_FILE );
		return self::$url . $name;
	}

	/**
	 * Version of a file for its address: that of its content, so that no cache has an old one.
	 *
	 * @param string $name Name of the file.
	 */
	private static function version( string $name ): string {
		return BYOK_VERSION . '-' . filemtime( dirname( __DIR__ ) . "/assets/$name" );
	}
}
