//! Where a request goes: a path below the provider's base URL, or an address at its origin.
//!
//! It promises that the result is at the origin that the key is bound to, and that no reader of
//! URLs, here or at the provider, can take the path for another one: what would need repair is
//! refused. It does not know what is asked there.

use ureq::http::Uri;

use crate::agent::Policy;
use crate::origin::BaseUrl;
use crate::provider::Provider;
use crate::{Error, Result};

/// The longest path and query, in bytes. Proxies and servers take 8 KiB of a whole first line.
const MAX_LEN: usize = 6 * 1024;

/// What a caller asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// What follows the base URL, with the query: `/models?limit=1`.
    Path(&'a str),
    /// A whole address, which must be at the provider's origin.
    Url(&'a str),
}

impl Target<'_> {
    /// The address to ask. `base` is the provider's base URL, or what stands in for it.
    ///
    /// An address must be at the origin of the base URL, and below its path where each key brings a
    /// base URL of its own: gateways tell their customers apart by it. With a test provider, the
    /// real provider's address is understood as well, and asked there.
    ///
    /// # Errors
    ///
    /// `PathRefused`, and `OriginMismatch` for an address elsewhere.
    pub(crate) fn url(self, provider: &Provider, base: &BaseUrl, policy: &Policy) -> Result<Uri> {
        let url = match self {
            Self::Path(path) => {
                judge(path)?;
                base.join(path)
            }
            Self::Url(url) => {
                let (origin, rest) = split(url)?;
                judge(rest)?;
                let root = root(&origin, provider, base, policy, rest)?;
                root.join(rest)
            }
        };
        let uri: Uri = url.parse().map_err(|_| Error::PathRefused)?;
        // The second lock: what is asked is read back from what will be sent.
        if base.is_origin_of(&uri) {
            Ok(uri)
        } else {
            Err(Error::OriginMismatch)
        }
    }
}

/// Takes an address apart: its origin, and what follows.
fn split(url: &str) -> Result<(BaseUrl, &str)> {
    let authority = url.find("://").ok_or(Error::PathRefused)? + 3;
    let end = url[authority..]
        .find(['/', '?', '#', '\\'])
        .map_or(url.len(), |offset| authority + offset);
    let origin = BaseUrl::read(&url[..end]).map_err(|_| Error::PathRefused)?;
    match &url[end..] {
        "" => Ok((origin, "/")),
        rest => Ok((origin, rest)),
    }
}

/// What an address is below of.
fn root(
    origin: &BaseUrl,
    provider: &Provider,
    base: &BaseUrl,
    policy: &Policy,
    rest: &str,
) -> Result<BaseUrl> {
    if let Some(fixed) = &provider.base_url {
        let real = BaseUrl::read(fixed)?;
        if origin.is_same_origin(&real) {
            return Ok(match policy.test_base()? {
                None => real.without_path(),
                Some(test) => test.join_base(&provider.id, &real.without_path()),
            });
        }
    }
    let below = !base.has_path() || base.is_above(rest);
    if origin.is_same_origin(base) && below {
        Ok(base.without_path())
    } else {
        Err(Error::OriginMismatch)
    }
}

/// Judges a path and its query.
pub(crate) fn judge(path: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\\#".contains(&byte);
    if path.len() > MAX_LEN || !path.bytes().all(plain) {
        return Err(Error::PathRefused);
    }
    let (path, _query) = path.split_once('?').unwrap_or((path, ""));
    // `//host` is an address without a scheme to whoever resolves it.
    if !path.starts_with('/') || path.starts_with("//") {
        return Err(Error::PathRefused);
    }
    // Servers decode before they look at segments, and some do so twice.
    let mut decoded = path.as_bytes().to_vec();
    for _ in 0..3 {
        decoded = decode(&decoded);
        if !decoded.iter().all(|byte| *byte >= b' ' && *byte != 0x7f) {
            return Err(Error::PathRefused);
        }
        let dots = |segment: &[u8]| {
            // Some servers cut parameters off a segment: `..;a` is `..` to them.
            let name = segment.split(|byte| *byte == b';').next();
            matches!(name, Some(b"." | b".."))
        };
        if decoded.split(|byte| matches!(byte, b'/' | b'\\')).any(dots) {
            return Err(Error::PathRefused);
        }
    }
    Ok(())
}

