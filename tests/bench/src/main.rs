//! `byok-bench requests URL CA-FILE COUNT`, the body on standard input: the same request again and
//! again with a bare ureq agent. Prints the nanoseconds of each, one a line; the first one connects.

use std::error::Error;
use std::io::Read;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [command, url, ca_file, count] = arguments.as_slice() else {
        eprintln!("usage: byok-bench requests URL CA-FILE COUNT < BODY");
        return ExitCode::from(2);
    };
    match (command.as_str(), count.parse()) {
        ("requests", Ok(count)) => match requests(url, ca_file, count) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("byok-bench: {error}");
                ExitCode::FAILURE
            }
        },
        _ => ExitCode::from(2),
    }
}

fn requests(url: &str, ca_file: &str, count: usize) -> Result<(), Box<dyn Error>> {
    let mut body = Vec::new();
    std::io::stdin().read_to_end(&mut body)?;
    // A key of a test is no secret, but stays out of the list of processes all the same.
    let key = std::env::var("BYOK_BENCH_KEY")?;
    let pem = std::fs::read(ca_file)?;
    let roots: RootCerts = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect::<Vec<_>>()
        .into();
    let agent = Agent::new_with_config(
        Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .max_redirects(0)
            .http_status_as_error(false)
            .build(),
    );
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let begun = Instant::now();
        let mut answer = agent
            .post(url)
            .config()
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .header("Authorization", format!("Bearer {key}"))
            .header("Content-Type", "application/json")
            .send(&body[..])?;
        let answered = answer.body_mut().read_to_vec()?;
        times.push(begun.elapsed().as_nanos());
        if answer.status() != 200 || answered.is_empty() {
            return Err(format!("the provider answered {}", answer.status()).into());
        }
    }
    for time in times {
        println!("{time}");
    }
    Ok(())
}
