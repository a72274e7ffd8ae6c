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
	 * @dataProvider inside
	 *
	 * @param string|null $expected Code of the refusal, without `byok_`; null when it may.
	 * @param string      $body     Body.
	 * @param string      $path     Path.
	 * @param string      $method   Method.
	 */
	public function test_a_model_is_found_however_it_is_named( ?string $expected, string $body, string $path = '/chat/completions', string $method = 'POST' ): void {
		$type    = str_starts_with( $body, '--' ) ? 'multipart/form-data; boundary=x' : 'application/json';
		$refused = Relay_Models::refuse( self::ALLOWED, $method, $path, $body, $type );
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
			'without quotes, in a form'         => array( 'model_missing', $form( 'name=model', 'whisper' ), '/audio/transcriptions' ),
			'twice in a form'                   => array( 'model_not_allowed', $form( 'name="model"', "gpt-4o-mini\r\n--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper" ), '/audio/transcriptions' ),
			'a value of two lines, in a form'   => array( 'model_not_allowed', $form( 'name="model"', "a\r\nb" ), '/audio/transcriptions' ),
			'no model in a form'                => array( 'model_missing', $form( 'name="language"', 'en' ), '/audio/transcriptions' ),
			'a list of models is none'          => array( null, '', '/models?limit=5', 'GET' ),
			'a model that is looked up'         => array( 'model_not_allowed', '', '/models/gpt-5', 'GET' ),
		);
	}

	public static function inside(): array {
		return array(
			'of a tool'                      => array( 'model_not_allowed', '{"model":"gpt-4o-mini","tools":[{"type":"image_generation","model":"gpt-5"}]}' ),
			'of a tool, listed'              => array( null, '{"model":"gpt-4o-mini","tools":[{"type":"image_generation","model":"owner/name"}]}' ),
			'a description of a field'       => array( null, '{"model":"gpt-4o-mini","tools":[{"parameters":{"properties":{"model":{"type":"string"},"x":{"model":null}}}}]}' ),
			'a list, deep inside'            => array( 'model_not_allowed', '{"model":"gpt-4o-mini","x":{"y":[[{"models":["owner/name","gpt-5"]}]]}}' ),
			'a list of lists'                => array( 'model_not_allowed', '{"model":"gpt-4o-mini","models":[["gpt-5"]]}' ),
			'a list of objects'              => array( 'model_missing', '{"model":"gpt-4o-mini","models":[{"id":"gpt-5"}]}' ),
			'fallbacks'                      => array( 'model_not_allowed', '{"model":"gpt-4o-mini","fallbacks":["gpt-5"]}' ),
			'fallbacks that are objects'     => array( 'model_not_allowed', '{"model":"gpt-4o-mini","fallbacks":[{"model":"gpt-5"}]}' ),
			'fallbacks, listed'              => array( null, '{"fallbacks":[{"model":"owner/name"},"scribe_v1"],"model":"gpt-4o-mini"}' ),
			'fallbacks alone'                => array( 'model_missing', '{"fallbacks":["gpt-4o-mini"]}' ),
			'a judge'                        => array( 'model_not_allowed', '{"model":"gpt-4o-mini","judge_model":"gpt-5"}' ),
			'a judge alone'                  => array( 'model_missing', '{"judge_model":"gpt-4o-mini"}' ),
			'a judge that is none'           => array( null, '{"model":"gpt-4o-mini","judge_model":null}' ),
			'more fallbacks'                 => array( 'model_not_allowed', '{"model":"gpt-4o-mini","fallback_models":["gpt-4o-mini","gpt-5"]}' ),
			'in one word'                    => array( 'model_not_allowed', '{"model":"gpt-4o-mini","modelId":"gpt-5"}' ),
			'a plugin that asks others'      => array( 'model_not_allowed', '{"model":"gpt-4o-mini","plugins":[{"id":"fusion","analysis_models":["gpt-5"]}]}' ),
			'a plugin with models unnamed'   => array( 'model_not_allowed', '{"model":"gpt-4o-mini","Plugins":[{"id":"fusion"}]}' ),
			'what was saved under a name'    => array( 'model_not_allowed', '{"model":"gpt-4o-mini","preset":"x"}' ),
			'a tool that asks others'        => array( 'model_not_allowed', '{"model":"gpt-4o-mini","tools":[{"type":"openrouter:fusion"}]}' ),
			'a tool, its type written twice' => array( 'model_not_allowed', '{"model":"gpt-4o-mini","tools":[{"type":"image_generation","type":"function"}]}' ),
			'a tool that draws'              => array( 'model_not_allowed', '{"model":"gpt-4o-mini","tools":[{"type":"image_\u0067eneration"}]}' ),
			'a tool that takes a model'      => array( null, '{"model":"gpt-4o-mini","tools":[{"type":"function","function":{"name":"x","parameters":{"type":"object","properties":{"car_model":{"type":"string"}},"required":["car_model"]}}}]}' ),
			'words about it'                 => array( null, '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"type image_generation, preset"}]}' ),
			'of Google, in a list'           => array( 'model_not_allowed', '{"requests":[{"model":"models/gemini-3"}]}', '/models/gemini-2.0-flash:batchEmbedContents' ),
			'of Google, in a list, listed'   => array( null, '{"requests":[{"model":"models/gemini-2.0-flash"}]}', '/models/gemini-2.0-flash:batchEmbedContents' ),
			'a version'                      => array( 'model_missing', '{"model":"gpt-4o-mini","Version":"5c7d5dc6"}', '/predictions' ),
			'a version that is none'         => array( null, '{"model":"gpt-4o-mini","version":"5c7d5dc6"}' ),
			'text that is no field'          => array( null, '{"model":"gpt-4o-mini","messages":["model","gpt-5",{"content":"model","role":"model"}]}' ),
			'a part of a query'              => array( 'model_not_allowed', '{"model":"gpt-4o-mini"}', '/listen?x=1;model=gpt-5' ),
			'behind many lists'              => array( 'model_not_allowed', '{"x":' . str_repeat( '[', 400 ) . str_repeat( ']', 400 ) . ',"model":"gpt-5"}' ),
		);
	}

	/**
	 * @dataProvider forms
	 *
	 * @param string $parts What stands between the first mark and the last.
	 * @param string $type  Content-Type.
	 */
	public function test_a_form_that_can_be_read_in_two_ways_is_refused( string $parts, string $type = 'multipart/form-data; boundary=R' ): void {
		$refused = Relay_Models::refuse( self::ALLOWED, 'POST', '/audio/transcriptions', $parts, $type );
		self::assertSame( 'byok_model_missing', null === $refused ? null : $refused->get_error_code() );
	}

	public static function forms(): array {
		$part  = static fn( string $disposition, string $model, string $more = '' ) => "--R\r\nContent-Disposition: form-data; $disposition\r\n$more\r\n$model\r\n";
		$good  = $part( 'name="model"', 'gpt-4o-mini' );
		$forms = array(
			'a blank'                => array( $good . $part( 'name = "model"', 'gpt-5' ) ),
			'a blank behind'         => array( $good . $part( 'name= "model"', 'gpt-5' ) ),
			'an escape'              => array( $good . $part( 'name="mo\del"', 'gpt-5' ) ),
			'parts of a name'        => array( $good . $part( 'name*0="mo"; name*1="del"', 'gpt-5' ) ),
			'an encoded name'        => array( $good . $part( "name*=utf-8''model", 'gpt-5' ) ),
			'both names'             => array( $good . $part( "name=\"x\"; name*=utf-8''model", 'gpt-5' ) ),
			'a folded line'          => array( $good . $part( "name=\r\n \"model\"", 'gpt-5' ) ),
			'another name behind'    => array( $good . $part( 'filename="a"; name="model"', 'gpt-5' ) ),
			'two of them'            => array( $good . $part( 'name="x"', 'gpt-5', "Content-Disposition: form-data; name=\"model\"\r\n" ) ),
			'packed'                 => array( $part( 'name="model"', 'gpt-4o-mini', "Content-Transfer-Encoding: base64\r\n" ) ),
			'an unknown header'      => array( $part( 'name="model"', 'gpt-4o-mini', "X-Name: model\r\n" ) ),
			'a form in front'        => array( str_replace( '--R', '--D', $good ) . "--D--\r\n" . $part( 'name="file"; filename="a"', 'x' ) ),
			'text in front'          => array( "\r\n" . $good ),
			'text behind'            => array( "$good--R--\r\n$good" ),
			'a mark with a blank'    => array( $good . "--R \r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ngpt-5\r\n" ),
			'a mark on a bare line'  => array( $part( 'name="x"', "y\n--R\nContent-Disposition: form-data; name=\"model\"\n\ngpt-5" ) . $good ),
			'another mark'           => array( $good, 'multipart/form-data; boundary=S' ),
			'two marks'              => array( $good, 'multipart/form-data; boundary=R; boundary=S' ),
			'a mark that is encoded' => array( $good, "multipart/form-data; boundary*=utf-8''R" ),
			'another kind'           => array( $good, 'multipart/mixed; boundary=R' ),
			'two types'              => array( $good, 'multipart/form-data; boundary=R, application/json' ),
			'no type'                => array( $good, '' ),
		);
		$forms = array_map( static fn( array $form ): array => array( str_contains( $form[0], '--R--' ) ? $form[0] : "$form[0]--R--\r\n" ) + $form, $forms );
		return $forms + array(
			'no end'                  => array( $good ),
			'JSON that is a form too' => array( '{"model":"gpt-4o-mini","x":"&model=gpt-5&"}', 'application/x-www-form-urlencoded' ),
			'JSON that is called one' => array( '{"model":"gpt-4o-mini"}', 'multipart/form-data; boundary=R' ),
		);
	}
}
