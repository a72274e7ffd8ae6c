<?php
/**
 * The account of a stress test.
 */

declare( strict_types=1 );

namespace Byok\Tests;

/**
 * Compares what the writers were told with what the database has done.
 *
 * The database has kept a history of its own: one link for each change of a row, old text and new text, in the order of
 * the changes. So every answer can be judged: a save that was acknowledged is one of the links, and each link replaces
 * what its writer has seen. Texts and keys are known by their SHA-256 only.
 */
final class Account {

	/**
	 * Seconds that a change may take from its link in the history until others see it.
	 */
	private const BLUR = 1.0;

	/**
	 * What each task may end with. "Not restored" leaves it open what is stored, and says so.
	 */
	private const ANSWERS = array(
		'save'   => array( 'done', 'byok_conflict', 'byok_storage_failed', 'byok_storage_not_restored', 'byok_storage_unsure' ),
		'read'   => array( 'done', 'byok_key_absent', 'byok_storage_failed' ),
		'check'  => array( 'done', 'byok_conflict', 'byok_key_absent', 'byok_storage_failed', 'byok_storage_not_restored', 'byok_storage_unsure' ),
		'delete' => array( 'done', 'byok_conflict', 'byok_storage_failed', 'byok_storage_unsure' ),
	);

	/**
	 * What the account examines; the faults of each.
	 *
	 * @var array<string, string[]>
	 */
	public array $faults = array(
		'the history of each place has no gap and leads to its one row'    => array(),
		'every change replaced exactly what its writer had seen'           => array(),
		'every acknowledged save is in the history'                        => array(),
		'every acknowledged deletion left the place empty'                 => array(),
		'a save that was told "conflict" is not what is stored'            => array(),
		'what was told to have failed was not done'                        => array(),
		'every read answered what was stored then'                         => array(),
		'every answer is one of those expected'                            => array(),
		'every row opens to the key that was saved last'                   => array(),
		'the writers have met: saves, conflicts, reads and kills happened' => array(),
	);

	/**
	 * What happened, counted.
	 *
	 * @var array<string, int>
	 */
	public array $figures = array(
		'saves acknowledged'               => 0,
		'deletions acknowledged'           => 0,
		'conflicts told'                   => 0,
		'of them stored for a moment'      => 0,
		'storage failures told'            => 0,
		'of them taken back by the writer' => 0,
		'cut off by a kill'                => 0,
		'of them changed the row'          => 0,
		'reads'                            => 0,
		'checks'                           => 0,
		'links in the history'             => 0,
		'places that hold a key at the end' => 0,
	);

	/**
	 * What the history holds: `old>new` by place.
	 *
	 * @var array<string, array<string, true>>
	 */
	private array $links = array();

	/**
	 * SHA-256 of the key that a text holds, by SHA-256 of the text.
	 *
	 * @var array<string, string>
	 */
	private array $key_of = array();

	/**
	 * Takes everything down.
	 *
	 * @param array[]                              $tasks   Tasks of all writers: task, place, key, from, to, writes, told
	 *                                                      (null when it was cut off), read.
	 * @param array<string, array[]>               $history Links by place, in order: at, old, new.
	 * @param array<string, array{0: string[], 1: string|null}> $rows Texts of each place at the end, and the key
	 *                                                      that it opens to (or an error).
	 */
	public function __construct( private array $tasks, private array $history, private array $rows ) {}

	/**
	 * Examines it.
	 */
	public function examine(): void {
		$this->follow_the_history();
		$this->learn_keys();
		foreach ( $this->tasks as $task ) {
			$this->examine_task( $task );
		}
		foreach ( $this->rows as $place => list( $texts, $key ) ) {
			$expected = array() === $texts ? 'byok_key_absent' : $this->key_of[ $texts[0] ] ?? 'a key that nobody has saved';
			if ( $expected !== $key ) {
				$this->fault( 'every row opens to the key that was saved last', "$place opens to $key, expected $expected" );
			}
			$this->figures['places that hold a key at the end'] += (int) ( array() !== $texts );
		}
		foreach ( array( 'saves acknowledged', 'deletions acknowledged', 'conflicts told', 'cut off by a kill', 'reads', 'checks' ) as $needed ) {
			if ( 0 === $this->figures[ $needed ] ) {
				$this->fault( 'the writers have met: saves, conflicts, reads and kills happened', "0 $needed" );
			}
		}
	}

	/**
	 * Walks through what the database has done.
	 */
	private function follow_the_history(): void {
		$wanted = array();
		foreach ( $this->tasks as $task ) {
			foreach ( $task['writes'] as $write ) {
				$wanted[ $task['place'] ][ self::link( $write ) ] = true;
			}
		}
		foreach ( $this->rows as $place => list( $texts ) ) {
			$last = null;
			foreach ( $this->history[ $place ] ?? array() as $at => $link ) {
				++$this->figures['links in the history'];
				if ( $link['old'] !== $last ) {
					$this->fault( 'the history of each place has no gap and leads to its one row', "link $at of $place does not begin where the one before ends" );
				}
				if ( ! isset( $wanted[ $place ][ self::link( $link ) ] ) ) {
					$this->fault( 'every change replaced exactly what its writer had seen', "link $at of $place replaced a key that its writer had not seen" );
				}
				$last = $link['new'];

				$this->links[ $place ][ self::link( $link ) ] = true;
			}
			if ( ( null === $last ? array() : array( $last ) ) !== $texts ) {
				$this->fault( 'the history of each place has no gap and leads to its one row', "$place has " . count( $texts ) . ' rows, or another text than the last one' );
			}
		}
	}

