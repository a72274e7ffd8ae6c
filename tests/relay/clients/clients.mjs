// The providers' own clients for JavaScript: unchanged but for base URL and token, which come as JSON on stdin. What each was
// told goes to stdout, as JSON. No token is in an argument or in the environment.

import { readFileSync } from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

const given = JSON.parse(readFileSync(0, 'utf8'));
const messages = [{ role: 'user', content: 'Say something.' }];

// What a client makes of a refusal.
const refused = async (asks) => {
	try {
		await asks();
		return null;
	} catch (error) {
		return { status: error.status, says: String(error.message) };
	}
};

const openai = async ({ base, token }) => {
	const client = new OpenAI({ baseURL: base, apiKey: token, maxRetries: 0 });
	const plain = await client.chat.completions.create({ model: 'test', messages });
	let text = '';
	let events = 0;
	for await (const event of await client.chat.completions.create({ model: 'test', messages, stream: true })) {
		text += event.choices[0]?.delta?.content ?? '';
		events++;
	}
	const response = await client.responses.create({ model: 'test', input: 'Say something.' });
	let streamed = '';
	for await (const event of await client.responses.create({ model: 'test', input: 'Say something.', stream: true })) {
		streamed += event.type === 'response.output_text.delta' ? event.delta : '';
	}
	const models = [];
	for await (const model of client.models.list()) {
		models.push(model.id);
	}
	const stranger = new OpenAI({ baseURL: base, apiKey: 'byok_tk_of_nobody', maxRetries: 0 });
	return {
		plain: plain.choices[0].message.content,
		text,
		events,
		response: response.output_text,
		streamed,
		models: models.length,
		refused: await refused(() => stranger.chat.completions.create({ model: 'test', messages })),
	};
};

const anthropic = async ({ base, token }) => {
	const client = new Anthropic({ baseURL: base, apiKey: token, maxRetries: 0 });
	const asked = { model: 'test', max_tokens: 100, messages };
	const plain = await client.messages.create(asked);
	const stream = client.messages.stream(asked);
	let events = 0;
	stream.on('streamEvent', () => events++);
	const final = await stream.finalMessage();
	const models = [];
	for await (const model of client.models.list()) {
		models.push(model.id);
	}
	const stranger = new Anthropic({ baseURL: base, apiKey: 'byok_tk_of_nobody', maxRetries: 0 });
	return {
		plain: plain.content[0].text,
		text: final.content[0].text,
		events,
		models: models.length,
		refused: await refused(() => stranger.messages.create(asked)),
	};
};

const google = async ({ base, token }) => {
	const make = (apiKey) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: base } });
	const client = make(token);
	const asked = { model: 'gemini-test', contents: 'Say something.' };
	const plain = await client.models.generateContent(asked);
	let text = '';
	let events = 0;
	for await (const chunk of await client.models.generateContentStream(asked)) {
		text += chunk.text ?? '';
		events++;
	}
	return { plain: plain.text, text, events, refused: await refused(() => make('byok_tk_of_nobody').models.generateContent(asked)) };
};

const told = {};
for (const [name, asks] of Object.entries({ openai, anthropic, google })) {
	try {
		told[name] = await asks(given[name]);
	} catch (error) {
		told[name] = { failed: String(error.message), status: error.status };
	}
}
process.stdout.write(JSON.stringify(told));
