"""Texts, whole and streamed, with the settings that clients send."""

import asyncio
import base64

import pytest
from conftest import CITY, finish_reason, make_client, parts_of
from google.genai import types

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC"
# What gemini-cli sends with each request.
OF_GEMINI_CLI = {
    "temperature": 1,
    "top_p": 0.95,
    "top_k": 64,
    "thinking_config": types.ThinkingConfig(include_thoughts=True, thinking_budget=8192),
    "system_instruction": types.Content(role="user", parts=[types.Part(text="Be brief."), types.Part(text="Be kind.")]),
    "tools": [types.Tool(function_declarations=[types.FunctionDeclaration(name="glob", parameters_json_schema=CITY)])],
}
UNUSUAL = {
    "seed": 1,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.1,
    "stop_sequences": ["never", "ever"],
    "max_output_tokens": 4000,
    "candidate_count": 1,
    "response_modalities": ["TEXT"],
    "media_resolution": "MEDIA_RESOLUTION_LOW",
    "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    "system_instruction": "Be brief.",
}


def test_a_text(ask, model):
    answer, again = ask("say hello"), ask("say hello")
    assert answer.text.startswith("Hello")
    assert answer.candidates[0].content.role == "model"
    assert (finish_reason(answer), answer.model_version) == ("STOP", model)
    usage = answer.usage_metadata
    assert usage.prompt_token_count > 0 and usage.candidates_token_count > 0
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count
    assert answer.response_id and answer.response_id != again.response_id


def test_a_stream_is_the_same_text(ask, model):
    answer = ask("emoji", stream=True)
    assert answer.text == ask("emoji").text
    assert (finish_reason(answer), answer.model_version) == ("STOP", model)
    assert answer.usage_metadata.total_token_count > 0
    assert len({piece.response_id for piece in answer.pieces}) == 1
    reasons = [piece.candidates[0].finish_reason for piece in answer.pieces if piece.candidates]
    assert [reason for reason in reasons if reason] == reasons[-1:]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["argo:gpt-4o", "argo:gpt-5.5", "argo:claude-opus-4.5", "argo:claude-opus-4.7", "argo:gemini-2.5-flash"])
def test_the_settings_of_gemini_cli_suit_every_model(client, name, stream):
    asked = {"model": name, "contents": "say hello", "config": types.GenerateContentConfig(**OF_GEMINI_CLI)}
    pieces = client.models.generate_content_stream(**asked) if stream else [client.models.generate_content(**asked)]
    assert "".join(piece.text or "" for piece in pieces).startswith("Hello")


def test_settings_that_others_send(ask):
    for stream in (False, True):
        assert ask("say hello", stream, **UNUSUAL).text.startswith("Hello")


def test_thinking_that_is_switched_off(ask):
    assert ask("say hello", thinking_config=types.ThinkingConfig(thinking_budget=0)).text.startswith("Hello")
    assert ask("say hello", thinking_config=types.ThinkingConfig(thinking_budget=-1)).text.startswith("Hello")


@pytest.mark.native
def test_thinking_is_no_text(client):
    def think(prompt, **more):
        thinking = types.ThinkingConfig(thinking_budget=2048, **more)
        asked = {"contents": prompt, "config": types.GenerateContentConfig(thinking_config=thinking)}
        return [
            part
            for piece in client.models.generate_content_stream(model="argo:claude-opus-4.5", **asked)
            for part in parts_of(piece)
        ]

    told = think("say hello", include_thoughts=True)
    assert [part.text for part in told if part.thought and part.text]
    assert "".join(part.text or "" for part in told if not part.thought).startswith("Hello")
    assert not [part for part in think("say hello") if part.thought]


@pytest.mark.native
def test_tokens_of_reasoning_are_counted_apart(client):
    for stream in (False, True):
        ask = client.models.generate_content_stream if stream else client.models.generate_content
        answer = ask(model="argo:gpt-5.5", contents="think 20")
        usage = (list(answer)[-1] if stream else answer).usage_metadata
        assert usage.thoughts_token_count == 20 and usage.candidates_token_count > 0
        parts = usage.prompt_token_count + usage.candidates_token_count + usage.thoughts_token_count
        assert usage.total_token_count == parts


@pytest.mark.native
@pytest.mark.parametrize("model", ["argo:gpt-4o", "claude-opus-4-7"])
def test_cached_tokens_are_part_of_the_prompt(ask):
    usage = ask("cached 64").usage_metadata
    assert usage.cached_content_token_count == 64
    assert usage.prompt_token_count >= 64


def test_a_chat_sends_its_history(client, model):
    chat = client.chats.create(model=model)
    first = chat.send_message("say hello")
    second = list(chat.send_message_stream("lorem 200"))
    third = chat.send_message("say hello")
    assert first.text == third.text and "".join(piece.text or "" for piece in second)
    assert third.usage_metadata.prompt_token_count > first.usage_metadata.prompt_token_count
    roles = [content.role for content in chat.get_history()]
    # The client keeps each piece of a stream as a turn of its own.
    assert [role for role, before in zip(roles, [None, *roles]) if role != before] == ["user", "model"] * 3


def test_a_model_that_begins_and_turns_of_one_role(ask):
    contents = [
        types.Content(role="model", parts=[types.Part(text="Welcome.")]),
        types.Content(role="user", parts=[types.Part(text="Hi.")]),
        types.Content(role="user", parts=[types.Part(text="say hello")]),
    ]
    assert ask(contents).text.startswith("Hello")


def test_images_reach_the_model(ask):
    pixel = types.Part.from_bytes(data=base64.b64decode(PIXEL), mime_type="image/png")
    for stream in (False, True):
        assert ask([pixel, pixel, "what is this"], stream).text.endswith("(2 images)")


def test_the_limit_of_an_answer_that_is_counted_exactly(client):
    for stream in (False, True):
        asked = {"model": "argo:gpt-4o", "contents": "lorem 50", "config": {"max_output_tokens": 5}}
        answers = client.models.generate_content_stream(**asked) if stream else [client.models.generate_content(**asked)]
        assert finish_reason(list(answers)[-1]) == "MAX_TOKENS"


@pytest.mark.native
def test_the_limit_of_an_answer(ask):
    assert finish_reason(ask("lorem 50", max_output_tokens=5)) == "MAX_TOKENS"


@pytest.mark.native
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_a_filter_ends(client, stream):
    asked = {"model": "argo:gpt-4o", "contents": "filtered"}
    answers = client.models.generate_content_stream(**asked) if stream else [client.models.generate_content(**asked)]
    assert finish_reason(list(answers)[-1]) in ("SAFETY", "PROHIBITED_CONTENT")


def test_the_client_for_async_programs(model):
    async def talk():
        client = make_client().aio
        whole = await client.models.generate_content(model=model, contents="say hello")
        stream = await client.models.generate_content_stream(model=model, contents="say hello")
        return whole.text, "".join([piece.text or "" async for piece in stream])

    whole, streamed = asyncio.run(talk())
    assert whole == streamed and whole.startswith("Hello")


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_each_version_of_the_interface(version):
    client = make_client(api_version=version)
    assert client.models.generate_content(model="argo:gpt-4o", contents="say hello").text.startswith("Hello")
    streamed = client.models.generate_content_stream(model="models/gpt-4o", contents="say hello")
    assert "".join(piece.text or "" for piece in streamed).startswith("Hello")


def test_the_vendors_own_names(client):
    for name in ("gemini-2.5-flash", "models/gemini-2.5-pro", "argo:gemini-2.5-flash"):
        assert client.models.generate_content(model=name, contents="say hello").text.startswith("Hello")
