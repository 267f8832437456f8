"""How long a call may take: the body's `timeout`, and the headers that OpenAI's clients send."""

import openai
import pytest
from asking import EMBEDDING_MODEL, EMOJI, MODEL, chat, finish_reasons, text_of, user

# Pauses of a minute between pieces: a test that has to wait for one has failed.
STALLS = "slow 60000"


def expect_504(failed):
    error = failed.value
    assert error.status_code == 504
    assert (error.code, error.type) == ("timeout", "timeout_error")
    assert "timeout" in error.message


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_bodys_timeout_on_chat(client, stream):
    with pytest.raises(openai.InternalServerError) as failed:
        chat(client, "hang", stream=stream, extra_body={"timeout": 0.3})
    expect_504(failed)


def test_the_bodys_timeout_on_completions(client):
    with pytest.raises(openai.InternalServerError) as failed:
        client.completions.create(model=MODEL, prompt="hang", extra_body={"timeout": 0.3})
    expect_504(failed)


def test_the_bodys_timeout_on_embeddings(client):
    with pytest.raises(openai.InternalServerError) as failed:
        client.embeddings.create(model=EMBEDDING_MODEL, input="hang", extra_body={"timeout": 0.3})
    expect_504(failed)


def test_the_bodys_timeout_on_argos_own_format(raw):
    response = raw.post("/chat", json={"model": MODEL, "messages": user("hang"), "timeout": 0.3})
    assert response.status_code == 504
    assert response.json()["error"]["code"] == "timeout"


@pytest.mark.older
def test_a_stream_that_takes_too_long_ends_with_an_error(client):
    got = []
    with pytest.raises(openai.APIError) as failed:
        for chunk in chat(client, STALLS, stream=True, extra_body={"timeout": 1}):
            got.append(chunk)
    assert failed.value.code == "timeout"
    assert "1 s" in failed.value.message
    assert text_of(got) != "" and EMOJI.startswith(text_of(got))
    assert finish_reasons(got) == []


class Patient(openai.DefaultHttpxClient):
    """Sends the client's headers, but waits as long as it takes: whatever ends the call is the proxy."""

    def send(self, request, **more):
        self.headers_sent = dict(request.headers)
        request.extensions = {key: value for key, value in request.extensions.items() if key != "timeout"}
        return super().send(request, **more)


@pytest.fixture
def patient(client):
    with Patient(timeout=None) as http:
        yield client.with_options(http_client=http), http


def test_the_clients_timeout_ends_the_call_at_the_proxy_too(patient):
    client, http = patient
    client = client.with_options(timeout=0.4)
    chat(client, "hi")
    if openai.__version__.startswith("1.60."):
        # The oldest version tells the server nothing. When it does, this test is for it, too.
        assert "x-stainless-read-timeout" not in http.headers_sent
        return
    assert http.headers_sent["x-stainless-read-timeout"] == "0.4"
    with pytest.raises(openai.InternalServerError) as failed:
        chat(client, "hang")
    expect_504(failed)
    assert "0.4 s" in failed.value.message


@pytest.mark.parametrize("header", ["x-stainless-read-timeout", "x-stainless-timeout"])
def test_the_headers_of_both_clients(raw, header):
    response = raw.post("/chat/completions", json={"model": MODEL, "messages": user("hang")}, headers={header: "0.3"})
    assert response.status_code == 504
    assert "0.3 s" in response.json()["error"]["message"]


def test_the_body_goes_before_the_header(raw):
    headers = {"x-stainless-read-timeout": "0.3"}
    body = {"model": MODEL, "messages": user("slow 700"), "timeout": 20}
    response = raw.post("/chat/completions", json=body, headers=headers)
    assert response.json()["choices"][0]["message"]["content"] == EMOJI


def test_on_a_stream_the_header_limits_silence(client):
    headers = {"x-stainless-read-timeout": "1"}
    # Longer than a second in all, but never silent for one.
    got = list(chat(client, "slow 100", stream=True, extra_headers=headers))
    assert text_of(got) == EMOJI
    assert finish_reasons(got) == ["stop"]
    with pytest.raises(openai.APIError) as failed:
        list(chat(client, STALLS, stream=True, extra_headers=headers))
    assert failed.value.code == "timeout"


def test_a_client_that_gives_up_first(client):
    with pytest.raises(openai.APITimeoutError):
        chat(client, "hang", timeout=0.2, extra_body={"timeout": 20})
