//! What each provider answers. The facts are in `answers.json`, one object for each provider;
//! misbehaviour is the same for all.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{self, Flaky};
use crate::http::{Answer, Request};
use crate::mode::Mode;

/// How long the slow answers go on when nobody ends them.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a bomb unpacks to: far over any limit, yet quick to make.
const BOMB: usize = 16 * 1024 * 1024;

static PROVIDERS: LazyLock<BTreeMap<String, Facts>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("answers.json")).expect("answers.json is well-formed")
});

/// How a provider is asked, and what it answers in each mode that is its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    /// How it is asked for the check of a key.
    #[serde(default = "get")]
    method: String,
    path: String,
    header: String,
    #[serde(default)]
    scheme: Option<String>,
    /// Headers without which it answers 400, and the values that it knows: ours, and those of its own
    /// clients.
    #[serde(default)]
    requires: BTreeMap<String, Vec<String>>,
    /// Whether it answers without a key.
    #[serde(default)]
    keyless: bool,
    answers: BTreeMap<String, (u16, Value)>,
    /// Its list of models, where that is another one than the answer to the check.
    #[serde(default)]
    models: Option<Models>,
}

/// A list of models, in pages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Models {
    path: String,
    /// The parameter that asks for a page.
    #[serde(default)]
    parameter: String,
    /// The pages, by what the parameter holds; the first one by nothing.
    pages: BTreeMap<String, Value>,
}

fn get() -> String {
    "GET".to_owned()
}

/// The provider that a path belongs to, and the path there.
fn provider_of(path: &str) -> Option<(&'static Facts, &str)> {
    let rest = path.strip_prefix('/')?;
    let (id, _) = rest.split_once('/')?;
    Some((PROVIDERS.get(id)?, &rest[id.len()..]))
}

/// The ids of the providers that are answered for.
pub fn ids() -> impl Iterator<Item = &'static str> {
    PROVIDERS.keys().map(String::as_str)
}

/// The key, where this provider expects it.
fn key_of<'a>(facts: &Facts, request: &'a Request) -> Option<&'a str> {
    let value = request.header(&facts.header)?;
    match &facts.scheme {
        None => Some(value),
        Some(scheme) => value.strip_prefix(scheme.as_str())?.strip_prefix(' '),
    }
}

