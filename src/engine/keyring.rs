//! Which root keys this site has, where they come from, and which one an envelope names.
//!
//! It promises that the first source that is present writes, that every usable one and every
//! previous secret reads, and that a source that is present but unusable never gives way to a
//! weaker one. It does not know how a constant or an environment variable is read.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::process::ProcessKeys;
use crate::root::{KEY_ID_LEN, Root};

/// Where a root key comes from, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The file of the INI entry `byok.key_file`.
    KeyFile,
    /// The environment variable `BYOK_KEY`.
    Environment,
    /// The PHP constant `BYOK_KEY`.
    Constant,
    /// `AUTH_KEY` and `AUTH_SALT`.
    Salts,
}

impl Source {
    /// The word for it in PHP, on screens and in the documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::KeyFile => "key_file",
            Source::Environment => "environment",
            Source::Constant => "constant",
            Source::Salts => "salts",
        }
    }
}

/// What a request was given. A value that is present but not a string is given as empty.
#[derive(Default)]
pub struct Given<'a> {
    /// What its process was given when it started.
    pub process: Option<&'a ProcessKeys>,
    /// Path of the key file as the configuration says now.
    pub key_file: &'a str,
    /// Paths of the previous key files as the configuration says now.
    pub previous_key_files: &'a str,
    /// Value of the constant `BYOK_KEY`.
    pub constant: Option<&'a [u8]>,
    /// Value of the constant `BYOK_KEY_PREVIOUS`, or the values when it is an array.
    pub constant_previous: Vec<&'a [u8]>,
    /// Value of the constant `AUTH_KEY`.
    pub auth_key: Option<&'a [u8]>,
    /// Value of the constant `AUTH_SALT`.
    pub auth_salt: Option<&'a [u8]>,
    /// Value of the constant `AUTH_KEY_PREVIOUS`.
    pub auth_key_previous: Option<&'a [u8]>,
    /// Value of the constant `AUTH_SALT_PREVIOUS`.
    pub auth_salt_previous: Option<&'a [u8]>,
    /// The other secret constants of WordPress, to notice duplicates.
    pub other_salts: Vec<&'a [u8]>,
}

/// The root keys of a site: the first writes, all read.
pub struct KeyRing {
    keys: Vec<Arc<Root>>,
}

/// The outcome of looking at all sources.
pub struct Assembled {
    /// The source that writes, or that should but cannot; `None` when nothing was given, or only
    /// previous secrets.
    pub source: Option<Source>,
    /// The ring, or why there is none.
    pub ring: Result<KeyRing>,
    /// Why weaker sources and previous secrets that are present cannot be read, and what else an
    /// administrator should know.
    pub warnings: Vec<Error>,
}

/// Looks at every source and builds the ring.
pub fn assemble(given: &Given<'_>) -> Assembled {
    let none = ProcessKeys::default();
    let process = given.process.unwrap_or(&none);
    let mut first = None;
    let mut failure = None;
    let mut keys: Vec<Arc<Root>> = Vec::new();
    let mut warnings: Vec<Error> = process.warnings().collect();
    for (source, root) in current(given, process) {
        let is_first = first.is_none();
        first.get_or_insert(source);
        match root {
            Ok(root) => add(&mut keys, root),
            Err(error) if is_first => failure = Some(error),
            Err(error) => warnings.push(error),
        }
    }
    if process.are_previous_key_files_late(given.previous_key_files) {
        warnings.push(Error::PreviousKeyFilesLate);
    }
    for root in previous(given, process) {
        match root {
            Ok(root) => add(&mut keys, root),
            Err(error) => warnings.push(error),
        }
    }
    let ring = match (first, failure) {
        (None, _) => Err(Error::SourceMissing),
        (_, Some(error)) => Err(error),
        (_, None) => Ok(KeyRing { keys }),
    };
    Assembled {
        source: first,
        ring,
        warnings,
    }
}

/// The root of a pair of salts; `None` when neither is there at all.
///
/// # Errors
/// `SourceMissing` when one of them is not there, and those of [`Root::from_salts`].
pub fn salts(key: Option<&[u8]>, salt: Option<&[u8]>, others: &[&[u8]]) -> Option<Result<Root>> {
    match (key, salt) {
        (None, None) => None,
        (Some(key), Some(salt)) => Some(Root::from_salts(key, salt, others)),
        _ => Some(Err(Error::SourceMissing)),
    }
}

