<?php
/**
 * Keys that another plugin has encrypted.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Opens what the plugin "BYOK Example" stores: Base64 of a 16-byte IV and AES-256-CBC, under the SHA-256
 * of AUTH_KEY followed by AUTH_SALT.
 *
 * It only reads. CBC tells nothing of who wrote it: what comes out is a guess until a provider knows it.
 *
 * @since 0.1.0
 */
final class Import_Cipher {

	/**
	 * Length of the IV, which is the length of a block.
	 */
	private const BLOCK = 16;

	/**
	 * Opens a stored text.
	 *
	 * @since 0.1.0
	 *
	 * @param string $stored What is stored.
	 * @return string|null What was encrypted; null when it cannot be opened with this site's salts.
	 */
	public static function open( #[\SensitiveParameter] string $stored ): ?string {
		if ( ! defined( 'AUTH_KEY' ) || ! defined( 'AUTH_SALT' ) || ! function_exists( 'openssl_decrypt' ) ) {
			return null;
		}
		$bytes = base64_decode( $stored, true );
		if ( false === $bytes || strlen( $bytes ) < 2 * self::BLOCK || 0 !== strlen( $bytes ) % self::BLOCK ) {
			return null;
		}

		$opened = openssl_decrypt(
			substr( $bytes, self::BLOCK ),
			'aes-256-cbc',
			hash( 'sha256', AUTH_KEY . AUTH_SALT, true ),
			OPENSSL_RAW_DATA,
			substr( $bytes, 0, self::BLOCK )
		);
		return false === $opened ? null : $opened;
	}
}
