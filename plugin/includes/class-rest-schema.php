<?php
/**
 * The shapes of what REST takes and gives.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * JSON schemas of the routes below byok/v1. A field that is not in a schema is not in an answer.
 *
 * @since 0.1.0
 */
final class Rest_Schema {

	/**
	 * A provider and its key.
	 *
	 * `key` is written and never read: it has no context in which it would be given back.
	 *
	 * @since 0.1.0
	 *
	 * @return array Schema.
	 */
	public static function key(): array {
		return array(
			'$schema'    => 'http://json-schema.org/draft-04/schema#',
			'title'      => 'byok-key',
			'type'       => 'object',
			'properties' => array(
				'provider'        => self::told( 'string', __( 'Provider id.', 'byok' ) ),
				'name'            => self::told( 'string', __( 'Name of the provider.', 'byok' ) ),
				'description'     => self::told( 'string', __( 'What the provider offers.', 'byok' ) ),
				'state'           => self::told( 'string', __( 'State of the stored key.', 'byok' ), array( 'absent', 'ready', 'stale', 'locked', 'damaged' ) ),
				'reason'          => self::told( array( 'string', 'null' ), __( 'Why the key is locked or damaged, as a code.', 'byok' ) ),
				'hint'            => self::told( 'string', __( 'The masked key.', 'byok' ) ),
				'previous_hint'   => self::told( 'string', __( 'The masked key before, kept while the new one is not verified.', 'byok' ) ),
				'previous_state'  => self::told( 'string', __( 'State of the key before.', 'byok' ), array( 'absent', 'ready', 'stale', 'locked', 'damaged' ) ),
				'previous_reason' => self::told( array( 'string', 'null' ), __( 'Why the key before is locked or damaged, as a code.', 'byok' ) ),
				'outcome'         => self::told( array( 'string', 'null' ), __( 'What the last check told.', 'byok' ), array_merge( Key_Row::OUTCOMES, array( null ) ) ),
				'proof'           => self::told( array( 'string', 'null' ), __( 'What the outcome is about: the key, or only that the provider answers.', 'byok' ), array_merge( Key_Row::PROOFS, array( null ) ) ),
				'message'         => self::told( 'string', __( 'State and outcome in a sentence.', 'byok' ) ),
				'checked_at'      => self::told( array( 'integer', 'null' ), __( 'When the key was checked, Unix time.', 'byok' ) ),
				'saved_at'        => self::told( array( 'integer', 'null' ), __( 'When the key was saved, Unix time.', 'byok' ) ),
				'saved_by'        => self::told( array( 'integer', 'null' ), __( 'Id of the user who saved the key.', 'byok' ) ),
				'slot'            => self::told( 'string', __( 'Which of several keys: "default", or a label.', 'byok' ) ),
				'slots'           => self::told( 'array', __( 'Slots in which there is a key of the provider.', 'byok' ) ) + array( 'items' => array( 'type' => 'string' ) ),
				'resume_at'       => self::told( array( 'integer', 'null' ), __( 'Until when other keys go first, Unix time.', 'byok' ) ),
				'origin'          => self::told( array( 'string', 'null' ), __( 'The only address that may receive the key.', 'byok' ) ),
				'owner'           => self::told( 'string', __( 'Whose key: "site", "network" or "user:ID".', 'byok' ) ),
				'source'          => self::told( 'string', __( 'Where the key comes from.', 'byok' ), array( 'site', 'network', 'user', 'environment', 'constant' ) ),
				'read_only'       => self::told( 'boolean', __( 'Whether the key can be changed only in the server’s configuration.', 'byok' ) ),
				'set_by'          => self::told( array( 'string', 'null' ), __( 'Name of the variable or constant that gives the key.', 'byok' ) ),
				'custom_base_url' => self::told( 'boolean', __( 'Whether the provider has an address of your own.', 'byok' ) ),
				'key_required'    => self::told( 'boolean', __( 'Whether the provider needs a key.', 'byok' ) ),
				'key_page'        => self::told( array( 'string', 'null' ), __( 'Page where a key can be made.', 'byok' ) ),
				'billing_page'    => self::told( array( 'string', 'null' ), __( 'Page where credit can be added.', 'byok' ) ),
				'prefixes'        => self::told( 'array', __( 'How keys of the provider begin.', 'byok' ) ) + array( 'items' => array( 'type' => 'string' ) ),
				'placeholder'     => self::told( 'string', __( 'What a key looks like.', 'byok' ) ),
				'saved'           => self::told( 'boolean', __( 'In the answer to a save: whether the key was saved.', 'byok' ) ),
				'restored'        => self::told( 'boolean', __( 'In the answer to a check: whether the key before was put back.', 'byok' ) ),
				'deleted'         => self::told( 'boolean', __( 'In the answer to a deletion: whether there is no key any more.', 'byok' ) ),
				'checked'         => self::checked(),
				'base_url'        => array(
					'description' => __( 'Address of a provider with an address of your own.', 'byok' ),
					'type'        => 'string',
					'context'     => array( 'view', 'edit' ),
				),
				'key'             => array(
					'description' => __( 'The key to save. It is never given back.', 'byok' ),
					'type'        => 'string',
					'context'     => array(),
					'writeonly'   => true,
					'required'    => true,
				),
			),
		);
	}

