<?php
/**
 * What docs/benchmarks.md says before and after each table: how it was measured, what remains and why.
 */

declare( strict_types=1 );

return array(
	'summary'      => <<<'MD'
What remains, and why:

- **Secretbox and AES-CTR take less time** because they do less: one key for everything, so no key derivation (0.6 µs here); no
  commitment to a key; nothing binds the text to its place; AES-CTR does not even notice a change. What does as much
  takes three times as long as byok.
- **Pages** (some tenths of a millisecond of each): the time goes to loading ten small files, a hundred hooks, ten connectors, three
  blocks and the id of the site’s secret. In wp-admin come two entries of the menu with their translations, the paragraph
  for the privacy policy, and WordPress’s questions for capabilities. Providers join WordPress’s AI client when somebody asks it.
- **Queries**: none. The dashboard looks for locked keys, plugins that ask and budgets when one of them has changed, as long
  as there is something to tell, and once in five minutes of a process.
MD . "\n",
	'encrypt'      => array(
		<<<'MD'
Microseconds of the processor for one call from PHP. A key has 108 bytes; 8 KiB is the longest plaintext. The peers are in
`tests/bench/class-peers.php`. ext/sodium, OpenSSL and sodium_compat are the real libraries, with derived keys made
ahead where the original keeps them; Site Kit and the AI plugin are minimal re-implementations of their public algorithms. byok opens
what the two that write its envelope write, and the other way round. The engine without PHP, and the ciphers, are called from
the same process (`tests/bench/limits`): a benchmark of Rust alone, in another process and at another time, would tell no ratio.

MD,
		<<<'MD'
byok uses chacha20poly1305 from RustCrypto. ring is twice as fast, but wants XChaCha’s first step, wiping and detached tags
from elsewhere. Backends were chosen by measuring: for a key, Poly1305’s portable one takes 0.1 µs and its AVX2 one 1.4 µs;
ChaCha20’s AVX2 one takes as long as the portable one for a key, half as long for 8 KiB, and its AVX-512 one is slower for a key. Long
texts pay for that choice, which few keys are.

A key that byok meets for the first time takes longer: hashes of all the ways to write it are made, so that logs never show it.

MD,
	),
	'requests'     => array(
		<<<'MD'
The same POST of some 300 bytes to the test provider, over TLS on this machine, with an answer of some 300 bytes, in
microseconds; the test provider is on another processor. A real provider takes 200,000 and more.

MD,
		<<<'MD'
byok keeps connections of a worker open from one PHP request to the next; WordPress, and PHP’s curl as most plugins use it,
open one for each request. Over an open connection byok looks no name up, which bare ureq does for each request: so what byok adds
(decrypting, looking for echoes of the key, wiping) is partly paid back. A thousand calls in fifty requests of one php-fpm
worker open one connection: a test of the section `fpm` in `bin/test`.

MD,
	),
	'wordpress'    => array(
		<<<'MD'
Processor time of one php-fpm worker with opcache, on MariaDB, with a key stored: pages with byok and without it in turn; “added” is the
difference within each round.

MD,
		'',
	),
	'redact'       => array(
		<<<'MD'
Gigabytes (10⁹ bytes) per second of the processor, the best of some runs, for logs of 256 megabytes.

MD,
		'',
	),
	'reencryption' => array(
		<<<'MD'
Keys of people, on MariaDB, among eight other fields of each.

MD,
		'',
	),
);
