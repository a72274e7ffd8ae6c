<?php
/**
 * Searches files for keys, in every encoding that a program may have written them in.
 *
 * php leaks.php KEYS PATH… — KEYS holds one key a line; folders are searched with all that is in them. Prints the places
 * (never a key) and exits with 1 when there are any. The database is searched as the bytes of its file or its dump.
 */

declare( strict_types=1 );

/**
 * Answers what to look for: the part of a key that nobody else knows, in all encodings.
 *
 * The last four characters are the hint that is stored on purpose, and the front names the provider; what lies between
 * is enough to recognise a key, and is found in a fragment as well.
 *
 * @param string $key The key.
 * @return array<string, string> Encoding => bytes.
 */
function needles( string $key ): array {
	$secret  = substr( $key, -24, 20 );
	$needles = array(
		'plain'    => $secret,
		'URL'      => rawurlencode( $secret ),
		'JSON'     => substr( json_encode( $secret, JSON_THROW_ON_ERROR ), 1, -1 ),
		'hex'      => bin2hex( $secret ),
		'HEX'      => strtoupper( bin2hex( $secret ) ),
		'UTF-16'   => implode( "\0", str_split( $secret ) ),
		'reversed' => strrev( $secret ),
		'ROT13'    => str_rot13( $secret ),
	);
	// Base64 of the same bytes has three faces, by where in the text they begin. The outer characters mix with the
	// neighbours and are left out.
	foreach ( array( 0, 1, 2 ) as $shift ) {
		$face = base64_encode( str_repeat( "\0", $shift ) . $secret );
		$face = substr( rtrim( $face, '=' ), $shift ? $shift + 1 : 0, -2 );

		$needles[ "base64/$shift" ]    = $face;
		$needles[ "base64url/$shift" ] = strtr( $face, '+/', '-_' );
	}
	return $needles;
}

/**
 * Answers the names of the encodings in which a key is in some bytes.
 *
 * @param string               $bytes   What to search.
 * @param array<string,string> $needles From needles().
 * @return string[]
 */
function found_in( string $bytes, array $needles ): array {
	return array_keys( array_filter( $needles, static fn( string $needle ): bool => str_contains( $bytes, $needle ) ) );
}

/**
 * Proves that the search can find: a key planted in each encoding, at each place, must be seen.
 */
function prove_search(): void {
	$key     = 'sk-byok-test-canary-' . bin2hex( random_bytes( 16 ) );
	$needles = needles( $key );
	$planted = array(
		'plain'    => "a $key b",
		'URL'      => 'x=' . rawurlencode( $key ),
		'JSON'     => json_encode( array( 'k' => $key ), JSON_THROW_ON_ERROR ),
		'hex'      => bin2hex( "ab$key" ),
		'HEX'      => strtoupper( bin2hex( "ab$key" ) ),
		'UTF-16'   => mb_convert_encoding( $key, 'UTF-16LE', 'ASCII' ),
		'reversed' => strrev( "a $key" ),
		'ROT13'    => str_rot13( $key ),
	);
	foreach ( array( '', 'a', 'ab', 'user:' ) as $front ) {
		$planted[ "base64 after '$front'" ]    = base64_encode( $front . $key . ' and more' );
		$planted[ "base64url after '$front'" ] = strtr( base64_encode( $front . $key ), '+/', '-_' );
	}
	foreach ( $planted as $how => $bytes ) {
		if ( array() === found_in( $bytes, $needles ) ) {
			fwrite( STDERR, "The search misses a key planted as $how.\n" );
			exit( 2 );
		}
	}
	if ( array() !== found_in( needles( 'sk-byok-test-other-' . bin2hex( random_bytes( 16 ) ) )['plain'], $needles ) ) {
		fwrite( STDERR, "The search finds a key that is not there.\n" );
		exit( 2 );
	}
}

/**
 * Answers all files of a path.
 *
 * @param string $path File or folder.
 * @return iterable<string>
 */
function files_of( string $path ): iterable {
	if ( is_file( $path ) ) {
		yield $path;
	} elseif ( is_dir( $path ) ) {
		foreach ( new RecursiveIteratorIterator( new RecursiveDirectoryIterator( $path, FilesystemIterator::SKIP_DOTS ) ) as $file ) {
			if ( $file->isFile() ) {
				yield $file->getPathname();
			}
		}
	} else {
		fwrite( STDERR, "There is no $path to search.\n" );
		exit( 2 );
	}
}

prove_search();

$keys = array_values( array_unique( array_filter( array_map( 'trim', file( $argv[1] ) ) ) ) );
foreach ( $keys as $number => $key ) {
	if ( strlen( $key ) < 32 ) {
		fwrite( STDERR, 'Key ' . ( $number + 1 ) . " is too short to be searched for: use one with 24 random characters at its end.\n" );
		exit( 2 );
	}
}
if ( array() === $keys ) {
	fwrite( STDERR, "No keys to search for: the test that pastes them did not write any.\n" );
	exit( 2 );
}

$all     = array_map( 'needles', $keys );
$files   = 0;
$bytes   = 0;
$leaking = 0;
foreach ( array_slice( $argv, 2 ) as $path ) {
	foreach ( files_of( $path ) as $file ) {
		$content = file_get_contents( $file );
		++$files;
		$bytes += strlen( $content );
		foreach ( $all as $number => $needles ) {
			foreach ( found_in( $content, $needles ) as $encoding ) {
				printf( "LEAK: key %d as %s in %s\n", $number + 1, $encoding, $file );
				++$leaking;
			}
		}
	}
}

printf( "%d keys in %d encodings searched for in %d files, %d bytes: %d found\n", count( $keys ), count( $all[0] ), $files, $bytes, $leaking );
exit( $leaking ? 1 : 0 );
