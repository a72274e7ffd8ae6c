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

	/**
	 * Adds in one step, as servers of caches do, so that many processes at once lose nothing.
	 */
	public function incr( $key, int $offset, $group ) {
		$this->file->exec( 'BEGIN IMMEDIATE' );
		$value = $this->get( $key, $group, $found );
		$value = max( 0, (int) $value + $offset );
		if ( $found ) {
			$this->run( 'UPDATE cache SET value = ? WHERE name = ?', array( serialize( $value ), $this->name( $key, $group ) ) );
		}
		$this->file->exec( 'COMMIT' );
		return $found ? $value : false;
	}

	/**
	 * Begins in one step: of many at once, one does.
	 */
	public function add( $key, $value, $group, $expire ): bool {
		$name = $this->name( $key, $group );
		if ( isset( $this->transient[ $group ] ) ) {
			return ! array_key_exists( $name, $this->memory ) && $this->set( $key, $value, $group, $expire );
		}
		$this->run( 'DELETE FROM cache WHERE name = ? AND expires > 0 AND expires <= ?', array( $name, time() ) );
		$values = array( $name, serialize( $value ), $expire ? time() + (int) $expire : 0 );
		return 1 === $this->run( 'INSERT OR IGNORE INTO cache (name, value, expires) VALUES (?, ?, ?)', $values )->rowCount();
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
	return $GLOBALS['wp_object_cache']->add( $key, $data, $group, $expire );
}

function wp_cache_replace( $key, $data, $group = '', $expire = 0 ) {
	wp_cache_get( $key, $group, false, $found );
	return $found && wp_cache_set( $key, $data, $group, $expire );
}

function wp_cache_delete( $key, $group = '' ) {
	return $GLOBALS['wp_object_cache']->delete( $key, $group );
}

function wp_cache_incr( $key, $offset = 1, $group = '' ) {
	return $GLOBALS['wp_object_cache']->incr( $key, (int) $offset, $group );
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