/// Answers one request. Returns whether the connection may be used again.
pub fn answer(
    request: &Request,
    forced: Option<Mode>,
    trap: &str,
    flaky: &Flaky,
    stream: &mut (impl Read + Write),
) -> io::Result<bool> {
    let Some((facts, path)) = provider_of(&request.path) else {
        let ids: Vec<_> = ids().collect();
        let message = format!(
            "The test provider knows no such path. A path begins with a provider: /{}/…",
            ids.join("/…, /")
        );
        return plain(404, &json!({ "error": { "message": message } }), stream);
    };
    let lacks = |(name, known): (&String, &Vec<String>)| {
        !known
            .iter()
            .any(|value| request.header(name) == Some(value))
    };
    if facts.requires.iter().any(lacks) {
        return plain(
            400,
            &json!({ "error": { "message": "a header is required" } }),
            stream,
        );
    }
    let key = key_of(facts, request);
    let chosen = match key {
        Some(key) => Mode::of_key(key),
        None if facts.keyless => Mode::Valid,
        None => Mode::Invalid,
    };
    let mode = forced.unwrap_or(chosen);
    match mode {
        Mode::Outage => plain(
            500,
            &json!({ "error": { "message": "internal error" } }),
            stream,
        ),
        Mode::Echo => {
            let message = format!("Incorrect API key provided: {}", key.unwrap_or_default());
            plain(401, &json!({ "error": { "message": message } }), stream)
        }
        Mode::Redirect => {
            let headers = vec![("location", format!("{trap}/elsewhere"))];
            Answer {
                status: 302,
                headers,
                body: Vec::new(),
            }
            .write(stream)?;
            Ok(true)
        }
        Mode::Portal => {
            let headers = vec![("content-type", "text/html".to_owned())];
            let body = b"<!DOCTYPE html><title>Log in</title>".to_vec();
            Answer {
                status: 200,
                headers,
                body,
            }
            .write(stream)?;
            Ok(true)
        }
        Mode::Headers => {
            let headers = vec![("x-filler", "a".repeat(1000)); 64];
            Answer {
                status: 200,
                headers,
                body: b"{}".to_vec(),
            }
            .write(stream)?;
            Ok(false)
        }
        Mode::Bomb => {
            let headers = vec![("content-encoding", "gzip".to_owned())];
            Answer {
                status: 200,
                headers,
                body: bomb()?,
            }
            .write(stream)?;
            Ok(true)
        }
        Mode::Close => Ok(false),
        Mode::Hang => hang(stream),
        Mode::Drip => drip(b"HTTP/1.1 200 Test\r\nx-drip: ", stream),
        Mode::DripBody => drip(
            b"HTTP/1.1 200 Test\r\ncontent-length: 1000000\r\n\r\n",
            stream,
        ),
        Mode::Huge => huge(stream),
        Mode::Valid if path != facts.path || is_list(facts, request, path) => {
            let models = facts.models.as_ref().filter(|models| models.path == path);
            let Some(models) = models else {
                return api::answer(request, path, key.unwrap_or_default(), flaky, stream);
            };
            let page = request.parameter(&models.parameter).unwrap_or_default();
            match models.pages.get(page) {
                Some(page) => plain(200, page, stream),
                None => plain(400, &json!({ "error": "no such page" }), stream),
            }
        }
        Mode::Valid if request.method != facts.method => plain(
            405,
            &json!({ "error": { "message": "method not allowed" } }),
            stream,
        ),
        Mode::Valid | Mode::NoCredit | Mode::RateLimited | Mode::Restricted | Mode::Invalid => {
            let Some((status, body)) = facts.answers.get(mode.word()) else {
                return plain(500, &json!({ "error": "not in answers.json" }), stream);
            };
            let mut answer = Answer::json(*status, body);
            if mode == Mode::RateLimited {
                answer.headers.push(("retry-after", "7".to_owned()));
            }
            answer.write(stream)?;
            Ok(true)
        }
    }
}

/// Whether the answer to the check is left out for the whole list of models at the same path.
fn is_list(facts: &Facts, request: &Request, path: &str) -> bool {
    let few = ["limit", "pageSize"];
    let all = !few.iter().any(|name| request.parameter(name) == Some("1"));
    all && facts
        .models
        .as_ref()
        .is_some_and(|models| models.path == path)
}

fn plain(status: u16, body: &Value, stream: &mut impl Write) -> io::Result<bool> {
    Answer::json(status, body).write(stream)?;
    Ok(true)
}

fn bomb() -> io::Result<Vec<u8>> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&vec![b' '; BOMB])?;
    gzip.finish()
}

/// Waits until the other side gives up.
fn hang(stream: &mut impl Read) -> io::Result<bool> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match stream.read(&mut [0; 64]) {
            Ok(0) => break,
            Err(e)
                if !matches!(
                    e.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) =>
            {
                break;
            }
            _ => {}
        }
    }
    Ok(false)
}

/// Writes a beginning, then single bytes until the other side gives up.
fn drip(beginning: &[u8], stream: &mut impl Write) -> io::Result<bool> {
    stream.write_all(beginning)?;
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        stream.write_all(b"a")?;
        stream.flush()?;
        thread::sleep(Duration::from_millis(20));
    }
    Ok(false)
}

/// Announces a gigabyte and sends it.
fn huge(stream: &mut impl Write) -> io::Result<bool> {
    let block = [b' '; 64 * 1024];
    let count = 16 * 1024;
    write!(
        stream,
        "HTTP/1.1 200 Test\r\ncontent-length: {}\r\n\r\n",
        count * block.len()
    )?;
    for _ in 0..count {
        stream.write_all(&block)?;
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_its_five_answers() {
        for id in ids() {
            for word in [
                "valid",
                "no-credit",
                "rate-limited",
                "restricted",
                "invalid",
            ] {
                assert!(PROVIDERS[id].answers.contains_key(word), "{id} {word}");
            }
            assert_eq!(PROVIDERS[id].answers.len(), 5, "{id}");
        }
    }
}
