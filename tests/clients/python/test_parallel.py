"""Many calls at once."""

import asyncio

from asking import chat, finish_reasons, lorem, text_of

MANY = 20


def test_requests(with_async):
    async def work(client):
        return await asyncio.gather(*(chat(client, f"request {i}") for i in range(MANY)))

    completions = with_async(work)
    assert [c.choices[0].message.content for c in completions] == [f"You said: request {i}" for i in range(MANY)]
    assert len({c.id for c in completions}) == MANY


def test_streams(with_async):
    async def one(client, words):
        got = [chunk async for chunk in await chat(client, f"lorem {words}", stream=True)]
        return text_of(got), finish_reasons(got)

    async def work(client):
        return await asyncio.gather(*(one(client, 300 + i) for i in range(MANY)))

    assert with_async(work) == [(lorem(300 + i), ["stop"]) for i in range(MANY)]


def test_streams_that_are_slow_do_not_wait_for_each_other(with_async):
    async def one(client):
        return text_of([chunk async for chunk in await chat(client, "slow 50", stream=True)])

    async def work(client):
        return await asyncio.wait_for(asyncio.gather(*(one(client) for _ in range(MANY))), timeout=15)

    assert len(set(with_async(work))) == 1
