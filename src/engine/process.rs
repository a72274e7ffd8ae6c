//! The roots that a process was given when it started: by key files and by its environment.
//!
//! It promises that they are derived once, into protected memory that every request shares, and
//! that no text they were made of is kept. It does not know which of them writes.

use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::keyfile::KeyFile;
use crate::keyring::Source;
use crate::protected::Protected;
use crate::root::{self, ROOT_LEN, Root};

/// What is given to a process when it starts.
#[derive(Default)]
pub struct AtStart<'a> {
    /// Path of the key file; empty for none.
    pub key_file: &'a str,
    /// Paths of previous key files, separated by `:`.
    pub previous_key_files: &'a str,
    /// Value of the environment variable `BYOK_KEY`.
    pub environment: Option<&'a [u8]>,
    /// Value of the environment variable `BYOK_KEY_PREVIOUS`.
    pub environment_previous: Option<&'a [u8]>,
    /// Whether another process, of the user that PHP starts as, goes on having that environment.
    pub environment_kept: bool,
}

/// The roots of a process, and why some cannot be used.
#[derive(Default)]
pub struct ProcessKeys {
    key_file: String,
    previous_key_files: String,
    entries: Vec<Entry>,
    own: bool,
    environment_own: bool,
    memory: Option<Arc<Protected>>,
}

/// A source that was present, or a previous secret when it has no source.
pub(crate) struct Entry {
    pub source: Option<Source>,
    pub root: Result<Arc<Root>>,
}

impl ProcessKeys {
    /// Reads the files and derives every root. Nothing of the texts is left behind but in the
    /// caller's own.
    pub fn derive(given: &AtStart<'_>) -> Self {
        let mut keys = ProcessKeys {
            key_file: given.key_file.to_owned(),
            previous_key_files: given.previous_key_files.to_owned(),
            ..ProcessKeys::default()
        };
        let has_environment = given.environment.or(given.environment_previous).is_some();
        keys.environment_own =
            has_environment && given.environment_kept && !rustix::process::geteuid().is_root();
        let texts = texts(given);
        if texts.is_empty() {
            return keys;
        }
        let mut memory = Protected::new(texts.len() * ROOT_LEN);
        let mut derived = Vec::new();
        for ((source, text), out) in texts.iter().zip(memory.chunks_exact_mut(ROOT_LEN)) {
            let root = match text {
                Text::File(path) => KeyFile::read(Path::new(path)).and_then(|file| {
                    keys.own |= file.is_own();
                    root::from_secret(file.secret(), out)
                }),
                Text::Environment(secret) => root::from_secret(secret, out),
            };
            derived.push((*source, root));
        }
        let memory = Arc::new(memory);
        keys.entries = derived
            .into_iter()
            .enumerate()
            .map(|(index, (source, root))| Entry {
                source,
                root: root.map(|()| Arc::new(Root::of_process(Arc::clone(&memory), index))),
            })
            .collect();
        keys.memory = Some(memory);
        keys
    }

    /// Locks the roots in memory. A lock is not inherited over fork: each new process calls this.
    pub fn lock(&self) {
        if let Some(memory) = &self.memory {
            memory.lock();
        }
    }

    /// What was present, the strongest first, then what is previous.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether the key file is now said to be another one than at the start.
    pub(crate) fn is_key_file_late(&self, now: &str) -> bool {
        self.key_file != now
    }

    /// Whether the previous key files are now said to be others than at the start.
    pub(crate) fn are_previous_key_files_late(&self, now: &str) -> bool {
        self.previous_key_files != now
    }

    /// What an administrator should know though the roots can be used.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = Error> {
        let unlocked = self
            .memory
            .as_ref()
            .is_some_and(|memory| !memory.is_locked());
        let own = self.own.then_some(Error::KeyFileOwn);
        let environment_own = self.environment_own.then_some(Error::EnvironmentOwn);
        own.into_iter()
            .chain(environment_own)
            .chain(unlocked.then_some(Error::MemoryNotLocked))
    }
}

