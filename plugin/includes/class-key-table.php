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
 * It runs no query of its own.
 *
 * @since 0.1.0
 */
final class Key_Table {

	/**
	 * Takes the fields as they are. None of them comes from outside: they go into queries.
	 *
	 * @param string $kind         `site`, `network`, `user` or `guest`.
	 * @param ?Owner $owner        Whose rows; null for those of all of the kind.
	 * @param string $table        Table.
	 * @param string $id           Column of the row's number.
	 * @param string $name         Column of the row's name.
	 * @param string $value        Column of the stored text.
	 * @param string $owner_column Column of the owner; empty when the table is the owner's. A guest is named by a word
	 *                             there, the others by a number.
	 */
	private function __construct(
		private readonly string $kind,
		private readonly ?Owner $owner,
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
		return self::of_kind( $owner->is_guest() ? 'guest' : $owner->kind, $owner );
	}

	/**
	 * The table of a kind of owners.
	 *
	 * @since 0.1.0
	 *
	 * @param string     $kind  `site` for the current one, `network`, `user`, or `guest` for those without an account.
	 * @param Owner|null $owner Whose rows; null for those of all of the kind, which can be read only.
	 */
	public static function of_kind( string $kind, ?Owner $owner = null ): self {
		global $wpdb;

		switch ( $kind ) {
			case 'network':
				return new self( $kind, $owner, $wpdb->sitemeta, 'meta_id', 'meta_key', 'meta_value', 'site_id' );
			case 'user':
				return new self( $kind, $owner, $wpdb->usermeta, 'umeta_id', 'meta_key', 'meta_value', 'user_id' );
			case 'guest':
				Guest_Table::ensure();
				return new self( $kind, $owner, Guest_Table::keys(), 'id', 'name', 'value', 'owner' );
			default:
				return new self( $kind, $owner, $wpdb->options, 'option_id', 'option_name', 'option_value', '' );
		}
	}

	/**
	 * Whether the database itself keeps a second row of the same name away.
	 *
	 * @since 0.1.0
	 */
	public function has_unique_names(): bool {
		return in_array( $this->kind, array( 'site', 'guest' ), true );
	}

	/**
	 * The statement that inserts a row. Where names are unique, a row that is there already stays, and none counts as
	 * written.
	 *
	 * @since 0.1.0
	 *
	 * @param string $name  Name of the row.
	 * @param string $value Text.
	 * @return string SQL.
	 */
	public function insertion( string $name, string $value ): string {
		global $wpdb;

		// phpcs:disable WordPress.DB.PreparedSQL -- names of ours.
		if ( 'guest' === $this->kind ) {
			return $wpdb->prepare( "INSERT IGNORE INTO {$this->table} (owner, name, value, blog) VALUES (%s, %s, %s, %d)", $this->owner->word(), $name, $value, $this->owner->blog );
		}
		if ( 'site' === $this->kind ) {
			return $wpdb->prepare( "INSERT IGNORE INTO {$this->table} (option_name, option_value, autoload) VALUES (%s, %s, 'off')", $name, $value );
		}
		return $wpdb->prepare( "INSERT INTO {$this->table} ({$this->owner_column}, {$this->name}, {$this->value}) VALUES (%d, %s, %s)", $this->owner->id, $name, $value );
		// phpcs:enable
	}

	/**
	 * What an update sets beside the text.
	 *
	 * @since 0.1.0
	 *
	 * @return string SQL, to be put behind another assignment.
	 */
	public function and_set(): string {
		return 'site' === $this->kind ? ", autoload = 'off'" : '';
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
		if ( 'guest' === $this->kind ) {
			return $wpdb->prepare( ' AND owner = %s AND blog = %d', $this->owner->word(), $this->owner->blog );
		}
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
		switch ( $this->kind ) {
			case 'user':
				wp_cache_delete( $this->owner->id, 'user_meta' );
				return;
			case 'network':
				wp_cache_delete( "{$this->owner->id}:$name", 'site-options' );
				self::forget_in( "{$this->owner->id}:notoptions", 'site-options', $name );
				return;
			case 'guest':
				// No cache has these.
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
