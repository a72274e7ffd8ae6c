<?php
/**
 * How many tokens an answer says it has cost.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Finds the model and the numbers of tokens in a provider's answer: whole JSON, a JSON list that is streamed,
 * and server-sent events, in pieces cut anywhere. It needs the same little memory for each.
 *
 * What it reads are the provider's own fields. Where there are none, as with many errors, images and sounds,
 * it tells null and never throws. Only about() estimates, for budgets that must not be got round.
 *
 *     chat/completions   usage.prompt_tokens, .completion_tokens, .total_tokens
 *                        https://platform.openai.com/docs/api-reference/chat/object; also embeddings, and in
 *                        the last chunk of a stream with stream_options.include_usage. The same from Mistral,
 *                        Groq (in streams x_groq.usage), OpenRouter, xAI, DeepSeek, Together and others.
 *     responses          usage.input_tokens, .output_tokens; in streams response.usage of response.completed
 *                        https://platform.openai.com/docs/api-reference/responses
 *     Anthropic          usage.input_tokens, .cache_creation_input_tokens, .cache_read_input_tokens,
 *                        .output_tokens; in streams message.usage of message_start, then usage of
 *                        message_delta, whose numbers are totals
 *                        https://docs.anthropic.com/en/api/messages-streaming
 *     Google             usageMetadata.promptTokenCount, .toolUsePromptTokenCount, .candidatesTokenCount,
 *                        .thoughtsTokenCount; each piece of a stream has the totals so far
 *                        https://ai.google.dev/api/generate-content#UsageMetadata
 *     Cohere             usage.tokens and usage.billed_units (version 2; delta.usage of message-end in
 *                        streams), meta.tokens and meta.billed_units (embed, rerank, version 1)
 *                        https://docs.cohere.com/reference/chat
 *
 * @since 0.1.0
 */
final class Usage_Meter {

	/**
	 * Objects that are entered, and whether their values are numbers that count.
	 */
	private const PATHS = array(
		''                         => false,
		'message'                  => false,
		'response'                 => false,
		'delta'                    => false,
		'x_groq'                   => false,
		'meta'                     => false,
		'usage'                    => true,
		'usage/tokens'             => true,
		'usage/billed_units'       => true,
		'message/usage'            => true,
		'response/usage'           => true,
		'delta/usage'              => true,
		'delta/usage/tokens'       => true,
		'delta/usage/billed_units' => true,
		'x_groq/usage'             => true,
		'meta/tokens'              => true,
		'meta/billed_units'        => true,
		'usageMetadata'            => true,
	);

	/**
	 * Names that a model goes by.
	 */
	private const MODELS = array( 'model', 'modelVersion' );

	/**
	 * Where these are.
	 */
	private const MODEL_PATHS = array( 'model', 'response/model', 'message/model', 'modelVersion' );

	/**
	 * Objects with numbers, the one that counts first.
	 */
	private const USAGES = array( 'usage', 'response/usage', 'message/usage', 'x_groq/usage', 'delta/usage' );

	/**
	 * Reads the JSON.
	 *
	 * @var Usage_Scanner
	 */
	private Usage_Scanner $scanner;

	/**
	 * What is being read: `json`, `events`, or null while nothing but white space has come.
	 *
	 * @var string|null
	 */
	private ?string $form = null;

	/**
	 * The beginning of a line of events, until it is known which field it is; null in the rest of the line.
	 *
	 * @var string|null
	 */
	private ?string $line = '';

	/**
	 * Whether the rest of the line is data.
	 *
	 * @var bool
	 */
	private bool $is_data = false;

	/**
	 * How many pieces of data there were.
	 *
	 * @var int
	 */
	private int $events = 0;

	/**
	 * How long the answer is so far.
	 *
	 * @var int
	 */
	private int $bytes = 0;

	/**
	 * Whether the last byte was a carriage return.
	 *
	 * @var bool
	 */
	private bool $after_return = false;

	/**
	 * Begins.
	 *
	 * @since 0.1.0
	 *
	 * @param string      $provider Provider id. The shapes above differ in their names, so none needs to be
	 *                              told apart by it so far.
	 * @param string|null $model    Model that was asked for; told when the answer names none.
	 */
	public function __construct(
		public readonly string $provider,
		private readonly ?string $model = null
	) {
		$this->scanner = new Usage_Scanner( self::PATHS, self::MODELS );
	}

