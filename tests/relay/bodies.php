<?php
/**
 * Checks of request bodies that PHP would take apart: for the relay they stay as they came.
 */

declare( strict_types=1 );

use Byok\Tests\Relay;
use Byok\Tests\Stage;

return static function ( Relay $relay, Stage $stage ): void {
	// What the worker runs is a form's body here, so that it can only run when php://input has it.
	$file = "{$stage->folder}/raw.php";
	file_put_contents( $file, '<?php echo json_encode( array( "input" => bin2hex( file_get_contents( "php://input" ) ), "post" => $_POST, "files" => count( $_FILES ) ) );' );
	$body = "--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n"
		. "RIFF\0\x01\xff\r\n--x--\r\n";
	$ask  = static function ( string $uri, string $type = 'multipart/form-data; boundary=x' ) use ( $stage, $file, $body ): array {
		$process = proc_open(
			array( 'cgi-fcgi', '-bind', '-connect', "{$stage->folder}/www.socket" ),
			array( array( 'pipe', 'r' ), array( 'pipe', 'w' ) ),
			$pipes,
			null,
			array(
				'PATH'            => getenv( 'PATH' ),
				'REQUEST_METHOD'  => 'POST',
				'CONTENT_TYPE'    => $type,
				'CONTENT_LENGTH'  => (string) strlen( $body ),
				'REQUEST_URI'     => $uri,
				'QUERY_STRING'    => (string) parse_url( $uri, PHP_URL_QUERY ),
				'SCRIPT_FILENAME' => $file,
			)
		);
		fwrite( $pipes[0], $body );
		fclose( $pipes[0] );
		$answer = explode( "\r\n\r\n", stream_get_contents( $pipes[1] ), 2 )[1] ?? '';
		proc_close( $process );
		return json_decode( $answer, true ) ?? array( $answer );
	};
	foreach ( array( '/wp-json/byok/v1/relay/openai/audio/transcriptions', '/blog/wp-json/byok/v1/relay/openai/images/edits?x=1', '/?rest_route=/byok/v1/relay/openai/images/edits', '/?rest_route=%2Fbyok%2Fv1%2Frelay%2Fopenai%2Fimages%2Fedits' ) as $uri ) {
		$told = $ask( $uri );
		$stage->same( "multipart for $uri is in php://input, to the byte", array( bin2hex( $body ), array(), 0 ), array( $told['input'] ?? null, $told['post'] ?? null, $told['files'] ?? null ) );
	}
	foreach ( array( '/wp-admin/async-upload.php', '/wp-json/wp/v2/media', '/wp-json/byok/v1/keys?x=/byok/v1/relay/' ) as $uri ) {
		$told = $ask( $uri );
		$stage->same( "… and for $uri PHP takes it apart, as ever", array( '', array( 'model' => 'whisper-1' ), 1 ), array( $told['input'] ?? null, $told['post'] ?? null, $told['files'] ?? null ) );
	}
	$told = $ask( '/wp-json/byok/v1/relay/openai/x', 'application/json' );
	$stage->same( 'other bodies are in php://input anyway', bin2hex( $body ), $told['input'] ?? null );
};
