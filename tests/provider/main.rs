//! Runs the test provider until it is ended.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use byok_test_provider::Server;

const USAGE: &str =
    "usage: byok-test-provider [--port N] [--tls-port N] [--ca-out FILE] [--parent-pid N]

Answers like the AI providers on 127.0.0.1 and prints one line when it is ready:
  listening http=127.0.0.1:PORT https=localhost:PORT

  --port N        port for http, 0 for any (default)
  --tls-port N    port for https, 0 for any (default)
  --ca-out FILE   writes the certificate of its certificate authority
  --parent-pid N  ends when that process is gone";

#[derive(Default)]
struct Options {
    port: u16,
    tls_port: u16,
    ca_out: Option<String>,
    parent: Option<u32>,
}

fn main() -> ExitCode {
    let Some(options) = options(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("byok-test-provider: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut args: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options::default();
    while let Some(name) = args.next() {
        let value = args.next()?;
        match name.as_str() {
            "--port" => options.port = value.parse().ok()?,
            "--tls-port" => options.tls_port = value.parse().ok()?,
            "--ca-out" => options.ca_out = Some(value),
            "--parent-pid" => options.parent = Some(value.parse().ok()?),
            _ => return None,
        }
    }
    Some(options)
}

fn run(options: &Options) -> Result<(), Box<dyn Error + Send + Sync>> {
    let server = Server::start_on(options.port, options.tls_port)?;
    if let Some(file) = &options.ca_out {
        std::fs::write(file, server.authority())?;
    }
    println!(
        "listening http=127.0.0.1:{} https=localhost:{}",
        server.port(),
        server.tls_port()
    );
    // Without a parent to watch it waits for a signal.
    while options.parent.is_none_or(is_running) {
        thread::sleep(Duration::from_millis(300));
    }
    Ok(())
}

fn is_running(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}
