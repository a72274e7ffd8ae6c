<?php
/**
 * Texts that are made like the logs of a busy site.
 */

declare( strict_types=1 );

namespace Byok\Tests;

/**
 * Makes a log of which 39 of 100 bytes are of a web server, 28 of PHP with its traces, and 33 JSON. The same in every run.
 */
final class Log_Mix {

	/** How much of each kind, in hundredths of the bytes. */
	private const SHARES = array(
		'access' => 39,
		'php'    => 28,
		'json'   => 33,
	);

	private const AGENTS = array(
		'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Safari/537.36',
		'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile/15E148 Safari/604.1',
		'Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101 Firefox/136.0',
		'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
		'WordPress/7.1; https://example.com',
		'-',
	);

	private const PATHS = array(
		'/',
		'/wp-content/themes/example/assets/css/style.min.css?ver=7.1',
		'/wp-content/uploads/2026/03/a-picture-of-the-sea-1024x683.jpg',
		'/wp-includes/js/jquery/jquery.min.js?ver=3.7.1',
		'/wp-admin/admin-ajax.php?action=heartbeat&_wpnonce=%h10',
		'/wp-json/wp/v2/posts?per_page=%d2&_fields=id,title,link&search=%w+%w',
		'/product-category/%w/page/%d2/?orderby=price&min_price=%d3',
		'/checkout/order-received/%d5/?key=wc_order_%a13',
		'/%w-%w-%w-%w/',
		'/?s=%w%20%w&post_type=product',
		'/wp-cron.php?doing_wp_cron=17%d8.%d10',
	);

	/** Some of them look like the beginning of a key, or of a name before one. */
	private const WORDS = array(
		'garden', 'invoice', 'summer', 'basket', 'token', 'risk-free', 'market', 'desk-top', 'monkey', 'session', 'keyboard', 'secretary',
		'author', 'monitor', 'bread', 'winter', 'task-list', 'harbour', 'paper', 'mountain', 'widget', 'gallery', 'contact', 'billing',
		'address', 'customer', 'shipping', 'address-book', 'renderer', 'calendar', 'template', 'language', 'headline', 'product', 'category', 'archive',
		'comment', 'revision', 'schedule', 'payment', 'discount', 'account', 'profile', 'picture', 'thumbnail', 'navigation', 'footer', 'sidebar',
		'header', 'search', 'filter', 'sitemap', 'redirect', 'cache', 'queue', 'worker', 'export', 'import', 'backup', 'notice',
	);

	private const PHP = array(
		"[14-Mar-2026 %t UTC] PHP Warning:  Undefined array key \"%w_%w\" in /var/www/html/wp-content/plugins/%w/includes/class-%w-%w.php on line %d3\n",
		"[14-Mar-2026 %t UTC] PHP Deprecated:  Creation of dynamic property Example\\%w\\Index::\$%w is deprecated in /var/www/html/wp-content/plugins/example-%w/src/Index.php on line %d2\n",
		"[14-Mar-2026 %t UTC] PHP Fatal error:  Uncaught TypeError: strlen(): Argument #1 (\$string) must be of type string, array given in /var/www/html/wp-includes/formatting.php:%d4\nStack trace:\n#0 /var/www/html/wp-includes/formatting.php(%d4): strlen(Array)\n#1 /var/www/html/wp-content/plugins/example-%w/includes/class-%w.php(%d3): sanitize_text_field(Array)\n#2 /var/www/html/wp-includes/class-wp-hook.php(324): Example_%w->validate('%w', Object(WP_REST_Request), '%w_%w...')\n#3 /var/www/html/wp-includes/plugin.php(205): WP_Hook->apply_filters(NULL, Array)\n#4 /var/www/html/wp-settings.php(722): do_action('init')\n#5 {main}\n  thrown in /var/www/html/wp-includes/formatting.php on line %d4\n",
		"[14-Mar-2026 %t UTC] WordPress database error Duplicate entry '%d5-_edit_lock' for key 'meta_key' for query INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES (%d5, '_%w_%w', '%d10:%d1') made by require('wp-blog-header.php'), do_action_ref_array, %w->get_posts\n",
		"[14-Mar-2026 %t UTC] Cron reschedule event error for hook: %w_run_%w, Error code: could_not_set, Error message: The cron event list could not be saved., Data: {\"schedule\":\"every_minute\",\"args\":[\"%w\"],\"interval\":60}\n",
	);

