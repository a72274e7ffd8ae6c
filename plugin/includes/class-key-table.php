<?php
/**
 * The tables that hold rows.
 *
 * @package byok
 */

namespace Byok;

defined( 'ABSPATH' ) || exit;

/**
 * Knows in which table of WordPress an owner's rows are and what its columns are called, and which caches
 * have to forget a row that was written past them.
 *
 * It runs no query.
 *
 * @since 0.1.0
 */
final class Key_Table {

	/**
	 * Takes the fields as they are. None of them comes from outside: they go into queries.
	 *
	 * @param Owner  $owner        Whose rows.
	 * @param string $table        Table.
	 * @param string $id           Column of the row's number.
	 * @param string $name         Column of the row's name.
	 * @param string $value        Column of the stored text.
	 * @param string $owner_column Column of the owner; empty when the table is the owner's.
	 */
	private function __construct(
		private readonly Owner $owner,
		public readonly string $table,
		public readonly string $id,
		public readonly string $name,
		public readonly string $value,
		public readonly string $owner_column
	) {}

	/**
	 * The table of an owner.
	 *
	 * @since 0.1.0
	 *
	 * @param Owner $owner A site must be the current one.
	 */
	public static function of( Owner $owner ): self {
		global $wpdb;

		switch ( $owner->kind ) {
			case 'network':
				return new self( $owner, $wpdb->sitemeta, 'meta_id', 'meta_key', 'meta_value', 'site_id' );
			case 'user':
				return new self( $owner, $wpdb->usermeta, 'umeta_id', 'meta_key', 'meta_value', 'user_id' );
			default:
				return new self( $owner, $wpdb->options, 'option_id', 'option_name', 'option_value', '' );
		}
	}

	/**
	 * Whether the database itself keeps a second row of the same name away.
	 *
	 * @since 0.1.0
	 */
	public function has_unique_names(): bool {
		return '' === $this->owner_column;
	}

	/**
	 * The condition that rows are the owner's.
	 *
	 * @since 0.1.0
	 *
	 * @return string SQL, to be put behind another condition; empty when every row of the table is.
	 */
	public function and_owner(): string {
		global $wpdb;
		return '' === $this->owner_column ? '' : $wpdb->prepare( " AND {$this->owner_column} = %d", $this->owner->id );
	}

	/**
	 * Has WordPress's caches forget a row.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name Name of the row.
	 */
	public function forget( string $name ): void {
		switch ( $this->owner->kind ) {
			case 'user':
				wp_cache_delete( $this->owner->id, 'user_meta' );
				return;
			case 'network':
				wp_cache_delete( "{$this->owner->id}:$name", 'site-options' );
				self::forget_in( "{$this->owner->id}:notoptions", 'site-options', $name );
				return;
		}

		wp_cache_delete( $name, 'options' );
		// "There is no such option" and, for a row that was once autoloaded, its old value.
		self::forget_in( 'notoptions', 'options', $name );
		self::forget_in( 'alloptions', 'options', $name );
	}

	/**
	 * Removes a name from a cached list.
	 *
	 * @param string $list  Key of the list.
	 * @param string $group Cache group.
	 * @param string $name  Name of the row.
	 */
	private static function forget_in( string $list, string $group, string $name ): void {
		$cached = wp_cache_get( $list, $group, true );
		if ( is_array( $cached ) && array_key_exists( $name, $cached ) ) {
			unset( $cached[ $name ] );
			wp_cache_set( $list, $cached, $group );
		}
	}
}
