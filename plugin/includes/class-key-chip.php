<?php
/**
 * The state of a key in one or two words.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Chooses the chip of a card. The browser script gets the same table, so both say the same.
 *
 * It is only about words and their tone; the sentences are those of Messages.
 *
 * @since 0.1.0
 */
final class Key_Chip {

	/**
	 * What a state feels like; each has its colours in byok.css.
	 */
	public const TONES = array( 'good', 'warn', 'bad', 'neutral' );

	/**
	 * The words of the chips, by state or outcome. The browser script gets the same table.
	 *
	 * @since 0.1.0
	 *
	 * @return array<string, array{tone: string, word: string}>
	 */
	public static function table(): array {
		return array(
			'valid'        => array(
				'tone' => 'good',
				'word' => __( 'Works', 'byok' ),
			),
			'reachable'    => array(
				'tone' => 'neutral',
				'word' => __( 'Reachable', 'byok' ),
			),
			'no_credit'    => array(
				'tone' => 'warn',
				'word' => __( 'No credit', 'byok' ),
			),
			'rate_limited' => array(
				'tone' => 'warn',
				'word' => __( 'Limited just now', 'byok' ),
			),
			'restricted'   => array(
				'tone' => 'warn',
				'word' => __( 'Restricted', 'byok' ),
			),
			'invalid'      => array(
				'tone' => 'bad',
				'word' => __( 'Refused', 'byok' ),
			),
			'unknown'      => array(
				'tone' => 'neutral',
				'word' => __( 'Not verified yet', 'byok' ),
			),
			'locked'       => array(
				'tone' => 'warn',
				'word' => __( 'Locked', 'byok' ),
			),
			'damaged'      => array(
				'tone' => 'bad',
				'word' => __( 'Damaged', 'byok' ),
			),
			'stored'       => array(
				'tone' => 'neutral',
				'word' => __( 'Stored', 'byok' ),
			),
			'network'      => array(
				'tone' => 'neutral',
				'word' => __( 'From your network', 'byok' ),
			),
			'server'       => array(
				'tone' => 'neutral',
				'word' => __( 'Set on the server', 'byok' ),
			),
		);
	}

	/**
	 * What the state of a key feels like.
	 *
	 * @since 0.1.0
	 *
	 * @param array $info Info of a provider.
	 * @return string One of self::TONES.
	 */
	public static function tone( array $info ): string {
		return self::table()[ self::chip_name( $info ) ]['tone'];
	}

	/**
	 * The word of the chip.
	 *
	 * @since 0.1.0
	 *
	 * @param array $info Info of a provider.
	 */
	public static function word( array $info ): string {
		return self::table()[ self::chip_name( $info ) ]['word'];
	}

	/**
	 * What the sentence after an action feels like. A key that was put back works, but what the person
	 * wanted did not happen.
	 *
	 * @since 0.1.0
	 *
	 * @param array $info What the vault answered.
	 * @return string One of self::TONES.
	 */
	public static function tone_of_answer( array $info ): string {
		return empty( $info['restored'] ) ? self::tone( $info ) : 'warn';
	}

	/**
	 * The sentence after an action. The server never shows the removed white space, only says so.
	 *
	 * @since 0.1.0
	 *
	 * @param array $info What the vault answered.
	 */
	public static function sentence( array $info ): string {
		$sentence = (string) $info['message'];
		if ( empty( $info['saved'] ) && empty( $info['restored'] ) && 'ready' === $info['state'] && 'valid' === self::chip_name( $info ) ) {
			// Nothing was saved: the key was only checked again.
			$sentence = __( 'Works.', 'byok' );
		}
		if ( ! empty( $info['checked']['trimmed'] ) ) {
			$sentence .= ' ' . __( 'White space around the key was removed.', 'byok' );
		}
		return $sentence;
	}

	/**
	 * What a card without a key of its own says of the key that is used instead.
	 *
	 * @since 0.1.0
	 *
	 * @param array $info Info of the network's or the server's key.
	 * @return array{tone: string, word: string, hint: string, sentence: string}
	 */
	public static function inherited( array $info ): array {
		$chip = self::table()[ 'network' === $info['source'] ? 'network' : 'server' ];
		if ( 'network' !== $info['source'] ) {
			$sentence = (string) $info['message'];
		} elseif ( in_array( $info['state'], array( 'ready', 'stale' ), true ) ) {
			$sentence = __( 'Kept for all sites by an administrator of your network.', 'byok' );
		} else {
			// A key that does not open is not passed over, so this site has none that works.
			$chip['tone'] = 'warn';
			$sentence     = __( 'The key of your network cannot be opened now. An administrator of the network can mend that; or use another key here.', 'byok' );
		}
		return $chip + array(
			'hint'     => (string) $info['hint'],
			'sentence' => $sentence,
		);
	}

	/**
	 * What happens when a key is removed that has another one below it.
	 *
	 * @since 0.1.0
	 *
	 * @param array $info Info of the network's or the server's key.
	 */
	public static function consequence( array $info ): string {
		return 'network' === $info['source']
			? __( 'The key of your network is used then. The one removed stays valid with the provider, but it cannot be read back from here.', 'byok' )
			: __( 'The key that is set on the server is used then. The one removed stays valid with the provider, but it cannot be read back from here.', 'byok' );
	}

	/**
	 * Which chip a key gets: the state when it cannot be opened, else what the last check said.
	 *
	 * @param array $info Info of a provider.
	 */
	private static function chip_name( array $info ): string {
		$known = self::table();
		if ( in_array( $info['state'], array( 'locked', 'damaged' ), true ) ) {
			return $info['state'];
		}
		// A key that opens under a previous secret works like any other; the page says it once, above.
		if ( 'valid' === $info['outcome'] && 'reachable' === $info['proof'] ) {
			return 'reachable';
		}
		if ( isset( $info['outcome'], $known[ $info['outcome'] ] ) ) {
			return $info['outcome'];
		}
		return 'stored';
	}
}
