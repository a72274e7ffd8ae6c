<?php
/**
 * The command line: keys that are on this site already.
 *
 * @package byok
 */

namespace Byok;

use WP_CLI;
use WP_CLI\Utils;

defined( 'ABSPATH' ) || exit;

/**
 * Moves keys from other settings of the site into byok, see Import.
 *
 * @since 0.1.0
 */
final class Cli_Import {

	/**
	 * Moves a key from another setting of this site into byok.
	 *
	 * The key is checked and saved, encrypted; then the old entry is emptied. What reads the key from there
	 * will not find it any more. Without a source, tells what can be imported.
	 *
	 * ## OPTIONS
	 *
	 * [<source>]
	 * : Name of an option, or name[key] for one element of an option that is an array.
	 *
	 * [--provider=<provider>]
	 * : Provider id. Without it the name of the option tells it, or the look of the key.
	 *
	 * [--replace]
	 * : Replace a key that byok has already.
	 *
	 * [--list]
	 * : Only tell what can be imported.
	 *
	 * [--format=<format>]
	 * : How to print that.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 *   - csv
	 *   - yaml
	 *   - count
	 * ---
	 *
	 * [<unexpected>...]
	 * : Not accepted.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp byok import --list
	 *     $ wp byok import connectors_ai_anthropic_api_key
	 *     $ wp byok import 'my_plugin_settings[openai][key]' --provider=openai
	 *
	 * @since 0.1.0
	 *
	 * @param string[] $args  Positional arguments.
	 * @param array    $named Named arguments.
	 */
	public function __invoke( #[\SensitiveParameter] $args, $named ) {
		Cli_Args::refuse_keys( $args, 1, false );
		if ( ! isset( $args[0] ) || isset( $named['list'] ) ) {
			$items = array_map( static fn( array $found ) => array( 'source' => $found['id'] ) + $found, Import::found() );
			Utils\format_items( $named['format'] ?? 'table', $items, array( 'source', 'label', 'provider', 'hint', 'exists' ) );
			return;
		}

		$moved = Cli_Args::check( Import::run( $args[0], (string) ( $named['provider'] ?? '' ), isset( $named['replace'] ) ) );
		if ( ! $moved['scrubbed'] ) {
			// Saved, but the old entry needs a person.
			WP_CLI::error( $moved['message'] );
		}
		WP_CLI::success( $moved['message'] );
	}
}