	/**
	 * The state of byok on this site.
	 *
	 * @since 0.1.0
	 *
	 * @return array Schema.
	 */
	public static function status(): array {
		return array(
			'$schema'    => 'http://json-schema.org/draft-04/schema#',
			'title'      => 'byok-status',
			'type'       => 'object',
			'properties' => array(
				'version'           => self::told( 'string', __( 'Version of the plugin.', 'byok' ) ),
				'extension_version' => self::told( array( 'string', 'null' ), __( 'Version of the extension; null when it is not loaded.', 'byok' ) ),
				'usable'            => self::told( 'boolean', __( 'Whether keys can be saved and used.', 'byok' ) ),
				'problem'           => self::told( array( 'string', 'null' ), __( 'Why not, and what to do.', 'byok' ) ),
				'source'            => self::told( array( 'string', 'null' ), __( 'The key source in force.', 'byok' ) ),
				'key_id'            => self::told( array( 'string', 'null' ), __( 'Id of the site’s root key.', 'byok' ) ),
				'warnings'          => self::told( 'array', __( 'Codes of warnings about the key source.', 'byok' ) ) + array( 'items' => array( 'type' => 'string' ) ),
				'states'            => self::told( 'object', __( 'Number of providers in each state.', 'byok' ) ) + array( 'additionalProperties' => array( 'type' => 'integer' ) ),
			),
		);
	}

	/**
	 * What a check told, in the answer to a save or a check.
	 *
	 * @return array Schema.
	 */
	private static function checked(): array {
		return self::told( 'object', __( 'In the answer to a save or a check: what the provider said.', 'byok' ) ) + array(
			'properties' => array(
				'outcome'     => array(
					'type' => 'string',
					'enum' => Key_Row::OUTCOMES,
				),
				'reason'      => array( 'type' => 'string' ),
				'http_status' => array( 'type' => array( 'integer', 'null' ) ),
				'retry_after' => array( 'type' => array( 'integer', 'null' ) ),
				'recognised'  => array( 'type' => 'boolean' ),
				'trimmed'     => array( 'type' => 'boolean' ),
				'hint'        => array( 'type' => 'string' ),
				'elapsed_ms'  => array( 'type' => 'integer' ),
			),
		);
	}

	/**
	 * A field that is told and cannot be written.
	 *
	 * @param string|string[] $type        JSON type.
	 * @param string          $description What it is.
	 * @param array|null      $values      Its values, when there are only a few.
	 * @return array Schema of the field.
	 */
	private static function told( $type, string $description, ?array $values = null ): array {
		$field = array(
			'description' => $description,
			'type'        => $type,
			'context'     => array( 'view', 'edit' ),
			'readonly'    => true,
		);
		return null === $values ? $field : $field + array( 'enum' => $values );
	}
}
