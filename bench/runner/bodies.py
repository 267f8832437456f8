"""Request bodies: for the proxy in OpenAI's words, for a forwarder the same content in ARGO's."""

import json

WORDS = (
    "the flux of a neutrino beam grew linearly until the detector, which had been cooled to 4.2 K overnight, exceeded its "
    "calibrated range; we therefore repeated the run with half the current and logged every channel. "
)
QUESTION = "Say that the run was repeated."


def prose(size):
    return (WORDS * (size // len(WORDS) + 1))[:size]


def chat(history, question, stream=False):
    """A conversation: (for the proxy, for ARGO)."""
    messages = [{"role": "system", "content": history}, {"role": "user", "content": question}]
    asked = {"model": "argo:gpt-4.1", "messages": messages}
    if stream:
        asked["stream"] = True
    return json.dumps(asked), json.dumps({"user": "bench", "model": "gpt41", "messages": messages})


def claude(history, question, stream=False):
    """A conversation with Claude: (for the proxy, for ARGO's messages)."""
    user = {"role": "user", "content": question}
    asked = {"model": "argo:claude-haiku-4.5", "max_tokens": 1000, "messages": [{"role": "system", "content": history}, user]}
    plain = {"model": "claudehaiku45", "max_tokens": 1000, "system": history, "messages": [user]}
    if stream:
        asked["stream"] = plain["stream"] = True
    return json.dumps(asked), json.dumps(plain)


def responses(history, question):
    """A streamed conversation of OpenAI's Responses: (for the proxy, the same as a chat)."""
    asked = {"model": "argo:gpt-4.1", "instructions": history, "input": question, "stream": True}
    return json.dumps(asked), chat(history, question, stream=True)[1]


def messages(model, history, question):
    """A streamed conversation of Anthropic's: (for the proxy, for an upstream of the same form)."""
    user = {"role": "user", "content": question}
    asked = {"model": model, "max_tokens": 1000, "system": history, "messages": [user], "stream": True}
    return json.dumps(asked), json.dumps({**asked, "model": "claudehaiku45"})


def image(size):
    """A question about a picture in a data URL."""
    url = "data:image/png;base64," + "iVBORw0KGgo" + "A" * (size - 11)
    content = [{"type": "text", "text": QUESTION}, {"type": "image_url", "image_url": {"url": url}}]
    messages = [{"role": "user", "content": content}]
    asked = {"model": "argo:gpt-4.1", "messages": messages}
    return json.dumps(asked), json.dumps({"user": "bench", "model": "gpt41", "messages": messages})


def embedding(inputs, form=None):
    texts = [f"{number}: {prose(200)}" for number in range(inputs)]
    asked = {"model": "argo:text-embedding-3-small", "input": texts if inputs > 1 else texts[0]}
    if form:
        asked["encoding_format"] = form
    # A forwarder cannot split what ARGO takes in sixteens; it is measured with one call.
    return json.dumps(asked), json.dumps({"user": "bench", "model": "v3small", "prompt": texts[:16]})