/// A text, or where it lies.
enum Text<'a> {
    File(&'a str),
    Environment(&'a [u8]),
}

fn texts<'a>(given: &AtStart<'a>) -> Vec<(Option<Source>, Text<'a>)> {
    let mut texts = Vec::new();
    if !given.key_file.is_empty() {
        texts.push((Some(Source::KeyFile), Text::File(given.key_file)));
    }
    if let Some(secret) = given.environment {
        texts.push((Some(Source::Environment), Text::Environment(secret)));
    }
    let previous = given.previous_key_files.split(':');
    for path in previous.filter(|path| !path.is_empty()) {
        texts.push((None, Text::File(path)));
    }
    if let Some(secret) = given.environment_previous {
        texts.push((None, Text::Environment(secret)));
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::{Given, assemble};
    use std::os::unix::fs::OpenOptionsExt;

    const SECRET: &[u8] = b"byok-test-secret-of-the-environment-0123456789";

    /// A key file that is removed at the end of a test.
    struct File(std::path::PathBuf);

    impl File {
        fn new(name: &str, content: &[u8]) -> Self {
            let path = std::env::temp_dir().join(format!("byok-{}-{name}", std::process::id()));
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            let mut file = options.open(&path).unwrap();
            std::io::Write::write_all(&mut file, content).unwrap();
            File(path)
        }

        fn path(&self) -> &str {
            self.0.to_str().unwrap()
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn nothing_given_takes_no_memory() {
        let keys = ProcessKeys::derive(&AtStart::default());
        assert!(keys.entries().is_empty() && keys.memory.is_none());
    }

    #[test]
    fn a_file_and_the_environment_make_the_same_root_of_a_secret() {
        let file = File::new("same", &[SECRET, b"\n"].concat());
        let keys = ProcessKeys::derive(&AtStart {
            key_file: file.path(),
            previous_key_files: &format!(":{}:", file.path()),
            environment: Some(SECRET),
            environment_previous: Some(SECRET),
            ..AtStart::default()
        });
        let found: Vec<_> = keys.entries().iter().map(|entry| entry.source).collect();
        let expected = [Some(Source::KeyFile), Some(Source::Environment), None, None];
        assert_eq!(found, expected);
        let expected = Root::from_secret(SECRET).unwrap();
        for entry in keys.entries() {
            assert_eq!(entry.root.as_ref().ok().unwrap().id(), expected.id());
        }
    }

    #[test]
    fn a_root_of_the_process_is_in_protected_memory() {
        let keys = ProcessKeys::derive(&AtStart {
            environment: Some(SECRET),
            ..AtStart::default()
        });
        let memory = keys.memory.as_ref().unwrap();
        let mut expected = [0u8; ROOT_LEN];
        root::from_secret(SECRET, &mut expected).unwrap();
        assert_eq!(memory[..ROOT_LEN], expected);
    }

    #[test]
    fn an_environment_that_another_process_keeps_is_a_warning_unless_that_one_is_roots() {
        let root = rustix::process::geteuid().is_root();
        for (environment_kept, environment) in
            [(true, Some(SECRET)), (false, Some(SECRET)), (true, None)]
        {
            let keys = ProcessKeys::derive(&AtStart {
                environment_kept,
                environment,
                ..AtStart::default()
            });
            let expected = environment_kept && environment.is_some() && !root;
            let told = keys
                .warnings()
                .any(|warning| warning == Error::EnvironmentOwn);
            assert_eq!(told, expected);
        }
    }

    #[test]
    fn a_file_that_is_named_after_the_start_is_late() {
        let keys = ProcessKeys::derive(&AtStart {
            environment: Some(SECRET),
            ..AtStart::default()
        });
        let late = assemble(&Given {
            process: Some(&keys),
            key_file: "/etc/byok.key",
            ..Given::default()
        });
        assert_eq!(late.source, Some(Source::KeyFile));
        assert_eq!(late.ring.err(), Some(Error::KeyFileLate));
    }

    #[test]
    fn a_file_that_is_no_longer_named_does_not_write() {
        let file = File::new("gone", SECRET);
        let keys = ProcessKeys::derive(&AtStart {
            key_file: file.path(),
            environment: Some(SECRET),
            ..AtStart::default()
        });
        for now in ["", "/etc/another.key"] {
            let late = assemble(&Given {
                process: Some(&keys),
                key_file: now,
                ..Given::default()
            });
            assert_eq!(late.ring.err(), Some(Error::KeyFileLate));
        }
        let same = assemble(&Given {
            process: Some(&keys),
            key_file: file.path(),
            ..Given::default()
        });
        assert!(same.ring.is_ok());
    }

    #[test]
    fn previous_files_that_are_named_after_the_start_are_a_warning() {
        let keys = ProcessKeys::derive(&AtStart {
            environment: Some(SECRET),
            ..AtStart::default()
        });
        let late = assemble(&Given {
            process: Some(&keys),
            previous_key_files: "/etc/byok.key.old",
            ..Given::default()
        });
        assert!(late.ring.is_ok());
        assert_eq!(late.warnings, [Error::PreviousKeyFilesLate]);
    }
}
