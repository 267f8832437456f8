"""LangChain's ChatGoogleGenerativeAI and its embeddings."""

import os

import pytest
from langchain_google_genai import ChatGoogleGenerativeAI, GoogleGenerativeAIEmbeddings

BASE_URL = os.environ["OPENAI_BASE_URL"].removesuffix("/v1")
AT = {"base_url": BASE_URL, "google_api_key": "any-value"}


@pytest.fixture(params=["argo:gpt-4o", "claude-opus-4-7", "argo:gemini-2.5-pro"])
def chat(request):
    return ChatGoogleGenerativeAI(model=request.param, max_retries=0, **AT)


def test_a_message_and_a_stream(chat):
    assert chat.invoke("say hello").text.startswith("Hello")
    assert len("".join(chunk.text for chunk in chat.stream("lorem 20"))) > 50


def test_a_tool_is_called_and_answered(chat):
    def get_weather(location: str) -> str:
        """Tells the weather."""
        return location

    bound = chat.bind_tools([get_weather])
    message = bound.invoke("use the tool")
    (call,) = message.tool_calls
    assert call["name"] == "get_weather"
    result = {"role": "tool", "tool_call_id": call["id"], "name": call["name"], "content": "18 degrees"}
    assert "18 degrees" in bound.invoke([{"role": "user", "content": "use the tool"}, message, result]).text


def test_vectors():
    vectors = GoogleGenerativeAIEmbeddings(model="models/text-embedding-3-small", **AT).embed_documents(["a boson", "a muon"])
    assert [len(vector) for vector in vectors] == [1536, 1536]
