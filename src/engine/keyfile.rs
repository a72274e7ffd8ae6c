//! Reads a key file: the only source that PHP code cannot read, because it belongs to root.
//!
//! It promises that only a private, regular file of a trusted owner is read, that a path cannot
//! make it wait or follow a link, and that the content is in protected memory alone. It does not
//! know when it is called: the extension does it before php-fpm drops its privileges.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::protected::Protected;

/// The longest key file, in bytes. A generated key has 53; a bound keeps a wrong path from costing
/// memory.
const SIZE_MAX: usize = 4096;
const ROOT_USER: u32 = 0;

/// A key file that was read.
pub struct KeyFile {
    content: Protected,
    length: usize,
    own: bool,
}

/// What decides whether a file may be read, apart from its content.
struct Facts {
    regular: bool,
    owner: u32,
    mode: u32,
    size: u64,
}

impl KeyFile {
    /// Reads a key file as the effective user.
    ///
    /// # Errors
    /// `KeyFileRelative`, `KeyFileMissing`, `KeyFileUnreadable`, `KeyFileNotRegular`,
    /// `KeyFileOwner`, `KeyFileMode`, `KeyFileSize`, `KeyFileMalformed`.
    pub fn read(path: &Path) -> Result<Self> {
        if !path.is_absolute() {
            return Err(Error::KeyFileRelative);
        }
        // A link could lead to a file of somebody else's choice; a pipe would wait for a writer, and
        // a terminal would become PHP's own. Rust adds O_CLOEXEC.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(path)
            .map_err(|error| refused(&error))?;
        // Of the open file, not of the path: what is judged is what is read.
        let metadata = file.metadata().map_err(|error| refused(&error))?;
        let facts = Facts {
            regular: metadata.is_file(),
            owner: metadata.uid(),
            mode: metadata.mode() & 0o7777,
            size: metadata.len(),
        };
        let user = rustix::process::geteuid().as_raw();
        facts.judge(user)?;
        let (content, read) = content(&mut file)?;
        let length = line(&content[..read])?;
        Ok(KeyFile {
            content,
            length,
            own: facts.owner == user && user != ROOT_USER,
        })
    }

    /// Its line, without the line's end.
    pub fn secret(&self) -> &[u8] {
        &self.content[..self.length]
    }

    /// Whether it belongs to the user that PHP runs as, who is not root: then PHP code can read it.
    pub fn is_own(&self) -> bool {
        self.own
    }
}

impl Facts {
    fn judge(&self, user: u32) -> Result<()> {
        if !self.regular {
            return Err(Error::KeyFileNotRegular);
        }
        // Another user could change the key. When PHP starts as root, only root is trusted.
        if self.owner != ROOT_USER && self.owner != user {
            return Err(Error::KeyFileOwner);
        }
        // An access control list that lets others in shows in the bits of the group.
        if !matches!(self.mode, 0o400 | 0o600) {
            return Err(Error::KeyFileMode);
        }
        match usize::try_from(self.size) {
            Ok(1..=SIZE_MAX) => Ok(()),
            _ => Err(Error::KeyFileSize),
        }
    }
}

/// Why a file cannot be opened.
fn refused(error: &std::io::Error) -> Error {
    match (error.kind(), Errno::from_io_error(error)) {
        // A link that is not followed, and a socket.
        (_, Some(Errno::LOOP | Errno::NXIO)) => Error::KeyFileNotRegular,
        (ErrorKind::NotFound | ErrorKind::NotADirectory, _) => Error::KeyFileMissing,
        _ => Error::KeyFileUnreadable,
    }
}

/// Everything in the file, straight into protected memory, and how many bytes it is.
fn content(file: &mut File) -> Result<(Protected, usize)> {
    // One byte more, to notice a file that has grown since it was judged.
    let mut content = Protected::new(SIZE_MAX + 1);
    let mut length = 0;
    while length <= SIZE_MAX {
        match file.read(&mut content[length..=SIZE_MAX]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(refused(&error)),
        }
    }
    match length {
        1..=SIZE_MAX => Ok((content, length)),
        _ => Err(Error::KeyFileSize),
    }
}

/// Length of the only line.
fn line(content: &[u8]) -> Result<usize> {
    let line = match content {
        [line @ .., b'\r', b'\n'] | [line @ .., b'\n'] => line,
        line => line,
    };
    if line.iter().any(u8::is_ascii_control) {
        return Err(Error::KeyFileMalformed);
    }
    Ok(line.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Facts = Facts {
        regular: true,
        owner: 0,
        mode: 0o400,
        size: 53,
    };

    #[test]
    fn only_root_or_the_user_of_php_may_own_it() {
        for (owner, user, expected) in [
            (0, 0, Ok(())),
            (0, 33, Ok(())),
            (33, 33, Ok(())),
            (33, 0, Err(Error::KeyFileOwner)),
            (34, 33, Err(Error::KeyFileOwner)),
        ] {
            assert_eq!(Facts { owner, ..GOOD }.judge(user), expected);
        }
    }

    #[test]
    fn only_its_owner_may_do_anything_with_it() {
        for mode in 0..=0o7777 {
            let expected = matches!(mode, 0o400 | 0o600);
            let facts = Facts { mode, ..GOOD };
            assert_eq!(facts.judge(0).is_ok(), expected, "{mode:o}");
        }
    }

    #[test]
    fn sizes_have_exact_bounds() {
        for (size, expected) in [(0, false), (1, true), (4096, true), (4097, false)] {
            assert_eq!(Facts { size, ..GOOD }.judge(0).is_ok(), expected);
        }
    }

    #[test]
    fn one_line_end_is_taken_off_and_no_other_control_character_is_allowed() {
        for (content, expected) in [
            ("secret", Ok(6)),
            ("secret\n", Ok(6)),
            ("secret\r\n", Ok(6)),
            ("sécret\n", Ok(7)),
            ("secret\n\n", Err(Error::KeyFileMalformed)),
            ("secret\r", Err(Error::KeyFileMalformed)),
            ("secret\nanother", Err(Error::KeyFileMalformed)),
            ("sec\tret", Err(Error::KeyFileMalformed)),
            ("secret\0", Err(Error::KeyFileMalformed)),
            ("\x7f", Err(Error::KeyFileMalformed)),
        ] {
            assert_eq!(line(content.as_bytes()), expected, "{content:?}");
        }
    }
}
