//! How often each ticket may still be used, and which were ended: counters in memory that all
//! workers of a server share.
//!
//! It promises that a ticket is used no more often than it may be, whatever the workers do at the
//! same time, that what is spent or over makes room, and that what was ended in one worker is ended
//! in all. It does not know what a ticket is for, and holds nothing secret.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use rustix::mm::{self, MapFlags, ProtFlags};
use rustix::time::{ClockId, clock_gettime};

use crate::{Error, Result};

/// How many tickets there may be at a time: a thousand a second, of a minute each. It takes a
/// mebibyte, of which the system provides what is used.
pub const CAPACITY: usize = 1 << 16;

/// As many places are looked at for a free one. When so many in a row are taken, nearly all are.
const LOOKED_AT: usize = 4096;

/// One in so many places is a tenant's: who takes all that are theirs leaves three in four to the
/// others, and of each other's as many.
const SHARE: u64 = 4;

/// So many groups of tickets can be told apart. Where two share a number, both end together.
const GROUPS: usize = 1 << 14;

/// So many tenants can be. Nobody who has a group has a number among these.
const TENANTS: usize = 1 << 10;

/// What is shared: all of it zero at first.
struct Shared {
    places: [Place; CAPACITY],
    /// How often the tickets of each group were ended; then how often all of a tenant's.
    ended: [AtomicU32; GROUPS + TENANTS],
}

/// The place of one ticket. All of it zero is a free one.
struct Place {
    /// Until when it is taken, in seconds, and the tag of who has it.
    holder: AtomicU64,
    /// The same tag, and how often the ticket may still be used.
    left: AtomicU64,
}

/// The counters. What is forked from this process has the same ones.
pub struct Uses {
    shared: NonNull<Shared>,
    /// What numbers of groups are made with, so that nobody looks for a name that shares another's.
    salt: u64,
}

// SAFETY: the mapping belongs to this value, is not tied to a thread, and holds atomics only.
unsafe impl Send for Uses {}
// SAFETY: as above.
unsafe impl Sync for Uses {}

/// Where a ticket is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Its place.
    pub place: u32,
    /// What tells it from others that had the place.
    pub tag: u32,
}

/// A group of tickets, and how often it had been ended when a ticket of it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// Its number.
    pub number: u32,
    /// How often it had been ended.
    pub ended: u32,
}

/// Seconds of a clock that nobody sets, the same in every process.
pub(crate) fn now() -> u32 {
    // Invariant: this clock begins when the machine does, and no machine runs for a century.
    clock_gettime(ClockId::Monotonic).tv_sec as u32
}

impl Uses {
    /// Makes the counters; to be called before the processes are forked that shall share them.
    ///
    /// # Errors
    ///
    /// `TicketsFull` when the system gives no memory for them; `RandomUnavailable`.
    pub fn new() -> Result<Self> {
        let salt = getrandom::u64().map_err(|_| Error::RandomUnavailable)?;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no other.
        let mapped = unsafe {
            mm::mmap_anonymous(
                std::ptr::null_mut(),
                size_of::<Shared>(),
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
            )
        };
        let shared = mapped.ok().and_then(|start| NonNull::new(start.cast()));
        Ok(Self {
            shared: shared.ok_or(Error::TicketsFull)?,
            salt,
        })
    }

    fn shared(&self) -> &Shared {
        // SAFETY: the mapping is page-aligned, has room for it, lives as long as `self`, and zero
        // bytes are valid atomics.
        unsafe { self.shared.as_ref() }
    }

    fn places(&self) -> &[Place] {
        &self.shared().places
    }

    /// The number of a tenant's group.
    fn number(&self, tenant: &[u8], name: &[u8]) -> usize {
        let all = mix(self.salt ^ seed(tenant));
        // Invariant: the remainders fit.
        if name.is_empty() {
            GROUPS + (all % TENANTS as u64) as usize
        } else {
            (mix(hash(all, name)) % GROUPS as u64) as usize
        }
    }

