<?php
/**
 * What one would have in place of byok to encrypt a key.
 */

declare( strict_types=1 );

namespace Byok\Tests;

/**
 * Each peer encrypts and decrypts as its original does, with all that may be kept during a request made beforehand.
 *
 * `sodium` and `compat` write byok's own envelope, so byok opens what they write; it binds, commits and encodes as
 * docs/format.md says.
 */
final class Peers {

	private const PREFIX = 'byok1.';

	/**
	 * Root of the salts, its id, and the context, as byok has them.
	 */
	private string $root;
	private string $head;
	private string $place;

	/**
	 * Key of the official AI plugin that encrypts secrets.
	 */
	private string $master;

	/**
	 * Derives what may be kept.
	 *
	 * @param array<string, string> $context Where the envelope belongs.
	 */
	public function __construct( array $context ) {
		$this->root = hash_hkdf( 'sha256', AUTH_KEY . "\0" . AUTH_SALT, 32, 'byok/v1/root/salts' );
		$this->head = self::PREFIX . self::encoded( hash_hkdf( 'sha256', $this->root, 8, 'byok/v1/kid' ) ) . '.';
		$place      = $this->head;
		foreach ( array( '', $context['network'], $context['blog'], $context['owner'], $context['provider'], $context['slot'], $context['origin'] ) as $field ) {
			$place .= pack( 'n', strlen( $field ) ) . $field;
		}
		$this->place  = $place;
		$this->master = random_bytes( SODIUM_CRYPTO_SECRETBOX_KEYBYTES );
	}

	/**
	 * The envelope in PHP, with ext/sodium.
	 *
	 * @param string $plaintext What to encrypt.
	 */
	public function sodium_encrypt( string $plaintext ): string {
		$nonce   = random_bytes( 24 );
		$derived = hash_hkdf( 'sha256', $this->root, 64, "byok/v1/msg\0" . $this->place, $nonce );
		$cipher  = sodium_crypto_aead_xchacha20poly1305_ietf_encrypt( $plaintext, $this->place, $nonce, substr( $derived, 0, 32 ) );
		return $this->head . self::encoded( $nonce . substr( $derived, 32 ) . $cipher );
	}

	/**
	 * Opens such an envelope.
	 *
	 * @param string $envelope Envelope.
	 */
	public function sodium_decrypt( string $envelope ): string|false {
		[ $nonce, $derived, $cipher ] = $this->taken_apart( $envelope );
		return sodium_crypto_aead_xchacha20poly1305_ietf_decrypt( $cipher, $this->place, $nonce, substr( $derived, 0, 32 ) );
	}

	/**
	 * The envelope in PHP alone, with the library that WordPress bundles.
	 *
	 * @param string $plaintext What to encrypt.
	 */
	public function compat_encrypt( string $plaintext ): string {
		$nonce   = random_bytes( 24 );
		$derived = hash_hkdf( 'sha256', $this->root, 64, "byok/v1/msg\0" . $this->place, $nonce );
		$cipher  = \ParagonIE_Sodium_Crypto::aead_xchacha20poly1305_ietf_encrypt( $plaintext, $this->place, $nonce, substr( $derived, 0, 32 ) );
		return $this->head . self::encoded( $nonce . substr( $derived, 32 ) . $cipher );
	}

	/**
	 * Opens such an envelope.
	 *
	 * @param string $envelope Envelope.
	 */
	public function compat_decrypt( string $envelope ): string|false {
		[ $nonce, $derived, $cipher ] = $this->taken_apart( $envelope );
		return \ParagonIE_Sodium_Crypto::aead_xchacha20poly1305_ietf_decrypt( $cipher, $this->place, $nonce, substr( $derived, 0, 32 ) );
	}

	/**
	 * AES-256-GCM of OpenSSL with a key for each message; the context is bound, nothing commits to the key.
	 *
	 * @param string $plaintext What to encrypt.
	 */
	public function gcm_encrypt( string $plaintext ): string {
		$salt   = random_bytes( 24 );
		$key    = hash_hkdf( 'sha256', $this->root, 44, $this->place, $salt );
		$cipher = openssl_encrypt( $plaintext, 'aes-256-gcm', substr( $key, 0, 32 ), OPENSSL_RAW_DATA, substr( $key, 32 ), $tag, $this->place );
		return self::encoded( $salt . $tag . $cipher );
	}