	private const JSON = array(
		"{\"timestamp\":\"2026-03-14T%tZ\",\"level\":\"info\",\"logger\":\"http\",\"message\":\"request finished\",\"request_id\":\"%h8-%h4-7%h3-9%h3-%h12\",\"method\":\"GET\",\"path\":\"\\/api\\/v2\\/%w\\/%d5\\/%w\",\"status\":200,\"duration_ms\":%d2.%d1,\"user\":{\"id\":%d5,\"role\":\"customer\",\"country\":\"DE\"},\"cache\":\"miss\",\"trace_id\":\"%h32\"}\n",
		"{\"timestamp\":\"2026-03-14T%tZ\",\"level\":\"warning\",\"logger\":\"queue\",\"message\":\"job took long\",\"job\":\"Send%wMail\",\"queue\":\"default\",\"attempts\":%d1,\"payload\":{\"%w\":\"INV-2026-%d6\",\"locale\":\"de_DE\",\"template\":\"mail\\/%w-%w.html\",\"tokens\":%d4},\"host\":\"worker-0%d1\",\"memory_mb\":%d2.%d2}\n",
		"{\"time\":17%d8,\"channel\":\"security\",\"level_name\":\"NOTICE\",\"message\":\"User logged in\",\"context\":{\"user_id\":%d2,\"ip\":\"198.51.100.%d2\",\"session\":\"%h40\"},\"extra\":{\"url\":\"\\/wp-login.php\",\"http_method\":\"POST\",\"server\":\"www.example.com\",\"referrer\":\"https:\\/\\/www.example.com\\/wp-login.php?redirect_to=https%%3A%%2F%%2Fwww.example.com%%2Fwp-admin%%2F&reauth=1\"}}\n",
		"{\"level\":\"debug\",\"ts\":\"2026-03-14T%tZ\",\"caller\":\"ai\\/client.go:%d3\",\"msg\":\"completion finished\",\"model\":\"example-large-2026-02\",\"provider\":\"example\",\"prompt_tokens\":%d4,\"completion_tokens\":%d3,\"total_tokens\":%d4,\"finish_reason\":\"stop\",\"max_tokens\":4096,\"sort_key\":\"%w\"}\n",
	);

	/** Lines that hold a key; `%k` is one. */
	private const LEAKS = array(
		"[14-Mar-2026 %t UTC] PHP Warning:  request failed: Authorization: Bearer %k in /var/www/html/wp-content/plugins/%w/client.php on line %d3\n",
		"{\"timestamp\":\"2026-03-14T%tZ\",\"level\":\"error\",\"message\":\"upstream refused\",\"request\":{\"url\":\"https:\\/\\/api.example.com\\/v1\\/%w\",\"headers\":{\"x-api-key\":\"%k\",\"accept\":\"*\\/*\"}},\"status\":401,\"trace_id\":\"%h32\"}\n",
		"203.0.113.%d2 - - [14/Mar/2026:%t +0000] \"GET /v1beta/models?key=%k HTTP/1.1\" 200 %d5 \"-\" \"curl/8.12.1\"\n",
		"[14-Mar-2026 %t UTC] PHP Notice:  %w: array ( 'model' => 'example-large', 'api_key' => '%k', ) in /var/www/html/wp-content/plugins/%w/debug.php on line %d2\n",
	);

