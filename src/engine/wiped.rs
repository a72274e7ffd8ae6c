//! Memory that held a key is overwritten, at the speed of memory.
//!
//! It promises that the zeros are really written, and that [`Wiped`] leaves none of its bytes
//! anywhere. It does not know what the bytes are.
//!
//! `zeroize` writes byte by byte: of the buffers of a request that took longer than all else that
//! is done for it. Here the whole is filled at once, and `zeroize` keeps the compiler from leaving
//! that out.

use std::fmt;
use std::ops::Deref;

use zeroize::optimization_barrier;

/// Overwrites bytes with zeros.
pub fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    optimization_barrier(bytes);
}

/// A text in room that never grows, as a vector that does leaves its old bytes behind. What was
/// written is wiped when it is given back; the rest of the room never held anything.
#[derive(PartialEq, Eq)]
pub struct Wiped(Vec<u8>);

impl Wiped {
    /// Nothing yet, with room for so many bytes.
    pub fn with_room(room: usize) -> Self {
        Wiped(Vec::with_capacity(room))
    }

    /// So many zeros.
    pub fn zeros(length: usize) -> Self {
        Wiped(vec![0; length])
    }

    /// Adds bytes.
    ///
    /// # Panics
    /// When there is no room for them.
    pub fn extend(&mut self, bytes: &[u8]) {
        assert!(bytes.len() <= self.0.capacity() - self.0.len());
        self.0.extend_from_slice(bytes);
    }

    /// How many bytes there is room for in all.
    pub fn room(&self) -> usize {
        self.0.capacity()
    }

    /// Its bytes.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Empties and wipes it.
    pub fn clear(&mut self) {
        wipe(&mut self.0);
        self.0.clear();
    }
}

impl Deref for Wiped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.clear();
    }
}

impl fmt::Debug for Wiped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_wiped_and_the_room_stays() {
        let mut text = Wiped::with_room(40);
        text.extend(b"byok-test-0123456789");
        let (start, room) = (text.as_ptr(), text.room());
        text.clear();
        assert!(text.is_empty());
        // SAFETY: the room is still its own, and these bytes of it were written.
        let behind = unsafe { std::slice::from_raw_parts(start, 20) };
        assert_eq!(behind, [0; 20]);
        text.extend(b"byok-test-0123456789byok-test-9876543210");
        assert_eq!((text.as_ptr(), text.room()), (start, room));
    }

    #[test]
    #[should_panic(expected = "capacity")]
    fn it_never_grows() {
        let mut text = Wiped::with_room(1);
        let room = text.room();
        text.extend(&vec![b'a'; room + 1]);
    }

    #[test]
    fn it_does_not_print_what_it_holds() {
        let mut text = Wiped::with_room(9);
        text.extend(b"byok-test");
        assert_eq!(format!("{text:?}"), "9 bytes");
    }
}
