<?php
/**
 * The one place where a key is used.
 *
 * @package byok
 */

namespace Byok;

use Throwable;
use WP_Error;

defined( 'ABSPATH' ) || exit;

/**
 * Sends requests to providers. It asks whose key applies and whether the caller may use it, hands the
 * envelope to the extension, which alone opens it and sends it to the one address it is bound to, and
 * writes down what was used and what the answer says of the key.
 *
 * No key ever becomes a PHP string here. It knows neither WordPress's HTTP API nor its shapes.
 *
 * @since 0.1.0
 */
final class Gate {

	/**
	 * Outcomes that are written down when a request, and not a check, has told them; and with which the
	 * owner's next key is tried. None of them is the answer of a model.
	 */
	private const TELLING = array( 'invalid', 'no_credit', 'rate_limited' );

	/**
	 * Reasons for which there is no answer although the provider was asked, or was about to be.
	 */
	private const UNANSWERED = array( 'timeout', 'dns', 'connect', 'tls', 'too_large', 'protocol' );

	/**
	 * Sends one request.
	 *
	 * @since 0.1.0
	 *
	 * @param string        $provider Provider id.
	 * @param array         $args     `owner` and `slot`, see byok_request(); `caller`, a Caller, when it is not the code
	 *                                on the stack.
	 * @param array         $request  The request, see byok_send(); without base_url, which is the key's.
	 * @param callable|null $on_chunk Gets the body as it comes, see byok_send().
	 * @return array|WP_Error The answer, see byok_send(); errors as of byok_request().
	 */
	public static function send( string $provider, array $args, array $request, ?callable $on_chunk = null ) {
		try {
			$let_in = self::let_in( $provider, $args );
			if ( is_wp_error( $let_in ) ) {
				return $let_in;
			}
			list( $known, $found, $place, $caller ) = $let_in;
			return $found instanceof Server_Key
				? self::send_with( $known, $place, $found->seal(), $caller, $request, $on_chunk )
				: self::send_from( $known, $place, $args['slot'] ?? null, $caller, $request, $on_chunk );
		} catch ( Exception\ByokException $refused ) {
			return Failure::from( $refused );
		}
	}

	/**
	 * Lists the models that the key may use.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $args     Arguments of byok_models().
	 * @return array|WP_Error Models; errors as of byok_models().
	 */
	public static function models( string $provider, array $args ) {
		try {
			$let_in = self::let_in( $provider, $args );
			if ( is_wp_error( $let_in ) ) {
				return $let_in;
			}
			list( , $found, $place, $caller ) = $let_in;
			$leading                          = self::leading( $found, $place, $args['slot'] ?? null );
			if ( is_wp_error( $leading ) ) {
				return $leading;
			}
			list( $place, $row ) = $leading;
			return Model_List::of( $place, $row, $caller, (bool) ( $args['fresh'] ?? false ) );
		} catch ( Exception\ByokException $refused ) {
			return Failure::from( $refused );
		}
	}

	/**
	 * Makes a ticket, with which the web server sends requests itself. What they use is counted now, when they can
	 * still be refused: PHP sees nothing of their answers, so only their number is known, and not their tokens.
	 *
	 * @since 0.1.0
	 *
	 * @param string $provider Provider id.
	 * @param array  $args     As of send().
	 * @param array  $options  See byok_ticket(); without base_url, which is the key's.
	 * @return string|WP_Error Ticket; errors as of byok_request().
	 */
	public static function ticket( string $provider, array $args, #[\SensitiveParameter] array $options ) {
		try {
			$let_in = self::let_in( $provider, $args, (int) ( $options['uses'] ?? 1 ) );
			if ( is_wp_error( $let_in ) ) {
				return $let_in;
			}
			list( $known, $found, $place, $caller ) = $let_in;
			$leading                                = self::leading( $found, $place, $args['slot'] ?? null );
			if ( is_wp_error( $leading ) ) {
				return $leading;
			}
			list( $place, $row ) = $leading;
			$ticket              = byok_ticket( $provider, $row->envelope, $place->context( $row->origin ), array( 'base_url' => $row->base_url ) + $options );
			if ( ! $found instanceof Server_Key ) {
				Recheck::on_use( $place, $row );
			}
			Announcement::used( $provider, static fn() => Key_Info::of( $known, $place, $row->to_raw() ) );
			Usage::record( $place, $caller, array(), 200, (int) ( $options['uses'] ?? 1 ) );
			return $ticket;
		} catch ( Exception\ByokException $refused ) {
			return Failure::from( $refused );
		}
	}

