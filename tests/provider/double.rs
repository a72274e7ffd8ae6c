//! A model's double: says the same sentence to everybody, in the forms of the providers' APIs.

use serde_json::{Value, json};

/// What it says, in the pieces of a stream.
const WORDS: [&str; 5] = ["This ", "is ", "the ", "test ", "provider."];

/// What it says that it has read and written, in tokens.
const TOKENS: (u32, u32) = (11, 7);

/// When it says that it was.
const NOW: u64 = 1_767_225_600;

/// A way to ask a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anthropic's messages.
    Messages,
    /// OpenAI's chat completions, and those of many others.
    Chat,
    /// OpenAI's responses.
    Responses,
    /// Google's generated content.
    Gemini,
}

/// A whole answer.
pub fn whole(kind: Kind, model: &str) -> Value {
    let text = WORDS.concat();
    let (read, written) = TOKENS;
    match kind {
        Kind::Messages => json!({
            "id": "msg_test", "type": "message", "role": "assistant", "model": model,
            "content": [{ "type": "text", "text": text }],
            "stop_reason": "end_turn", "stop_sequence": null,
            "usage": { "input_tokens": read, "output_tokens": written },
        }),
        Kind::Chat => json!({
            "id": "chatcmpl-test", "object": "chat.completion", "created": NOW, "model": model,
            "choices": [{
                "index": 0, "message": { "role": "assistant", "content": text },
                "logprobs": null, "finish_reason": "stop",
            }],
            "usage": chat_usage(),
        }),
        Kind::Responses => response(model, "completed", &text),
        Kind::Gemini => gemini(model, &text, Some("STOP")),
    }
}

/// The events of a stream: names, where the API gives them any, and data.
pub fn events(kind: Kind, model: &str, asked: &Value) -> Vec<(Option<&'static str>, String)> {
    let events = match kind {
        Kind::Messages => messages(model),
        Kind::Chat => chat(
            model,
            asked["stream_options"]["include_usage"] == json!(true),
        ),
        Kind::Responses => responses(model),
        Kind::Gemini => {
            let last = WORDS.len() - 1;
            let stop = |number| (number == last).then_some("STOP");
            let each = |(number, word): (usize, &&str)| gemini(model, word, stop(number));
            WORDS.iter().enumerate().map(each).collect()
        }
    };
    let named = matches!(kind, Kind::Messages | Kind::Responses);
    let mut events: Vec<_> = events
        .into_iter()
        .map(|data| (named.then(|| name(&data)).flatten(), data.to_string()))
        .collect();
    if kind == Kind::Chat {
        events.push((None, "[DONE]".to_owned()));
    }
    events
}

/// The name of an event is its type.
fn name(data: &Value) -> Option<&'static str> {
    const NAMES: [&str; 15] = [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.output_item.done",
        "response.completed",
    ];
    let name = data["type"].as_str()?;
    NAMES.into_iter().find(|known| *known == name)
}

fn messages(model: &str) -> Vec<Value> {
    let (read, written) = TOKENS;
    let mut events = vec![
        json!({ "type": "message_start", "message": {
            "id": "msg_test", "type": "message", "role": "assistant", "model": model, "content": [],
            "stop_reason": null, "stop_sequence": null,
            "usage": { "input_tokens": read, "output_tokens": 1 },
        } }),
        json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
        json!({ "type": "ping" }),
    ];
    events.extend(WORDS.map(|word| {
        json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": word } })
    }));
    events.extend([
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({
            "type": "message_delta", "delta": { "stop_reason": "end_turn", "stop_sequence": null },
            "usage": { "output_tokens": written },
        }),
        json!({ "type": "message_stop" }),
    ]);
    events
}

fn chat(model: &str, with_usage: bool) -> Vec<Value> {
    let chunk = |choices: Value, usage: Value| {
        json!({
            "id": "chatcmpl-test", "object": "chat.completion.chunk", "created": NOW, "model": model,
            "choices": choices, "usage": usage,
        })
    };
    let delta = |delta: Value, reason: Value| json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": reason }]);
    let start = json!({ "role": "assistant", "content": "" });
    let mut events = vec![chunk(delta(start, Value::Null), Value::Null)];
    events.extend(
        WORDS.map(|word| chunk(delta(json!({ "content": word }), Value::Null), Value::Null)),
    );
    events.push(chunk(delta(json!({}), json!("stop")), Value::Null));
    if with_usage {
        events.push(chunk(json!([]), chat_usage()));
    }
    events
}

fn responses(model: &str) -> Vec<Value> {
    let text = WORDS.concat();
    let mut events = vec![
        json!({ "type": "response.created", "response": response(model, "in_progress", "") }),
        json!({ "type": "response.in_progress", "response": response(model, "in_progress", "") }),
        json!({ "type": "response.output_item.added", "output_index": 0, "item": message("in_progress", None) }),
        json!({
            "type": "response.content_part.added", "item_id": "msg_test", "output_index": 0, "content_index": 0,
            "part": { "type": "output_text", "text": "", "annotations": [] },
        }),
    ];
    events.extend(WORDS.map(|word| {
        json!({
            "type": "response.output_text.delta", "item_id": "msg_test", "output_index": 0, "content_index": 0,
            "delta": word,
        })
    }));
    events.extend([
        json!({
            "type": "response.output_text.done", "item_id": "msg_test", "output_index": 0, "content_index": 0,
            "text": text,
        }),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": message("completed", Some(&text)) }),
        json!({ "type": "response.completed", "response": response(model, "completed", &text) }),
    ]);
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = json!(number);
    }
    events
}

fn response(model: &str, status: &str, text: &str) -> Value {
    let (read, written) = TOKENS;
    let done = status == "completed";
    json!({
        "id": "resp_test", "object": "response", "created_at": NOW, "status": status, "model": model,
        "output": if done { json!([message(status, Some(text))]) } else { json!([]) },
        "usage": if done {
            json!({ "input_tokens": read, "output_tokens": written, "total_tokens": read + written })
        } else {
            Value::Null
        },
    })
}

fn message(status: &str, text: Option<&str>) -> Value {
    let part = |text| json!({ "type": "output_text", "text": text, "annotations": [] });
    let content: Vec<_> = text.map(part).into_iter().collect();
    json!({ "id": "msg_test", "type": "message", "status": status, "role": "assistant", "content": content })
}

fn gemini(model: &str, text: &str, reason: Option<&str>) -> Value {
    let (read, written) = TOKENS;
    let mut candidate =
        json!({ "content": { "parts": [{ "text": text }], "role": "model" }, "index": 0 });
    if let Some(reason) = reason {
        candidate["finishReason"] = json!(reason);
    }
    json!({
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": read, "candidatesTokenCount": written, "totalTokenCount": read + written,
        },
        "modelVersion": model, "responseId": "test",
    })
}

fn chat_usage() -> Value {
    let (read, written) = TOKENS;
    json!({ "prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written })
}
