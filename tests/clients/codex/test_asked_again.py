"""Failures after which Codex waits as long as it is told, and asks again. The name of this file lets these runs begin first."""


def test_a_rate_limit_says_when_to_come_back(codex):
    run = codex().run("error 429")
    assert run.status != 0
    assert run.statuses == [429] * 2
    assert run.exchanges[0].answer_headers["retry-after"] == "7"


def test_an_overloaded_gateway_is_asked_again_in_its_own_time(codex):
    run = codex().run("error 503")
    assert run.status != 0
    # One more request, and one more stream, which may ask twice, too.
    assert run.statuses == [503] * 4
    assert {exchange.answer_headers["retry-after"] for exchange in run.exchanges} == {"1"}
