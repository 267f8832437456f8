"""Google's recipes with curl: the key in the query, streams in both forms, and what goes over the wire."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from own_proxy import own_proxy

BASE_URL = os.environ["OPENAI_BASE_URL"].removesuffix("/v1")
PAGE = Path(__file__).resolve().parents[3] / "docs" / "clients" / "gemini.md"
KEY = "AIza-of-ann-0123456789"
HI = {"contents": [{"parts": [{"text": "say hello"}]}]}

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")


def curl(method, given=None, *flags, base=BASE_URL, version="v1beta"):
    """Calls a method of the interface; `given` is the body, whose format nobody names."""
    command = ["curl", "--silent", "--show-error", "--max-time", "30", *flags]
    command += ["--data-binary", "@-"] if given is not None else []
    given = json.dumps(given) if given is not None else None
    ran = subprocess.run([*command, f"{base}/{version}/{method}"], input=given, capture_output=True, text=True, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def status_and_json(method, given=None, *flags, **more):
    printed = curl(method, given, "--write-out", "\n%{http_code}", *flags, **more)
    body, _, status = printed.rpartition("\n")
    return int(status), json.loads(body)


def text_of(answer):
    return "".join(part.get("text", "") for part in answer["candidates"][0]["content"]["parts"])


def test_the_recipes_of_the_page():
    blocks = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    (block,) = [block for block in blocks if "curl" in block]
    commands = [command for command in re.split(r"^(?=curl )", block, flags=re.MULTILINE) if command.startswith("curl ")]
    answers = []
    for command in commands:
        command = command.replace("http://127.0.0.1:44497", BASE_URL)
        ran = subprocess.run(["bash", "-ec", command], capture_output=True, text=True, timeout=50, encoding="utf-8")
        assert ran.returncode == 0, ran.stderr
        answers.append(ran.stdout)
    whole, events, array = answers
    assert text_of(json.loads(whole)).startswith("Hello")
    data = [json.loads(line.removeprefix("data: ")) for line in events.splitlines() if line]
    for pieces in (data, json.loads(array)):
        assert "".join(text_of(piece) for piece in pieces if "candidates" in piece).startswith("Hello")


@pytest.mark.parametrize("model", ["argo:gpt-4o", "argo:claude-opus-4.7", "argo:gemini-2.5-pro"])
def test_a_stream_has_nothing_but_pieces(model):
    printed = curl(f"models/{model}:streamGenerateContent?alt=sse&key={KEY}", {"contents": [{"parts": [{"text": "emoji"}]}]})
    blocks = printed.replace("\r\n", "\n").split("\n\n")
    assert blocks.pop() == ""
    # Clients fail at comments, at names of events and at [DONE].
    assert all(block.startswith("data: {") and "\n" not in block for block in blocks)
    pieces = [json.loads(block.removeprefix("data: ")) for block in blocks]
    assert len({piece["responseId"] for piece in pieces}) == len({piece["modelVersion"] for piece in pieces}) == 1
    reasons = [piece["candidates"][0].get("finishReason") for piece in pieces if "candidates" in piece]
    assert [reason for reason in reasons if reason] == ["STOP"] and reasons[-1] == "STOP"
    whole = json.loads(curl(f"models/{model}:generateContent", {"contents": {"parts": {"text": "emoji"}}}))
    assert text_of(whole) == "".join(text_of(piece) for piece in pieces if "candidates" in piece)


def test_a_broken_stream_ends_with_an_error_and_without_its_end():
    command = ["curl", "--silent", "--data-binary", "@-", f"{BASE_URL}/v1beta/models/gpt-4o:streamGenerateContent?alt=sse"]
    given = json.dumps({"contents": [{"parts": [{"text": "cut 3"}]}]})
    ran = subprocess.run(command, input=given, capture_output=True, text=True, encoding="utf-8", timeout=50)
    # 18: part of a file; the connection broke.
    assert ran.returncode == 18
    last = json.loads(ran.stdout.strip().splitlines()[-1].removeprefix("data: "))
    assert last["error"]["code"] in (500, 502, 503) and last["error"]["status"] in ("INTERNAL", "UNAVAILABLE")


def test_every_spelling_of_a_body():
    for given in (
        {"contents": {"parts": {"text": "say hello"}}},
        {"contents": [{"role": "user", "parts": [{"text": "say hello"}]}], "system_instruction": "Be brief."},
        {"contents": HI["contents"], "generation_config": {"max_output_tokens": "500", "topK": 3.0, "top_p": 0.5}},
        {"contents": HI["contents"], "model": "models/nobody", "safety_settings": [], "labels": {}, "oddity": 1},
    ):
        for model in ("argo:gpt-4o", "argo%3Agpt-4o", "gpt-4o"):
            assert text_of(json.loads(curl(f"models/{model}:generateContent", given))).startswith("Hello")


def test_a_signature_that_is_no_base64():
    call = {"functionCall": {"name": "f"}, "thoughtSignature": "skip_thought_signature_validator"}
    result = {"function_response": {"name": "f", "response": {"output": "18 degrees"}}}
    contents = [*HI["contents"], {"role": "model", "parts": [call]}, {"role": "user", "parts": [result]}]
    given = {"contents": contents, "tools": [{"function_declarations": [{"name": "f"}]}]}
    for model in ("argo:gpt-4o", "argo:claude-opus-4.7", "argo:gemini-2.5-pro"):
        assert "18 degrees" in text_of(json.loads(curl(f"models/{model}:generateContent", given)))


def test_vectors_of_one_text():
    given = {"content": {"parts": [{"text": "hi"}]}, "outputDimensionality": 8}
    status, answer = status_and_json("models/text-embedding-3-small:embedContent", given)
    assert status == 200 and len(answer["embedding"]["values"]) == 8


def test_failures_have_googles_form_before_there_is_a_route():
    for method, given in (
        (f"models/argo:gpt-4o:nothing?key={KEY}", HI),
        (f"files?key={KEY}", None),
        (f"cachedContents?key={KEY}", {}),
        (f"models/nobody:generateContent?key={KEY}", HI),
    ):
        status, answer = status_and_json(method, given)
        assert (status, answer["error"]["code"], answer["error"]["status"]) == (404, 404, "NOT_FOUND")
    status, answer = status_and_json(f"models/gpt-4o:generateContent?key={KEY}", [])
    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_the_list_of_models_has_the_form_of_who_asks():
    def models(version, *flags, query=""):
        return json.loads(curl(f"models{query}", None, *flags, version=version))

    for version, query, flags in (
        ("v1", f"?key={KEY}", ()),
        ("v1", "", ("-H", f"x-goog-api-key: {KEY}")),
        ("v1", "", ("-H", "x-goog-api-client: google-genai-sdk/3.6.1")),
        ("v1beta", "", ()),
    ):
        assert models(version, *flags, query=query)["models"][0]["name"].startswith("models/")
    assert models("v1")["object"] == "list"
    assert models("v1", "-H", "anthropic-version: 2023-06-01")["data"][0]["type"] == "model"


def test_a_key_of_the_query_counts_and_is_not_in_the_log(tmp_path):
    nowhere = "".join(f"argo_{name}: http://127.0.0.1:9/\n" for name in ("url", "stream_url", "embedding_url"))
    files = {
        "config.yaml": f"user: tester\naccess: keys\nverbose: true\nlog_bodies: true\n{nowhere}",
        "callers.yaml": f"callers:\n  - {{ name: ann, key_sha256: {hashlib.sha256(KEY.encode()).hexdigest()} }}\n",
    }
    with own_proxy(tmp_path, files) as proxy:
        for key, expected in ((KEY, 200), ("AIza-of-nobody", 401)):
            for query in (f"?key={key}", f"?alt=json&key={key}"):
                status, answer = status_and_json(f"models/gpt-4o:countTokens{query}", HI, base=proxy.url)
                assert status == expected, answer
        assert answer["error"]["status"] == "UNAUTHENTICATED"
        for method in (f"models/gpt-4o:generateContent?key={KEY}", f"models/gpt-4o:streamGenerateContent?alt=sse&key={KEY}"):
            status, answer = status_and_json(method, HI, base=proxy.url)
            assert status >= 500 and answer["error"]["code"] == status
        status, answer = status_and_json(f"nowhere?key={KEY}", base=proxy.url)
        assert status == 404
        log = proxy.end()
    assert ":countTokens" in log and ":streamGenerateContent" in log and "nowhere" in log
    assert KEY not in log and "AIza" not in log
