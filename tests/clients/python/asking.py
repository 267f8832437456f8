"""Words and small calls that several test files use."""

MODEL = "argo:gpt-4o"
EMBEDDING_MODEL = "argo:text-embedding-3-small"

# What the stand-in says to `emoji`: characters of one to four bytes.
EMOJI = (
    "Grüße aus Chicago: naïve café, Ωμέγα, привет. 你好，世界！こんにちは、元気ですか。"
    "👋🌍🎉 Zażółć gęślą jaźń. 𝄞𝛑𝕏 family: 👩‍👩‍👧‍👦, flag: 🇺🇸. €100 — “done”…"
)

# Characters that JSON, SSE or line readers treat specially; the stand-in repeats them.
AWKWARD = 'quote " backslash \\ slash / tab \t lines \n\r\n bell \x07 fs \x1c gs \x1d rs \x1e nel \x85 ls \u2028 ps \u2029 bom \ufeff end'


def user(text):
    """A conversation of one user message."""
    return [{"role": "user", "content": text}]


def lorem(words):
    """What the stand-in says to `lorem N`."""
    text = (
        "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore "
        "magna aliqua"
    ).split()
    return " ".join(text[i % len(text)] for i in range(words))


def chat(client, text, **more):
    """A chat completion for one user message."""
    return client.chat.completions.create(model=more.pop("model", MODEL), messages=user(text), **more)


def chunks(client, text, **more):
    """All chunks of a streamed chat completion."""
    return list(chat(client, text, stream=True, **more))


def text_of(chunks):
    """The answer that the chunks of a stream add up to."""
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def finish_reasons(chunks):
    """The finish reasons of a stream, in order."""
    return [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason is not None]
