//! What a key is used for: one answer for each way to ask a model, whole or as a stream, as the
//! providers document it; and paths of the tests' own, below `/test-provider/`:
//!
//! - `echo`: what was received, all headers with their values; with `in=header`, `in=stream` too.
//! - `stream?count=N&ms=M&first=F`: after F milliseconds that many events, M milliseconds apart;
//!   without `count` they never end.
//! - `bytes?size=N`: a body of that size.
//! - `flaky?status=S&times=N&id=X&after=T`: the first N times for an id the status, with
//!   `retry-after`, then 200.
//! - `status?code=S`: that status, with the request's body as its own.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::double::{Kind, events, whole};
use crate::http::{Answer, Chunks, Request};

/// What a request is told whose path nobody knows here, where somebody tries the demonstration out.
const KNOWN: &str = "The test provider is not the real thing and knows no such path. It knows, behind the base URL: \
    POST /chat/completions, POST /responses, POST /messages, POST /models/{model}:generateContent, \
    POST /models/{model}:streamGenerateContent, and the list of models.";

/// An endless stream ends after this time when nobody ends it.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often each flaky path was asked.
pub type Flaky = Mutex<HashMap<String, u64>>;

/// Answers a request that has the right key. Returns whether the connection may be used again.
pub fn answer(
    request: &Request,
    path: &str,
    key: &str,
    flaky: &Flaky,
    stream: &mut (impl Read + Write),
) -> io::Result<bool> {
    if let Some(own) = path.rsplit_once("/test-provider/").map(|(_, own)| own) {
        return own_path(request, own, key, flaky, stream);
    }
    let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some((kind, model)) = kind(path, &asked) else {
        let error = json!({ "error": { "type": "not_found_error", "message": KNOWN } });
        return whole_json(404, &error, stream);
    };
    if request.method != "POST" {
        let error = json!({ "error": { "message": "method not allowed" } });
        return whole_json(405, &error, stream);
    }
    let streams = match kind {
        Kind::Gemini => path.ends_with(":streamGenerateContent"),
        _ => asked["stream"] == json!(true),
    };
    if !streams {
        return whole_json(200, &whole(kind, &model), stream);
    }
    let pause = request
        .header("x-byok-test-delay")
        .and_then(|delay| delay.parse().ok())
        .map_or(Duration::ZERO, Duration::from_millis);
    let events = events(kind, &model, &asked);
    if kind == Kind::Gemini && request.parameter("alt") != Some("sse") {
        let mut chunks = Chunks::begin("application/json", stream)?;
        for (number, (_, data)) in events.iter().enumerate() {
            thread::sleep(pause);
            let before = if number == 0 { "[" } else { ",\r\n" };
            chunks.write(format!("{before}{data}").as_bytes())?;
        }
        chunks.write(b"]")?;
        chunks.end()?;
        return Ok(true);
    }
    let mut chunks = Chunks::begin("text/event-stream", stream)?;
    for (name, data) in events {
        thread::sleep(pause);
        let name = name.map_or(String::new(), |name| format!("event: {name}\n"));
        chunks.write(format!("{name}data: {data}\n\n").as_bytes())?;
    }
    chunks.end()?;
    Ok(true)
}

/// What is asked, and of which model.
fn kind(path: &str, asked: &Value) -> Option<(Kind, String)> {
    if let Some((model, verb)) = path.rsplit_once(':') {
        let model = model.rsplit_once("/models/")?.1;
        return matches!(verb, "generateContent" | "streamGenerateContent")
            .then(|| (Kind::Gemini, model.to_owned()));
    }
    let kind = if path.ends_with("/messages") {
        Kind::Messages
    } else if path.ends_with("/chat/completions") {
        Kind::Chat
    } else if path.ends_with("/responses") {
        Kind::Responses
    } else {
        return None;
    };
    Some((kind, asked["model"].as_str().unwrap_or("test").to_owned()))
}

fn own_path(
    request: &Request,
    own: &str,
    key: &str,
    flaky: &Flaky,
    stream: &mut impl Write,
) -> io::Result<bool> {
    match own {
        "echo" => echo(request, key, stream),
        "stream" => {
            let count = request.number("count");
            let pause = Duration::from_millis(request.number("ms").unwrap_or(0));
            thread::sleep(Duration::from_millis(request.number("first").unwrap_or(0)));
            let start = Instant::now();
            let mut chunks = Chunks::begin("text/event-stream", stream)?;
            let mut sent = 0;
            while count.map_or(start.elapsed() < PATIENCE, |count| sent < count) {
                sent += 1;
                chunks.write(format!("data: {{\"number\": {sent}}}\n\n").as_bytes())?;
                thread::sleep(pause);
            }
            chunks.end()?;
            Ok(true)
        }
        "bytes" => {
            let size = request.number("size").unwrap_or(0);
            let body = vec![b' '; usize::try_from(size).unwrap_or(0)];
            let headers = vec![("content-type", "application/octet-stream".to_owned())];
            write(200, headers, body, stream)
        }
        "flaky" => {
            let id = request.parameter("id").unwrap_or_default().to_owned();
            let mut counts = flaky.lock().unwrap_or_else(PoisonError::into_inner);
            let asked = counts.entry(id).or_insert(0);
            *asked += 1;
            let asked = *asked;
            drop(counts);
            if asked > request.number("times").unwrap_or(0) {
                return whole_json(200, &json!({ "asked": asked }), stream);
            }
            let after = request.number("after").unwrap_or(0).to_string();
            let status = status(request, "status");
            write(
                status,
                vec![("retry-after", after)],
                b"busy".to_vec(),
                stream,
            )
        }
        "status" => {
            let headers = vec![("content-type", "application/json".to_owned())];
            write(
                status(request, "code"),
                headers,
                request.body.clone(),
                stream,
            )
        }
        _ => whole_json(404, &json!({ "error": "no such test" }), stream),
    }
}

/// Answers with what was received, the key too: that is what masking is tested with.
fn echo(request: &Request, key: &str, stream: &mut impl Write) -> io::Result<bool> {
    let received = json!({
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": request.headers,
        "body": String::from_utf8_lossy(&request.body),
    });
    match request.parameter("in") {
        Some("header") => {
            let headers = vec![
                ("x-echo", format!("Bearer {key}")),
                ("x-echo", "two".to_owned()),
                ("set-cookie", "a=1".to_owned()),
                ("set-cookie", "b=2".to_owned()),
                ("connection", "keep-alive, x-hop".to_owned()),
                ("x-hop", "1".to_owned()),
            ];
            write(200, headers, b"{}".to_vec(), stream)
        }
        Some("stream") => {
            let mut chunks = Chunks::begin("text/event-stream", stream)?;
            for piece in format!("data: {received}\n\n").as_bytes().chunks(3) {
                chunks.write(piece)?;
                // So that the pieces do not arrive together.
                thread::sleep(Duration::from_millis(1));
            }
            chunks.end()?;
            Ok(true)
        }
        _ => whole_json(200, &received, stream),
    }
}

fn status(request: &Request, name: &str) -> u16 {
    let status = request.number(name);
    status
        .and_then(|status| status.try_into().ok())
        .unwrap_or(200)
}

fn whole_json(status: u16, body: &Value, stream: &mut impl Write) -> io::Result<bool> {
    Answer::json(status, body).write(stream)?;
    Ok(true)
}

fn write(
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    stream: &mut impl Write,
) -> io::Result<bool> {
    let answer = Answer {
        status,
        headers,
        body,
    };
    answer.write(stream)?;
    Ok(true)
}