/// Every source that is present, strongest first.
fn current(given: &Given<'_>, process: &ProcessKeys) -> Vec<(Source, Result<Arc<Root>>)> {
    let late = process.is_key_file_late(given.key_file);
    let mut found = Vec::new();
    if late {
        found.push((Source::KeyFile, Err(Error::KeyFileLate)));
    }
    for entry in process.entries() {
        match entry.source {
            // Not the file that the configuration says now.
            Some(Source::KeyFile) if late => {}
            Some(source) => found.push((source, entry.root.clone())),
            None => {}
        }
    }
    if let Some(secret) = given.constant {
        found.push((Source::Constant, Root::from_secret(secret).map(Arc::new)));
    }
    if let Some(root) = salts(given.auth_key, given.auth_salt, &given.other_salts) {
        found.push((Source::Salts, root.map(Arc::new)));
    }
    found
}

/// Every previous secret, in the order of the sources.
fn previous(given: &Given<'_>, process: &ProcessKeys) -> Vec<Result<Arc<Root>>> {
    let of_process = process.entries().iter();
    let mut found: Vec<_> = of_process
        .filter(|entry| entry.source.is_none())
        .map(|entry| entry.root.clone())
        .collect();
    for secret in &given.constant_previous {
        found.push(Root::from_secret(secret).map(Arc::new));
    }
    let pair = salts(given.auth_key_previous, given.auth_salt_previous, &[]);
    found.extend(pair.map(|root| root.map(Arc::new)));
    found
}

/// Adds a root unless the ring has it: the same secret may well be in two sources.
fn add(keys: &mut Vec<Arc<Root>>, root: Arc<Root>) {
    if keys.iter().all(|key| key.id() != root.id()) {
        keys.push(root);
    }
}

impl KeyRing {
    /// Id of the key that writes.
    pub fn current_id(&self) -> &[u8; KEY_ID_LEN] {
        self.current().id()
    }

    /// Whether this is the id of the key that writes.
    pub fn is_current(&self, id: &[u8]) -> bool {
        id == self.current_id()
    }

    /// Ids of the keys that only read, in order.
    pub fn previous_ids(&self) -> impl Iterator<Item = &[u8; KEY_ID_LEN]> {
        self.keys[1..].iter().map(|root| root.id())
    }

    /// Whether a key of the ring has this id.
    pub fn holds(&self, id: &[u8]) -> bool {
        self.root(id).is_some()
    }

    /// The same ring, which also reads with these.
    pub fn with_previous(&self, roots: Vec<Root>) -> Self {
        let mut keys = self.keys.clone();
        for root in roots {
            add(&mut keys, Arc::new(root));
        }
        KeyRing { keys }
    }

    /// The key that writes.
    pub(crate) fn current(&self) -> &Root {
        // Invariant of `assemble`: a ring is only made of at least one key.
        &self.keys[0]
    }

    /// The root key with this id.
    pub(crate) fn root(&self, id: &[u8]) -> Option<&Root> {
        self.keys
            .iter()
            .find(|root| root.id() == id)
            .map(|root| &**root)
    }

