"""The providers' own clients for Python, as clients.mjs has those for JavaScript."""

import json
import sys

import anthropic
import openai

MESSAGES = [{"role": "user", "content": "Say something."}]


def refused(asks):
    """What a client makes of a refusal."""
    try:
        asks()
    except (openai.APIStatusError, anthropic.APIStatusError) as error:
        return {"status": error.status_code, "says": str(error)}
    return None


def ask_openai(base, token):
    client = openai.OpenAI(base_url=base, api_key=token, max_retries=0)
    plain = client.chat.completions.create(model="test", messages=MESSAGES)
    text, events = "", 0
    for event in client.chat.completions.create(model="test", messages=MESSAGES, stream=True):
        text += (event.choices[0].delta.content or "") if event.choices else ""
        events += 1
    response = client.responses.create(model="test", input="Say something.")
    streamed = ""
    for event in client.responses.create(model="test", input="Say something.", stream=True):
        streamed += event.delta if event.type == "response.output_text.delta" else ""
    stranger = openai.OpenAI(base_url=base, api_key="byok_tk_of_nobody", max_retries=0)
    return {
        "plain": plain.choices[0].message.content,
        "text": text,
        "events": events,
        "response": response.output_text,
        "streamed": streamed,
        "models": len(list(client.models.list())),
        "refused": refused(lambda: stranger.chat.completions.create(model="test", messages=MESSAGES)),
    }


def ask_anthropic(base, token):
    client = anthropic.Anthropic(base_url=base, api_key=token, max_retries=0)
    asked = {"model": "test", "max_tokens": 100, "messages": MESSAGES}
    plain = client.messages.create(**asked)
    events = 0
    with client.messages.stream(**asked) as stream:
        for _ in stream:
            events += 1
        final = stream.get_final_message()
    stranger = anthropic.Anthropic(base_url=base, api_key="byok_tk_of_nobody", max_retries=0)
    return {
        "plain": plain.content[0].text,
        "text": final.content[0].text,
        "events": events,
        "models": len(list(client.models.list())),
        "refused": refused(lambda: stranger.messages.create(**asked)),
    }


def main():
    given = json.load(sys.stdin)
    told = {}
    for name, asks in {"openai": ask_openai, "anthropic": ask_anthropic}.items():
        try:
            told[name] = asks(given[name]["base"], given[name]["token"])
        except Exception as error:  # What went wrong is the test's to judge.
            told[name] = {"failed": repr(error)}
    json.dump(told, sys.stdout)


main()
