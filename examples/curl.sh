#!/usr/bin/env bash
# All endpoints with curl. To copy one command, set BASE_URL first.
set -euo pipefail

BASE_URL="${OPENAI_BASE_URL:-http://127.0.0.1:44497/v1}"
curl() { command curl --silent --show-error --fail-with-body "$@" && echo; }

echo "== which models are there"
curl "$BASE_URL/models"

echo "== one model"
curl "$BASE_URL/models/argo:gpt-4o"

echo "== a chat completion"
curl "$BASE_URL/chat/completions" \
  -H "Content-Type: application/json" \
  -d '{
    "model": "argo:gpt-4o",
    "messages": [{"role": "user", "content": "What is a boson?"}]
  }'

echo "== the same as a stream (-N prints each event as it comes)"
curl -N "$BASE_URL/chat/completions" \
  -H "Content-Type: application/json" \
  -d '{
    "model": "argo:gpt-4o",
    "messages": [{"role": "user", "content": "What is a fermion?"}],
    "stream": true,
    "stream_options": {"include_usage": true}
  }'

echo "== a legacy completion"
curl "$BASE_URL/completions" \
  -H "Content-Type: application/json" \
  -d '{"model": "argo:gpt-4o", "prompt": "The mass of the electron is"}'

echo "== embeddings"
curl "$BASE_URL/embeddings" \
  -H "Content-Type: application/json" \
  -d '{"model": "argo:text-embedding-3-small", "input": ["first text", "second text"]}' \
  | cut -c 1-300

echo "== ARGO's own format"
curl "$BASE_URL/chat" \
  -H "Content-Type: application/json" \
  -d '{
    "model": "argo:gpt-4o",
    "system": "You are a helpful assistant.",
    "prompt": ["What is a muon?"]
  }'

echo "== ARGO's own format as a stream of raw text"
curl -N "$BASE_URL/chat" \
  -H "Content-Type: application/json" \
  -d '{
    "model": "argo:gpt-4o",
    "messages": [{"role": "user", "content": "What is a gluon?"}],
    "stream": true
  }'

echo "== does ARGO answer (costs one short call)"
curl "$BASE_URL/status"

echo "== does the proxy run (costs nothing)"
curl "${BASE_URL%/v1}/health"
