//! The engine of byok: what a stored key looks like, which root key opens it, which provider it
//! belongs to, how it is checked, and how it is kept out of logs.
//!
//! It promises that a plaintext key lives in wiped memory only, that every failure has a typed
//! reason, and that no message holds any part of an input. It knows nothing of PHP, WordPress or a
//! database.

pub mod agent;
pub mod check;
pub mod context;
pub mod credential;
pub mod envelope;
pub mod error;
pub mod keyfile;
pub mod keyring;
pub mod mask;
pub mod origin;
pub mod process;
pub mod protected;
pub mod provider;
pub mod redact;
mod resolver;
pub mod root;

pub use error::{Error, Result};
