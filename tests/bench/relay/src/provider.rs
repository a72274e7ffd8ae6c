//! A provider: each request is answered with a stream of [`EVENTS`] events, the first at once. The
//! pause between them is what the model's name says, in milliseconds: `pause-950`.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

/// Events in each stream.
pub const EVENTS: u32 = 20;

/// How long a connection that was answered may wait for the next request.
const IDLE: Duration = Duration::from_secs(60);

const HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// Serves until it is ended; its port is printed.
pub async fn serve() -> io::Result<()> {
    let listener = tokio::net::TcpSocket::new_v4()?;
    listener.bind(([127, 0, 0, 1], 0).into())?;
    let listener: TcpListener = listener.listen(4096)?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // An error means that the other side went away.
            let _ = connection(stream).await;
        });
    }
}

async fn connection(stream: TcpStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let Ok(asked) = tokio::time::timeout(IDLE, request(&mut stream)).await else {
            return Ok(());
        };
        let Some(Asked { pause, last }) = asked? else {
            return Ok(());
        };
        let start = Instant::now();
        for number in 0..EVENTS {
            sleep_until(start + pause * number).await;
            let event = format!(
                "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"word {number} \"}}}}]}}\n\n"
            );
            let head = if number == 0 { HEAD } else { "" };
            let chunk = format!("{head}{:x}\r\n{event}\r\n", event.len());
            stream.write_all(chunk.as_bytes()).await?;
        }
        stream.write_all(b"0\r\n\r\n").await?;
        if last {
            return stream.shutdown().await;
        }
    }
}

/// What a request asks for.
struct Asked {
    /// Between two events.
    pause: Duration,
    /// Whether the connection ends behind it.
    last: bool,
}

/// Reads a request; `None` when there is none.
async fn request(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Asked>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = head
        .split("\r\n")
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let pause = body["model"]
        .as_str()
        .and_then(|model| model.strip_prefix("pause-")?.parse().ok());
    Ok(Some(Asked {
        pause: Duration::from_millis(pause.unwrap_or(50)),
        last: head.contains("\r\nconnection: close\r\n"),
    }))
}
