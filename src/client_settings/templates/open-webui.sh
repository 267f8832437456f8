export OPENAI_API_BASE_URL={{base}}
export OPENAI_API_KEY={{key}}
export DEFAULT_MODELS={{model}}
export ENABLE_OLLAMA_API=false
open-webui serve
