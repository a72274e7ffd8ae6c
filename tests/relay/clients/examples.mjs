// Runs the examples of the documentation, letter by letter, with the providers' own clients that think they are in a page of the
// site. Files come as arguments; what the page has (its origin, a token, a nonce, cookies, a key) as JSON on stdin. What each
// example was told goes to stdout, as JSON.

import { readFileSync } from 'node:fs';

const given = JSON.parse(readFileSync(0, 'utf8'));

// What the clients look for to find out whether they are in a browser; before they are loaded.
globalThis.window = { document: {} };
Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Mozilla/5.0' }, configurable: true });

// The site of the examples is this one, and a browser sends its cookies along.
const send = globalThis.fetch;
globalThis.fetch = (address, options = {}) => {
	const headers = new Headers(options.headers);
	if (given.cookies) {
		headers.set('cookie', given.cookies);
	}
	const whole = new URL(String(address).replace('https://example.org', given.origin), given.origin);
	return send(whole, { ...options, headers });
};

const { default: OpenAI } = await import('openai');
const { default: Anthropic } = await import('@anthropic-ai/sdk');

const page = { OpenAI, Anthropic, location: { origin: given.origin }, site: given.origin, token: given.token, nonce: given.nonce, key: given.key };
const messages = [{ role: 'user', content: 'Say something.' }];

const run = async (code) => {
	const asks = /new (OpenAI|Anthropic)\(/.exec(code)[1];
	const name = new RegExp(`const (\\w+) = new ${asks}\\(`).exec(code)[1];
	// A token that an example gets for itself is another one than the page's.
	const names = Object.keys(page).filter((one) => !code.includes(`const { ${one} }`));
	const Code = Object.getPrototypeOf(async () => {}).constructor;
	const client = await new Code(...names, `${code}\nreturn ${name};`)(...names.map((one) => page[one]));
	if (asks === 'OpenAI') {
		return (await client.chat.completions.create({ model: 'test', messages })).choices[0].message.content;
	}
	return (await client.messages.create({ model: 'test', max_tokens: 100, messages })).content[0].text;
};

const told = {};
for (const file of process.argv.slice(2)) {
	const blocks = [...readFileSync(file, 'utf8').matchAll(/```js\n([\s\S]*?)```/g)].map((block) => block[1]);
	for (const code of blocks.filter((block) => /new (OpenAI|Anthropic)\(/.test(block))) {
		const name = `${file.replace(/.*\//, '')}, ${code.trim().split('\n')[0]}`;
		try {
			told[name] = { says: await run(code) };
		} catch (error) {
			told[name] = { failed: String(error.message) };
		}
	}
}
process.stdout.write(JSON.stringify(told));
