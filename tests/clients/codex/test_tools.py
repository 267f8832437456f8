"""What Codex does with tools: its shell, several calls at once, those of an MCP server, patches, images."""

import base64
import json

from runs import ADDER

# One black pixel.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC"
)


def shell(command):
    """The prompt that makes the stand-in call the shell."""
    return f"call exec_command {json.dumps({'cmd': command})}"


def test_the_shell_runs_and_its_output_comes_back(codex, model):
    run = codex().run(shell("echo seen-by-the-shell"), model=model)
    assert run.status == 0
    assert "seen-by-the-shell" in run.message
    assert run.statuses == [200, 200]
    ((call,), (result,)) = run.input(1, "function_call"), run.input(1, "function_call_output")
    assert call["call_id"] == result["call_id"] != call["id"]
    assert [item["command"] for item in run.items("command_execution")] != []


def test_two_calls_of_one_answer_both_run(codex, model):
    run = codex().run(f"{shell('echo first')} {shell('echo second')}", model=model)
    assert run.status == 0
    assert [len(run.output(0, "function_call")), len(run.exchanges)] == [2, 2]
    results = run.input(1, "function_call_output")
    assert [word in result["output"] for word, result in zip(("first", "second"), results, strict=True)] == [True, True]
    assert "second" in run.message


def test_a_tool_of_an_mcp_server_is_called_in_its_namespace(codex, model):
    run = codex(after=ADDER).run('call add {"a": 2, "b": 3}', model=model)
    assert run.status == 0
    (call,) = run.output(0, "function_call")
    assert (call["name"], call["namespace"]) == ("add", "mcp__adder")
    (made,) = run.items("mcp_tool_call")
    assert (made["server"], made["tool"], made["status"]) == ("adder", "add", "completed")
    assert "the sum is 5" in run.message


def test_a_patch_under_the_plain_name_of_a_model(codex):
    patch = "*** Begin Patch\n*** Add File: made.txt\n+by a patch\n*** End Patch\n"
    one = codex()
    run = one.run(f"call apply_patch {json.dumps(patch)}", model="gpt-5.5")
    assert run.status == 0
    assert (one.work / "made.txt").read_text() == "by a patch\n"
    (call,) = run.output(0, "custom_tool_call")
    assert (call["name"], call["input"]) == ("apply_patch", patch)
    assert run.input(1, "custom_tool_call_output")
    assert "The tool answered" in run.message


def test_a_model_whose_tools_are_all_in_namespaces(codex):
    run = codex().run('call exec "text(6 * 7)"', model="gpt-5.6-sol")
    assert run.status == 0
    assert "tools" not in run.exchanges[0].body
    (call,) = run.output(0, "custom_tool_call")
    assert (call["name"], call["input"]) == ("exec", "text(6 * 7)")
    assert "42" in run.message


def test_tools_are_searched_for(codex):
    run = codex(after=ADDER).run('call tool_search {"query": "add numbers"}', model="gpt-5.5")
    assert run.status == 0
    (call,) = run.output(0, "tool_search_call")
    assert (call["arguments"], call["execution"]) == ({"query": "add numbers"}, "client")
    assert run.input(1, "tool_search_output")


def test_an_image_that_codex_looks_at_reaches_the_model(codex, model):
    one = codex()
    (one.work / "pixel.png").write_bytes(PIXEL)
    run = one.run('call view_image {"path": "pixel.png"}', model=model)
    assert run.status == 0
    (result,) = run.input(1, "function_call_output")
    assert result["output"][0]["type"] == "input_image"
    assert run.message.endswith("(1 image)")


def test_an_image_of_the_user_reaches_the_model(codex, model):
    one = codex()
    (one.work / "pixel.png").write_bytes(PIXEL)
    run = one.run("--image=pixel.png", "what is this", model=model)
    assert run.status == 0
    assert run.message.endswith("(1 image)")


def test_a_call_of_a_tool_that_there_is_not(codex):
    run = codex().run("call nothing {}")
    assert run.status == 0
    assert "unsupported call" in run.message
