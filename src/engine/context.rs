//! Where an envelope belongs: the context that is authenticated with it.
//!
//! It promises that two different contexts never encode to the same bytes, because each field is
//! written behind its length. It does not know what the fields mean.

use crate::error::{Error, Result};

/// Names a PHP caller may set, in the order of the format. `tenant` is not among them: only an
/// administrator of PHP can set it.
pub const FIELDS: [&str; 6] = ["network", "blog", "owner", "provider", "slot", "origin"];

/// Where an envelope belongs. Missing fields are the empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context<'a> {
    tenant: &'a [u8],
    fields: [&'a [u8]; FIELDS.len()],
}

impl<'a> Context<'a> {
    /// An empty context of this tenant.
    ///
    /// # Errors
    /// `ContextTooLong` over 65535 bytes.
    pub fn new(tenant: &'a [u8]) -> Result<Self> {
        Ok(Context {
            tenant: bounded(tenant)?,
            ..Context::default()
        })
    }

    /// Sets one field.
    ///
    /// # Errors
    /// `ContextUnknownField` for a name not in [`FIELDS`], `ContextTooLong` over 65535 bytes.
    pub fn set(&mut self, name: &[u8], value: &'a [u8]) -> Result<()> {
        let index = FIELDS
            .iter()
            .position(|field| field.as_bytes() == name)
            .ok_or(Error::ContextUnknownField)?;
        self.fields[index] = bounded(value)?;
        Ok(())
    }

    /// The only address that may receive the key.
    pub fn origin(&self) -> &[u8] {
        let [.., origin] = &self.fields;
        origin
    }

    /// The provider's id; empty when it has none.
    pub fn provider(&self) -> &'a [u8] {
        self.field("provider")
    }

    /// Whose key it is, in a word; empty when it says nothing of that.
    pub fn owner(&self) -> &'a [u8] {
        self.field("owner")
    }

    fn field(&self, name: &str) -> &'a [u8] {
        let index = FIELDS.iter().position(|field| *field == name);
        index.map_or(&[], |index| self.fields[index])
    }

    /// A label, then `ctx` of the format: the envelope's prefix, and every field behind its length.
    pub(crate) fn encode(&self, label: &[u8], prefix: &[u8]) -> Vec<u8> {
        let fields = || std::iter::once(&self.tenant).chain(&self.fields);
        let length: usize = fields().map(|field| 2 + field.len()).sum();
        let mut out = Vec::with_capacity(label.len() + prefix.len() + length);
        out.extend_from_slice(label);
        out.extend_from_slice(prefix);
        for field in fields() {
            // Invariant of `bounded`: a field is at most u16::MAX bytes long.
            out.extend_from_slice(&(field.len() as u16).to_be_bytes());
            out.extend_from_slice(field);
        }
        out
    }
}

fn bounded(value: &[u8]) -> Result<&[u8]> {
    if value.len() > usize::from(u16::MAX) {
        return Err(Error::ContextTooLong);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_byte_between_fields_changes_the_encoding() {
        let mut one = Context::default();
        one.set(b"provider", b"a").unwrap();
        one.set(b"slot", b"bc").unwrap();
        let mut two = Context::default();
        two.set(b"provider", b"ab").unwrap();
        two.set(b"slot", b"c").unwrap();
        assert_ne!(one.encode(b"", b"x"), two.encode(b"", b"x"));
    }

    #[test]
    fn tenant_and_unknown_fields_are_refused() {
        let mut context = Context::default();
        assert_eq!(
            context.set(b"tenant", b"x"),
            Err(Error::ContextUnknownField)
        );
        assert_eq!(context.set(b"Blog", b"x"), Err(Error::ContextUnknownField));
    }

    #[test]
    fn a_field_may_have_65535_bytes_and_no_more() {
        let mut context = Context::default();
        assert_eq!(context.set(b"slot", &[b'a'; 65535]), Ok(()));
        assert_eq!(
            context.set(b"slot", &[b'a'; 65536]),
            Err(Error::ContextTooLong)
        );
        assert_eq!(Context::new(&[b'a'; 65536]), Err(Error::ContextTooLong));
    }
}