	/**
	 * Learns which key is in which text: a check changes the text and keeps the envelope.
	 */
	private function learn_keys(): void {
		$keys = array();
		foreach ( $this->tasks as $task ) {
			foreach ( 'save' === $task['task'] ? $task['writes'] : array() as $write ) {
				$keys[ $write['envelope'] ?? '' ] ??= $task['key'];
			}
		}
		foreach ( $this->tasks as $task ) {
			foreach ( $task['writes'] as $write ) {
				if ( null !== $write['new'] && isset( $keys[ $write['envelope'] ] ) ) {
					$this->key_of[ $write['new'] ] = $keys[ $write['envelope'] ];
				}
			}
		}
	}

	/**
	 * Judges one answer.
	 *
	 * @param array $task The task.
	 */
	private function examine_task( array $task ): void {
		$done = array_filter( $task['writes'], fn( array $write ): bool => isset( $this->links[ $task['place'] ][ self::link( $write ) ] ) );
		$what = "{$task['task']} at {$task['place']}, " . gmdate( 'H:i:s', (int) $task['from'] );
		if ( null === $task['told'] ) {
			++$this->figures['cut off by a kill'];
			$this->figures['of them changed the row'] += (int) ( array() !== $done );
			return;
		}
		if ( ! in_array( $task['told'], self::ANSWERS[ $task['task'] ], true ) ) {
			$this->fault( 'every answer is one of those expected', "$what: {$task['told']}" );
			return;
		}
		$this->figures['storage failures told'] += (int) ( 'byok_storage_failed' === $task['told'] );
		$this->figures['conflicts told']        += (int) ( 'byok_conflict' === $task['told'] );
		match ( $task['task'] ) {
			'save'   => $this->examine_save( $task, $done, $what ),
			'read'   => $this->examine_read( $task, $what ),
			'check'  => ++$this->figures['checks'],
			'delete' => $this->examine_deletion( $task, $done, $what ),
		};
	}

	/**
	 * Judges the answer to a save.
	 *
	 * @param array   $task The task.
	 * @param array[] $done Its writes that happened.
	 * @param string  $what The task in words.
	 */
	private function examine_save( array $task, array $done, string $what ): void {
		if ( 'done' === $task['told'] ) {
			++$this->figures['saves acknowledged'];
			if ( array() === $done ) {
				$this->fault( 'every acknowledged save is in the history', $what );
			}
			return;
		}
		if ( array() === $done || in_array( $task['told'], array( 'byok_storage_not_restored', 'byok_storage_unsure' ), true ) ) {
			return;
		}
		// Stored all the same. After a conflict someone else has replaced it before the writer looked; anything else
		// must have been taken back by the writer itself.
		if ( 'byok_conflict' === $task['told'] ) {
			++$this->figures['of them stored for a moment'];
			if ( array() !== array_intersect( array_column( $done, 'new' ), $this->rows[ $task['place'] ][0] ) ) {
				$this->fault( 'a save that was told "conflict" is not what is stored', $what );
			}
		} elseif ( reset( $done )['old'] === end( $done )['new'] ) {
			++$this->figures['of them taken back by the writer'];
		} else {
			$this->fault( 'what was told to have failed was not done', $what );
		}
	}

	/**
	 * Judges the answer to a deletion.
	 *
	 * @param array   $task The task.
	 * @param array[] $done Its writes that happened.
	 * @param string  $what The task in words.
	 */
	private function examine_deletion( array $task, array $done, string $what ): void {
		if ( 'done' === $task['told'] ) {
			++$this->figures['deletions acknowledged'];
			if ( ! in_array( null, $this->texts_between( $task ), true ) ) {
				$this->fault( 'every acknowledged deletion left the place empty', $what );
			}
		} elseif ( 'byok_storage_failed' === $task['told'] && array() !== $done ) {
			$this->fault( 'what was told to have failed was not done', $what );
		}
	}

	/**
	 * Judges the answer to a read.
	 *
	 * @param array  $task The task.
	 * @param string $what The task in words.
	 */
	private function examine_read( array $task, string $what ): void {
		++$this->figures['reads'];
		if ( 'byok_storage_failed' === $task['told'] ) {
			return;
		}
		$keys = array_map( fn( ?string $text ): ?string => null === $text ? null : $this->key_of[ $text ] ?? '?', $this->texts_between( $task ) );
		if ( ! in_array( $task['read'], $keys, true ) ) {
			$this->fault( 'every read answered what was stored then', "$what: " . ( null === $task['read'] ? 'absent' : 'another key' ) );
		}
	}

	/**
	 * The texts that a place held at some moment of a task; null for none.
	 *
	 * @param array $task The task.
	 * @return array<string|null>
	 */
	private function texts_between( array $task ): array {
		$texts = array();
		$text  = null;
		foreach ( $this->history[ $task['place'] ] ?? array() as $link ) {
			if ( $link['at'] >= $task['from'] - self::BLUR ) {
				$texts[] = $text;
			}
			if ( $link['at'] > $task['to'] + self::BLUR ) {
				return $texts;
			}
			$text = $link['new'];
		}
		return array( ...$texts, $text );
	}

	/**
	 * A change as one word.
	 *
	 * @param array $change With `old` and `new`.
	 */
	private static function link( array $change ): string {
		return "{$change['old']}>{$change['new']}";
	}

	/**
	 * Takes a fault down.
	 *
	 * @param string $property What does not hold.
	 * @param string $fault    Where.
	 */
	private function fault( string $property, string $fault ): void {
		$this->faults[ $property ][] = $fault;
	}
}