	/**
	 * Uses a key that came with a request and is stored nowhere. It belongs to nobody here, so nobody's approval or
	 * budget applies, and nothing is counted.
	 *
	 * @since 0.1.0
	 *
	 * @param string        $what     `send`, `models` or `ticket`.
	 * @param Place         $place    Place that the row is sealed for.
	 * @param Key_Row       $row      Row that is not stored, of a provider with a fixed address.
	 * @param array         $options  The request, see byok_send(), or the options of byok_list_models() or byok_ticket().
	 * @param callable|null $on_chunk Gets the body as it comes, see byok_send().
	 * @return array|string|WP_Error What that function returns; errors as of byok_request().
	 */
	public static function with_passed( string $what, Place $place, Key_Row $row, #[\SensitiveParameter] array $options, ?callable $on_chunk = null ) {
		$sealed = array( $place->provider, $row->envelope, $place->context( $row->origin ) );
		unset( $options['base_url'] );
		try {
			switch ( $what ) {
				case 'models':
					return byok_list_models( ...$sealed );
				case 'ticket':
					return byok_ticket( ...array_merge( $sealed, array( $options ) ) );
				default:
					return byok_send( ...array_merge( $sealed, array( self::with_path( $place->provider, $options ), $on_chunk ) ) );
			}
		} catch ( Exception\ByokException $refused ) {
			return Failure::from( $refused );
		}
	}

	/**
	 * Asks whose key applies, and whether the caller may use it now.
	 *
	 * @param string $provider Provider id.
	 * @param array  $args     `owner`, `caller`.
	 * @param int    $uses     How many requests a ticket is for; 0 for none.
	 * @return array{0: array, 1: Owner|Server_Key, 2: Place, 3: Caller}|WP_Error The provider's row of the table,
	 *                         whose key, its place, who is calling; or why not.
	 */
	private static function let_in( string $provider, array $args, int $uses = 0 ) {
		$reason = Extension::reason();
		$known  = null === $reason ? Providers::find( $provider ) : null;
		if ( null === $known ) {
			return Failure::because( $reason ?? 'provider_unknown' );
		}
		$found = Resolver::find( $provider, $args );
		if ( null === $found || is_wp_error( $found ) ) {
			return $found ?? Failure::because( 'key_absent' );
		}
		$place   = $found instanceof Server_Key ? Place::of_site( $provider ) : new Place( $found, $provider );
		$caller  = ( $args['caller'] ?? null ) instanceof Caller ? $args['caller'] : Caller::current();
		$refused = Consent::refuse( $place, $caller ) ?? Budget::refuse( $place, $caller, $uses );
		return $refused ?? array( $known, $found, $place, $caller );
	}

	/**
	 * The one key of several that goes first, if it opens.
	 *
	 * @param Owner|Server_Key $found Whose key.
	 * @param Place            $place Its place.
	 * @param mixed            $slot  The only slot; null for all.
	 * @return array{0: Place, 1: Key_Row}|WP_Error
	 */
	private static function leading( $found, Place $place, $slot ) {
		if ( $found instanceof Server_Key ) {
			return array( $place, $found->seal() );
		}
		$raws = self::raws( $place, $slot );
		if ( is_wp_error( $raws ) ) {
			return $raws;
		}
		$place = Key_Slots::in_turn( $place->owner, $place->provider, $raws, time() )[0] ?? $place;
		$row   = Vault::row( $raws[ $place->slot ] ?? null );
		$fault = is_wp_error( $row ) ? $row : $row->fault( $place );
		return $fault ?? array( $place, $row );
	}

