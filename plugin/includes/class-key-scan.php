<?php
/**
 * Keys in a text.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Tells which keys a text holds, whole or in pieces cut anywhere. What byok itself has written is no finding:
 * envelopes, stand-ins, masks.
 *
 * It does not know where the text comes from, and never tells a key: only its mask.
 *
 * @since 0.1.0
 */
final class Key_Scan {

	/**
	 * The rule that finds secrets of any kind by a name such as `token`.
	 */
	private const ANY_SECRET = 'token-or-secret';

	/**
	 * How much of the text is kept to look at what surrounds a finding, in bytes. A key is told of when it has
	 * ended, and none is longer.
	 */
	private const WINDOW = 65536;

	/**
	 * How far before a key somebody may have named its provider, in bytes.
	 */
	private const NAMED_WITHIN = 64;

	/**
	 * What finds.
	 *
	 * @var Redactor
	 */
	private Redactor $redactor;

	/**
	 * The last bytes of the text so far.
	 *
	 * @var string
	 */
	private string $window = '';

	/**
	 * Where in the text they begin.
	 *
	 * @var int
	 */
	private int $begins = 0;

	/**
	 * Findings there was no room for.
	 *
	 * @var int
	 */
	private int $missed = 0;

	/**
	 * Takes its option.
	 *
	 * @since 0.1.0
	 *
	 * @param bool $all Whether secrets of any kind count, such as a `token` of whatever.
	 */
	public function __construct( private readonly bool $all = false ) {
		$this->redactor = new Redactor();
	}

	/**
	 * Looks at a whole text.
	 *
	 * @since 0.1.0
	 *
	 * @param string $text Text.
	 * @param string $name What it is called: a name such as `mistral_api_key` makes a key of what follows.
	 * @return array[] Findings, see piece().
	 */
	public function text( #[\SensitiveParameter] string $text, string $name = '' ): array {
		$front = '' === $name ? '' : "$name: ";
		// The quick way: nearly all texts of a site hold none.
		if ( byok_redact( $front . $text ) === $front . $text ) {
			return array();
		}
		return array_merge( $this->piece( $front . $text ), $this->end() );
	}

	/**
	 * Looks at the next piece of a text.
	 *
	 * @since 0.1.0
	 *
	 * @param string $bytes Next bytes.
	 * @param string $safe  Gets what of the text can be given out by now, with every key masked.
	 * @return array[] {
	 *     Findings that have ended by now.
	 *
	 *     @type string $provider Provider id; empty when it is not known.
	 *     @type string $rule     What has found it, see src/engine/redaction.json; `stored` for a key of this site.
	 *     @type string $masked   The key, masked.
	 *     @type int    $line     Line, from 1.
	 * }
	 */
	public function piece( #[\SensitiveParameter] string $bytes, ?string &$safe = null ): array {
		$safe = $this->redactor->push( $bytes );
		$kept = strlen( $this->window );
		if ( $kept > self::WINDOW ) {
			$this->window  = substr( $this->window, -self::WINDOW );
			$this->begins += $kept - self::WINDOW;
		}
		$this->window .= $bytes;
		return $this->found();
	}

	/**
	 * Ends the text. Another one can begin.
	 *
	 * @since 0.1.0
	 *
	 * @param string $safe Gets the rest, with every key masked.
	 * @return array[] Findings, see piece().
	 */
	public function end( ?string &$safe = null ): array {
		$safe         = $this->redactor->finish();
		$found        = $this->found();
		$this->window = '';
		$this->begins = 0;
		return $found;
	}

	/**
	 * How many findings there was no room for, since this was asked last.
	 *
	 * @since 0.1.0
	 */
	public function missed(): int {
		$missed       = $this->missed;
		$this->missed = 0;
		return $missed;
	}

	/**
	 * What was found since last time.
	 *
	 * @return array[] Findings, see piece().
	 */
	private function found(): array {
		$findings = array();
		foreach ( $this->redactor->found() as $found ) {
			$at = $found['offset'] - $this->begins;
			if ( ( ! $this->all && self::ANY_SECRET === $found['rule'] ) || $this->is_ours( $at ) ) {
				continue;
			}
			$findings[] = array(
				'provider' => $found['provider'] ?? $this->provider_before( $at ),
				'rule'     => $found['rule'],
				'masked'   => $found['masked'],
				'line'     => $found['line'],
			);
		}
		$this->missed += $this->redactor->missed();
		return $findings;
	}

	/**
	 * Whether what stands somewhere is an envelope or a stand-in.
	 *
	 * @param int $at Where, in the window.
	 */
	private function is_ours( int $at ): bool {
		if ( $at < 0 ) {
			return false;
		}
		$word = substr( $this->window, $at, strspn( $this->window, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.', $at, 512 ) );
		return str_starts_with( $word, 'byok1.' ) || Stand_In::is_in( $word );
	}

	/**
	 * The provider that is named right before something.
	 *
	 * @param int $at Where, in the window.
	 * @return string Provider id; empty when none is.
	 */
	private function provider_before( int $at ): string {
		$from   = max( 0, $at - self::NAMED_WITHIN );
		$before = $at < 0 ? '' : strtolower( substr( $this->window, $from, $at - $from ) );
		$last   = -1;
		$named  = '';
		foreach ( array_keys( Providers::all() ) as $id ) {
			$found = strrpos( $before, (string) $id );
			if ( false !== $found && $found > $last ) {
				$last  = $found;
				$named = (string) $id;
			}
		}
		return $named;
	}
}