	/**
	 * The model that a request asks for.
	 *
	 * @since 0.1.0
	 *
	 * @param string $path Path of the request; Google's names the model there.
	 * @param string $body Body of the request.
	 * @return string|null Null when it names none.
	 */
	public static function asked_model( string $path, string $body ): ?string {
		$scanner = new Usage_Scanner( array( '' => false ), self::MODELS );
		$scanner->feed( str_starts_with( ltrim( $body ), '{' ) ? $body : '' );
		$model = $scanner->text( 'model' );
		if ( null === $model && preg_match( '{/models/([A-Za-z0-9._-]+)(?::|\z|\?)}', $path, $found ) ) {
			$model = $found[1];
		}
		return $model;
	}

	/**
	 * Reads a piece of the answer's body, decompressed.
	 *
	 * @since 0.1.0
	 *
	 * @param string $bytes The whole body, or the next bytes.
	 */
	public function feed( string $bytes ): void {
		$this->bytes += strlen( $bytes );
		if ( null === $this->form ) {
			// White space, and the mark of UTF-8.
			$bytes = ltrim( $bytes, " \t\r\n\xEF\xBB\xBF" );
			if ( '' === $bytes ) {
				return;
			}
			$this->form = '{' === $bytes[0] || '[' === $bytes[0] ? 'json' : 'events';
		}
		if ( 'json' === $this->form ) {
			$this->scanner->feed( $bytes );
			return;
		}
		$length = strlen( $bytes );
		for ( $at = 0; $at < $length; ) {
			$run = strcspn( $bytes, "\r\n", $at );
			$this->read_line( substr( $bytes, $at, $run ) );
			$at += $run;
			if ( $at < $length ) {
				// CR LF is one end of a line, also when it is cut in two.
				if ( "\n" !== $bytes[ $at ] || ! $this->after_return || $run > 0 ) {
					$this->end_line();
				}
				$this->after_return = "\r" === $bytes[ $at ];
				++$at;
			}
		}
	}

	/**
	 * What has been found so far; at the end of the answer, everything.
	 *
	 * @since 0.1.0
	 *
	 * @return array{model: string|null, tokens_in: int|null, tokens_out: int|null} Null for what the
	 *                                       provider does not tell.
	 */
	public function usage(): array {
		$model = $this->model;
		foreach ( self::MODEL_PATHS as $path ) {
			$found = $this->scanner->text( $path );
			if ( null !== $found ) {
				$model = $found;
				break;
			}
		}
		return array(
			// A provider that hides the key in escapes has it here in plain.
			'model'      => null === $model ? null : byok_redact( $model ),
			'tokens_in'  => $this->tokens_in(),
			'tokens_out' => $this->tokens_out(),
		);
	}

	/**
	 * What has been found, and about what an answer took that does not tell its tokens: a stream whose sender has not
	 * asked for them, or any that was left before they came. An event is a token then, and so are four bytes of the
	 * request, or of an answer without events.
	 *
	 * @since 0.1.0
	 *
	 * @param int  $asked   Bytes of the request's body.
	 * @param bool $is_left Whether the answer was left before its end.
	 * @return array{model: string|null, tokens_in: int|null, tokens_out: int|null} See usage(). JSON that was read to its end
	 *                                       tells its tokens, or is about something else.
	 */
	public function about( int $asked, bool $is_left ): array {
		$usage = $this->usage();
		// Anthropic tells a first number when a stream begins.
		$is_early = null === $usage['tokens_out'] || ( null === $this->scanner->number( 'usage/output_tokens' ) && null !== $this->scanner->number( 'message/usage/output_tokens' ) );
		if ( $is_early && null !== $this->form && ( $is_left || 'events' === $this->form ) ) {
			$usage['tokens_in']  ??= intdiv( $asked + 3, 4 );
			$usage['tokens_out'] = max( (int) $usage['tokens_out'], 'events' === $this->form ? $this->events : intdiv( $this->bytes + 3, 4 ) );
		}
		return $usage;
	}

