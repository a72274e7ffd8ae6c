//! The HTTP client of this process: one, so that connections outlive a request.
//!
//! It promises that a process which was forked from another gets its own. It does not know what the
//! client is used for.

use std::cell::RefCell;
use std::rc::Rc;

use byok_engine::Result;
use byok_engine::agent::{Client, Policy};

use crate::ini;

thread_local! {
    /// The client, the process it was made in and what it was made for.
    static CLIENT: RefCell<Option<(u32, Policy, Rc<Client>)>> = const { RefCell::new(None) };
}

/// The client. It is the caller's while it is used: a callback may need it as well.
pub fn client() -> Result<Rc<Client>> {
    let pid = std::process::id();
    let policy = ini::policy();
    CLIENT.with_borrow_mut(|slot| {
        if let Some((owner, made_for, client)) = slot.as_ref()
            && *owner == pid
            && *made_for == policy
        {
            return Ok(Rc::clone(client));
        }
        if let Some((owner, _, client)) = slot.take()
            && owner != pid
        {
            // Inherited over fork: dropping it would end the parent's TLS sessions.
            std::mem::forget(client);
        }
        let client = Rc::new(Client::new(policy.clone())?);
        *slot = Some((pid, policy, Rc::clone(&client)));
        Ok(client)
    })
}
