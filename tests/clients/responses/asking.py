"""Words and small things that several test files use."""

MODEL = "argo:gpt-4o"
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="

# What the stand-in says to `emoji`: characters of one to four bytes.
EMOJI = (
    "Grüße aus Chicago: naïve café, Ωμέγα, привет. 你好，世界！こんにちは、元気ですか。"
    "👋🌍🎉 Zażółć gęślą jaźń. 𝄞𝛑𝕏 family: 👩‍👩‍👧‍👦, flag: 🇺🇸. €100 — “done”…"
)

# Characters that JSON, SSE or line readers treat specially; the stand-in repeats them.
AWKWARD = 'quote " backslash \\ slash / tab \t lines \n\r\n bell \x07 fs \x1c gs \x1d rs \x1e nel \x85 ls \u2028 ps \u2029 bom \ufeff end'

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather of a place",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
}
NOW = {"type": "function", "name": "now"}
PATCH = {"type": "custom", "name": "patch", "description": "Edits files."}
LAB = {"type": "namespace", "name": "lab", "description": "Instruments.", "tools": [WEATHER, PATCH]}


def lorem(words):
    """What the stand-in says to `lorem N`."""
    text = (
        "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore "
        "magna aliqua"
    ).split()
    return " ".join(text[i % len(text)] for i in range(words))


def result(call, output):
    """The result of a call."""
    return {"type": call.type + "_output", "call_id": call.call_id, "output": output}


def given_back(response):
    """The items of a response as the next request gives them back."""
    return [item.model_dump(exclude_none=True) for item in response.output]
