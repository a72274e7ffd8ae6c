//! What is kept of a key to show.

use std::sync::Arc;

use crate::mask::{self, Options};
use crate::redact::table::table;

/// What a list of keys shows of one, and its provider.
#[derive(Clone, Debug)]
pub(in crate::redact) struct Hint(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    provider: Option<String>,
    first: &'static str,
    length: usize,
    last: Vec<u8>,
}

impl Hint {
    pub(super) fn of(key: &[u8], provider: &[u8]) -> Self {
        let provider = std::str::from_utf8(provider).ok();
        Hint(Arc::new(Parts {
            provider: provider.filter(|id| !id.is_empty()).map(str::to_owned),
            first: table().shown(key).unwrap_or(""),
            length: key.len(),
            last: key[key.len() - mask::SHOWN..].to_vec(),
        }))
    }

    pub fn provider(&self) -> Option<&str> {
        self.0.provider.as_deref()
    }

    /// The beginning that everybody knows.
    pub fn first(&self) -> &'static str {
        self.0.first
    }

    /// How long the key is.
    pub fn length(&self) -> usize {
        self.0.length
    }

    pub fn mask(&self, options: &Options) -> String {
        options.mask(self.0.first, self.0.length, &self.0.last)
    }
}
