//! Checks of keys against the test provider, over real connections.

mod check_network;
mod check_outcomes;
mod check_support;
mod check_tls;
