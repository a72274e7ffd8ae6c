<?php
/**
 * The test provider, seen from a test.
 *
 * @package byok
 */

namespace Byok\Tests;

use RuntimeException;

/**
 * Makes keys for the test provider, and asks what it has been sent.
 */
final class Test_Provider {

	/**
	 * How keys begin, by provider.
	 */
	private const PREFIXES = array(
		'anthropic'         => 'sk-ant-api03-',
		'openai'            => 'sk-proj-',
		'google'            => 'AIza',
		'openrouter'        => 'sk-or-v1-',
		'groq'              => 'gsk_',
		'mistral'           => '',
		'xai'               => 'xai-',
		'deepseek'          => 'sk-',
		'together'          => '',
		'cohere'            => '',
		'fireworks'         => 'fw_',
		'perplexity'        => 'pplx-',
		'huggingface'       => 'hf_',
		'elevenlabs'        => 'sk_',
		'deepgram'          => '',
		'replicate'         => 'r8_',
		'nvidia'            => 'nvapi-',
		'moonshot'          => 'sk-',
		'openai-compatible' => '',
		'azure-openai'      => '',
		'ollama'            => '',
		'lmstudio'          => '',
	);

	/**
	 * Makes a key that no other test has.
	 *
	 * @param string $provider  Provider id.
	 * @param string $behaviour What the test provider does when it gets the key.
	 */
	public static function key( string $provider = 'anthropic', string $behaviour = 'valid' ): string {
		return self::PREFIXES[ $provider ] . 'byok-test-' . $behaviour . '-' . bin2hex( random_bytes( 16 ) );
	}

	/**
	 * Has it answer everything in one way.
	 *
	 * @param string $outcome Behaviour, as in keys; empty to go by the key again.
	 */
	public static function answer_always( string $outcome = '' ): void {
		self::ask( 'POST', '/__mode/' . $outcome );
	}

	/**
	 * What it has been sent since it was started.
	 *
	 * @return array[] Requests, oldest first.
	 */
	public static function requests(): array {
		return json_decode( self::ask( 'GET', '/__requests' ), true, 32, JSON_THROW_ON_ERROR );
	}

	/**
	 * How many connections its trap has caught: the other host, where its redirects lead.
	 */
	public static function trapped(): int {
		return json_decode( self::ask( 'GET', '/__trapped' ), true, 32, JSON_THROW_ON_ERROR );
	}

	/**
	 * Asks the provider itself.
	 *
	 * @param string $method HTTP method.
	 * @param string $path   Path.
	 */
	private static function ask( string $method, string $path ): string {
		$context = stream_context_create(
			array(
				'http' => array(
					'method'        => $method,
					'content'       => '',
					'header'        => "Content-Length: 0\r\nConnection: close\r\n",
					'ignore_errors' => true,
					'timeout'       => 10,
				),
			)
		);
		$answer = file_get_contents( getenv( 'BYOK_TEST_PROVIDER' ) . $path, false, $context );
		if ( false === $answer || ! str_contains( $http_response_header[0], ' 2' ) ) {
			throw new RuntimeException( "The test provider does not answer to $method $path." );
		}
		return $answer;
	}
}
