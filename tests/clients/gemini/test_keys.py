"""A proxy that asks for keys, by the header that the client sends."""

import hashlib

import pytest
from conftest import make_client
from google.genai import errors
from own_proxy import own_proxy

KEY = "sk-argo-of-ann"
FILES = {
    "config.yaml": "user: tester\naccess: keys\n",
    "callers.yaml": f"callers:\n  - {{ name: ann, key_sha256: {hashlib.sha256(KEY.encode()).hexdigest()} }}\n",
}


def test_the_key_of_the_client_counts(tmp_path):
    with own_proxy(tmp_path, FILES) as proxy:
        ann, stranger = make_client(proxy.url, KEY), make_client(proxy.url, "sk-of-nobody")
        assert "models/argo:gpt-4o" in [model.name for model in ann.models.list()]
        for ask in (
            lambda: list(stranger.models.list()),
            lambda: stranger.models.generate_content(model="argo:gpt-4o", contents="hi"),
            lambda: list(stranger.models.generate_content_stream(model="argo:gpt-4o", contents="hi")),
            lambda: stranger.models.count_tokens(model="argo:gpt-4o", contents="hi"),
        ):
            with pytest.raises(errors.ClientError) as caught:
                ask()
            assert (caught.value.code, caught.value.status) == (401, "UNAUTHENTICATED")
            assert "sk-of-nobody" not in str(caught.value)
        log = proxy.end()
    assert KEY not in log and "sk-of-nobody" not in log
