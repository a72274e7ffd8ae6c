//! Opens streams, so many a second, and tells how they went. All of them are open when the last one
//! begins.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::provider::EVENTS;

/// What a stream lasts beyond the time that all of them take to begin.
const BEYOND: Duration = Duration::from_secs(5);

/// A stream that took longer than all of them may is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a stream went.
struct Went {
    /// From before the connection is made until the first event is there.
    first: Option<Duration>,
    events: u32,
    /// The status, 0 without an answer.
    status: u16,
}

/// Opens `streams` streams, `rate` a second.
pub async fn run(url: &str, streams: u32, rate: u32) -> io::Result<()> {
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| io::Error::other("the URL must begin with http://"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let headers: Vec<String> = io::read_to_string(io::stdin())?
        .lines()
        .map(|line| line.replace('\t', "\r\n"))
        .collect();
    let begin = Duration::from_secs_f64(f64::from(streams) / f64::from(rate.max(1)));
    let pause = (begin + BEYOND).as_millis() / u128::from(EVENTS - 1);
    let body = format!(
        "{{\"model\":\"pause-{pause}\",\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"Say something.\"}}]}}"
    );
    let requests: Vec<Rc<String>> = headers
        .iter()
        .map(|headers| {
            Rc::new(format!(
                "POST /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
                 content-length: {}\r\nconnection: close\r\n{headers}\r\n\r\n{body}",
                body.len()
            ))
        })
        .collect();
    if requests.is_empty() {
        return Err(io::Error::other("there are no headers on standard input"));
    }

    let start = Instant::now();
    let patience = begin + BEYOND + PATIENCE;
    let local = LocalSet::new();
    let all = local
        .run_until(async {
            let mut tasks = Vec::new();
            for number in 0..streams {
                let request = Rc::clone(&requests[number as usize % requests.len()]);
                let host = host.to_owned();
                let at = start + begin * number / streams;
                sleep_until(at).await;
                tasks.push(tokio::task::spawn_local(async move {
                    let mut went = Went {
                        first: None,
                        events: 0,
                        status: 0,
                    };
                    // What had come when it broke off, or time was over, counts.
                    let _ = timeout(patience, stream(&host, &request, &mut went)).await;
                    went
                }));
            }
            let mut all = Vec::new();
            for task in tasks {
                all.push(task.await.map_err(io::Error::other)?);
            }
            Ok::<_, io::Error>(all)
        })
        .await?;
    report(&all, start.elapsed());
    Ok(())
}

async fn stream(host: &str, request: &str, went: &mut Went) -> io::Result<()> {
    let start = Instant::now();
    let mut connection = TcpStream::connect(host).await?;
    connection.set_nodelay(true)?;
    connection.write_all(request.as_bytes()).await?;
    let mut buffer = vec![0; 4096];
    // An event may be cut anywhere: the last bytes of a read are looked at again.
    let mut tail = Vec::new();
    loop {
        let read = connection.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        tail.extend_from_slice(&buffer[..read]);
        if went.status == 0 && tail.len() >= 12 {
            let status = std::str::from_utf8(&tail[9..12]).unwrap_or_default();
            went.status = status.parse().unwrap_or(0);
        }
        let seen = count(&tail);
        if seen > 0 && went.first.is_none() {
            went.first = Some(start.elapsed());
        }
        went.events += seen;
        let keep = tail.len().min(NEEDLE.len() - 1);
        if went.status != 0 {
            tail.drain(..tail.len() - keep);
        }
    }
}

const NEEDLE: &[u8] = b"data: {";

fn count(bytes: &[u8]) -> u32 {
    let found = bytes.windows(NEEDLE.len()).filter(|part| *part == NEEDLE);
    // As many as there are streams of twenty events.
    found.count() as u32
}

fn report(all: &[Went], took: Duration) {
    let mut first: Vec<f64> = all
        .iter()
        .filter_map(|went| went.first)
        .map(|first| first.as_secs_f64() * 1000.0)
        .collect();
    first.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let index = (first.len() as f64 * share) as usize;
        first.get(index.min(first.len().saturating_sub(1))).copied()
    };
    let with = |status: u16| all.iter().filter(|went| went.status == status).count();
    let completed = all.iter().filter(|went| went.events == EVENTS).count();
    println!(
        "{}",
        serde_json::json!({
            "streams": all.len(),
            "completed": completed,
            "begun": first.len(),
            "first_p50_ms": at(0.5),
            "first_p99_ms": at(0.99),
            "first_max_ms": first.last(),
            "refused_503": with(503),
            "refused_429": with(429),
            "status_other": all.iter().filter(|went| ![200, 429, 503].contains(&went.status)).count(),
            "seconds": took.as_secs_f64(),
        })
    );
}
