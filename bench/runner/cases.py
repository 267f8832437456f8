"""What is measured: which body goes where, how many of them, and what each may cost."""

from dataclasses import dataclass

from . import bodies

CHAT = "/argoapi/api/v1/resource/chat/"
EMBED = "/argoapi/api/v1/resource/embed/"
COMPLETIONS = "/argoapi/v1/chat/completions"
MESSAGES = "/argoapi/v1/messages"
PACE_MS = 20


@dataclass(frozen=True)
class Case:
    """Requests that are answered whole. Targets are in costs of the forwarder."""

    name: str
    asked: str | None  # the body for the proxy
    plain: tuple  # for the forwarder: each body, and how many of it make one request of the proxy
    requests: int
    connections: int = 32
    exact: str | None = "/v1/chat/completions"
    estimate: str | None = None
    direct: str = CHAT
    method: str = "POST"
    exact_target: float | None = None
    estimate_target: float | None = None
    added_target: float | None = None  # microseconds that a request takes longer than by the forwarder
    new_text: int | None = None  # bytes of text never seen before, in each body in the place of `bodies.NEW_TEXT`
    is_first: bool = False  # the one that is looked at most closely
    shows_default: bool = False  # also measured with the program and the settings that users have


@dataclass(frozen=True)
class StreamCase:
    """Streams of stamped pieces."""

    name: str
    upstream: str  # which of the paced ones
    asked: str
    plain: str
    path: str
    target: float
    unit: str = "piece"  # what a cost is told of: a piece or a megabyte
    streams: int = 20
    every_ms: int = PACE_MS
    shows_default: bool = False


def whole(quick):
    """All cases of whole answers, the most important first."""
    few = 8 if quick else 1

    def chats(name, size, requests, connections, target, exact_target):
        """A prompt that was seen before, and one that is new each time."""
        asked, plain = bodies.chat(bodies.prose(size), bodies.QUESTION)
        seen = Case(f"chat, {name}", asked, ((plain, 1),), requests // few, connections, estimate="/estimate",
                    estimate_target=target)
        asked, plain = bodies.chat(bodies.NEW_TEXT, bodies.QUESTION)
        new = Case(f"chat, {name}, new text", asked, ((plain, 1),), requests // few, connections,
                   exact_target=exact_target, new_text=size)
        return [seen, new]

    words = (bodies.prose(100), bodies.prose(900))
    asked, plain = bodies.chat(*words)
    kilobyte, answer = (asked, ((plain, 1),)), "1 kB asked and answered"
    new_kilobyte = bodies.chat(bodies.prose(100), bodies.NEW_TEXT)
    first = [
        Case(f"chat, {answer}, 32 connections", *kilobyte, 6000 // few, estimate="/estimate", estimate_target=1.1,
             is_first=True, shows_default=True),
        Case(f"chat, {answer}, 32 connections, new text", new_kilobyte[0], ((new_kilobyte[1], 1),), 6000 // few,
             exact_target=1.3, new_text=900),
        Case(f"chat, {answer}, 1 connection", *kilobyte, 2500 // few, 1, estimate="/estimate", estimate_target=1.2,
             exact_target=1.3, added_target=60, shows_default=True),
        Case(f"chat, {answer}, 256 connections", *kilobyte, 6000 // few, 256, estimate="/estimate"),
    ]
    return first + native(words, kilobyte, few) + [
        *chats("prompt of 32 kB, 8 connections", 32_000, 2000, 8, 1.25, 2.2),
        *chats("prompt of 1 MB, 2 connections", 1_000_000, 120, 2, 1.4, 4),
        image(few),
        embedding("embedding, float", 1, "float", 4000 // few, 1.2),
        embedding("embedding, base64", 1, "base64", 4000 // few, 1.4),
        embedding("100 embeddings, float", 100, "float", 200 // few, 1.5),
        embedding("100 embeddings, base64", 100, "base64", 200 // few, 1.5),
        Case("list of models", None, ((None, 1),), 6000 // few, exact="/v1/models", method="GET", direct="/argoapi/api/v1/models/"),
    ]


def native(words, kilobyte, few):
    """Upstreams that speak a dialect of a vendor. The forwarder gets the same answers from the same endpoints."""
    claude, responses, messages = bodies.claude(*words), bodies.responses(*words), bodies.messages("argo:gpt-4.1", *words)
    chat = kilobyte[1]
    return [
        Case("relay_chat: a chat relayed in OpenAI's form", *kilobyte, 6000 // few,
             exact="/relayed", direct=COMPLETIONS, exact_target=1.1),
        Case("translated_chat: OpenAI's client, Anthropic's form", claude[0], ((claude[1], 1),), 6000 // few,
             exact="/translated", direct=MESSAGES, exact_target=1.35),
        Case("translated_responses: Responses over OpenAI's chat", responses[0], chat, 6000 // few,
             exact="/responses", direct=COMPLETIONS, exact_target=1.35),
        Case("translated_messages: Anthropic's client over OpenAI's chat", messages[0], chat, 6000 // few,
             exact="/messages_translated", direct=COMPLETIONS, exact_target=1.35),
    ]


def image(few):
    asked, plain = bodies.image(5_000_000)
    return Case("chat with an image of 5 MB", asked, ((plain, 1),), max(60 // few, 8), 1, estimate="/estimate",
                estimate_target=1.3, exact_target=1.3)


def embedding(name, inputs, form, requests, target):
    """A forwarder makes the calls that the proxy makes: one for each sixteen inputs, and one for the rest."""
    asked, sixteen, rest = bodies.embedding(inputs, form)
    plain = tuple(part for part in ((sixteen, inputs // 16), (rest, 1 if inputs % 16 else 0)) if part[1])
    return Case(name, asked, plain, requests, 8, exact="/v1/embeddings", direct=EMBED, exact_target=target)


def streamed():
    """All cases of streams."""
    words, pace = ("Be brief.", bodies.QUESTION), f"one each {PACE_MS} ms, 20 streams"
    chat, claude = bodies.chat(*words, stream=True), bodies.claude(*words, stream=True)
    return [
        StreamCase(f"legacy_piece: pieces of bare text, {pace}", "paced", *chat, "/v1/chat/completions", 1.05, shows_default=True),
        StreamCase(f"relay_piece: chunks relayed in OpenAI's form, {pace}", "openai", *chat, "/relayed", 1.1),
        StreamCase(f"messages_relay_piece: Anthropic's client and upstream, {pace}", "anthropic",
                   *bodies.messages("argo:claude-haiku-4.5", *words, stream=True), "/messages", 1.1),
        StreamCase(f"translated_piece: OpenAI's client, Anthropic's form, {pace}", "anthropic", *claude, "/translated", 1.35),
        StreamCase(f"responses_piece: Responses over OpenAI's chat, {pace}", "openai",
                   *bodies.responses(*words, stream=True), "/responses", 1.35),
        StreamCase(f"messages_piece: Anthropic's client over OpenAI's chat, {pace}", "openai",
                   *bodies.messages("argo:gpt-4.1", *words, stream=True), "/messages_translated", 1.35),
        StreamCase("call_piece: 200 pieces of a call's arguments, OpenAI's client, Anthropic's form, one each 5 ms, 20 streams",
                   "calls", *claude, "/called", 1.4, every_ms=5),
        StreamCase("bulk: a stream of 10 MB at full speed", "bulk", *chat, "/bulk", 0.9, "megabyte", streams=1, every_ms=0),
    ]
