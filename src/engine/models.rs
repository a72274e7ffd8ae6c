//! Lists the models of a provider: all pages of its list.
//!
//! It promises an end, whatever the provider answers: pages, models and time are bounded. The key is
//! in nothing that it tells, also when the provider has hidden it in escapes. It does not know any
//! provider; the table does.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use crate::agent::Client;
use crate::date;
use crate::echo::Echo;
use crate::opened::Opened;
use crate::provider::Models;
use crate::request::Request;
use crate::send::send;
use crate::target::Target;
use crate::{Error, Result};

/// The most models. The longest list has some 500.
const MAX_MODELS: usize = 5000;

/// The most pages: a provider whose pages never end is broken.
const MAX_PAGES: usize = 50;

/// The largest page, decoded. The longest has some 800 KiB.
const MAX_PAGE: u64 = 8 * 1024 * 1024;

/// The longest mark of a next page, which goes into the URL.
const MAX_MARK: usize = 1024;

/// One model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// What requests name it by.
    pub id: String,
    /// The name for people; the id when there is none.
    pub name: String,
    /// When it was made, in seconds since 1970.
    pub created_at: Option<i64>,
}

/// Lists the models that the key may use, in the provider's order, each once. `timeout` is for all
/// pages.
///
/// # Errors
///
/// `ModelsUnsupported` when the table has no list, `ModelsUnreadable` when the provider refuses or
/// answers something else, and what [`send`] returns.
pub fn models(client: &Client, opened: &Opened, timeout: Duration) -> Result<Vec<Model>> {
    let start = Instant::now();
    let list = opened.provider().models.as_ref();
    let list = list.ok_or(Error::ModelsUnsupported)?;
    let mut found = Found::default();
    // The answer passed one as it arrived, before its escapes were read.
    let mut echo = Echo::of(opened.key(), 0);
    let mut path = list.path.clone();
    for _ in 0..MAX_PAGES {
        let mut request = Request::new("GET", Target::Path(&path))?;
        request.header(b"accept", b"application/json")?;
        request.limits.timeout = timeout.checked_sub(start.elapsed()).ok_or(Error::Timeout)?;
        request.limits.max_bytes = Some(MAX_PAGE);
        let mut body = Vec::new();
        let sent = send(client, opened, &request, &mut body)?;
        if sent.head.status != 200 {
            return Err(Error::ModelsUnreadable);
        }
        let page: Value = serde_json::from_slice(&body).map_err(|_| Error::ModelsUnreadable)?;
        found.add(list, &page, &mut echo)?;
        match next(list, &page, &mut echo) {
            Some(next) if next != path && found.models.len() < MAX_MODELS => path = next,
            _ => break,
        }
    }
    Ok(found.models)
}

/// The models of the pages so far.
#[derive(Default)]
struct Found {
    models: Vec<Model>,
    ids: HashSet<String>,
}

impl Found {
    fn add(&mut self, list: &Models, page: &Value, echo: &mut Echo) -> Result<()> {
        let mut is_list = false;
        for rows in list.lists.iter().filter_map(|at| page.pointer(at)) {
            let Some(rows) = rows.as_array() else {
                continue;
            };
            is_list = true;
            for model in rows.iter().filter_map(|row| model(list, row, echo)) {
                if self.models.len() < MAX_MODELS && self.ids.insert(model.id.clone()) {
                    self.models.push(model);
                }
            }
        }
        if is_list {
            Ok(())
        } else {
            Err(Error::ModelsUnreadable)
        }
    }
}

/// Reads one model; `None` when it has no id.
fn model(list: &Models, row: &Value, echo: &mut Echo) -> Option<Model> {
    let text = |field: &String| row.get(field)?.as_str().filter(|text| !text.is_empty());
    let id = text(&list.id)?;
    let id = list
        .without
        .as_deref()
        .and_then(|without| id.strip_prefix(without))
        .unwrap_or(id);
    let name = list.name.as_ref().and_then(text).unwrap_or(id);
    let created = list.created.as_ref().and_then(|field| row.get(field));
    Some(Model {
        id: clean(echo, id),
        name: clean(echo, name),
        created_at: created
            .and_then(|created| {
                created
                    .as_i64()
                    .or_else(|| date::of_json(created.as_str()?))
            })
            // Some write 0 for what they do not know.
            .filter(|created| *created > 0),
    })
}

