export OPENAI_BASE_URL={{base}}
export OPENAI_API_KEY={{key}}
export OPENAI_MODEL={{model}}
curl "$OPENAI_BASE_URL/chat/completions" -H "Authorization: Bearer $OPENAI_API_KEY" -H 'Content-Type: application/json' \
  -d '{"model": "'"$OPENAI_MODEL"'", "messages": [{"role": "user", "content": "Say hello"}]}'
