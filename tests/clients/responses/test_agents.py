"""OpenAI's Agents SDK: runs with tools, whole and streamed, several calls at once, handoffs, output types."""

import asyncio

import pytest
from agents import Agent, ModelSettings, OpenAIResponsesModel, Runner, SQLiteSession, function_tool
from openai import AsyncOpenAI
from pydantic import BaseModel


class Trip(BaseModel):
    place: str
    days: int


@function_tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


@function_tool
def get_time(city: str) -> str:
    """The time of a city."""
    return f"noon in {city}"


BOTH = 'call get_weather {"city": "Lemont"} call get_time {"city": "Lemont"}'


@pytest.fixture
def agent(base_url, model):
    """Makes agents. Each has a client of its own, because each run has an event loop of its own."""

    def make(name="Guide", **settings):
        client = AsyncOpenAI(base_url=base_url, api_key="any-value", max_retries=0, timeout=30)
        return Agent(name=name, model=OpenAIResponsesModel(model, client), instructions="Be brief.", **settings)

    return make


def kinds(items):
    return [item.type for item in items]


def test_a_run_without_tools(agent):
    result = Runner.run_sync(agent(), "say hello")
    assert result.final_output.startswith("Hello!")
    assert result.context_wrapper.usage.total_tokens > 0


def test_a_run_with_two_calls_at_once(agent):
    result = Runner.run_sync(agent(tools=[get_weather, get_time]), BOTH)
    calls, results, said = ["tool_call_item"] * 2, ["tool_call_output_item"] * 2, ["message_output_item"]
    assert kinds(result.new_items) == calls + results + said
    assert "in Lemont" in result.final_output


def test_a_streamed_run(agent):
    async def run():
        result = Runner.run_streamed(agent(tools=[get_weather, get_time]), BOTH)
        text = ""
        async for event in result.stream_events():
            if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
                text += event.data.delta
        return text, result

    text, result = asyncio.run(run())
    assert text == result.final_output
    assert "in Lemont" in text
    assert kinds(result.new_items).count("tool_call_item") == 2


def test_a_handoff(agent):
    other = agent("Other")
    result = Runner.run_sync(agent(handoffs=[other]), "call transfer_to_other {}")
    assert result.last_agent is other
    assert result.final_output


def test_a_typed_output(agent):
    assert isinstance(Runner.run_sync(agent(output_type=Trip), "plan a trip").final_output, Trip)


def test_a_session_of_its_own(agent):
    session = SQLiteSession("s")
    assert Runner.run_sync(agent(tools=[get_weather]), 'call get_weather {"city": "Lemont"}', session=session).final_output
    assert Runner.run_sync(agent(tools=[get_weather]), "lorem 3", session=session).final_output == "lorem ipsum dolor"
    assert Runner.run_sync(agent(), "say hello", session=session).final_output.startswith("Hello!")


def test_a_forced_tool_and_no_parallel_calls(agent):
    settings = ModelSettings(tool_choice="get_time", parallel_tool_calls=False)
    result = Runner.run_sync(agent(tools=[get_weather, get_time], model_settings=settings), "anything")
    assert result.new_items[0].raw_item.name == "get_time"
