//! The programs. A new one is a row here, its texts in `templates/`, and a test in `tests/clients/settings`.

use super::places::{JUPYTER, LLM, VSCODE};
use super::{ClientProgram, Language, Launch, LaunchFolder, SettingsFile, SettingsPart, SpokenApi};
use crate::models::Family;

/// All programs, in the order in which they are listed.
pub const PROGRAMS: &[ClientProgram] = &[
    ClientProgram {
        name: "python",
        title: "OpenAI's library for Python",
        about: "pip install openai",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[program(Language::Python, include_str!("templates/python.py"))],
        launch: Some(Launch { program: "python3", install: "https://www.python.org", ..LIBRARIES }),
    },
    ClientProgram {
        name: "node",
        title: "OpenAI's library for Node",
        about: "npm install openai; save it as hello.mjs",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[program(Language::JavaScript, include_str!("templates/node.mjs"))],
        launch: Some(Launch { program: "node", install: "https://nodejs.org", ..LIBRARIES }),
    },
    ClientProgram {
        name: "curl",
        title: "curl",
        about: "the API by hand",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[shell("In a shell", include_str!("templates/curl.sh"))],
        launch: None,
    },
    ClientProgram {
        name: "langchain",
        title: "LangChain",
        about: "pip install langchain-openai",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[program(Language::Python, include_str!("templates/langchain.py"))],
        launch: None,
    },
    ClientProgram {
        name: "llm",
        title: "llm",
        about: "models on the command line; pip install llm",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[
            file(Language::Yaml, include_str!("templates/llm.yaml"), LLM, &[]),
            shell("Then, in a shell", include_str!("templates/llm.sh")),
        ],
        launch: None,
    },
    ClientProgram {
        name: "aider",
        title: "aider",
        about: "pair programming in a terminal; pip install aider-chat",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[file(Language::Yaml, include_str!("templates/aider.yaml"), &[("HOME", ".aider.conf.yml")], &[])],
        launch: Some(Launch {
            program: "aider",
            install: "pip install aider-chat",
            env: &[
                ("AIDER_OPENAI_API_BASE", Language::Text, "{{base}}"),
                ("AIDER_OPENAI_API_KEY", Language::Text, "{{key}}"),
                ("AIDER_MODEL", Language::Text, "openai/{{model}}"),
                ("AIDER_SHOW_MODEL_WARNINGS", Language::Text, "false"),
            ],
            ..PLAIN
        }),
    },
    ClientProgram {
        name: "continue",
        title: "Continue",
        about: "an assistant for VS Code and JetBrains",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[file(
            Language::Yaml,
            include_str!("templates/continue.yaml"),
            &[("CONTINUE_GLOBAL_DIR", "config.yaml"), ("HOME", ".continue/config.yaml")],
            &["name", "version", "schema"],
        )],
        launch: None,
    },
    ClientProgram {
        name: "cline",
        title: "Cline",
        about: "a coding agent for VS Code and the terminal; npm install -g cline",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[
            shell("In a terminal", include_str!("templates/cline.sh")),
            SettingsPart {
                about: "In the extension's settings",
                language: Language::Text,
                template: include_str!("templates/cline.txt"),
                file: None,
            },
        ],
        launch: None,
    },
    ClientProgram {
        name: "opencode",
        title: "opencode",
        about: "a coding agent; npm install -g opencode-ai",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[file(
            Language::Json,
            OPENCODE,
            &[
                ("OPENCODE_CONFIG_DIR", "opencode.json"),
                ("XDG_CONFIG_HOME", "opencode/opencode.json"),
                ("HOME", ".config/opencode/opencode.json"),
            ],
            &[],
        )],
        launch: Some(Launch {
            program: "opencode",
            install: "npm install -g opencode-ai",
            env: &[("OPENCODE_CONFIG_CONTENT", Language::Json, OPENCODE)],
            ..PLAIN
        }),
    },
    ClientProgram {
        name: "codex",
        title: "Codex",
        about: "OpenAI's coding agent; npm install -g @openai/codex",
        speaks: SpokenApi::Responses,
        prefers: Some(Family::Openai),
        parts: &[
            file(
                Language::Toml,
                include_str!("templates/codex.toml"),
                &[("CODEX_HOME", "config.toml"), ("HOME", ".codex/config.toml")],
                &[],
            ),
            shell("Then, in a shell", include_str!("templates/codex.sh")),
        ],
        launch: Some(Launch {
            program: "codex",
            install: "npm install -g @openai/codex",
            args: CODEX_ARGS,
            env: &[("ARGO_KEY", Language::Text, "{{key}}")],
            ..PLAIN
        }),
    },
    ClientProgram {
        name: "claude-code",
        title: "Claude Code",
        about: "Anthropic's coding agent; npm install -g @anthropic-ai/claude-code",
        speaks: SpokenApi::Messages,
        prefers: Some(Family::Anthropic),
        parts: &[
            file(
                Language::Json,
                include_str!("templates/claude-code.json"),
                &[("CLAUDE_CONFIG_DIR", "settings.json"), ("HOME", ".claude/settings.json")],
                &[],
            ),
            shell("Or, in a shell", include_str!("templates/claude-code.sh")),
        ],
        launch: Some(Launch {
            program: "claude",
            install: "npm install -g @anthropic-ai/claude-code",
            env: &[
                ("ANTHROPIC_BASE_URL", Language::Text, "{{root}}"),
                ("ANTHROPIC_AUTH_TOKEN", Language::Text, "{{key}}"),
                ("ANTHROPIC_MODEL", Language::Text, "{{model}}"),
                ("ANTHROPIC_SMALL_FAST_MODEL", Language::Text, "{{small}}"),
                ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", Language::Text, "1"),
            ],
            // It would be asked which of the two to use.
            unset: &["ANTHROPIC_API_KEY", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX"],
            ..PLAIN
        }),
    },
    ClientProgram {
        name: "gemini-cli",
        title: "Gemini CLI",
        about: "Google's coding agent; npm install -g @google/gemini-cli",
        speaks: SpokenApi::Gemini,
        prefers: Some(Family::Google),
        parts: &[
            file(
                Language::Json,
                GEMINI,
                &[("GEMINI_CLI_HOME", ".gemini/settings.json"), ("HOME", ".gemini/settings.json")],
                &[],
            ),
            file(
                Language::Env,
                include_str!("templates/gemini-cli.env"),
                &[("GEMINI_CLI_HOME", ".gemini/.env"), ("HOME", ".gemini/.env")],
                &[],
            ),
        ],
        launch: Some(Launch {
            program: "gemini",
            install: "npm install -g @google/gemini-cli",
            env: &[
                ("GOOGLE_GEMINI_BASE_URL", Language::Text, "{{root}}"),
                ("GEMINI_API_KEY", Language::Text, "{{key}}"),
                ("GEMINI_MODEL", Language::Text, "{{model}}"),
            ],
            unset: &["GOOGLE_GENAI_USE_GCA", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_API_KEY"],
            // With a base URL it starts only where a file says that it uses a key, and settings for all users must be root's.
            folder: Some(LaunchFolder { variable: "GEMINI_CLI_HOME", file: ".gemini/settings.json", template: GEMINI }),
            ..PLAIN
        }),
    },
    ClientProgram {
        name: "open-webui",
        title: "Open WebUI",
        about: "a web page for chats; pip install open-webui",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[shell("In a shell", include_str!("templates/open-webui.sh"))],
        launch: None,
    },
    ClientProgram {
        name: "zed",
        title: "Zed",
        about: "an editor",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[
            file(
                Language::Json,
                include_str!("templates/zed.json"),
                &[("XDG_CONFIG_HOME", "zed/settings.json"), ("HOME", ".config/zed/settings.json")],
                &[],
            ),
            shell("Zed takes its key from its environment, or from its settings", include_str!("templates/zed.sh")),
        ],
        launch: None,
    },
    ClientProgram {
        name: "vscode",
        title: "VS Code (Copilot)",
        about: "models with a key of your own in Copilot's chat, from VS Code 1.122 on",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[file(Language::Json, include_str!("templates/vscode.json"), VSCODE, &[])],
        launch: None,
    },
    ClientProgram {
        name: "jupyter-ai",
        title: "Jupyter AI",
        about: "an assistant in JupyterLab; pip install jupyter-ai jupyter-ai-jupyternaut",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[
            file(Language::Json, include_str!("templates/jupyter-ai.json"), JUPYTER, &[]),
            shell("Then, in a shell", include_str!("templates/jupyter-ai.sh")),
        ],
        launch: None,
    },
    ClientProgram {
        name: "gptel",
        title: "Emacs gptel",
        about: "models in Emacs",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[SettingsPart {
            about: "In your init file, after gptel is loaded",
            language: Language::Lisp,
            template: include_str!("templates/gptel.el"),
            file: None,
        }],
        launch: None,
    },
    ClientProgram {
        name: "pi",
        title: "pi",
        about: "a coding agent; npm install -g @mariozechner/pi-coding-agent",
        speaks: SpokenApi::Chat,
        prefers: None,
        parts: &[
            file(
                Language::Json,
                include_str!("templates/pi.json"),
                &[("PI_CODING_AGENT_DIR", "models.json"), ("HOME", ".pi/agent/models.json")],
                &[],
            ),
            shell("Then, in a shell", include_str!("templates/pi.sh")),
        ],
        launch: None,
    },
];

const OPENCODE: &str = include_str!("templates/opencode.json");
const GEMINI: &str = include_str!("templates/gemini-cli.json");

/// Values are TOML.
const CODEX_ARGS: &[(Language, &str)] = &[
    (Language::Text, "-c"),
    (Language::Toml, "model=\"{{model}}\""),
    (Language::Text, "-c"),
    (Language::Text, "model_context_window={{context}}"),
    (Language::Text, "-c"),
    (Language::Text, "web_search=\"disabled\""),
    (Language::Text, "-c"),
    (Language::Text, "model_provider=\"argo\""),
    (Language::Text, "-c"),
    (Language::Text, "model_providers.argo.name=\"ARGO\""),
    (Language::Text, "-c"),
    (Language::Toml, "model_providers.argo.base_url=\"{{base}}\""),
    (Language::Text, "-c"),
    (Language::Text, "model_providers.argo.env_key=\"ARGO_KEY\""),
    (Language::Text, "-c"),
    (Language::Text, "model_providers.argo.wire_api=\"responses\""),
    (Language::Text, "-c"),
    (Language::Text, "model_providers.argo.request_max_retries=1"),
    (Language::Text, "-c"),
    (Language::Text, "model_providers.argo.stream_max_retries=1"),
];

/// A launch that sets nothing.
const PLAIN: Launch = Launch { program: "", install: "", args: &[], env: &[], unset: &[], folder: None };

/// What the vendors' libraries read.
const LIBRARIES: Launch = Launch {
    env: &[
        ("OPENAI_BASE_URL", Language::Text, "{{base}}"),
        ("OPENAI_API_KEY", Language::Text, "{{key}}"),
        ("OPENAI_MODEL", Language::Text, "{{model}}"),
        ("ANTHROPIC_BASE_URL", Language::Text, "{{root}}"),
        ("ANTHROPIC_API_KEY", Language::Text, "{{key}}"),
        ("GOOGLE_GEMINI_BASE_URL", Language::Text, "{{root}}"),
        ("GEMINI_API_KEY", Language::Text, "{{key}}"),
    ],
    // It would come before GEMINI_API_KEY.
    unset: &["GOOGLE_API_KEY"],
    ..PLAIN
};

const fn program(language: Language, template: &'static str) -> SettingsPart {
    SettingsPart { about: "A program", language, template, file: None }
}

const fn shell(about: &'static str, template: &'static str) -> SettingsPart {
    SettingsPart { about, language: Language::Shell, template, file: None }
}

const fn file(
    language: Language,
    template: &'static str,
    places: &'static [(&'static str, &'static str)],
    keeps: &'static [&'static str],
) -> SettingsPart {
    SettingsPart { about: "In", language, template, file: Some(SettingsFile { places, keeps }) }
}

/// Returns the row of a program, by its name or that of its executable.
pub fn find(name: &str) -> Option<&'static ClientProgram> {
    let called = |row: &&ClientProgram| row.name == name || row.launch.as_ref().is_some_and(|it| it.program == name);
    PROGRAMS.iter().find(called)
}
