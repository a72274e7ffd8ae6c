//! Requests with a stored key, to the test provider and to servers that would like to have it.

#[path = "check_support.rs"]
#[allow(dead_code, reason = "half of it is about checks")]
mod check_support;
mod send_answers;
mod send_bounds;
mod send_echo;
mod send_key;
mod send_models;
mod send_support;
