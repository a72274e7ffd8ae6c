<?php
/**
 * The forms of the cards, when they are posted without JavaScript.
 *
 * @package byok
 */

namespace Byok;

use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Answers `admin-post.php?action=byok_key`: save, check, remove, for the site's keys, the network's and
 * one's own.
 *
 * It decides nothing about keys; that is the vault's.
 *
 * @since 0.1.0
 */
final class Key_Form {

	/**
	 * The admin-post action.
	 */
	public const ACTION = 'byok_key';

	/**
	 * Handles one posted form. Never returns.
	 *
	 * @since 0.1.0
	 */
	public static function handle(): void {
		$key      = Posted_Form::secret( 'key' );
		$screen   = Posted_Form::screen( array( 'site', 'network', 'user' ) );
		$provider = sanitize_key( Posted_Form::field( 'provider' ) );
		Posted_Form::verify( $screen, 'key_' . $provider );

		$do = sanitize_key( Posted_Form::field( 'do' ) );
		if ( 'save' === $do ) {
			self::save( $screen, $provider, self::id( $provider ), $key );
		} elseif ( 'check' === $do ) {
			self::check( $screen, $provider, self::id( $provider ) );
		} elseif ( 'remove' === $do ) {
			self::remove( $screen, $provider, self::id( $provider ) );
		}

		Posted_Form::go_back( $screen, $provider, Provider_Card::id( $provider ) );
	}

	/**
	 * Which of several keys the form is about. The vault refuses what is no label.
	 *
	 * @param string $provider Provider id.
	 */
	private static function id( string $provider ): string {
		// phpcs:ignore WordPress.Security.NonceVerification -- verified by handle().
		$slot = isset( $_POST['slot'] ) ? trim( Posted_Form::field( 'slot' ) ) : Place::DEFAULT_SLOT;
		return Place::id_of( $provider, $slot );
	}

	/**
	 * Checks and saves the posted key.
	 *
	 * @param Key_Screen $screen   Page.
	 * @param string     $provider Provider id.
	 * @param string     $id       Id of the key's place.
	 * @param string     $key      The key.
	 */
	private static function save( Key_Screen $screen, string $provider, string $id, #[\SensitiveParameter] string $key ): void {
		// Not sanitized, nor was the key: that would silently alter it, and the vault refuses what is none.
		// Only a card with this field posts it. Emptied it means "no address", which the vault refuses;
		// it never means the address of before, which the person has just deleted.
		// phpcs:ignore WordPress.Security.NonceVerification -- verified by handle().
		$args = isset( $_POST['base_url'] ) ? array( 'base_url' => trim( Posted_Form::field( 'base_url' ) ) ) : array();

		$refused = Attempts::count( $screen->owner );
		self::keep_result( $screen, $provider, $refused ?? Vault::save( $id, $key, $args, $screen->owner ), 'key' );
	}

	/**
	 * Checks the stored key once more.
	 *
	 * @param Key_Screen $screen   Page.
	 * @param string     $provider Provider id.
	 * @param string     $id       Id of the key's place.
	 */
	private static function check( Key_Screen $screen, string $provider, string $id ): void {
		$refused = Attempts::count( $screen->owner );
		self::keep_result( $screen, $provider, $refused ?? Vault::check( $id, $screen->owner ), '' );
	}

	/**
	 * Removes the stored key.
	 *
	 * @param Key_Screen $screen   Page.
	 * @param string     $provider Provider id.
	 * @param string     $id       Id of the key's place.
	 */
	private static function remove( Key_Screen $screen, string $provider, string $id ): void {
		$result = Vault::delete( $id, $screen->owner );
		if ( $result instanceof WP_Error ) {
			Screen_Notice::keep( $screen, $provider, 'bad', $result->get_error_message() );
			return;
		}
		Screen_Notice::keep( $screen, $provider, 'good', $screen->removed() );
	}

	/**
	 * Keeps the sentence for what the vault answered.
	 *
	 * @param Key_Screen     $screen   Page.
	 * @param string         $provider Provider id.
	 * @param array|WP_Error $result   What the vault answered.
	 * @param string         $panel    Panel to open again after an error.
	 */
	private static function keep_result( Key_Screen $screen, string $provider, $result, string $panel ): void {
		if ( $result instanceof WP_Error ) {
			Screen_Notice::keep( $screen, $provider, 'bad', $result->get_error_message(), $panel );
			return;
		}
		Screen_Notice::keep( $screen, $provider, Key_Chip::tone_of_answer( $result ), Key_Chip::sentence( $result ) );
	}
}
