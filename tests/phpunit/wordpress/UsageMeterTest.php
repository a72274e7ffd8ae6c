<?php
/**
 * Tests of the numbers of tokens that answers tell.
 *
 * The answers are of the shapes that the providers document; see Usage_Meter for where.
 *
 * @package byok
 */

namespace Byok\Tests;

use Byok\Usage_Meter;

final class UsageMeterTest extends Test_Case {

	/**
	 * Answers, and what they tell: model, tokens in, tokens out.
	 */
	public static function answers(): array {
		$sse = static fn( array $events, string $end = "\n\n" ) => implode( '', array_map( static fn( $data ) => "data: $data$end", $events ) );
		return array(
			'OpenAI chat'                => array(
				'openai',
				'{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion","created":1741569952,"model":"gpt-4.1-2025-04-14","choices":[{"index":0,"message":{"role":"assistant","content":"Hello! How can I assist you today?","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":7,"audio_tokens":0}},"service_tier":"default"}',
				array( 'gpt-4.1-2025-04-14', 19, 10 ),
			),
			'OpenAI chat, stream'        => array(
				'openai',
				$sse(
					array(
						'{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":null}',
						'{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"content":"Hi"}}],"usage":null}',
						'{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}',
						'[DONE]',
					)
				),
				array( 'gpt-4o-mini-2024-07-18', 9, 2 ),
			),
			'OpenAI chat, stream without usage' => array(
				'openai',
				$sse( array( '{"model":"gpt-4o","choices":[{"index":0,"delta":{"content":"Hi"}}]}', '[DONE]' ) ),
				array( 'gpt-4o', null, null ),
			),
			'OpenAI responses'           => array(
				'openai',
				'{"id":"resp_1","object":"response","status":"completed","model":"gpt-4.1","output":[{"type":"message","content":[{"type":"output_text","text":"\"usage\":{\"input_tokens\":1}"}]}],"usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":12},"output_tokens":87,"output_tokens_details":{"reasoning_tokens":40},"total_tokens":123},"metadata":{}}',
				array( 'gpt-4.1', 36, 87 ),
			),
			'OpenAI responses, stream'   => array(
				'openai',
				"event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"model\":\"gpt-4.1\",\"usage\":null}}\n\nevent: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\nevent: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"model\":\"gpt-4.1\",\"usage\":{\"input_tokens\":37,\"output_tokens\":11,\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":48}}}\n\n",
				array( 'gpt-4.1', 37, 11 ),
			),
			'OpenAI embeddings'          => array(
				'openai',
				'{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.0023064255,-0.009327292,' . implode( ',', array_fill( 0, 1500, '-0.0028842222' ) ) . ']}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}',
				array( 'text-embedding-3-small', 8, 0 ),
			),
			'OpenAI images'              => array(
				'openai',
				'{"created":1713833628,"data":[{"b64_json":"' . str_repeat( 'iVBORw0KGgo', 1000 ) . '"}],"usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}',
				array( null, 50, 50 ),
			),
			'Anthropic'                  => array(
				'anthropic',
				'{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-20250514","content":[{"type":"text","text":"Hi!"},{"type":"tool_use","id":"toolu_1","name":"x","input":{"usage":{"input_tokens":9999,"output_tokens":9999},"model":"forged"}}],"stop_reason":"tool_use","usage":{"input_tokens":2095,"cache_creation_input_tokens":100,"cache_read_input_tokens":50,"cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":0},"output_tokens":503,"service_tier":"standard"}}',
				array( 'claude-sonnet-4-20250514', 2245, 503 ),
			),
			'Anthropic, stream'          => array(
				'anthropic',
				"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\"model\":\"claude-opus-4-20250514\",\"usage\":{\"input_tokens\":25,\"cache_read_input_tokens\":1000,\"cache_creation_input_tokens\":0,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":null},\"usage\":{\"output_tokens\":7}}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":15}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
				array( 'claude-opus-4-20250514', 1025, 15 ),
			),
			'Google'                     => array(
				'google',
				"{\n  \"candidates\": [\n    {\n      \"content\": {\"parts\": [{\"text\": \"Hi\"}], \"role\": \"model\"},\n      \"finishReason\": \"STOP\"\n    }\n  ],\n  \"usageMetadata\": {\n    \"promptTokenCount\": 8,\n    \"candidatesTokenCount\": 20,\n    \"thoughtsTokenCount\": 31,\n    \"toolUsePromptTokenCount\": 4,\n    \"totalTokenCount\": 63,\n    \"promptTokensDetails\": [{\"modality\": \"TEXT\", \"tokenCount\": 8}]\n  },\n  \"modelVersion\": \"gemini-2.5-flash\"\n}\n",
				array( 'gemini-2.5-flash', 12, 51 ),
			),
			'Google, stream of events'   => array(
				'google',
				$sse(
					array(
						'{"candidates": [{"content": {"parts": [{"text": "a"}]}}],"usageMetadata": {"promptTokenCount": 8,"totalTokenCount": 8},"modelVersion": "gemini-2.5-flash"}',
						'{"candidates": [{"content": {"parts": [{"text": "b"}]}}],"usageMetadata": {"promptTokenCount": 8,"candidatesTokenCount": 3,"totalTokenCount": 11},"modelVersion": "gemini-2.5-flash"}',
						'{"candidates": [{"content": {"parts": [{"text": "c"}]},"finishReason": "STOP"}],"usageMetadata": {"promptTokenCount": 8,"candidatesTokenCount": 9,"totalTokenCount": 17},"modelVersion": "gemini-2.5-flash"}',
					),
					"\r\n\r\n"
				),
				array( 'gemini-2.5-flash', 8, 9 ),
			),
			'Google, stream of a list'   => array(
				'google',
				"[{\n\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"a\"}]}}],\n\"usageMetadata\": {\"promptTokenCount\": 5, \"candidatesTokenCount\": 1}}\n,\n{\"candidates\": [], \"usageMetadata\": {\"promptTokenCount\": 5, \"candidatesTokenCount\": 6}, \"modelVersion\": \"gemini-2.0-flash\"}]\n",
				array( 'gemini-2.0-flash', 5, 6 ),
			),
			'Google, nothing but a prompt' => array(
				'google',
				'{"usageMetadata":{"promptTokenCount":5,"totalTokenCount":5},"promptFeedback":{"blockReason":"SAFETY"}}',
				array( null, 5, 0 ),
			),
			'Groq, stream'               => array(
				'groq',
				$sse( array( '{"model":"llama-3.3-70b-versatile","choices":[{"delta":{"content":"Hi"}}],"x_groq":{"id":"req_1"}}', '{"model":"llama-3.3-70b-versatile","choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"queue_time":0.026,"prompt_tokens":18,"prompt_time":0.0006,"completion_tokens":50,"completion_time":0.4,"total_tokens":68,"total_time":0.46}}}', '[DONE]' ) ),
				array( 'llama-3.3-70b-versatile', 18, 50 ),
			),
			'OpenRouter, stream'         => array(
				'openrouter',
				": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n" . $sse( array( '{"id":"gen-1","provider":"X","model":"meta-llama/llama-3.1-8b-instruct","choices":[{"delta":{"content":"Hi"}}]}', '{"id":"gen-1","model":"meta-llama/llama-3.1-8b-instruct","choices":[{"delta":{"content":""}}],"usage":{"prompt_tokens":14,"completion_tokens":163,"total_tokens":177,"cost":0.00014}}', '[DONE]' ) ),
				array( 'meta-llama/llama-3.1-8b-instruct', 14, 163 ),
			),
			'xAI, thinking only in the total' => array(
				'xai',
				'{"model":"grok-3-mini","choices":[],"usage":{"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,"completion_tokens_details":{"reasoning_tokens":94}}}',
				array( 'grok-3-mini', 32, 103 ),
			),
			'DeepSeek'                   => array(
				'deepseek',
				'{"model":"deepseek-chat","choices":[],"usage":{"prompt_tokens":16,"completion_tokens":10,"total_tokens":26,"prompt_cache_hit_tokens":0,"prompt_cache_miss_tokens":16}}',
				array( 'deepseek-chat', 16, 10 ),
			),
			'Mistral'                    => array(
				'mistral',
				'{"id":"cmpl-1","object":"chat.completion","model":"mistral-small-latest","usage":{"prompt_tokens":16,"completion_tokens":34,"total_tokens":50},"choices":[]}',
				array( 'mistral-small-latest', 16, 34 ),
			),
			'Cohere'                     => array(
				'cohere',
				'{"id":"c14c","finish_reason":"COMPLETE","message":{"role":"assistant","content":[{"type":"text","text":"Hi"}]},"usage":{"billed_units":{"input_tokens":5,"output_tokens":418},"tokens":{"input_tokens":71.0,"output_tokens":418}}}',
				array( null, 71, 418 ),
			),
			'Cohere, stream'             => array(
				'cohere',
				"event: message-start\ndata: {\"type\":\"message-start\",\"id\":\"2\",\"delta\":{\"message\":{\"role\":\"assistant\"}}}\n\nevent: message-end\ndata: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"COMPLETE\",\"usage\":{\"billed_units\":{\"input_tokens\":3,\"output_tokens\":11},\"tokens\":{\"input_tokens\":66,\"output_tokens\":12}}}}\n\n",
				array( null, 66, 12 ),
			),
			'Cohere embed'               => array(
				'cohere',
				'{"id":"1","embeddings":{"float":[[0.1,0.2]]},"texts":["hi"],"meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":2}}}',
				array( null, 2, null ),
			),
			'only a total'               => array( 'openai-compatible', '{"model":"voyage-3","data":[],"usage":{"total_tokens":10}}', array( 'voyage-3', 10, null ) ),
			'an escaped name'            => array( 'openai-compatible', '{"model":"models\/a\u002Db","usage":{"prompt_tokens":1,"completion_tokens":2}}', array( 'models/a-b', 1, 2 ) ),
			'an event in several lines'  => array( 'openai-compatible', "data: {\"model\":\"m\",\ndata: \"usage\":{\"prompt_tokens\":1,\ndata:\"completion_tokens\":2}}\n\n", array( 'm', 1, 2 ) ),
			'an event in several lines, CR LF' => array( 'openai-compatible', "data: {\"model\":\"m\",\r\ndata: \"usage\":{\"prompt_tokens\":1,\r\ndata:\"completion_tokens\":2}}\r\n\r\n", array( 'm', 1, 2 ) ),
			'a broken event'             => array( 'openai-compatible', "data: {\"x\":{\"y\":\"\n\ndata: {\"model\":\"m\",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n", array( 'm', 1, 2 ) ),
			'the mark of UTF-8'          => array( 'openai-compatible', "\xEF\xBB\xBF {\"model\":\"m\",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}", array( 'm', 1, 2 ) ),
			'an error'                   => array( 'openai', '{"error":{"message":"Rate limit reached","type":"tokens","usage":{"prompt_tokens":5}}}', array( null, null, null ) ),
			'HTML'                       => array( 'openai', "<html>\n<body>{\"usage\":{\"prompt_tokens\":5}}</body>\n", array( null, null, null ) ),
			'nothing'                    => array( 'openai', '', array( null, null, null ) ),
		);
	}

	/**
	 * @dataProvider answers
	 *
	 * @param string $provider Provider id.
	 * @param string $body     Body.
	 * @param array  $expected Model, tokens in, tokens out.
	 */
	public function test_tokens_and_model_are_found_wherever_the_answer_is_cut( string $provider, string $body, array $expected ): void {
		foreach ( array( PHP_INT_MAX, 1, 2, 3, 7, 64, 1000 ) as $size ) {
			$this->assertSame( $expected, self::read( $provider, str_split( '' === $body ? ' ' : $body, min( $size, strlen( $body ) + 1 ) ) ), "pieces of $size bytes" );
		}
		if ( strlen( $body ) < 3000 ) {
			for ( $cut = 1; $cut < strlen( $body ); $cut++ ) {
				$this->assertSame( $expected, self::read( $provider, array( substr( $body, 0, $cut ), substr( $body, $cut ) ) ), "cut at $cut" );
			}
		}
	}

	/**
	 * @dataProvider garbage
	 *
	 * @param string $body Body.
	 */
	public function test_garbage_gives_nothing( string $body ): void {
		$this->assertSame( array( null, null, null ), self::read( 'openai', array( $body ) ) );
		$this->assertSame( array( null, null, null ), self::read( 'openai', str_split( $body ) ) );
	}

	public static function garbage(): array {
		return array(
			'closings'          => array( ']}]}]}' ),
			'openings'          => array( str_repeat( '[{', 1000 ) ),
			'a string'          => array( '{"usage' . str_repeat( 'x', 5000 ) ),
			'bytes'             => array( "{\x00\xff\xfe\"\x80:,}\x00[" ),
			'words'             => array( '{"usage":{"prompt_tokens":"many","completion_tokens":true,"total_tokens":[7]}}' ),
			'odd numbers'       => array( '{"usage":{"prompt_tokens":-5,"completion_tokens":1e9,"input_tokens":99999999999999999999,"output_tokens":12abc}}' ),
			'usage is a list'   => array( '{"usage":[{"prompt_tokens":5,"completion_tokens":5}]}' ),
			'usage is a text'   => array( '{"usage":"{\"prompt_tokens\":5}"}' ),
			'model is no text'  => array( '{"model":{"model":"x"},"modelVersion":7}' ),
			'long model'        => array( '{"model":"' . str_repeat( 'x', 300 ) . '"}' ),
			'half an escape'    => array( '{"model":"\ud800"}' ),
			'an overlong name'  => array( '{"' . str_repeat( 'x', 300 ) . '":{"usage":{"prompt_tokens":5,"completion_tokens":5},"model":"x"}}' ),
			'no name'           => array( '{{"usage":{"prompt_tokens":5},"model":"x"}}' ),
			'inside a choice'   => array( '{"choices":[{"usage":{"prompt_tokens":5},"model":"x"}]}' ),
		);
	}

	public function test_what_a_model_writes_is_not_taken_for_the_provider_s_fields(): void {
		$forged = json_encode( "\"},\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1},\"model\":\"forged\",\"x\":{\"y\":\"\n\ndata: {\"usage\":{\"prompt_tokens\":1}}\n\n" );
		$this->assertSame(
			array( 'real', 100, 200 ),
			self::read( 'openai', str_split( '{"model":"real","choices":[{"message":{"content":' . $forged . '}}],"usage":{"prompt_tokens":100,"completion_tokens":200}}', 5 ) )
		);
	}

	public function test_random_bytes_never_throw(): void {
		mt_srand( 7 );
		$parts = array( '{', '}', '[', ']', '"', '\\', ':', ',', 'data:', "\n", "\r", 'usage', 'model', '12', ' ', "\xC3", '"usage":{', '"prompt_tokens":' );
		for ( $round = 0; $round < 2000; $round++ ) {
			$body = mt_rand( 0, 1 ) ? '{' : '';
			for ( $i = mt_rand( 1, 60 ); $i > 0; $i-- ) {
				$body .= $parts[ mt_rand( 0, count( $parts ) - 1 ) ];
			}
			$whole = self::read( 'openai', array( $body ) );
			$this->assertSame( $whole, self::read( 'openai', str_split( $body ) ), $body );
		}
	}

	public function test_memory_stays_the_same_however_long_the_answer_is(): void {
		foreach ( array( "data: {\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\n", 'x', "data: {\"x\":\"", '{"data":"AAAA' ) as $piece ) {
			$meter = new Usage_Meter( 'openai' );
			$block = str_repeat( $piece, (int) ( 65536 / strlen( $piece ) ) );
			$meter->feed( $block );
			$before = memory_get_usage();
			for ( $i = 0; $i < 64; $i++ ) {
				$meter->feed( $block );
			}
			$this->assertLessThan( 4096, memory_get_usage() - $before, $piece );
		}
	}

	public function test_the_model_that_was_asked_for_is_told_when_the_answer_names_none(): void {
		$meter = new Usage_Meter( 'cohere', Usage_Meter::asked_model( '/v2/chat', '{"messages":[{"content":"\"model\":\"x\"","model":"y"}],"model":"command-a-03-2025"}' ) );
		$meter->feed( '{"usage":{"tokens":{"input_tokens":1,"output_tokens":2}}}' );
		$this->assertSame( array( 'model' => 'command-a-03-2025', 'tokens_in' => 1, 'tokens_out' => 2 ), $meter->usage() );

		$this->assertSame( 'gemini-2.5-flash', Usage_Meter::asked_model( '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse', '{"contents":[]}' ) );
		$this->assertNull( Usage_Meter::asked_model( '/v1/models', '' ) );
		$this->assertNull( Usage_Meter::asked_model( '/v1/audio', "--boundary\r\n{\"model\":\"x\"}" ) );
	}

	public function test_a_key_that_a_provider_hides_in_escapes_is_no_model(): void {
		$key = 'byok-test-' . bin2hex( random_bytes( 12 ) );
		byok_encrypt( $key, array() );
		$hidden = implode( '', array_map( static fn( $byte ) => sprintf( '\\u%04x', ord( $byte ) ), str_split( $key ) ) );
		list( $model ) = self::read( 'openai', array( '{"model":"x ' . $hidden . '"}' ) );
		$this->assertStringStartsWith( 'x ', $model );
		$this->assertStringNotContainsString( substr( $key, 0, 20 ), $model );
	}

	/**
	 * What a meter tells of an answer.
	 *
	 * @param string   $provider Provider id.
	 * @param string[] $pieces   The answer.
	 * @return array Model, tokens in, tokens out.
	 */
	private static function read( string $provider, array $pieces ): array {
		$meter = new Usage_Meter( $provider );
		foreach ( $pieces as $piece ) {
			$meter->feed( $piece );
		}
		return array_values( $meter->usage() );
	}
}
