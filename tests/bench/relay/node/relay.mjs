// What byok-relay 1.5 (github.com/avikalpg/byok-relay, Apache-2.0) does with a request, as its documentation and behaviour have it,
// written anew with the same libraries: Express 4, CORS, helmet, a rate limit, a line of log for each request; a token looked up by
// its hash, a key decrypted with AES-256-GCM, the body parsed and written again, the request made with node-fetch 2, the answer piped.
// Not measured: its database (SQLite, in the process; a Map here, which is faster) and its statistics.
//
// node relay.mjs PROVIDER-URL LOG: prints its port, and then the headers of a request that it accepts.

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import cors from 'cors';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import fetch from 'node-fetch';
import pino from 'pino';
import pinoHttp from 'pino-http';

const [provider, log] = process.argv.slice(2);
const secret = randomBytes(32);

const encrypt = (text) => {
	const nonce = randomBytes(12);
	const cipher = createCipheriv('aes-256-gcm', secret, nonce);
	const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
	return [nonce, cipher.getAuthTag(), sealed].map((part) => part.toString('hex')).join(':');
};

const decrypt = (row) => {
	const [nonce, tag, sealed] = row.split(':').map((part) => Buffer.from(part, 'hex'));
	const decipher = createDecipheriv('aes-256-gcm', secret, nonce);
	decipher.setAuthTag(tag);
	return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8');
};

const hash = (token) => createHash('sha256').update(token).digest('hex');
const token = randomBytes(32).toString('hex');
const users = new Map([[hash(token), { id: 1 }]]);
const keys = new Map([['1:openai', encrypt(`sk-proj-byok-test-${randomBytes(16).toString('hex')}`)]]);

const app = express();
app.use(helmet());
app.use(cors({ origin: true }));
app.use(express.json({ limit: '10mb' }));
app.use(pinoHttp({ logger: pino(pino.destination({ dest: log, sync: false })) }));

const known = (request, response, next) => {
	const user = users.get(hash(String(request.headers['x-relay-token'] ?? '')));
	if (!user) {
		response.status(401).json({ error: 'Invalid token' });
		return;
	}
	request.user = user;
	next();
};
// Out of the way of what is measured.
const limit = rateLimit({ windowMs: 60000, limit: 1000000, keyGenerator: (request) => String(request.user.id) });

app.post('/relay/:provider/*', known, limit, async (request, response) => {
	const row = keys.get(`${request.user.id}:${request.params.provider}`);
	if (!row) {
		response.status(400).json({ error: 'No API key stored' });
		return;
	}
	try {
		const answer = await fetch(`${provider}/${request.params.provider}/${request.params[0]}`, {
			method: 'POST',
			headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${decrypt(row)}` },
			body: JSON.stringify(request.body),
		});
		response.status(answer.status);
		response.setHeader('Content-Type', answer.headers.get('content-type') ?? 'application/json');
		answer.body.pipe(response);
	} catch {
		response.status(502).json({ error: 'Upstream failed' });
	}
});

const server = app.listen(0, '127.0.0.1', 4096, () => {
	process.stdout.write(`${server.address().port}\nx-relay-token: ${token}\n`);
});
