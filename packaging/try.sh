#!/usr/bin/env bash
# Installs a wheel as somebody does who has Python and nothing else, asks the demo, and says how long that took. Then asks with OpenAI's client.
#
#   packaging/try.sh WHEEL
set -euo pipefail
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
wheel=$1
work=$(mktemp -d)
proxy=
trap '[ -z "$proxy" ] || kill "$proxy" 2>/dev/null; rm -rf "$work"' EXIT

begun=$SECONDS
python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check --no-index "$wheel"

# In an empty folder: everything that the program needs is in it.
mkdir "$work/empty"
cd "$work/empty"
mkfifo "$work/said"
"$work/python/bin/argo-openai-proxy" --demo --port 0 2>"$work/said" &
proxy=$!
exec 3<"$work/said"
base=
while [ -z "$base" ] && IFS= read -r -t 60 line <&3; do
    [[ $line =~ ^listening\ on\ (http://127\.0\.0\.1:[0-9]+)$ || $line =~ ^(127\.0\.0\.1:[0-9]+)$ ]] && base=${BASH_REMATCH[1]}
    printf '%s\n' "$line" >>"$work/log"
done
[ -n "$base" ] || { cat "$work/log" >&2; echo "the proxy of the wheel did not start" >&2; exit 1; }
cat <&3 >>"$work/log" &
exec 3<&-
export base=http://${base#http://}/v1 no_proxy=127.0.0.1
"$work/python/bin/python" - <<'EOF'
import json, os, urllib.request

chat = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello"}]}
request = urllib.request.Request(os.environ["base"] + "/chat/completions", json.dumps(chat).encode())
request.add_header("Content-Type", "application/json")
print(json.load(urllib.request.urlopen(request, timeout=30))["choices"][0]["message"]["content"])
EOF
echo "from the wheel to the first answer: $((SECONDS - begun)) s"

# OpenAI's client as the suites of tests/clients have it.
"$work/python/bin/pip" install --quiet --disable-pip-version-check --no-compile "$(grep '^openai==' "$root/tests/clients/requirements-newest.txt")"
env -u OPENAI_ORG_ID -u OPENAI_PROJECT_ID "$work/python/bin/python" "$root/packaging/ask.py" "$base"
kill -TERM "$proxy"
wait "$proxy" || { echo "the proxy did not end well" >&2; exit 1; }
proxy=
