//! Where programs keep their files, if systems differ in it: a variable that names a folder, and the path from there.

/// llm's list of models.
pub const LLM: &[(&str, &str)] = if cfg!(target_os = "macos") {
    &[
        ("LLM_USER_PATH", MODELS_OF_LLM),
        ("HOME", "Library/Application Support/io.datasette.llm/extra-openai-models.yaml"),
    ]
} else {
    &[
        ("LLM_USER_PATH", MODELS_OF_LLM),
        ("XDG_CONFIG_HOME", "io.datasette.llm/extra-openai-models.yaml"),
        ("HOME", ".config/io.datasette.llm/extra-openai-models.yaml"),
    ]
};
const MODELS_OF_LLM: &str = "extra-openai-models.yaml";

/// Copilot's list of models.
pub const VSCODE: &[(&str, &str)] = if cfg!(target_os = "macos") {
    &[("HOME", "Library/Application Support/Code/User/chatLanguageModels.json")]
} else {
    &[("XDG_CONFIG_HOME", "Code/User/chatLanguageModels.json"), ("HOME", ".config/Code/User/chatLanguageModels.json")]
};

/// Jupyter AI's settings.
pub const JUPYTER: &[(&str, &str)] = if cfg!(target_os = "macos") {
    &[("JUPYTER_DATA_DIR", "jupyter_ai/config.json"), ("HOME", "Library/Jupyter/jupyter_ai/config.json")]
} else {
    &[
        ("JUPYTER_DATA_DIR", "jupyter_ai/config.json"),
        ("XDG_DATA_HOME", "jupyter/jupyter_ai/config.json"),
        ("HOME", ".local/share/jupyter/jupyter_ai/config.json"),
    ]
};
