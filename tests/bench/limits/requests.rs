//! A request with ureq and nothing else.

use std::cell::RefCell;
use std::error::Error;

use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

thread_local! {
    static AGENT: RefCell<Option<Agent>> = const { RefCell::new(None) };
}

/// Makes the request; the first one connects.
pub fn post(url: &str, ca_file: &str, key: &str, body: &str) -> Result<i64, Box<dyn Error>> {
    let agent = agent(ca_file)?;
    let mut answer = agent
        .post(url)
        .header("Authorization", format!("Bearer {key}"))
        .header("Content-Type", "application/json")
        .send(body)?;
    answer.body_mut().read_to_vec()?;
    Ok(answer.status().as_u16().into())
}

fn agent(ca_file: &str) -> Result<Agent, Box<dyn Error>> {
    AGENT.with_borrow_mut(|slot| {
        if let Some(agent) = slot {
            return Ok(agent.clone());
        }
        let pem = std::fs::read(ca_file)?;
        let roots: RootCerts = parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect::<Vec<_>>()
            .into();
        let config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .max_redirects(0)
            .http_status_as_error(false)
            .build();
        Ok(slot.insert(Agent::new_with_config(config)).clone())
    })
}