	/**
	 * Tokens of the request.
	 */
	private function tokens_in(): ?int {
		$found = $this->usage_number( 'prompt_tokens' );
		if ( null === $found ) {
			// Only where the field is called so are the cached ones not part of it.
			$found = $this->sum_of( 'input_tokens', array( 'cache_creation_input_tokens', 'cache_read_input_tokens' ) );
		}
		return $found
			?? $this->google( array( 'promptTokenCount', 'toolUsePromptTokenCount' ) )
			?? $this->cohere( 'input_tokens' )
			// Embeddings of some tell only this.
			?? $this->usage_number( 'total_tokens' );
	}

	/**
	 * Tokens of the answer.
	 */
	private function tokens_out(): ?int {
		$in  = $this->usage_number( 'prompt_tokens' );
		$out = $this->usage_number( 'completion_tokens' );
		$all = $this->usage_number( 'total_tokens' );
		if ( null !== $in && null !== $all && $all >= $in ) {
			// xAI does not count thinking among the tokens of the completion, but in the total.
			$out = max( (int) $out, $all - $in );
		}
		return $out
			?? $this->usage_number( 'output_tokens' )
			?? $this->google( array( 'candidatesTokenCount', 'thoughtsTokenCount' ) )
			?? $this->cohere( 'output_tokens' );
	}

	/**
	 * A number of the usage, wherever it is.
	 *
	 * @param string $name Name.
	 */
	private function usage_number( string $name ): ?int {
		foreach ( self::USAGES as $path ) {
			$found = $this->scanner->number( "$path/$name" );
			if ( null !== $found ) {
				return $found;
			}
		}
		return null;
	}

	/**
	 * A number of the usage with others that belong to it.
	 *
	 * @param string   $name   Name.
	 * @param string[] $others Names of what is added, if it is there.
	 */
	private function sum_of( string $name, array $others ): ?int {
		$found = $this->usage_number( $name );
		if ( null === $found ) {
			return null;
		}
		return $found + array_sum( array_map( array( $this, 'usage_number' ), $others ) );
	}

	/**
	 * Numbers of Google's, added.
	 *
	 * @param string[] $names Names. A number that is 0 is left out by Google.
	 */
	private function google( array $names ): ?int {
		if ( null === $this->scanner->number( 'usageMetadata/promptTokenCount' ) && null === $this->scanner->number( 'usageMetadata/totalTokenCount' ) ) {
			return null;
		}
		return (int) array_sum( array_map( fn( string $name ) => $this->scanner->number( "usageMetadata/$name" ), $names ) );
	}

	/**
	 * A number of Cohere's.
	 *
	 * @param string $name Name. Not each kind of answer has both.
	 */
	private function cohere( string $name ): ?int {
		foreach ( array( 'tokens', 'billed_units' ) as $kind ) {
			foreach ( array( 'usage', 'delta/usage', 'meta' ) as $path ) {
				$found = $this->scanner->number( "$path/$kind/$name" );
				if ( null !== $found ) {
					return $found;
				}
			}
		}
		return null;
	}

	/**
	 * Reads a part of a line of events.
	 *
	 * @param string $part Bytes without the end of a line.
	 */
	private function read_line( string $part ): void {
		if ( null !== $this->line && '' !== $part ) {
			$this->line .= substr( $part, 0, 5 );
			$taken       = min( 5, strlen( $part ) );
			if ( strlen( $this->line ) < 5 ) {
				return;
			}
			$this->is_data = str_starts_with( $this->line, 'data:' );
			$this->events += $this->is_data ? 1 : 0;
			// What was read too far belongs to the rest.
			$part       = substr( $this->line, 5 ) . substr( $part, $taken );
			$this->line = null;
		}
		if ( $this->is_data && '' !== $part ) {
			$this->scanner->feed( $part );
		}
	}

	/**
	 * Ends a line of events. An empty one ends the event, and with it whatever was broken in it.
	 */
	private function end_line(): void {
		if ( '' === $this->line ) {
			$this->scanner->restart();
		}
		$this->line    = '';
		$this->is_data = false;
	}
}
