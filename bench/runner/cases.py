"""What is measured: which body goes where, and how many of them."""

from dataclasses import dataclass

from . import bodies

CHAT = "/argoapi/api/v1/resource/chat/"
EMBED = "/argoapi/api/v1/resource/embed/"
COMPLETIONS = "/argoapi/v1/chat/completions"
MESSAGES = "/argoapi/v1/messages"
PACE_MS = 20


@dataclass(frozen=True)
class Case:
    """Requests that are answered whole."""

    name: str
    asked: str | None  # the body for the proxy
    plain: str | None  # the same for ARGO, and for whoever forwards to it
    requests: int
    connections: int = 32
    exact: str | None = "/v1/chat/completions"
    estimate: str | None = None
    direct: str = CHAT
    method: str = "POST"
    exact_target: float | None = None  # the most that it may cost, in costs of the forwarder
    estimate_target: float | None = None
    is_first: bool = False  # the one that is looked at most closely


@dataclass(frozen=True)
class StreamCase:
    """Streams of stamped pieces."""

    name: str
    upstream: str  # which of the paced ones
    asked: str
    plain: str
    path: str
    unit: str  # what a cost is told of: a piece or a megabyte
    target: float | None
    streams: int = 20
    every_ms: int = PACE_MS


def whole(quick):
    """All cases of whole answers, the most important first."""
    few = 6 if quick else 1
    words = (bodies.prose(100), bodies.prose(900))
    kilobyte = bodies.chat(*words)
    chats = [
        Case(f"chat, 1 kB asked and answered, {connections} connections", *kilobyte, 8000 // few, connections,
             estimate="/estimate", exact_target=1.6, estimate_target=1.25, is_first=connections == 32)
        for connections in (1, 32, 256)
    ]
    # The forwarder gets the same answers from the same endpoints.
    native = [
        Case("relay_chat: upstream in OpenAI's form, 1 kB asked and answered, 32 connections", *kilobyte, 8000 // few,
             exact="/relayed", direct=COMPLETIONS, exact_target=1.15),
        Case("translated_chat: upstream in Anthropic's form, 1 kB asked and answered, 32 connections", *bodies.claude(*words),
             8000 // few, exact="/translated", direct=MESSAGES, exact_target=1.4),
    ]
    prompts = [
        Case(f"chat, prompt of {name}, {connections} connections", *bodies.chat(bodies.prose(size), bodies.QUESTION),
             requests // few, connections, estimate="/estimate", estimate_target=target)
        for name, size, requests, connections, target in (("32 kB", 32_000, 3000, 8, 1.6), ("1 MB", 1_000_000, 200, 2, 1.8))
    ]
    rest = [
        Case("chat with an image of 5 MB", *bodies.image(5_000_000), 60 // few, 1, estimate="/estimate"),
        embedding("embedding, float", 1, "float", 6000 // few, 1.4),
        embedding("embedding, base64", 1, "base64", 6000 // few, None),
        embedding("100 embeddings, float (16 of them by the forwarder)", 100, "float", 200 // few, None),
        embedding("100 embeddings, base64 (16 of them by the forwarder)", 100, "base64", 200 // few, None),
        Case("list of models", None, None, 8000 // few, exact="/v1/models", method="GET",
             direct="/argoapi/api/v1/models/"),
    ]
    return chats[1:2] + chats[:1] + chats[2:] + native + prompts + rest


def streamed():
    """All cases of streams."""
    words, pace = ("Be brief.", bodies.QUESTION), f"50 pieces, one each {PACE_MS} ms, 20 at a time"
    chat = bodies.chat(*words, stream=True)
    return [
        StreamCase(f"stream of {pace}", "paced", *chat, "/v1/chat/completions", "piece", 1.2),
        StreamCase(f"relay_piece: stream in OpenAI's form, {pace}", "openai", *chat, "/relayed", "piece", 1.1),
        StreamCase(f"translated_piece: stream in Anthropic's form, {pace}", "anthropic", *bodies.claude(*words, stream=True),
                   "/translated", "piece", 1.4),
        StreamCase(f"responses_piece: Responses over OpenAI's chat, {pace}", "openai", *bodies.responses(*words), "/responses",
                   "piece", 1.4),
        StreamCase(f"messages_relay_piece: Anthropic's client and upstream, {pace}", "anthropic",
                   *bodies.messages("argo:claude-haiku-4.5", *words), "/messages", "piece", 1.1),
        StreamCase(f"messages_piece: Anthropic's client over OpenAI's chat, {pace}", "openai",
                   *bodies.messages("argo:gpt-4.1", *words), "/messages_translated", "piece", 1.4),
        StreamCase("stream of 10 MB at full speed", "bulk", *chat, "/bulk", "megabyte", None, streams=1, every_ms=0),
    ]


def embedding(name, inputs, form, requests, target):
    return Case(name, *bodies.embedding(inputs, form), requests, 8, exact="/v1/embeddings", direct=EMBED, exact_target=target)