	/**
	 * Writes a log.
	 *
	 * @param string $file  Path.
	 * @param int    $bytes Its length, nearly.
	 * @param int    $every One line in so many holds a key; 0 for none.
	 * @return array{lines: int, keys: string[]} How many lines it has, and its keys.
	 */
	public static function write( string $file, int $bytes, int $every ): array {
		mt_srand( 20260314 );
		$made  = array();
		foreach ( array_keys( self::SHARES ) as $kind ) {
			// A line costs more than it is worth when there are a million: twenty thousand are made, and dealt again and again.
			for ( $i = 0; $i < 20000; $i++ ) {
				$made[ $kind ][] = self::line( $kind );
			}
		}
		$output  = fopen( $file, 'wb' );
		$written = array_fill_keys( array_keys( self::SHARES ), 0 );
		$lines   = 0;
		$total   = 0;
		$keys    = array();
		$buffer  = '';
		while ( $total < $bytes ) {
			if ( 0 !== $every && $lines % $every === $every - 1 ) {
				$keys[] = $key = self::key();
				$line   = str_replace( '%k', $key, self::filled( self::LEAKS[ mt_rand( 0, count( self::LEAKS ) - 1 ) ] ) );
			} else {
				// The kind that has least of its share so far.
				$kind = 'access';
				foreach ( self::SHARES as $other => $share ) {
					if ( $written[ $other ] * self::SHARES[ $kind ] < $written[ $kind ] * $share ) {
						$kind = $other;
					}
				}
				$line              = $made[ $kind ][ mt_rand( 0, 19999 ) ];
				$written[ $kind ] += strlen( $line );
			}
			$buffer .= $line;
			$total  += strlen( $line );
			$lines  += substr_count( $line, "\n" );
			if ( strlen( $buffer ) > 1 << 20 ) {
				fwrite( $output, $buffer );
				$buffer = '';
			}
		}
		fwrite( $output, $buffer );
		fclose( $output );
		return array(
			'lines' => $lines,
			'keys'  => $keys,
		);
	}

	/** A key of one of the common formats, worth nothing. */
	public static function key(): string {
		$alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
		$formats  = array(
			'sk-ant-api03-' => 80,
			'sk-proj-'      => 100,
			'sk-or-v1-'     => 64,
			'AIza'          => 35,
			'gsk_'          => 52,
			'hf_'           => 34,
			'xai-'          => 80,
		);
		$prefix   = array_rand( $formats );
		return $prefix . self::random( $alphabet, $formats[ $prefix ] ) . 'byok-test';
	}

	/** A line of a kind. */
	private static function line( string $kind ): string {
		if ( 'access' === $kind ) {
			$template = '%d3.0.113.%d2 - - [14/Mar/2026:%t +0000] "GET ' . self::one( self::PATHS ) . ' HTTP/2.0" 200 %d5 "https://www.example.com/%w-%w/" "' . self::one( self::AGENTS ) . "\"\n";
		} else {
			$template = self::one( 'php' === $kind ? self::PHP : self::JSON );
		}
		return self::filled( $template );
	}

	/** Puts random values in place of `%d5` (digits), `%h32` (hexadecimal), `%a13` (letters and digits), `%w` (a word), `%t` (a time). */
	private static function filled( string $template ): string {
		return preg_replace_callback(
			'/%(?:(%)|([dha])(\d+)|([wt]))/',
			static function ( array $slot ): string {
				if ( '%' === $slot[1] ) {
					return '%';
				}
				if ( isset( $slot[4] ) ) {
					return 'w' === $slot[4] ? self::one( self::WORDS ) : sprintf( '%02d:%02d:%02d', mt_rand( 0, 23 ), mt_rand( 0, 59 ), mt_rand( 0, 59 ) );
				}
				$alphabets = array(
					'd' => '0123456789',
					'h' => '0123456789abcdef',
					'a' => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
				);
				return self::random( $alphabets[ $slot[2] ], (int) $slot[3] );
			},
			$template
		);
	}

	/** So many characters by chance. */
	private static function random( string $alphabet, int $length ): string {
		$text = '';
		for ( $i = 0; $i < $length; $i++ ) {
			$text .= $alphabet[ mt_rand( 0, strlen( $alphabet ) - 1 ) ];
		}
		return $text;
	}

	/** One of these. */
	private static function one( array $from ): string {
		return $from[ mt_rand( 0, count( $from ) - 1 ) ];
	}
}