    /// A ring of one root key, for vectors and tests.
    pub fn from_root(root: [u8; 32]) -> Self {
        KeyRing {
            keys: vec![Arc::new(Root::from_bytes(root))],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::AtStart;

    const ENVIRONMENT: &[u8] = b"byok-test-secret-of-the-environment-0123456789";
    const ENVIRONMENT_PREVIOUS: &[u8] = b"byok-test-secret-that-the-environment-had-0123456789";
    const CONSTANT: &[u8] = b"byok-test-secret-of-the-constant-0123456789";
    const OLD: &[u8] = b"byok-test-secret-of-last-year-0123456789";
    const OLDER: &[u8] = b"byok-test-secret-of-the-year-before-0123456789";
    const KEY: &[u8] = b"byok-test-auth-key 7hQ>pL2x9!vB4nM6cR8tY1wE3uI5oA0sD";
    const SALT: &[u8] = b"byok-test-auth-salt k2J9f7D4s1A8g5H3l6Z0x!C2v4B6n8M";
    const OLD_SALT: &[u8] = b"byok-test-former-salt k2J9f7D4s1A8g5H3l6Z0x!C2v4B6n8M";

    fn environment(secret: &[u8]) -> ProcessKeys {
        ProcessKeys::derive(&AtStart {
            environment: Some(secret),
            environment_previous: Some(ENVIRONMENT_PREVIOUS),
            ..AtStart::default()
        })
    }

    fn salts_of_wordpress<'a>(key: &'a [u8], salt: &'a [u8]) -> Given<'a> {
        Given {
            auth_key: Some(key),
            auth_salt: Some(salt),
            ..Given::default()
        }
    }

    fn ids(ring: &KeyRing) -> Vec<[u8; KEY_ID_LEN]> {
        std::iter::once(ring.current_id())
            .chain(ring.previous_ids())
            .copied()
            .collect()
    }

    fn id(secret: &[u8]) -> [u8; KEY_ID_LEN] {
        *Root::from_secret(secret).unwrap().id()
    }

    fn id_of_salts(key: &[u8], salt: &[u8]) -> [u8; KEY_ID_LEN] {
        *Root::from_salts(key, salt, &[]).unwrap().id()
    }

    #[test]
    fn nothing_given_is_source_missing() {
        let assembled = assemble(&Given::default());
        assert_eq!(assembled.source, None);
        assert_eq!(assembled.ring.err(), Some(Error::SourceMissing));
    }

    #[test]
    fn the_strongest_source_writes_all_read_and_previous_ones_come_last() {
        let process = environment(ENVIRONMENT);
        let all = assemble(&Given {
            process: Some(&process),
            constant: Some(CONSTANT),
            constant_previous: vec![OLD, OLDER],
            auth_key_previous: Some(KEY),
            auth_salt_previous: Some(OLD_SALT),
            ..salts_of_wordpress(KEY, SALT)
        });
        assert_eq!(all.source, Some(Source::Environment));
        assert_eq!(all.warnings, []);
        let expected = [
            id(ENVIRONMENT),
            id(CONSTANT),
            id_of_salts(KEY, SALT),
            id(ENVIRONMENT_PREVIOUS),
            id(OLD),
            id(OLDER),
            id_of_salts(KEY, OLD_SALT),
        ];
        let ring = all.ring.ok().unwrap();
        assert_eq!(ids(&ring), expected);
        assert!(ring.is_current(&expected[0]) && !ring.is_current(&expected[1]));
        assert!(ring.holds(&expected[6]) && !ring.holds(b"AAAAAAAAAAA"));
    }

    #[test]
    fn a_root_that_is_given_twice_is_in_the_ring_once() {
        let process = environment(CONSTANT);
        let assembled = assemble(&Given {
            process: Some(&process),
            constant: Some(CONSTANT),
            constant_previous: vec![OLD, CONSTANT, OLD, ENVIRONMENT_PREVIOUS],
            ..Given::default()
        });
        let ring = assembled.ring.ok().unwrap();
        let expected = [id(CONSTANT), id(ENVIRONMENT_PREVIOUS), id(OLD)];
        assert_eq!(ids(&ring), expected);
        let more = vec![Root::from_secret(OLD).unwrap()];
        assert_eq!(ids(&ring.with_previous(more)), expected);
    }

    #[test]
    fn previous_secrets_alone_are_no_source() {
        let process = ProcessKeys::derive(&AtStart {
            environment_previous: Some(ENVIRONMENT_PREVIOUS),
            ..AtStart::default()
        });
        let assembled = assemble(&Given {
            process: Some(&process),
            constant_previous: vec![OLD],
            auth_key_previous: Some(KEY),
            auth_salt_previous: Some(SALT),
            ..Given::default()
        });
        assert_eq!(assembled.source, None);
        assert_eq!(assembled.ring.err(), Some(Error::SourceMissing));
    }

    #[test]
    fn an_unusable_source_never_gives_way_to_a_weaker_or_previous_one() {
        let process = environment(b"");
        let assembled = assemble(&Given {
            process: Some(&process),
            constant_previous: vec![OLD],
            ..salts_of_wordpress(KEY, SALT)
        });
        assert_eq!(assembled.source, Some(Source::Environment));
        assert_eq!(assembled.ring.err(), Some(Error::SourceTooShort));
    }

    #[test]
    fn unusable_weaker_and_previous_ones_are_warnings() {
        let assembled = assemble(&Given {
            constant: Some(CONSTANT),
            constant_previous: vec![b"", b"byok-root:AAAA"],
            auth_key_previous: Some(KEY),
            ..salts_of_wordpress(KEY, KEY)
        });
        assert!(assembled.ring.is_ok());
        assert_eq!(
            assembled.warnings,
            [
                Error::SaltsDuplicated,
                Error::SourceTooShort,
                Error::SourceMalformed,
                Error::SourceMissing
            ]
        );
    }

    #[test]
    fn one_salt_of_two_is_source_missing() {
        let half = Given {
            auth_key: Some(KEY),
            ..Given::default()
        };
        assert_eq!(assemble(&half).ring.err(), Some(Error::SourceMissing));
    }

    #[test]
    fn salts_are_compared_with_the_other_secrets_of_wordpress() {
        let given = Given {
            other_salts: vec![SALT],
            ..salts_of_wordpress(KEY, SALT)
        };
        assert_eq!(assemble(&given).ring.err(), Some(Error::SaltsDuplicated));
    }
}
