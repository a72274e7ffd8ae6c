//! Just enough of HTTP/1.1: reads a request, writes an answer.

use std::io::{self, Read, Write};

/// The most bytes of a request's head. Keys have up to 8 KiB.
const MAX_HEAD: usize = 32 * 1024;

/// As much of a body is kept; the rest is read and forgotten.
const MAX_BODY: u64 = 4 * 1024 * 1024;

/// A request.
#[derive(Debug)]
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// What follows the host, before `?`.
    pub path: String,
    /// What follows `?`.
    pub query: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// Reads the next request of a connection; `None` when there is none.
    pub fn read(stream: &mut impl Read) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read(&mut byte)? == 0 || head.len() == MAX_HEAD {
                return Ok(None);
            }
            head.push(byte[0]);
            if !head[0].is_ascii_alphabetic() {
                // Such as the beginning of TLS.
                return Ok(None);
            }
        }
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut headers);
        parsed.parse(&head).map_err(io::Error::other)?;
        let (path, query) = parsed
            .path
            .map(|target| target.split_once('?').unwrap_or((target, "")))
            .unwrap_or_default();
        let mut request = Self {
            method: parsed.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: parsed
                .headers
                .iter()
                .map(|h| {
                    (
                        h.name.to_ascii_lowercase(),
                        String::from_utf8_lossy(h.value).into_owned(),
                    )
                })
                .collect(),
            body: Vec::new(),
        };
        let length: u64 = request
            .header("content-length")
            .and_then(|v| v.parse().ok())
            .unwrap_or(0);
        let mut body = stream.take(length);
        (&mut body).take(MAX_BODY).read_to_end(&mut request.body)?;
        io::copy(&mut body, &mut io::sink())?;
        Ok(Some(request))
    }

    /// The value of a parameter of the query, as it is written there.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(n, _)| *n == name)
            .map(|(_, value)| value)
    }

    /// A number in the query.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.parameter(name)?.parse().ok()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A body that is written piece by piece, each at once.
pub struct Chunks<'a, W: Write>(&'a mut W);

impl<'a, W: Write> Chunks<'a, W> {
    /// Writes the head.
    pub fn begin(content_type: &str, stream: &'a mut W) -> io::Result<Self> {
        let head = format!(
            "HTTP/1.1 200 Test\r\ncontent-type: {content_type}\r\ncache-control: no-store\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        stream.flush()?;
        Ok(Self(stream))
    }

    /// Writes one piece, which must not be empty.
    pub fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        let mut bytes = format!("{:x}\r\n", piece.len()).into_bytes();
        bytes.extend(piece);
        bytes.extend(b"\r\n");
        self.0.write_all(&bytes)?;
        self.0.flush()
    }

    /// Ends the body. The connection may be used again.
    pub fn end(self) -> io::Result<()> {
        self.0.write_all(b"0\r\n\r\n")?;
        self.0.flush()
    }
}

/// An answer with a whole body.
#[derive(Debug, Default)]
pub struct Answer {
    /// Such as 200.
    pub status: u16,
    /// Names and values, without those of the body.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer with a JSON body.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self {
            status,
            headers,
            body: body.to_string().into_bytes(),
        }
    }

    /// Writes it. The connection may be used again.
    pub fn write(&self, stream: &mut impl Write) -> io::Result<()> {
        let mut bytes = format!("HTTP/1.1 {} Test\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend(format!("{name}: {value}\r\n").bytes());
        }
        bytes.extend(format!("content-length: {}\r\n\r\n", self.body.len()).bytes());
        bytes.extend(&self.body);
        stream.write_all(&bytes)?;
        stream.flush()
    }
}