	/**
	 * The stored texts of a provider's keys.
	 *
	 * @param Place $first Whose keys, of which provider.
	 * @param mixed $slot  The only slot; null for all.
	 * @return array<string, string>|WP_Error Texts by slot; byok_slot_malformed, byok_storage_failed.
	 */
	private static function raws( Place $first, $slot ) {
		if ( null !== $slot && ! Place::is_slot( $slot ) ) {
			return Failure::because( 'slot_malformed' );
		}
		$raws = Key_Store::read_slots( $first->owner, $first->provider );
		return null === $slot || is_wp_error( $raws ) ? $raws : array_intersect_key( $raws, array( $slot => '' ) );
	}

	/**
	 * Sends one request with the first key of an owner that the provider takes.
	 *
	 * @param array         $known    The provider's row of the table.
	 * @param Place         $first    Whose key, of which provider.
	 * @param mixed         $slot     The only slot to use; null for all in turn.
	 * @param Caller        $caller   Who is calling.
	 * @param array         $request  The request.
	 * @param callable|null $on_chunk Gets the body as it comes.
	 * @return array|WP_Error The answer to the last try.
	 */
	private static function send_from( array $known, Place $first, $slot, Caller $caller, array $request, ?callable $on_chunk ) {
		$raws = self::raws( $first, $slot );
		if ( is_wp_error( $raws ) ) {
			return $raws;
		}

		$places = Key_Slots::in_turn( $first->owner, $first->provider, $raws, time() );
		$last   = Failure::because( 'key_absent' );
		$faults = array();
		$hold   = null;
		foreach ( $places as $at => $place ) {
			$row   = Vault::row( $raws[ $place->slot ] );
			$fault = is_wp_error( $row ) ? $row : $row->fault( $place );
			if ( null !== $fault ) {
				$faults[] = $fault;
				continue;
			}
			Recheck::on_use( $place, $row );
			$is_last = count( $places ) - 1 === $at;
			$hold    = $is_last || null === $on_chunk ? null : new Held_Answer( $on_chunk );
			$asked   = '' === $row->base_url ? $request : array( 'base_url' => $row->base_url ) + $request;
			$last    = self::send_with( $known, $place, $row, $caller, $asked, $hold ?? $on_chunk );
			self::learn( $known, $place, $row, $raws, $request['method'] ?? 'GET', $last );
			if ( ! in_array( $last['outcome'], self::TELLING, true ) || true === $hold?->is_heard() ) {
				break;
			}
		}
		if ( null !== $hold ) {
			$hold->release();
		}
		// Of keys that stay closed the first tells why; an answer, if there was one, tells more.
		return is_wp_error( $last ) ? $faults[0] ?? $last : $last;
	}

