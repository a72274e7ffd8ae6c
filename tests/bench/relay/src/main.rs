//! The two ends of a measurement of relays: `provider` answers with streams, `load` opens them.
//!
//! ```text
//! byok-relay-bench provider
//! byok-relay-bench load URL STREAMS RATE
//! ```
//!
//! `load` reads lines of headers on standard input, one set for each line, its headers separated by
//! tabs, and takes them in turns: tokens are in no argument. It prints one line of JSON.

mod load;
mod provider;

use std::process::ExitCode;

const USAGE: &str = "usage: byok-relay-bench provider | load URL STREAMS RATE < HEADERS";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // One thread each: what is measured runs beside.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("byok-relay-bench: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = match arguments.as_slice() {
        ["provider"] => runtime.block_on(provider::serve()),
        ["load", url, streams, rate] => match (streams.parse(), rate.parse()) {
            (Ok(streams), Ok(rate)) => runtime.block_on(load::run(url, streams, rate)),
            _ => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        },
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("byok-relay-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
