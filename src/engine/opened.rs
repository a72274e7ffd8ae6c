//! A stored key, opened for the one address it is bound to.
//!
//! It promises that no key is opened for another address, and that its plaintext is in wiped memory
//! only. It does not know how a request is made.

use secrecy::{ExposeSecret, SecretString};
use ureq::http::header::{CONTENT_TYPE, USER_AGENT};
use ureq::http::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use crate::agent::{Policy, secret_header};
use crate::context::Context;
use crate::credential::Credential;
use crate::envelope::Envelope;
use crate::keyring::KeyRing;
use crate::origin::BaseUrl;
use crate::provider::{Provider, base_of, origin_of};
use crate::request::Request;
use crate::{Error, Result, redact};

/// A key that was opened for the one address it is bound to.
pub struct Opened {
    provider: &'static Provider,
    base: BaseUrl,
    /// `None` for a provider that needs no key.
    key: Option<SecretString>,
}

impl Opened {
    /// Opens an envelope to be sent to this provider. `ring` is asked only when there is something
    /// to open. An empty envelope is no key, for a provider that answers without one.
    ///
    /// # Errors
    ///
    /// `OriginMismatch` when the context's origin is not the provider's, what
    /// [`origin_of`](crate::provider::origin_of), [`Envelope::parse`] and [`Envelope::open`]
    /// return, and `Key…` when what was encrypted is no key, or one that is never sent.
    pub fn new(
        provider: &'static Provider,
        base_url: Option<&str>,
        policy: &Policy,
        context: &Context<'_>,
        envelope: &[u8],
        open: impl FnOnce(&Envelope) -> Result<Zeroizing<Vec<u8>>>,
    ) -> Result<Self> {
        // The envelope only opens with the origin it is bound to. Without this, a caller could name
        // that one and have the key sent elsewhere.
        if context.origin() != origin_of(provider, base_url, policy)?.as_bytes() {
            return Err(Error::OriginMismatch);
        }
        let base = base_of(provider, base_url, policy)?;
        let key = if envelope.is_empty() && !provider.key_required {
            None
        } else {
            let plaintext = open(&Envelope::parse(envelope)?)?;
            let key = Credential::parse(&plaintext)?.key;
            let id = provider.id.as_bytes();
            redact::learn(key.expose_secret().as_bytes(), id, Some(envelope));
            if provider.refuses(key.expose_secret()) {
                return Err(Error::KeyWrongKind);
            }
            Some(key)
        };
        Ok(Self {
            provider,
            base,
            key,
        })
    }

    /// The same with a key ring at hand.
    ///
    /// # Errors
    ///
    /// As [`Opened::new`].
    pub fn with_ring(
        provider: &'static Provider,
        base_url: Option<&str>,
        policy: &Policy,
        context: &Context<'_>,
        envelope: &[u8],
        ring: &KeyRing,
    ) -> Result<Self> {
        Self::new(provider, base_url, policy, context, envelope, |envelope| {
            envelope.open(ring, context)
        })
    }

    /// The provider it was opened for.
    pub(crate) fn provider(&self) -> &'static Provider {
        self.provider
    }

    /// Where the provider's API begins.
    pub(crate) fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// The key.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_ref().map(ExposeSecret::expose_secret)
    }

    /// The headers of a request: the caller's, the provider's where the caller has not set them,
    /// and the key.
    ///
    /// # Errors
    ///
    /// `KeyControlCharacter` when the key cannot be in a header.
    pub(crate) fn headers(&self, request: &Request<'_>) -> Result<HeaderMap> {
        let mut headers = request.headers.clone();
        for (name, value) in &self.provider.headers {
            let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_str(value),
            ) else {
                return Err(Error::RequestMalformed);
            };
            headers.entry(name).or_insert(value);
        }
        if !request.body.is_empty() {
            let json = HeaderValue::from_static("application/json");
            headers.entry(CONTENT_TYPE).or_insert(json);
        }
        let own = HeaderValue::from_static(concat!("byok/", env!("CARGO_PKG_VERSION")));
        headers.entry(USER_AGENT).or_insert(own);
        if let Some(key) = self.key() {
            let auth = &self.provider.auth;
            let name = HeaderName::from_bytes(auth.header.as_bytes())
                .map_err(|_| Error::RequestMalformed)?;
            let value =
                secret_header(auth.scheme.as_deref(), key).ok_or(Error::KeyControlCharacter)?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}