	/**
	 * Sends one request with a row.
	 *
	 * @param array         $known    The provider's row of the table.
	 * @param Place         $place    Place.
	 * @param Key_Row       $row      Row.
	 * @param Caller        $caller   Who is calling.
	 * @param array         $request  The request.
	 * @param callable|null $on_chunk Gets the body as it comes.
	 * @return array The answer.
	 * @throws Exception\ByokException What the extension refuses, and when there is no answer.
	 */
	private static function send_with( array $known, Place $place, Key_Row $row, Caller $caller, array $request, ?callable $on_chunk ): array {
		Announcement::used( $place->provider, static fn() => Key_Info::of( $known, $place, $row->to_raw() ) );
		$asked  = Usage_Meter::asked_model( (string) ( $request['path'] ?? $request['url'] ?? $request['relay_path'] ?? '' ), (string) ( $request['body'] ?? '' ) );
		$meter  = new Usage_Meter( $place->provider, $asked );
		$status  = 0;
		$is_left = false;
		$listen  = null === $on_chunk ? null : static function ( string $bytes, array $head ) use ( $meter, $on_chunk, &$status, &$is_left ) {
			$status = $head['status'];
			$meter->feed( $bytes );
			// Also when it throws.
			$is_left = true;
			$goes_on = $on_chunk( $bytes, $head );
			$is_left = false === $goes_on;
			return $goes_on;
		};
		$counts = true;
		try {
			$answer = byok_send( $place->provider, $row->envelope, $place->context( $row->origin ), self::with_path( $place->provider, $request ), $listen );
			$status = $answer['status'];
			$meter->feed( $answer['body'] );
		} catch ( Exception\ByokException $refused ) {
			// What was refused before it was sent took nothing; a connection that broke off has no good status.
			$counts = in_array( $refused->getReason(), self::UNANSWERED, true );
			$status = 0;
			throw $refused;
		} finally {
			// Also when the caller's own callback has thrown: what was streamed so far was used.
			if ( $counts ) {
				$usage = Budget::counts_tokens( $place, $caller ) ? $meter->about( strlen( (string) ( $request['body'] ?? '' ) ), $is_left ) : $meter->usage();
				Usage::record( $place, $caller, $usage, $status );
			}
		}
		return $answer;
	}

	/**
	 * A request with its path. Where the client of the relay has written one, the rules of the relay apply, which need
	 * the base URL that belongs to the key.
	 *
	 * @param string $provider Provider id.
	 * @param array  $request  Request, with `relay_path` or `path`.
	 * @return array The request, see byok_send().
	 * @throws Exception\InputException When the relay may not ask for it.
	 */
	private static function with_path( string $provider, array $request ): array {
		if ( isset( $request['relay_path'] ) ) {
			$request['path'] = byok_relay_path( $provider, $request['method'], $request['relay_path'], $request['base_url'] ?? '' );
			unset( $request['relay_path'] );
		}
		return $request;
	}

	/**
	 * Writes down what an answer says of the key, when that is news.
	 *
	 * @param array                 $known  The provider's row of the table.
	 * @param Place                 $place  Place.
	 * @param Key_Row               $row    Row.
	 * @param array<string, string> $raws   Stored texts by slot.
	 * @param string                $method HTTP method of the request.
	 * @param array                 $answer What byok_send() returned.
	 */
	private static function learn( array $known, Place $place, Key_Row $row, array $raws, string $method, array $answer ): void {
		$outcome = $answer['outcome'];
		if ( 'valid' === $outcome && 'POST' !== $method ) {
			// Lists of models and the like are often given to anyone.
			return;
		}
		$now = time();
		// With one key there is nothing to rest for, and a limit that goes on is no news.
		$resume_at = count( $raws ) > 1 ? Key_Slots::resume_at( $outcome, $answer['retry_after'], $now ) : null;
		$is_news   = $outcome !== $row->outcome || ( null !== $resume_at && (int) $row->resume_at <= $now );
		if ( ! $is_news || ! in_array( $outcome, array( 'valid', ...self::TELLING ), true ) ) {
			return;
		}
		try {
			$checked = array(
				'outcome'    => $outcome,
				// A service of one's own may answer anyone, or ask anyone for credit.
				'reason'     => in_array( $outcome, array( 'valid', 'no_credit' ), true ) && ( $known['custom_base_url'] || ! $known['key_required'] ) ? 'keyless' : 'answered',
				'resume_at'  => $resume_at,
				'by_request' => true,
			);
			Key_Swap::store( $place, $raws[ $place->slot ], static fn( Key_Row $now ) => $now->after_check( $place, $checked ) );
			if ( 'invalid' === $outcome || null !== $row->previous ) {
				// A check asks where only the key decides.
				Recheck::plan( $place );
			}
			$info = Vault::info( $place->id(), $place->owner );
			if ( is_array( $info ) ) {
				Announcement::checked( $place->provider, $info, $row->outcome, $outcome, true );
			}
		} catch ( Throwable $thrown ) {
			// The request itself has been answered; the next one tells the same.
			return;
		}
	}
}
