//! Memory for secrets that live as long as the process, and for what they are made of.
//!
//! It promises a mapping of its own, which core dumps leave out and swap does not get, as far as
//! the system allows, and which is wiped before it is given back. It does not know what it holds,
//! and cannot keep a secret from code that runs in the process.

use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::mm::{self, MapFlags, ProtFlags};
use zeroize::Zeroize;

/// Zeroed bytes in a mapping of their own.
pub struct Protected {
    start: NonNull<u8>,
    length: usize,
    locked: AtomicBool,
}

// SAFETY: the mapping belongs to this value alone and is not tied to a thread; it is written
// through `&mut` only.
unsafe impl Send for Protected {}
// SAFETY: as above; `&Protected` only reads the mapping.
unsafe impl Sync for Protected {}

impl Protected {
    /// A mapping of at least `length` zero bytes; the kernel rounds up to whole pages. As with
    /// every allocation in Rust, the process ends when there is no memory.
    pub fn new(length: usize) -> Self {
        let length = length.max(1);
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no other.
        let mapped = unsafe {
            mm::mmap_anonymous(
                std::ptr::null_mut(),
                length,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE,
            )
        };
        let Some(start) = mapped.ok().and_then(|start| NonNull::new(start.cast())) else {
            std::alloc::handle_alloc_error(std::alloc::Layout::new::<[u8; 4096]>());
        };
        let protected = Protected {
            start,
            length,
            locked: AtomicBool::new(false),
        };
        // Before the first secret is written.
        protected.lock();
        protected
    }

    /// Keeps the memory out of swap and of core dumps, and returns whether both worked. A lock is
    /// not inherited over fork: each new process calls this again.
    pub fn lock(&self) -> bool {
        let start = self.start.as_ptr().cast();
        // SAFETY: the range is our own mapping.
        let locked = unsafe { mm::mlock(start, self.length) }.is_ok();
        let left_out = leave_out_of_dumps(start, self.length);
        self.locked.store(locked && left_out, Ordering::Relaxed);
        locked && left_out
    }

    /// What [`Protected::lock`] last returned.
    pub fn is_locked(&self) -> bool {
        self.locked.load(Ordering::Relaxed)
    }
}

#[cfg(target_os = "linux")]
fn leave_out_of_dumps(start: *mut std::ffi::c_void, length: usize) -> bool {
    // SAFETY: the callers' range is their own mapping, and this advice does not change its content.
    unsafe { mm::madvise(start, length, mm::Advice::LinuxDontDump) }.is_ok()
}

#[cfg(not(target_os = "linux"))]
fn leave_out_of_dumps(_: *mut std::ffi::c_void, _: usize) -> bool {
    false
}

impl Deref for Protected {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the mapping has `length` readable bytes and lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl DerefMut for Protected {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`; `&mut self` makes it the only reference.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl Drop for Protected {
    fn drop(&mut self) {
        self.zeroize();
        // SAFETY: our own mapping, to which no reference is left. A failure leaves zeros mapped.
        let _ = unsafe { mm::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The `VmFlags` of the mapping that holds this address.
    fn flags(address: usize) -> Option<String> {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut inside = false;
        for line in maps.lines() {
            let range = line.split(' ').next().and_then(|word| word.split_once('-'));
            if let Some((start, end)) = range
                && let (Ok(start), Ok(end)) = (
                    usize::from_str_radix(start, 16),
                    usize::from_str_radix(end, 16),
                )
            {
                inside = (start..end).contains(&address);
            }
            if inside && let Some(flags) = line.strip_prefix("VmFlags: ") {
                return Some(flags.to_owned());
            }
        }
        None
    }

    #[test]
    fn it_is_zeroed_locked_and_left_out_of_dumps() {
        let protected = Protected::new(64);
        assert!(protected.iter().all(|byte| *byte == 0));
        assert!(protected.is_locked());
        let flags = flags(protected.as_ptr() as usize).unwrap();
        let has = |flag| flags.split(' ').any(|word| word == flag);
        assert!(has("dd") && has("lo"), "{flags}");
    }

    #[test]
    fn it_is_unmapped_when_dropped() {
        // Large, so that no other test's mapping lands in the middle of the gap it leaves.
        let protected = Protected::new(64 << 20);
        let middle = protected.as_ptr() as usize + (32 << 20);
        assert!(flags(middle).is_some_and(|flags| flags.contains("dd")));
        drop(protected);
        assert!(flags(middle).is_none_or(|flags| !flags.contains("dd")));
    }
}
