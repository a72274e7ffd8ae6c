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
mod date;
mod echo;
pub mod envelope;
pub mod error;
mod failure;
mod forms;
pub mod keyfile;
pub mod keyring;
pub mod mac;
pub mod mask;
pub mod models;
pub mod offload;
pub mod opened;
pub mod origin;
pub mod process;
pub mod protected;
pub mod provider;
pub mod redact;
pub mod relay;
pub mod request;
mod resolver;
mod retry;
pub mod root;
pub mod send;
pub mod target;
pub mod ticket;
pub mod uses;
mod wiped;

pub use error::{Error, Result};
