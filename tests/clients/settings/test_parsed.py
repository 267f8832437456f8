"""Programs that are on neither PyPI nor npm, or too large to install for a test: their settings are parsed as JSON, shell and Lisp."""

import json
import os


def test_zed(home):
    settings, command = home.parts("zed")
    provider = json.loads(settings.text)["language_models"]["openai_compatible"]["ARGO"]
    assert provider["api_url"] == os.environ["OPENAI_BASE_URL"]
    default = json.loads(settings.text)["agent"]["default_model"]
    assert default["model"] in [model["name"] for model in provider["available_models"]]
    assert command.text.startswith("export ARGO_API_KEY=unused\n")


def test_vscode(home):
    (settings,) = home.parts("vscode")
    (provider,) = json.loads(settings.text)
    assert provider["vendor"] == "customendpoint" and len(provider["models"]) > 20
    for model in provider["models"]:
        assert model["url"] == f"{os.environ['OPENAI_BASE_URL']}/chat/completions"
        assert model["maxInputTokens"] > 0 and model["maxOutputTokens"] > 0


def test_open_webui(home):
    (part,) = home.parts("open-webui")
    said = home.run(["bash", "-ec", part.text.replace("open-webui serve", "env")])
    assert f"OPENAI_API_BASE_URL={os.environ['OPENAI_BASE_URL']}\n" in said and "OPENAI_API_KEY=unused\n" in said


def test_gptel(home):
    (part,) = home.parts("gptel")
    depth, quoted, escaped = 0, False, False
    for char in part.text:
        if quoted:
            quoted, escaped = escaped or char != '"', not escaped and char == "\\"
        else:
            quoted = char == '"'
            depth += {"(": 1, ")": -1}.get(char, 0)
        assert depth >= 0
    assert (depth, quoted) == (0, False)
