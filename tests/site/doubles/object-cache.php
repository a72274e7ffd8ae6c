<?php
/**
 * A double of a persistent object cache, for tests: what one request stores, the next one finds.
 *
 * Tests put it into wp-content as object-cache.php. It keeps everything in a file of SQLite and nothing in memory, so that
 * what a test removes from the file is gone at once.
 *
 * @package byok
 */

// phpcs:disable -- functions and names are WordPress's.

final class Byok_Cache_Double {

	public bool $multisite;
	public array $global = array();
	public array $transient = array();
	public array $memory = array();
	public string $blog;
	private PDO $file;

	public function __construct() {
		$this->multisite = is_multisite();
		$this->blog      = $this->multisite ? get_current_blog_id() . ':' : '';
		$this->file      = new PDO( 'sqlite:' . WP_CONTENT_DIR . '/.byok-object-cache.sqlite' );
		$this->file->setAttribute( PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION );
		$this->file->exec( 'PRAGMA busy_timeout = 20000' );
		$this->file->exec( 'CREATE TABLE IF NOT EXISTS cache (name TEXT PRIMARY KEY, value BLOB, expires INTEGER)' );
	}

	private function name( $key, $group ): string {
		$group = '' === (string) $group ? 'default' : $group;
		return ( isset( $this->global[ $group ] ) ? '' : $this->blog ) . "$group:$key";
	}

	private function run( string $sql, array $values ): PDOStatement {
		$statement = $this->file->prepare( $sql );
		$statement->execute( $values );
		return $statement;
	}

	public function get( $key, $group, &$found = null ) {
		$name = $this->name( $key, $group );
		if ( isset( $this->transient[ $group ] ) ) {
			$found = array_key_exists( $name, $this->memory );
			return $found ? unserialize( $this->memory[ $name ] ) : false;
		}
		$value = $this->run( 'SELECT value FROM cache WHERE name = ? AND (expires = 0 OR expires > ?)', array( $name, time() ) )->fetchColumn();
		$found = false !== $value;
		return $found ? unserialize( $value ) : false;
	}

	public function set( $key, $value, $group, $expire ): bool {
		$name = $this->name( $key, $group );
		if ( isset( $this->transient[ $group ] ) ) {
			$this->memory[ $name ] = serialize( $value );
			return true;
		}
		$this->run( 'REPLACE INTO cache (name, value, expires) VALUES (?, ?, ?)', array( $name, serialize( $value ), $expire ? time() + (int) $expire : 0 ) );
		return true;
	}

	public function delete( $key, $group ): bool {
		$name = $this->name( $key, $group );
		unset( $this->memory[ $name ] );
		return $this->run( 'DELETE FROM cache WHERE name = ?', array( $name ) )->rowCount() > 0;
	}

	public function flush(): bool {
		$this->memory = array();
		$this->file->exec( 'DELETE FROM cache' );
		return true;
	}
}

function wp_cache_init() {
	$GLOBALS['wp_object_cache'] = new Byok_Cache_Double();
}

function wp_cache_get( $key, $group = '', $force = false, &$found = null ) {
	return $GLOBALS['wp_object_cache']->get( $key, $group, $found );
}

function wp_cache_set( $key, $data, $group = '', $expire = 0 ) {
	return $GLOBALS['wp_object_cache']->set( $key, $data, $group, $expire );
}

function wp_cache_add( $key, $data, $group = '', $expire = 0 ) {
	if ( wp_suspend_cache_addition() ) {
		return false;
	}
	wp_cache_get( $key, $group, false, $found );
	return ! $found && wp_cache_set( $key, $data, $group, $expire );
}

function wp_cache_replace( $key, $data, $group = '', $expire = 0 ) {
	wp_cache_get( $key, $group, false, $found );
	return $found && wp_cache_set( $key, $data, $group, $expire );
}

function wp_cache_delete( $key, $group = '' ) {
	return $GLOBALS['wp_object_cache']->delete( $key, $group );
}

function wp_cache_incr( $key, $offset = 1, $group = '' ) {
	$value = wp_cache_get( $key, $group, false, $found );
	if ( ! $found ) {
		return false;
	}
	$value = max( 0, (int) $value + $offset );
	wp_cache_set( $key, $value, $group );
	return $value;
}

function wp_cache_decr( $key, $offset = 1, $group = '' ) {
	return wp_cache_incr( $key, -$offset, $group );
}

function wp_cache_flush() {
	return $GLOBALS['wp_object_cache']->flush();
}

function wp_cache_close() {
	return true;
}

function wp_cache_supports( $feature ) {
	return false;
}

function wp_cache_add_global_groups( $groups ) {
	$GLOBALS['wp_object_cache']->global += array_fill_keys( (array) $groups, true );
}

function wp_cache_add_non_persistent_groups( $groups ) {
	$GLOBALS['wp_object_cache']->transient += array_fill_keys( (array) $groups, true );
}

function wp_cache_switch_to_blog( $blog_id ) {
	$cache       = $GLOBALS['wp_object_cache'];
	$cache->blog = $cache->multisite ? "$blog_id:" : '';
}