    /// The group of a tenant's tickets that have this name; empty for all of the tenant's.
    pub(crate) fn group(&self, tenant: &[u8], name: &[u8]) -> Group {
        let number = self.number(tenant, name);
        Group {
            number: number as u32,
            ended: self.shared().ended[number].load(Ordering::Acquire),
        }
    }

    /// Ends all tickets of a group that were made before.
    pub(crate) fn end(&self, tenant: &[u8], name: &[u8]) {
        self.shared().ended[self.number(tenant, name)].fetch_add(1, Ordering::AcqRel);
    }

    /// Whether a group was ended since.
    pub(crate) fn is_over(&self, group: Group) -> bool {
        let ended = self.shared().ended.get(group.number as usize);
        ended.is_none_or(|ended| ended.load(Ordering::Acquire) != group.ended)
    }

    /// Takes a place for a ticket of a tenant that may be used so often, until then.
    ///
    /// # Errors
    ///
    /// `TicketsFull` when there is none, `RandomUnavailable`.
    pub(crate) fn begin(&self, until: u32, uses: u32, tenant: &[u8]) -> Result<Counted> {
        let seed = seed(tenant);
        let tag = getrandom::u32().map_err(|_| Error::RandomUnavailable)?;
        let now = now();
        let first = tag as usize;
        let places = self.places();
        for index in (first..first + LOOKED_AT).map(|index| index % CAPACITY) {
            if !is_of(index, seed) {
                continue;
            }
            let place = &places[index];
            let holder = place.holder.load(Ordering::Acquire);
            if high(holder) > now {
                continue;
            }
            let taken = place.holder.compare_exchange(
                holder,
                pack(until, tag),
                Ordering::AcqRel,
                Ordering::Relaxed,
            );
            if taken.is_ok() {
                // The ticket is not out yet: nobody asks for its uses before they are written.
                place.left.store(pack(tag, uses), Ordering::Release);
                return Ok(Counted {
                    // Invariant: the capacity fits.
                    place: index as u32,
                    tag,
                });
            }
        }
        Err(Error::TicketsFull)
    }

