"""Tools: declared, called, answered."""

import pytest
from conftest import CITY, TOOL, finish_reason
from google.genai import types

# The other way to describe arguments, whose types are words in upper case.
OLDER = types.FunctionDeclaration(
    name="get_weather",
    parameters=types.Schema(type="OBJECT", properties={"location": types.Schema(type="STRING", nullable=True)}, required=["location"]),
)
TIME = types.FunctionDeclaration(name="get_time", description="Tells the time", parameters_json_schema=CITY)
# What gemini-cli writes where a call came without a signature; the client writes it as base64.
SIGNATURE = b"skip_thought_signature_validator"


def tools(*declarations):
    return [types.Tool(function_declarations=list(declarations))]


def content(role, *parts):
    return types.Content(role=role, parts=[types.Part(text=part) if isinstance(part, str) else part for part in parts])


def result(name, told, **more):
    return types.Part(function_response=types.FunctionResponse(name=name, response=told, **more))


def call(name, signature=None, **more):
    made = types.FunctionCall(name=name, args={"location": "Paris"}, **more)
    return types.Part(function_call=made, thought_signature=signature)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("tool", [TOOL, OLDER], ids=["json schema", "schema"])
def test_a_call_and_its_result(ask, tool, stream):
    answer = ask("use the tool", stream, tools=tools(tool))
    (made,) = answer.function_calls
    assert made.name == "get_weather" and made.args["location"] and made.id
    assert finish_reason(answer) == "STOP"
    history = [
        content("user", "use the tool"),
        content("model", types.Part(function_call=made)),
        content("user", result("get_weather", {"output": "18 degrees"}, id=made.id)),
    ]
    assert "18 degrees" in ask(history, stream, tools=tools(tool)).text


@pytest.mark.parametrize("stream", [False, True])
def test_several_calls_of_one_answer(ask, stream):
    asked = {"tools": tools(TOOL, TIME)}
    answer = ask("use all tools", stream, **asked)
    calls = answer.function_calls
    assert [made.name for made in calls] == ["get_weather", "get_time"]
    assert len({made.id for made in calls}) == 2
    # The results come back in another order; ids tell which is whose.
    history = [
        content("user", "use all tools"),
        content("model", *[types.Part(function_call=made) for made in calls]),
        content("user", *[result(made.name, {"result": f"of {made.name}"}, id=made.id) for made in reversed(calls)]),
    ]
    assert ask(history, stream, **asked).text


def test_ids_differ_between_the_rounds_of_a_chat(client, model):
    chat = client.chats.create(model=model, config=types.GenerateContentConfig(tools=tools(TOOL)))
    made = chat.send_message("use the tool").function_calls[0]
    chat.send_message(result("get_weather", {"output": "18 degrees"}, id=made.id))
    assert chat.send_message("use the tool").function_calls[0].id != made.id


def test_declarations_in_several_entries_beside_what_runs_at_google(ask):
    several = [*tools(TOOL), *tools(TIME), types.Tool(google_search=types.GoogleSearch()), types.Tool(code_execution={})]
    assert [made.name for made in ask("use all tools", tools=several).function_calls] == ["get_weather", "get_time"]


def choose(mode, *names):
    chosen = types.FunctionCallingConfig(mode=mode, allowed_function_names=list(names) or None)
    return {"tools": tools(TOOL, TIME), "tool_config": types.ToolConfig(function_calling_config=chosen)}


def test_which_tools_may_be_called(ask):
    assert ask("hi", **choose("ANY", "get_time")).function_calls[0].name == "get_time"
    assert ask("hi", **choose("ANY")).function_calls
    assert not ask("use the tool", **choose("NONE")).function_calls
    assert ask("use the tool", **choose("AUTO")).function_calls[0].name == "get_weather"


def test_names_that_only_google_allows(ask):
    odd = types.FunctionDeclaration(name="weather.v2:get", description="Tells the weather", parameters_json_schema=CITY)
    for stream in (False, True):
        (made,) = ask("use the tool", stream, tools=tools(odd)).function_calls
        assert made.name == "weather.v2:get"
        history = [
            content("user", "use the tool"),
            content("model", types.Part(function_call=made)),
            content("user", result(made.name, {"result": "18 degrees"}, id=made.id)),
        ]
        assert "18 degrees" in ask(history, stream, tools=tools(odd)).text


def test_a_history_without_ids(ask):
    history = [
        content("user", "hi"),
        content("model", "I look.", call("get_weather", SIGNATURE), call("get_weather"), call("get_time")),
        content("user", result("get_time", {"output": "noon"}), result("get_weather", {"a": 1}), result("get_weather", {"error": "no"})),
        content("model", call("get_weather")),
        content("user", result("get_weather", {"output": "18 degrees"})),
    ]
    assert "18 degrees" in ask(history, tools=tools(TOOL, TIME)).text


def test_a_result_without_the_name_of_its_call(ask):
    history = [
        content("user", "hi"),
        content("model", call("get_weather", id="c1")),
        content("user", result("", {"output": "18 degrees"}, id="c1")),
    ]
    assert "18 degrees" in ask(history, tools=tools(TOOL)).text


def test_a_result_that_comes_twice(ask):
    # gemini-cli sends it so after it has resumed a session.
    twice = [result("get_weather", {"output": "rain"}, id="c1")] * 2
    history = [
        content("user", "hi"),
        content("model", call("get_weather", id="c1")),
        content("user", *twice),
        content("model", "It rains."),
        content("user", "say hello"),
    ]
    for stream in (False, True):
        assert ask(history, stream, tools=tools(TOOL)).text.startswith("Hello")


def test_a_text_before_the_results(ask):
    history = [
        content("user", "hi"),
        content("model", call("get_weather", id="c1")),
        content("user", "say hello", result("get_weather", {"output": "18 degrees"}, id="c1")),
    ]
    assert ask(history, tools=tools(TOOL)).text


def test_a_turn_with_a_call_and_no_text_and_results_of_role_function(ask):
    told = result("get_weather", {"output": "18 degrees"})
    history = [content("user", "hi"), content("model", call("get_weather")), content("function", told)]
    assert "18 degrees" in ask(history, tools=tools(TOOL)).text


def test_the_client_calls_functions_by_itself(client, model):
    seen = []

    def get_weather(location: str) -> str:
        """Tells the weather."""
        seen.append(location)
        return "18 degrees"

    asked = {"model": model, "contents": "use the tool", "config": types.GenerateContentConfig(tools=[get_weather])}
    answer = client.models.generate_content(**asked)
    assert "18 degrees" in answer.text and len(seen) == 1
    assert [turn.role for turn in answer.automatic_function_calling_history] == ["user", "model", "user"]
    streamed = "".join(piece.text or "" for piece in client.models.generate_content_stream(**asked))
    assert "18 degrees" in streamed and len(seen) == 2


def test_the_client_calls_several_functions_in_a_chat(client, model):
    seen = []

    def get_weather(location: str) -> dict:
        """Tells the weather."""
        seen.append("weather")
        return {"sky": "blue"}

    def get_time(location: str) -> str:
        """Tells the time."""
        seen.append("time")
        return "noon"

    chat = client.chats.create(model=model, config=types.GenerateContentConfig(tools=[get_weather, get_time]))
    assert chat.send_message("use all tools").text
    assert seen == ["weather", "time"]
    # The history has calls and results now.
    assert chat.send_message("say hello").text.startswith("Hello")
