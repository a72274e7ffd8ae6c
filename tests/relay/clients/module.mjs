// The browser module on a page of the site, as a visitor who brings a key and asks. What is given comes as JSON on stdin; what the
// page was told, and which addresses it has asked, goes to stdout as JSON.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';

const { url, providers } = JSON.parse(readFileSync(0, 'utf8'));

// What a browser has and Node.js has not. The module takes it when it is loaded.
const kept = new Map();
globalThis.location = new URL(url);
globalThis.localStorage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: (name) => kept.delete(name) };
let asked = [];
const { fetch } = globalThis;
globalThis.fetch = (address, init) => {
	asked.push(`${init?.method ?? 'GET'} ${new URL(address).pathname}`);
	// A browser names the page's origin.
	return fetch(address, { ...init, headers: [...new Headers(init?.headers), ['origin', location.origin]] });
};

const folder = mkdtempSync(`${tmpdir()}/byok-module-`);
writeFileSync(`${folder}/byok.mjs`, readFileSync(new URL('../../../plugin/assets/byok.module.js', import.meta.url)));
const { createBYOK } = await import(pathToFileURL(`${folder}/byok.mjs`));
rmSync(folder, { recursive: true });

const byok = createBYOK({ modes: ['site'], site: { root: `${url}/wp-json/`, visitors: true, relay: true, tickets: 1 } });
const told = {};
for (const [id, { key, path, body }] of Object.entries(providers)) {
	await byok.keys.save(id, key);
	const init = { provider: id, method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
	asked = [];
	try {
		let events = 0;
		// eslint-disable-next-line no-unused-vars
		for await (const event of byok.events(path, init)) {
			events++;
		}
		told[id] = { events, asked };
	} catch (error) {
		told[id] = { failed: `${error.reason} ${error.code} ${error.message}`, asked };
	}
}
process.stdout.write(JSON.stringify(told));
