"""What gemini-cli does with its tools, over each vendor's models."""

import json


def call(tool, **arguments):
    """The prompt that makes the stand-in call a tool."""
    return f"call {tool} {json.dumps(arguments)}"


def shell(command):
    return call("run_shell_command", command=command)


def test_a_text(gemini, model):
    run = gemini().run("say hello", model=model)
    assert (run.status, run.statuses) == (0, [200]), run.stderr
    assert run.text.startswith("Hello")
    assert run.exchanges[0].path.endswith(f"/models/{model}:streamGenerateContent?alt=sse")


def test_the_shell_runs_and_its_output_comes_back(gemini, model):
    run = gemini().run(f"{shell('echo the-first')} {shell('echo the-second')}", model=model)
    assert (run.status, run.statuses) == (0, [200, 200]), run.stderr
    made, sent, results = run.answered(0, "functionCall"), run.parts(1, "functionCall"), run.parts(1, "functionResponse")
    ids = [[part[kind]["id"] for part in parts] for kind, parts in (("functionCall", made), ("functionCall", sent))]
    ids.append([part["functionResponse"]["id"] for part in results])
    assert ids[0] == ids[1] == ids[2] and len(set(ids[0])) == 2
    # The client adds one where the answer had none.
    assert "thoughtSignature" not in made[0] and sent[0]["thoughtSignature"] == "skip_thought_signature_validator"
    for part, word in zip(results, ("the-first", "the-second"), strict=True):
        assert word in part["functionResponse"]["response"]["output"]
    assert "the-first" in run.text or "the-second" in run.text


def test_a_file_is_written_read_and_edited(gemini, model):
    one = gemini()
    path = one.work / "made.txt"
    written = call("write_file", file_path=str(path), content="one two\n")
    edited = call("replace", file_path=str(path), old_string="two", new_string="three", instruction="count on")
    for prompt, content in ((written, "one two\n"), (edited, "one three\n")):
        run = one.run(prompt, model=model)
        assert (run.status, path.read_text()) == (0, content), run.text + run.stderr


def test_models_of_its_own_choice_are_replaced(gemini):
    # The settings leave this tool out; here it stands for all that asks for such a model.
    run = gemini(tools={}).run(call("google_web_search", query="say hello"))
    assert (run.status, run.statuses) == (0, [200, 200, 200]), run.stderr
    assert "/models/argo:gemini-2.5-flash:generateContent" in run.exchanges[1].path
    assert "Hello" in run.text


def test_a_search_that_google_would_run_is_not_offered(gemini):
    run = gemini().run("say hello")
    offered = [function["name"] for tool in run.exchanges[0].body["tools"] for function in tool["functionDeclarations"]]
    assert "replace" in offered and "google_web_search" not in offered


def test_a_failed_call_is_told_to_the_model(gemini):
    run = gemini().run(call("read_file", file_path="nothing.txt"))
    assert (run.status, run.statuses) == (0, [200, 200]), run.stderr
    (result,) = run.parts(1, "functionResponse")
    assert "not found" in result["functionResponse"]["response"]["error"]
    assert "not found" in run.text
