"""Request bodies: for the proxy in a client's words, for a forwarder the same content in the upstream's."""

import json

WORDS = (
    "the flux of a neutrino beam grew linearly until the detector, which had been cooled to 4.2 K overnight, exceeded its "
    "calibrated range; we therefore repeated the run with half the current and logged every channel. "
)
QUESTION = "Say that the run was repeated."
# Stands where each request gets another text (bench/tools/src/bin/fresh.rs).
NEW_TEXT = "NEW-TEXT"


def prose(size):
    return (WORDS * (size // len(WORDS) + 1))[:size]


def written(body, stream):
    return json.dumps({**body, "stream": True} if stream else body)


def chat(history, question, stream=False):
    """A conversation: (for the proxy, for ARGO)."""
    messages = [{"role": "system", "content": history}, {"role": "user", "content": question}]
    asked = {"model": "argo:gpt-4.1", "messages": messages}
    return written(asked, stream), json.dumps({"user": "bench", "model": "gpt41", "messages": messages})


def claude(history, question, stream=False):
    """A conversation with Claude: (for the proxy, for ARGO's messages)."""
    user = {"role": "user", "content": question}
    asked = {"model": "argo:claude-haiku-4.5", "max_tokens": 1000, "messages": [{"role": "system", "content": history}, user]}
    plain = {"model": "claudehaiku45", "max_tokens": 1000, "system": history, "messages": [user]}
    return written(asked, stream), written(plain, stream)


def responses(history, question, stream=False):
    """A conversation of OpenAI's Responses: (for the proxy, the same as a chat)."""
    asked = {"model": "argo:gpt-4.1", "instructions": history, "input": question}
    return written(asked, stream), chat(history, question, stream)[1]


def messages(model, history, question, stream=False):
    """A conversation of Anthropic's: (for the proxy, for an upstream of the same form)."""
    user = {"role": "user", "content": question}
    asked = {"model": model, "max_tokens": 1000, "system": history, "messages": [user]}
    return written(asked, stream), written({**asked, "model": "claudehaiku45"}, stream)


def image(size):
    """A question about a picture in a data URL."""
    url = "data:image/png;base64," + "iVBORw0KGgo" + "A" * (size - 11)
    content = [{"type": "text", "text": QUESTION}, {"type": "image_url", "image_url": {"url": url}}]
    messages = [{"role": "user", "content": content}]
    asked = {"model": "argo:gpt-4.1", "messages": messages}
    return json.dumps(asked), json.dumps({"user": "bench", "model": "gpt41", "messages": messages})


def embedding(inputs, form):
    """Texts: (all of them for the proxy, sixteen of them for ARGO, as many as are left after sixteens)."""
    texts = [f"{number}: {prose(200)}" for number in range(inputs)]
    asked = {"model": "argo:text-embedding-3-small", "input": texts if inputs > 1 else texts[0], "encoding_format": form}
    plain = lambda some: json.dumps({"user": "bench", "model": "v3small", "prompt": some})
    return json.dumps(asked), plain(texts[:16]), plain(texts[: inputs % 16])