	/**
	 * Opens it.
	 *
	 * @param string $text What was written.
	 */
	public function gcm_decrypt( string $text ): string|false {
		$body = sodium_base642bin( $text, SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING );
		$key  = hash_hkdf( 'sha256', $this->root, 44, $this->place, substr( $body, 0, 24 ) );
		return openssl_decrypt( substr( $body, 40 ), 'aes-256-gcm', substr( $key, 0, 32 ), OPENSSL_RAW_DATA, substr( $key, 32 ), substr( $body, 24, 16 ), $this->place );
	}

	/**
	 * AES-256-CTR as Site Kit by Google: one key, a salt behind the text in place of a MAC, Base64 twice.
	 *
	 * @param string $plaintext What to encrypt.
	 */
	public function site_kit_encrypt( string $plaintext ): string {
		$iv = openssl_random_pseudo_bytes( openssl_cipher_iv_length( 'aes-256-ctr' ) );
		return base64_encode( $iv . openssl_encrypt( $plaintext . LOGGED_IN_SALT, 'aes-256-ctr', LOGGED_IN_KEY, 0, $iv ) );
	}

	/**
	 * Opens it.
	 *
	 * @param string $text What was written.
	 */
	public function site_kit_decrypt( string $text ): string|false {
		$raw    = base64_decode( $text, true );
		$length = openssl_cipher_iv_length( 'aes-256-ctr' );
		$opened = openssl_decrypt( substr( $raw, $length ), 'aes-256-ctr', LOGGED_IN_KEY, 0, substr( $raw, 0, $length ) );
		return str_ends_with( $opened, LOGGED_IN_SALT ) ? substr( $opened, 0, -strlen( LOGGED_IN_SALT ) ) : false;
	}

	/**
	 * Secretbox as the official AI plugin: under a random master key, which was unwrapped before; nothing is bound.
	 *
	 * @param string $plaintext What to encrypt.
	 */
	public function secretbox_encrypt( string $plaintext ): string {
		$nonce = random_bytes( SODIUM_CRYPTO_SECRETBOX_NONCEBYTES );
		return base64_encode( $nonce . sodium_crypto_secretbox( $plaintext, $nonce, $this->master ) );
	}

	/**
	 * Opens it.
	 *
	 * @param string $text What was written.
	 */
	public function secretbox_decrypt( string $text ): string|false {
		$raw = base64_decode( $text, true );
		if ( strlen( $raw ) < SODIUM_CRYPTO_SECRETBOX_NONCEBYTES + SODIUM_CRYPTO_SECRETBOX_MACBYTES ) {
			return false;
		}
		return sodium_crypto_secretbox_open( substr( $raw, SODIUM_CRYPTO_SECRETBOX_NONCEBYTES ), substr( $raw, 0, SODIUM_CRYPTO_SECRETBOX_NONCEBYTES ), $this->master );
	}

	/**
	 * Nonce, derived keys and ciphertext of an envelope whose commitment is right.
	 *
	 * @param string $envelope Envelope.
	 * @return string[]
	 */
	private function taken_apart( string $envelope ): array {
		if ( ! str_starts_with( $envelope, $this->head ) ) {
			throw new \RuntimeException( 'It is under another key.' );
		}
		$body    = sodium_base642bin( substr( $envelope, strlen( $this->head ) ), SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING );
		$nonce   = substr( $body, 0, 24 );
		$derived = hash_hkdf( 'sha256', $this->root, 64, "byok/v1/msg\0" . $this->place, $nonce );
		if ( ! hash_equals( substr( $derived, 32 ), substr( $body, 24, 32 ) ) ) {
			throw new \RuntimeException( 'The commitment is another.' );
		}
		return array( $nonce, $derived, substr( $body, 56 ) );
	}

	/**
	 * Base64 without padding, for URLs.
	 *
	 * @param string $bytes Bytes.
	 */
	private static function encoded( string $bytes ): string {
		return sodium_bin2base64( $bytes, SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING );
	}
}