    /// Takes one use; with the last one the place is free.
    ///
    /// # Errors
    ///
    /// `TicketSpent` when none is left.
    pub(crate) fn take(&self, ticket: Counted) -> Result<()> {
        let place = self
            .places()
            .get(ticket.place as usize)
            .ok_or(Error::TicketSpent)?;
        let before = place
            .left
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
                (high(word) == ticket.tag && low(word) > 0).then(|| word - 1)
            })
            .map_err(|_| Error::TicketSpent)?;
        if low(before) == 1 {
            let holder = place.holder.load(Ordering::Acquire);
            if low(holder) == ticket.tag {
                let _ =
                    place
                        .holder
                        .compare_exchange(holder, 0, Ordering::AcqRel, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// How many places are taken.
    pub fn count(&self) -> usize {
        let now = now();
        self.places()
            .iter()
            .filter(|place| high(place.holder.load(Ordering::Relaxed)) > now)
            .count()
    }
}

impl Drop for Uses {
    fn drop(&mut self) {
        // SAFETY: our own mapping, to which no reference is left. A failure leaves it mapped.
        let _ = unsafe { mm::munmap(self.shared.as_ptr().cast(), size_of::<Shared>()) };
    }
}

/// A number for a tenant. An administrator of PHP chooses them: nobody makes two that are alike.
fn seed(tenant: &[u8]) -> u64 {
    hash(0xcbf2_9ce4_8422_2325, tenant)
}

/// FNV-1a, from where it was.
fn hash(before: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(before, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Whether a tenant may have a place: as if it had been drawn, and the same in every process.
fn is_of(index: usize, seed: u64) -> bool {
    mix(seed ^ (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)).is_multiple_of(SHARE)
}

/// The finish of SplitMix64.
fn mix(mut mixed: u64) -> u64 {
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn pack(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn high(word: u64) -> u32 {
    // Half of the bits are left.
    (word >> 32) as u32
}

fn low(word: u64) -> u32 {
    // The lower half is what is asked for.
    word as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn a_ticket_is_used_as_often_as_it_may_be() {
        let uses = Uses::new().expect("memory");
        let ticket = uses.begin(now() + 60, 3, b"").expect("a place");
        for _ in 0..3 {
            assert_eq!(uses.take(ticket), Ok(()));
        }
        for _ in 0..3 {
            assert_eq!(uses.take(ticket), Err(Error::TicketSpent));
        }
        assert_eq!(uses.count(), 0);
    }

    #[test]
    fn threads_that_hurry_take_no_more() {
        let uses = Uses::new().expect("memory");
        let ticket = uses.begin(now() + 60, 1000, b"").expect("a place");
        let taken = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        if uses.take(ticket).is_ok() {
                            taken.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(taken.load(Ordering::Relaxed), 1000);
    }

    #[test]
    fn the_next_holder_of_a_place_is_another() {
        let uses = Uses::new().expect("memory");
        let ticket = uses.begin(now() + 60, 5, b"").expect("a place");
        let other = Counted {
            tag: ticket.tag.wrapping_add(1),
            ..ticket
        };
        assert_eq!(uses.take(other), Err(Error::TicketSpent));
        assert_eq!(uses.take(ticket), Ok(()));
        let nowhere = Counted {
            place: u32::MAX,
            ..ticket
        };
        assert_eq!(uses.take(nowhere), Err(Error::TicketSpent));
    }

    #[test]
    fn what_is_ended_is_over_and_nothing_else() {
        let uses = Uses::new().expect("memory");
        let all = uses.group(b"one", b"");
        let five = uses.group(b"one", b"user:5");
        let others = [uses.group(b"one", b"user:6"), uses.group(b"two", b"user:5")];
        uses.end(b"one", b"user:5");
        assert!(uses.is_over(five));
        assert!(!uses.is_over(all) && !others.iter().any(|group| uses.is_over(*group)));
        assert!(!uses.is_over(uses.group(b"one", b"user:5")));
        let nowhere = Group {
            number: u32::MAX,
            ..all
        };
        assert!(uses.is_over(nowhere));
    }

    #[test]
    fn no_name_ends_all_of_a_tenant() {
        let uses = Uses::new().expect("memory");
        let all = uses.group(b"", b"");
        for id in 0..4 * GROUPS as u32 {
            uses.end(b"", format!("visitor:{id}").as_bytes());
        }
        assert!(!uses.is_over(all));
        uses.end(b"", b"");
        assert!(uses.is_over(all));
        let other = Uses::new().expect("memory");
        let numbers = |uses: &Uses| -> Vec<u32> {
            (0..8_u8).map(|id| uses.group(b"", &[id]).number).collect()
        };
        assert_ne!(numbers(&uses), numbers(&other), "names can be looked for");
    }

    #[test]
    fn when_all_is_taken_it_says_so_until_time_is_over() {
        let uses = Uses::new().expect("memory");
        for place in uses.places() {
            place.holder.store(pack(now() + 60, 1), Ordering::Relaxed);
        }
        assert_eq!(uses.count(), CAPACITY);
        assert_eq!(uses.begin(now() + 60, 1, b""), Err(Error::TicketsFull));
        for place in uses.places() {
            place.holder.store(pack(now(), 1), Ordering::Relaxed);
        }
        assert!(uses.begin(now() + 60, 1, b"").is_ok());
    }

    #[test]
    fn who_takes_all_leaves_room_for_others() {
        let uses = Uses::new().expect("memory");
        let mut taken = 0;
        while uses.begin(now() + 60, 1, b"greedy").is_ok() {
            taken += 1;
        }
        let share = CAPACITY / 4;
        assert!(taken > share / 2 && taken < share + share / 8, "{taken}");
        for other in [&b""[..], b"one", b"greedy2"] {
            let mut left = 0;
            while left < share / 2 && uses.begin(now() + 60, 1, other).is_ok() {
                left += 1;
            }
            assert!(left > share / 4, "{left} are left to {other:?}");
        }
    }
}
