"""What Claude Code does with its tools, over each vendor's models."""

import json


def call(tool, **arguments):
    """The prompt that makes the stand-in call a tool."""
    return f"call {tool} {json.dumps(arguments)}"


def shell(command):
    return call("Bash", command=command, description="says something")


def test_a_text(claude, model):
    run = claude().run("say hello", model=model)
    assert (run.status, run.statuses) == (0, [200])
    assert run.text.startswith("Hello")
    assert run.told["usage"]["input_tokens"] > 0


def test_the_shell_runs_and_its_output_comes_back(claude, model):
    run = claude().run(shell("echo seen-by-the-shell"), model=model)
    assert (run.status, run.statuses) == (0, [200, 200])
    (use,), (result,) = run.blocks(1, "tool_use"), run.blocks(1, "tool_result")
    assert use["id"] == result["tool_use_id"]
    assert use["input"]["command"] == "echo seen-by-the-shell"
    assert "seen-by-the-shell" in json.dumps(result["content"])
    assert "seen-by-the-shell" in run.text


def test_two_calls_of_one_answer_both_run(claude, model):
    run = claude().run(f"{shell('echo first')} {shell('echo second')}", model=model)
    assert run.status == 0
    uses, results = run.blocks(1, "tool_use"), run.blocks(1, "tool_result")
    assert [use["input"]["command"] for use in uses] == ["echo first", "echo second"]
    # They run side by side, and the results come back as they are ready.
    ids = {use["id"] for use in uses}
    assert len(ids) == 2 and ids == {result["tool_use_id"] for result in results}


def test_a_file_is_written_and_edited(claude, model):
    one = claude()
    path = one.work / "made.txt"
    run = one.run(call("Write", file_path=str(path), content="one two\n"), model=model)
    assert (run.status, path.read_text()) == (0, "one two\n")
    run = one.run(call("Read", file_path=str(path)), model=model)
    assert run.status == 0
    run = one.run(call("Edit", file_path=str(path), old_string="two", new_string="three"), "--continue", model=model)
    assert (run.status, path.read_text()) == (0, "one three\n")


def test_an_agent_below_the_agent(claude, model):
    task = call("Agent", description="says", prompt="say hello", subagent_type="general-purpose", run_in_background=False)
    run = claude().run(task, model=model)
    assert run.status == 0
    assert len(run.asked) == 3
    assert "x-claude-code-agent-id" in run.asked[1].headers


def test_a_failed_call_is_told_to_the_model(claude, model):
    run = claude().run(call("Bash", description="no command"), model=model)
    assert run.status == 0
    (result,) = run.blocks(1, "tool_result")
    assert result["is_error"] is True
    assert "command" in json.dumps(result["content"])
