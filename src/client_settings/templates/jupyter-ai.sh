export OPENAI_API_KEY={{key}}
jupyter lab