/// A text without the key.
fn clean(echo: &mut Echo, text: &str) -> String {
    String::from_utf8_lossy(&echo.whole(text.as_bytes())).into_owned()
}

/// The path of the next page; none when the mark is the key, which is in no URL.
fn next(list: &Models, page: &Value, echo: &mut Echo) -> Option<String> {
    let next = list.next.as_ref()?;
    if let Some(when) = &next.when
        && page.pointer(when) != Some(&Value::Bool(true))
    {
        return None;
    }
    let mark = page.pointer(&next.pointer)?.as_str()?;
    if mark.is_empty() || mark.len() > MAX_MARK || clean(echo, mark) != mark {
        return None;
    }
    let joint = if list.path.contains('?') { '&' } else { '?' };
    let mark: String = byte_serialize(mark.as_bytes()).collect();
    Some(format!("{}{joint}{}={mark}", list.path, next.parameter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::find;
    use serde_json::json;

    fn list(id: &str) -> &'static Models {
        let provider = find(id).expect("in the table");
        provider.models.as_ref().expect("a list")
    }

    #[test]
    fn a_model_without_an_id_is_left_out() {
        let page = json!({ "data": [
            { "id": "a", "created": 7 }, { "id": "" }, {}, 3, { "id": 4 },
            { "id": "b", "created": 0 }, { "id": "a", "created": 8 },
        ] });
        let mut found = Found::default();
        assert_eq!(
            found.add(list("openai"), &page, &mut Echo::of(None, 0)),
            Ok(())
        );
        let told: Vec<_> = found
            .models
            .iter()
            .map(|model| (model.id.as_str(), model.created_at))
            .collect();
        assert_eq!(told, [("a", Some(7)), ("b", None)]);
    }

    #[test]
    fn what_is_no_list_is_said() {
        for page in [json!({}), json!([]), json!({ "data": {} }), json!("data")] {
            let refused = Found::default().add(list("openai"), &page, &mut Echo::of(None, 0));
            assert_eq!(refused, Err(Error::ModelsUnreadable), "{page}");
        }
        let mut echo = Echo::of(None, 0);
        let empty = Found::default().add(list("together"), &json!([]), &mut echo);
        assert_eq!(empty, Ok(()));
    }

    #[test]
    fn a_key_in_escapes_is_masked() {
        let key = "byok-test-0123456789abcdef";
        let mut echo = Echo::of(Some(key), 0);
        // Some of its characters only: as text, that is no form of a key.
        let text = key.replace('t', "\\u0074").replace('9', "\\u0039");
        let page = format!(r#"{{"data":[{{"id":"x{text}","name":"{text}y"}},{{"id":"plain"}}]}}"#);
        let page: Value = serde_json::from_str(&page).expect("JSON");
        let mut found = Found::default();
        assert_eq!(found.add(list("anthropic"), &page, &mut echo), Ok(()));
        let told = format!("{:?}", found.models);
        assert!(
            !told.contains("0123456789") && told.contains("plain"),
            "{told}"
        );
        let page = json!({ "has_more": true, "last_id": format!("a{key}") });
        assert_eq!(next(list("anthropic"), &page, &mut echo), None);
    }

    #[test]
    fn a_mark_cannot_change_the_path() {
        let mut echo = Echo::of(Some("byok-test-0123456789"), 0);
        let page = json!({ "has_more": true, "last_id": "../x?y&z#" });
        let path = next(list("anthropic"), &page, &mut echo);
        let expected = "/models?limit=1000&after_id=..%2Fx%3Fy%26z%23";
        assert_eq!(path.as_deref(), Some(expected));
        let page = json!({ "has_more": false, "last_id": "x" });
        assert_eq!(next(list("anthropic"), &page, &mut echo), None);
        assert_eq!(
            next(list("google"), &json!({ "nextPageToken": "" }), &mut echo),
            None
        );
    }
}
