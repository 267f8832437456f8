"""Chat completions, whole."""

import re
import time

import openai
import pytest
from asking import AWKWARD, EMOJI, MODEL, chat, chunks, lorem, user


@pytest.mark.older
def test_an_answer_has_everything_that_clients_read(client):
    before = int(time.time())
    completion = chat(client, "good morning")
    assert re.fullmatch(r"chatcmpl-\w{10,}", completion.id)
    assert completion.object == "chat.completion"
    assert before - 1 <= completion.created <= time.time() + 1
    assert completion.model == MODEL
    [choice] = completion.choices
    assert choice.index == 0
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    assert choice.message.content == "You said: good morning"
    assert not choice.message.tool_calls


def test_required_keys_are_there_even_when_null(raw):
    answer = raw.post("/chat/completions", json={"model": MODEL, "messages": user("hi")}).json()
    [choice] = answer["choices"]
    assert choice["logprobs"] is None
    assert choice["message"]["refusal"] is None
    assert "tool_calls" not in choice["message"]
    assert "system_fingerprint" not in answer


@pytest.mark.older
def test_usage_is_counted_with_the_real_tokenizer(client):
    usage = chat(client, "hi").usage
    # "You said: hi" is 4 tokens; "hi" is 1, with 4 around the message and 3 that open the answer.
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (8, 4, 12)


@pytest.mark.older
def test_ids_differ(client):
    assert len({chat(client, "hi").id for _ in range(5)}) == 5


def test_each_reply_has_a_request_id(client):
    first, second = chat(client, "hi"), chat(client, "hi")
    assert first._request_id and second._request_id
    assert first._request_id != second._request_id


def test_the_raw_response_shows_the_request_id(client):
    response = client.chat.completions.with_raw_response.create(model=MODEL, messages=user("hi"))
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"].startswith("req_")
    assert response.parse().choices[0].message.content == "You said: hi"


def test_a_request_id_of_the_client_is_kept(client):
    completion = chat(client, "hi", extra_headers={"X-Request-Id": "run-42.step-7"})
    assert completion._request_id == "run-42.step-7"


@pytest.mark.parametrize("name", ["gpt4o", "gpt-4o", "ARGO:GPT-4o", "argo:gpt-4o"])
def test_models_are_found_by_all_their_names_and_echoed_as_asked(client, name):
    completion = chat(client, "hi", model=name)
    assert completion.model == name
    assert completion.choices[0].message.content == "You said: hi"


def test_a_missing_model_is_the_default_one(raw):
    answer = raw.post("/chat/completions", json={"messages": user("hi")}).json()
    assert answer["model"] == "argo:gpt-4o"


@pytest.mark.parametrize("text", [EMOJI, AWKWARD, "  leading and trailing  ", "\n\nlines\n\n"])
def test_text_comes_back_exactly(client, text):
    assert chat(client, text, model="argo:gpt-4.1").choices[0].message.content == f"You said: {text}"


def test_an_answer_of_every_kind_of_character(client):
    assert chat(client, "emoji").choices[0].message.content == EMOJI


def test_a_long_answer(client):
    assert chat(client, "lorem 20000").choices[0].message.content == lorem(20000)


def test_a_long_question(client):
    text = "Zażółć 👋 \n" * 60_000
    assert len(text.encode()) > 1_000_000
    assert chat(client, text, model="argo:gpt-4.1").choices[0].message.content == f"You said: {text}"


def test_an_answer_that_is_compressed_unasked(client):
    assert chat(client, "gzip").choices[0].message.content == lorem(100)


def test_an_empty_answer(client):
    [choice] = chat(client, "empty").choices
    assert (choice.message.content, choice.finish_reason) == ("", "stop")


def test_content_may_be_a_list_of_parts(client):
    pixel = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
    parts = [
        {"type": "text", "text": "first ✓"},
        {"type": "image_url", "image_url": {"url": pixel}},
        {"type": "text", "text": "second"},
    ]
    completion = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": parts}])
    assert completion.choices[0].message.content == "You said: first ✓\nsecond (1 image)"


def test_an_image_by_url_is_refused_with_its_part_when_its_address_is_not_public(client):
    image = {"type": "image_url", "image_url": {"url": "http://127.0.0.1/figure.png?key=secret"}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "what is this"}, image]}]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=messages)
    assert caught.value.param == "messages[0].content[1].image_url"
    assert caught.value.code == "invalid_image_url"
    # Which failure it was would let a client explore the network that the proxy sees.
    assert "nothing is fetched from it" in caught.value.message and "secret" not in caught.value.message


def test_a_conversation_with_every_role(client):
    messages = [
        {"role": "system", "content": "be brief"},
        {"role": "developer", "content": "be polite"},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "1"},
        {"role": "user", "content": "two"},
    ]
    completion = client.chat.completions.create(model=MODEL, messages=messages)
    assert completion.choices[0].message.content == "You said: two"


def test_a_history_with_a_tool_call(client):
    call = {"id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "what time is it"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "noon"},
    ]
    completion = client.chat.completions.create(model=MODEL, messages=messages)
    assert completion.choices[0].message.content == "The tool answered: noon"


@pytest.mark.parametrize("role", ["system", "developer"])
def test_instructions_become_user_messages_where_a_model_knows_no_system_role(client, role):
    messages = [{"role": "user", "content": "question"}, {"role": role, "content": "instruction"}]
    ask = client.chat.completions.create
    # The stand-in repeats the last user message, so its answer shows what became of the role.
    assert ask(model="argo:gpt-4o", messages=messages).choices[0].message.content == "You said: question"
    assert ask(model="argo:gpt-o1-mini", messages=messages).choices[0].message.content == "You said: instruction"


def test_an_answer_that_reaches_the_asked_length_says_so(client):
    assert chat(client, "lorem 200", max_tokens=20).choices[0].finish_reason == "length"
    assert chat(client, "lorem 200", max_completion_tokens=20).choices[0].finish_reason == "length"
    assert chat(client, "lorem 200", max_tokens=5000).choices[0].finish_reason == "stop"


def test_other_parameters_do_no_harm(client):
    completion = chat(
        client,
        "hi",
        temperature=0.5,
        top_p=0.9,
        stop=["END"],
        seed=7,
        n=1,
        presence_penalty=0.1,
        frequency_penalty=0.1,
        user="somebody-else",
        tools=[],
        extra_body={"some_new_parameter": {"a": [1, 2.50]}},
    )
    assert completion.choices[0].message.content == "You said: hi"


def test_the_async_client(with_async):
    completion = with_async(lambda client: chat(client, "hi"))
    assert completion.choices[0].message.content == "You said: hi"


def test_whatever_else_is_served(raw):
    status = raw.get("/status").json()
    assert status["object"] == "chat.completion"
    assert status["choices"][0]["message"]["content"].startswith("Hello")
    assert "/v1/chat/completions" in raw.get("/docs").text
    assert raw.get("/health", follow_redirects=False).status_code == 404
    assert raw.get(str(raw.base_url).replace("/v1/", "/health")).json()["status"] == "healthy"


def test_several_answers(client):
    completion = chat(client, "say hello", n=3)
    assert [choice.index for choice in completion.choices] == [0, 1, 2]
    assert all(choice.message.content for choice in completion.choices)
    parts = chunks(client, "say hello", n=2)
    assert sorted(choice.index for chunk in parts for choice in chunk.choices if choice.finish_reason) == [0, 1]