/// Decodes `%2E` and its like, once.
pub(crate) fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let digit = |offset| char::from(*text.get(at + offset)?).to_digit(16);
        match (byte, digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => {
                // Two hexadecimal digits are a byte.
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{base_of, find};

    fn url(
        target: Target<'_>,
        id: &str,
        base_url: Option<&str>,
        policy: &Policy,
    ) -> Result<String> {
        let provider = find(id)?;
        let base = base_of(provider, base_url, policy)?;
        Ok(target.url(provider, &base, policy)?.to_string())
    }

    fn openai(target: Target<'_>) -> Result<String> {
        url(target, "openai", None, &Policy::default())
    }

    #[test]
    fn a_path_is_below_the_base_url() {
        for path in [
            "/models",
            "/models?limit=1&x=/../y",
            "/models/a%2Fb",
            "/models/gpt@1:run",
            "/a/..b/c..",
        ] {
            let expected = format!("https://api.openai.com:443/v1{path}");
            assert_eq!(openai(Target::Path(path)), Ok(expected));
        }
    }

    #[test]
    fn a_path_that_could_lead_elsewhere_is_refused() {
        for path in [
            "",
            "models",
            "//evil.example/v1",
            "/\\evil.example",
            "\\\\evil.example",
            "@evil.example/",
            ":443@evil.example/",
            "/..",
            "/../v2",
            "/a/./b",
            "/a/%2e%2E/b",
            "/a/%252e%252e/b",
            "/a/%25252e./b",
            "/a%2f..%2fb",
            "/a%5c..%5cb",
            "/..;/b",
            "/a#b",
            "/a b",
            "/a\tb",
            "/a\r\nX-A: 1",
            "/a\0",
            "/a%00",
            "/a%0d%0a",
            "/ä",
            "https://evil.example/",
        ] {
            assert_eq!(
                openai(Target::Path(path)),
                Err(Error::PathRefused),
                "{path:?}"
            );
        }
        let long = format!("/{}", "a".repeat(MAX_LEN));
        assert_eq!(openai(Target::Path(&long)), Err(Error::PathRefused));
    }

    #[test]
    fn an_address_must_be_at_the_origin() {
        for address in [
            "https://api.openai.com/v2/x?y",
            "https://API.openai.com:443/v2/x?y",
        ] {
            let expected = "https://api.openai.com:443/v2/x?y".to_owned();
            assert_eq!(openai(Target::Url(address)), Ok(expected));
        }
        for address in [
            "http://api.openai.com/v1/models",
            "https://api.openai.com:8443/v1/models",
            "https://api.openai.com.evil.example/v1/models",
            "https://evil.example/v1/models",
            "https://api.anthropic.com/v1/models",
        ] {
            let refused = openai(Target::Url(address));
            assert_eq!(refused, Err(Error::OriginMismatch), "{address}");
        }
        for address in [
            "",
            "/v1/models",
            "//api.openai.com/v1",
            "https://user@api.openai.com/v1",
            "https://api.openai.com@evil.example/v1",
            "https://evil.example\\@api.openai.com/v1",
            "https://api.openai.com\\@evil.example/v1",
            "https://evil.example#@api.openai.com/v1",
            "https://api.openai.com/v1/../../x",
            "https://api.openai.com//x",
            "https://api.openai.com/v1#a",
            "https:///api.openai.com/v1",
        ] {
            let refused = openai(Target::Url(address));
            assert_eq!(refused, Err(Error::PathRefused), "{address}");
        }
    }

    #[test]
    fn an_address_of_ones_own_must_be_below_the_path() {
        let at = |address| {
            let base = Some("https://gateway.example/a");
            url(
                Target::Url(address),
                "openai-compatible",
                base,
                &Policy::default(),
            )
        };
        assert!(at("https://gateway.example/a/models?x").is_ok());
        for address in [
            "https://gateway.example/b/models",
            "https://gateway.example/ab/models",
            "https://gateway.example/",
            "https://gateway.example/?/a/",
        ] {
            assert_eq!(at(address), Err(Error::OriginMismatch), "{address}");
        }
    }

    #[test]
    fn the_test_provider_is_asked_in_place_of_the_real_one() {
        let policy = Policy {
            test_provider: Some("http://127.0.0.1:8080".into()),
            ..Policy::default()
        };
        for address in [
            "https://api.openai.com/v1/models",
            "http://127.0.0.1:8080/openai/v1/models",
        ] {
            let expected = "http://127.0.0.1:8080/openai/v1/models".to_owned();
            assert_eq!(
                url(Target::Url(address), "openai", None, &policy),
                Ok(expected)
            );
        }
        let other = url(
            Target::Url("http://127.0.0.1:8080/groq/v1"),
            "openai",
            None,
            &policy,
        );
        assert_eq!(other, Err(Error::OriginMismatch));
    }
}
