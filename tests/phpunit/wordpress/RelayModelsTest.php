<?php
/**
 * Tests of a list of models.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Relay_Models;

/**
 * Which requests a list of models lets through, however they name theirs.
 */
final class RelayModelsTest extends Test_Case {

	private const ALLOWED = array( 'gpt-4o-mini', 'gemini-2.0-flash', 'owner/name', 'scribe_v1' );

	/**
	 * @dataProvider bodies
	 *
	 * @param string|null $expected Code of the refusal, without `byok_`; null when it may.
	 * @param string      $body     Body.
	 * @param string      $path     Path.
	 * @param string      $method   Method.
	 */
	public function test_a_model_is_found_however_it_is_named( ?string $expected, string $body, string $path = '/chat/completions', string $method = 'POST' ): void {
		$refused = Relay_Models::refuse( self::ALLOWED, $method, $path, $body );
		self::assertSame( $expected, null === $refused ? null : substr( $refused->get_error_code(), 5 ) );
		self::assertNull( Relay_Models::refuse( array(), $method, $path, $body ), 'without a list all may' );
	}

	public static function bodies(): array {
		$form = static fn( string $name, string $model ) => "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\nContent-Type: audio/mpeg\r\n\r\n\0\1binary\r\n--x\r\nContent-Disposition: form-data; $name\r\n\r\n$model\r\n--x--\r\n";
		return array(
			'listed'                            => array( null, '{"model":"gpt-4o-mini","messages":[]}' ),
			'not listed'                        => array( 'model_not_allowed', '{"model":"gpt-5","messages":[]}' ),
			'none'                              => array( 'model_missing', '{"messages":[]}' ),
			'no body'                           => array( 'model_missing', '' ),
			'no JSON'                           => array( 'model_missing', 'model=gpt-4o-mini' ),
			'broken JSON'                       => array( 'model_missing', '{"model":"gpt-4o-mini"' ),
			'a number'                          => array( 'model_missing', '{"model":5}' ),
			'null'                              => array( 'model_missing', '{"model":null}' ),
			'an object'                         => array( 'model_missing', '{"model":{"id":"gpt-4o-mini"}}' ),
			'a part of another field'           => array( 'model_missing', '{"messages":[{"model":"gpt-4o-mini"}],"text":"\"model\":\"gpt-4o-mini\""}' ),
			'twice, the first not listed'       => array( 'model_not_allowed', '{"model":"gpt-5","model":"gpt-4o-mini"}' ),
			'twice, the last not listed'        => array( 'model_not_allowed', '{"model":"gpt-4o-mini","model":"gpt-5"}' ),
			'in capitals beside'                => array( 'model_not_allowed', '{"model":"gpt-4o-mini","MODEL":"gpt-5"}' ),
			'escaped beside'                    => array( 'model_not_allowed', '{"model":"gpt-4o-mini","\u006dodel":"gpt-5"}' ),
			'escaped value'                     => array( null, '{"model":"gpt\u002d4o-mini"}' ),
			'others to be tried'                => array( 'model_not_allowed', '{"model":"gpt-4o-mini","models":["gpt-4o-mini","gpt-5"]}' ),
			'others to be tried, all listed'    => array( null, '{"models":["gpt-4o-mini","owner/name"],"model":"gpt-4o-mini"}' ),
			'behind an image'                   => array( 'model_not_allowed', '{"messages":[{"content":"' . str_repeat( 'A', 3000000 ) . '"}],"model":"gpt-5"}' ),
			'listed, behind an image'           => array( null, '{"messages":[{"content":"' . str_repeat( 'A', 3000000 ) . '\\\\"}],"model":"gpt-4o-mini"}' ),
			'a list of requests'                => array( 'model_missing', '[{"model":"gpt-4o-mini"}]' ),
			'in the path'                       => array( null, '{"contents":[]}', '/models/gemini-2.0-flash:generateContent?alt=sse' ),
			'not listed, in the path'           => array( 'model_not_allowed', '{"contents":[]}', '/models/gemini-3:generateContent' ),
			'in the path and in the body'       => array( 'model_not_allowed', '{"model":"gpt-5"}', '/models/gemini-2.0-flash:generateContent' ),
			'escaped, in the path'              => array( 'model_not_allowed', '{}', '/models/gemini%2d3:generateContent' ),
			'of an owner'                       => array( null, '{"input":{}}', '/models/owner/name/predictions' ),
			'of another owner'                  => array( 'model_not_allowed', '{"input":{}}', '/models/other/name/predictions' ),
			'a deployment'                      => array( null, '{"messages":[]}', '/deployments/gpt-4o-mini/chat/completions' ),
			'in the query'                      => array( 'model_not_allowed', '{"url":"x"}', '/listen?model=nova' ),
			'in the query and the body'         => array( 'model_not_allowed', '{"model":"gpt-4o-mini"}', '/listen?a=1&MODEL=nova' ),
			'in a form'                         => array( null, $form( 'name="model"', 'gpt-4o-mini' ), '/audio/transcriptions' ),
			'not listed, in a form'             => array( 'model_not_allowed', $form( 'name="model"', 'whisper' ), '/audio/transcriptions' ),
			'of ElevenLabs, in a form'          => array( null, $form( 'name="model_id"', 'scribe_v1' ), '/speech-to-text' ),
			'without quotes, in a form'         => array( 'model_not_allowed', $form( 'name=model', 'whisper' ), '/audio/transcriptions' ),
			'twice in a form'                   => array( 'model_not_allowed', $form( 'name="model"', "gpt-4o-mini\r\n--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper" ), '/audio/transcriptions' ),
			'a form that cannot be read'        => array( 'model_missing', $form( 'name="model"', "a\r\nb" ), '/audio/transcriptions' ),
			'no model in a form'                => array( 'model_missing', $form( 'name="language"', 'en' ), '/audio/transcriptions' ),
			'a list of models is none'          => array( null, '', '/models?limit=5', 'GET' ),
			'a model that is looked up'         => array( 'model_not_allowed', '', '/models/gpt-5', 'GET' ),
		);
	}
}
