#!/usr/bin/env bash
# Runs the real clients of OpenAI, Anthropic and Google, frameworks on top of their APIs, Codex, Claude Code, gemini-cli, the examples,
# curl and a browser against the proxy and its stand-in for ARGO, and OpenAI's clients against the proxy before LiteLLM's proxy and before
# a second instance.
#
#   tests/clients/run.sh                 all suites
#   tests/clients/run.sh newest npm-6x   some of: newest 2x 160 frameworks responses codex shell npm-newest npm-6x ai-sdk native
#                                        native-frameworks native-responses native-codex npm-native native-ai-sdk vendors npm-vendors
#                                        anthropic anthropic-0 npm-anthropic claude gemini gemini-1 npm-gemini npm-gemini-1
#                                        gemini-cli; each of these nine also as native-…; settings page
#
#   PROXY_COMMAND  starts the proxy with the stand-in on a free port, and says on stderr where it listens
#                  (target/release/argo-openai-proxy serve --demo --port 0; before the stand-in's older endpoints alone, by older.sh,
#                  for all suites but the native and the vendors' ones)
#   NO_SKIPS       1: a suite or a test that cannot run is a failure; without it, it is reported as skipped
#   SKIPPED_TESTS  a file: what cannot run is added to it, with the reason
#
# Clients are pinned by requirements-*.txt and npm-*/package-lock.json, and installed below target/clients. What is there
# is used again until its list changes. Without Python, Node or their registries, the suites concerned are skipped. Where the
# system's Node is too old for a suite, npm-node has one.
set -uo pipefail
unset CDPATH

cd "$(dirname "$0")/../.." || exit 1
here="$PWD/tests/clients"
work="$PWD/${CARGO_TARGET_DIR:-target}/clients"
case "${CARGO_TARGET_DIR:-}" in /*) work="$CARGO_TARGET_DIR/clients" ;; esac
program="${CARGO_TARGET_DIR:-target}/release/argo-openai-proxy"
native_command="${PROXY_COMMAND:-$program serve --demo --port 0}"
PROXY_COMMAND="${PROXY_COMMAND:-$here/older.sh $program}"
# For tests that start a proxy with settings of their own.
case "$program" in /*) export PROXY_PROGRAM="$program" ;; *) export PROXY_PROGRAM="$PWD/$program" ;; esac
mkdir -p "$work/logs"

# Nothing of the caller's may lead the clients elsewhere.
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 OPENAI_API_KEY=any-value
export PYTHONDONTWRITEBYTECODE=1 PYTHONUTF8=1 PYTHONUNBUFFERED=1
unset OPENAI_ORG_ID OPENAI_PROJECT_ID OPENAI_LOG PYTHONPATH NODE_OPTIONS
unset GOOGLE_API_KEY GEMINI_API_KEY GOOGLE_GEMINI_BASE_URL GOOGLE_GENAI_API_VERSION GOOGLE_GENAI_USE_VERTEXAI GOOGLE_GENAI_USE_ENTERPRISE

proxy=
failed=0
summary=()

say() {
  summary+=("clients: $1: $2")
  printf 'clients: %s: %s\n' "$1" "$2"
}

fail() {
  failed=1
  say "$1" "FAILED: $2"
}

skip() {
  if [ "${NO_SKIPS:-}" = 1 ]; then fail "$1" "cannot run, and NO_SKIPS=1: $2"; else say "$1" "SKIPPED: $2"; fi
  [ -z "${SKIPPED_TESTS:-}" ] || printf 'clients: %s: %s\n' "$1" "$2" >>"$SKIPPED_TESTS"
}

# An installation failed. $1: label, $2: its log, $3: the registry, $4: what the log says when that cannot be reached.
not_installed() {
  if grep -Eqi "$4" "$2"; then
    skip "$1" "$3 cannot be reached"
  else
    tail -n 5 "$2" >&2
    fail "$1" "it cannot be installed; see $2"
  fi
}

# ---- the proxy ----

# "listening on http://ADDRESS", or the address alone. Other lines name other servers, such as the stand-in.
announced='^(listening on http://)?(127\.0\.0\.1:[0-9]+)$'

# Starts the proxy and sets OPENAI_BASE_URL; $1 is the file for its log.
start_proxy() {
  local line address='' pipe="$work/proxy.stderr"
  rm -f "$pipe" && mkfifo "$pipe" || return 1
  # shellcheck disable=SC2086 # a command with its arguments
  $PROXY_COMMAND </dev/null >/dev/null 2>"$pipe" &
  proxy=$!
  exec 3<"$pipe"
  : >"$1"
  while [ -z "$address" ] && IFS= read -r -t 60 line <&3; do
    printf '%s\n' "$line" >>"$1"
    [[ $line =~ $announced ]] && address="${BASH_REMATCH[2]}"
  done
  cat <&3 >>"$1" &
  exec 3<&-
  export OPENAI_BASE_URL="http://$address/v1"
  [ -n "$address" ]
}

# Ends the proxy. It must go by itself soon: no test leaves a request behind that could keep it.
stop_proxy() {
  [ -n "$proxy" ] || return 0
  local pid=$proxy status
  proxy=
  kill -TERM "$pid" 2>/dev/null
  (
    sleep 15 &
    trap 'kill $!' TERM
    wait $! && kill -KILL "$pid"
  ) >/dev/null 2>&1 &
  local guard=$!
  wait "$pid" 2>/dev/null
  status=$?
  kill "$guard" 2>/dev/null
  return $status
}
trap 'stop_proxy' EXIT
trap 'exit 130' INT TERM

# Runs a suite's command against a fresh proxy. $1: label, rest: the command, which writes "N passed, M failed" to the
# file $CLIENTS_SUMMARY.
against_proxy() {
  local label=$1 status counts log="$work/logs/${1// /-}.proxy.log"
  shift
  export CLIENTS_SUMMARY="$work/summary"
  rm -f "$CLIENTS_SUMMARY"
  if ! start_proxy "$log"; then
    stop_proxy
    cat "$log" >&2
    fail "$label" "the proxy did not start: $PROXY_COMMAND"
    return
  fi
  "$@"
  status=$?
  if stop_proxy; then :; else
    failed=1
    echo "clients: $label: the proxy did not end within 15 s of SIGTERM, or not with status 0; its log is $log" >&2
    status=1
  fi
  counts=$(cat "$CLIENTS_SUMMARY" 2>/dev/null)
  if [ -z "$counts" ]; then
    fail "$label" "the tests broke off"
  elif [ $status -ne 0 ]; then
    failed=1
    say "$label" "$counts (FAILED)"
  elif [ "${NO_SKIPS:-}" = 1 ] && [[ $counts == *skipped* ]]; then
    fail "$label" "$counts, and NO_SKIPS=1"
  else
    say "$label" "$counts"
  fi
}

# ---- Python ----

# Prints the first Python of at least 3.$1.
find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
    if "$name" -c "import sys; sys.exit(sys.version_info < (3, $1))" 2>/dev/null; then
      "$name" -c 'import sys; print(sys.executable)'
      return 0
    fi
  done
  return 1
}

# Makes the environment $1 for the list of that name; $2: minor version of Python, $3: label of the suite.
make_environment() {
  local list="$here/requirements-$1.txt" venv="$work/python-$1" log="$work/logs/install-$1.log" python stamp
  python=$(find_python "$2") || { skip "$3" "it needs Python 3.$2 or newer"; return 1; }
  stamp="$("$python" -c 'import hashlib, sys
print(sys.version, hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$list")"
  [ "$(cat "$venv/stamp" 2>/dev/null)" = "$stamp" ] && return 0
  echo "clients: $3: installing $list"
  rm -rf "$venv"
  if ! "$python" -m venv "$venv" >"$log" 2>&1; then
    skip "$3" "$python cannot make a virtual environment (on Debian and Ubuntu: apt install python3-venv)"
    return 1
  fi
  if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --retries 2 -r "$list" >"$log" 2>&1; then
    not_installed "$3" "$log" PyPI 'connection broken|NewConnectionError|ConnectTimeout|ProxyError|network is unreachable'
    return 1
  fi
  printf '%s\n' "$stamp" >"$venv/stamp"
}

# $1: list, $2: minor version of Python, $3: label, rest: folders of the tests.
python_suite() {
  local list=$1 label=$3
  make_environment "$1" "$2" "$3" || return
  shift 3
  # A test that takes a minute hangs: its stack is shown and the run ends.
  against_proxy "$label" "$work/python-$list/bin/python" -m pytest --quiet --tb=short -rs -p no:cacheprovider \
    -o faulthandler_timeout=60 -o faulthandler_exit_on_timeout=true -m "$which" "${@/#/$here/}"
}

# ---- Node ----

# $1: the Node, $2: the folder of the tests.
run_node() {
  local tap="$work/summary.tap" status
  (cd "$2" && "$1" --test --test-timeout="${node_timeout:-60000}" --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$tap")
  status=$?
  awk '/^# pass /{p=$3} /^# (fail|cancelled) /{f+=$3} /^# skipped /{s=$3}
    END {if (p != "") print p " passed, " f " failed" (s > 0 ? ", " s " skipped" : "")}' "$tap" >"$CLIENTS_SUMMARY"
  [ -z "${SKIPPED_TESTS:-}" ] || sed -n 's/^ *ok [0-9]* - \(.*\) # SKIP *\(.*\)/\1: \2/p' "$tap" >>"$SKIPPED_TESTS"
  return $status
}

# Whether the Node $1 is at least "major minor" $2.
node_is_at_least() {
  "$1" -e 'const [a, b] = process.versions.node.split("."); const [c, d] = process.argv[1].split(" ");
    process.exit(a - c || b - d ? +(a - c < 0 || (a === c && b - d < 0)) : 0)' "$2" 2>/dev/null
}

# Installs the package and lock file of the folder $1 below target/clients; $2: label of the suite, $3: the version of Node.
install_package() {
  local from="$here/$1" folder="$work/$1" log="$work/logs/install-$1.log" stamp
  mkdir -p "$folder"
  stamp="$3 $(node -e 'process.stdout.write(require("crypto").createHash("sha256")
    .update(require("fs").readFileSync(process.argv[1])).digest("hex"))' "$from/package-lock.json")"
  [ "$(cat "$folder/stamp" 2>/dev/null)" != "$stamp" ] || return 0
  echo "clients: $2: installing $from/package-lock.json"
  rm -rf "$folder" && mkdir -p "$folder" && cp "$from/package.json" "$from/package-lock.json" "$folder"
  if ! (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) >"$log" 2>&1; then
    not_installed "$2" "$log" "the npm registry" 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH'
    return 1
  fi
  printf '%s\n' "$stamp" >"$folder/stamp"
}

# $1: folder with package.json, $2: oldest version of Node as "major minor", $3: label, $4: folder of the tests.
node_suite() {
  local folder="$work/$1" node=node
  command -v node >/dev/null && command -v npm >/dev/null || { skip "$3" "there is no Node with npm"; return; }
  if ! node_is_at_least node "$2"; then
    install_package npm-node "$3" any || return
    node="$work/npm-node/node_modules/.bin/node"
    node_is_at_least "$node" "$2" || { skip "$3" "it needs Node ${2/ /.} or newer; this is $(node --version)"; return; }
  fi
  install_package "$1" "$3" "$("$node" --version)" || return
  # Beside node_modules, where their imports find the client.
  rm -rf "$folder"/*.mjs "$folder/examples" "$folder/pages"
  mkdir "$folder/examples"
  cp "$here/${4:-node}"/*.mjs "$PWD/docs/timeouts.md" "$folder"
  cp -r "$PWD/docs/clients" "$folder/pages"
  cp "$PWD"/examples/*.mjs "$folder/examples"
  against_proxy "$3" run_node "$node" "$folder"
}

# ---- Codex ----

# Codex is run by tests in Python. $1: label.
codex_suite() {
  command -v node >/dev/null && command -v npm >/dev/null || { skip "$1" "there is no Node with npm"; return; }
  install_package npm-codex "$1" any || return
  export CODEX="$work/npm-codex/node_modules/.bin/codex"
  "$CODEX" --version >/dev/null 2>&1 || { skip "$1" "there is no Codex for this system"; return; }
  # Codex waits more than it computes.
  in_parallel 4 python_suite responses 11 "$1" codex
}

# ---- Claude Code ----

# Claude Code is run by tests in Python. $1: label.
claude_suite() {
  local from="$work/npm-claude/node_modules/@anthropic-ai" program
  command -v node >/dev/null && command -v npm >/dev/null || { skip "$1" "there is no Node with npm"; return; }
  install_package npm-claude "$1" any || return
  for program in "$from"/claude-code-*/claude; do
    if "$program" --version >/dev/null 2>&1; then
      export CLAUDE=$program
      in_parallel 3 python_suite anthropic 11 "$1" claude
      return
    fi
  done
  skip "$1" "there is no Claude Code for this system"
}

# ---- gemini-cli ----

# gemini-cli is run by tests in Python. $1: label.
gemini_cli_suite() {
  command -v node >/dev/null && command -v npm >/dev/null || { skip "$1" "there is no Node with npm"; return; }
  node_is_at_least node "20 0" || { skip "$1" "it needs Node 20 or newer; this is $(node --version)"; return; }
  install_package npm-gemini-cli "$1" any || return
  export GEMINI_CLI="$work/npm-gemini-cli/node_modules/@google/gemini-cli/bundle/gemini.js"
  in_parallel 3 python_suite gemini 11 "$1" gemini-cli
}

# ---- the page for people ----

# $1: label.
page_suite() {
  export CHROMIUM
  CHROMIUM=$(command -v chromium) || { skip "$1" "there is no chromium"; return; }
  # The limit is one of whole files, too, and a browser takes its time.
  local node_timeout=300000
  node_suite npm-page "20 0" "$1" page
}

# ---- the settings that the program gives for others ----

# $1: label.
settings_suite() {
  local candidate folder
  command -v node >/dev/null && command -v npm >/dev/null || { skip "$1" "there is no Node with npm"; return; }
  for folder in npm-settings npm-codex npm-claude npm-gemini-cli; do install_package "$folder" "$1" any || return; done
  make_environment aider 10 "$1" || return
  # Of Jupyter AI only its model of its file is read.
  PIP_NO_DEPS=1 make_environment jupyter 11 "$1" || return
  for candidate in "$work"/npm-claude/node_modules/@anthropic-ai/claude-code-*/claude; do
    if "$candidate" --version >/dev/null 2>&1; then export CLAUDE=$candidate; fi
  done
  [ -n "${CLAUDE:-}" ] || { skip "$1" "there is no Claude Code for this system"; return; }
  export CODEX="$work/npm-codex/node_modules/.bin/codex" AIDER="$work/python-aider/bin/aider"
  export SETTINGS_NODE_MODULES="$work/npm-settings/node_modules" SETTINGS_PYTHON="$work/python-responses/bin/python"
  export GEMINI_CLI="$work/npm-gemini-cli/node_modules/@google/gemini-cli/bundle/gemini.js"
  PROGRAM=$(realpath "$program")
  JUPYTER_AI=$(find "$work/python-jupyter" -type d -name jupyter_ai_jupyternaut -print -quit)
  export PROGRAM JUPYTER_AI
  in_parallel 2 python_suite responses 11 "$1" settings
}

# Runs a Python suite in $1 processes; rest: the suite.
in_parallel() {
  local PYTEST_ADDOPTS="--numprocesses=$1"
  export PYTEST_ADDOPTS
  shift
  "$@"
}

# ---- other servers as upstreams ----

# Runs a suite against a proxy that calls LiteLLM's proxy and the demo. $1: label, rest: the command of the suite.
vendors() {
  local label=$1
  shift
  make_environment vendors 11 "$label" || return
  local PROXY_COMMAND="$work/python-vendors/bin/python $here/vendors/serve.py $native_command"
  "$@" "$label" vendors
}

# Runs a suite over the stand-in's native endpoints, without what only the older ones do.
natively() {
  local PROXY_COMMAND=$native_command which='not older'
  ENDPOINTS=native "$@"
}

# The same before a proxy that asks an endpoint again however often it fails: tests that have it fail on purpose must not send those
# beside them to the next one.
patiently() {
  local patient="$work/patient-routes.yaml"
  sed 's/^    vendor: argo$/&\n    breaker: { failures: 1000 }/' routes.yaml >"$patient"
  local native_command="$native_command --routes $patient"
  natively "$@"
}

# ---- all ----

# The tests of a Python suite that run, by their marks.
which='not native'

all="newest 2x 160 frameworks responses codex shell npm-newest npm-6x ai-sdk native native-frameworks native-responses native-codex"
all+=" npm-native native-ai-sdk vendors npm-vendors anthropic anthropic-0 npm-anthropic claude native-anthropic native-anthropic-0"
all+=" native-npm-anthropic native-claude gemini gemini-1 npm-gemini npm-gemini-1 gemini-cli native-gemini native-gemini-1"
all+=" native-npm-gemini native-npm-gemini-1 native-gemini-cli settings page"

for suite in "${@:-$all}"; do
  for name in $suite; do
    case "$name" in
      newest) python_suite newest 11 "openai 3.x" python langchain ;;
      2x) python_suite 2x 10 "openai 2.x" python ;;
      160) python_suite 160 10 "openai 1.60" python ;;
      frameworks) python_suite frameworks 11 "LangChain, LiteLLM, instructor" frameworks ;;
      responses) in_parallel 2 python_suite responses 11 "Responses: openai 3.x, Agents SDK, LangChain, llm" responses ;;
      codex) codex_suite "Codex" ;;
      shell) python_suite newest 11 "curl and documents" shell ;;
      npm-newest) node_suite npm-newest "22 0" "openai npm 7.x" ;;
      npm-6x) node_suite npm-6x "20 11" "openai npm 6.x" ;;
      ai-sdk) node_suite npm-ai-sdk "20 11" "Vercel's AI SDK" ai-sdk ;;
      native) natively python_suite newest 11 "openai 3.x over native endpoints" python langchain ;;
      native-frameworks) natively python_suite frameworks 11 "LangChain, LiteLLM, instructor over native endpoints" frameworks ;;
      native-responses)
        patiently in_parallel 2 python_suite responses 11 "Responses: openai 3.x, Agents SDK, LangChain, llm over native endpoints" responses
        ;;
      native-codex) natively codex_suite "Codex over native endpoints" ;;
      npm-native) natively node_suite npm-newest "22 0" "openai npm 7.x over native endpoints" ;;
      native-ai-sdk) natively node_suite npm-ai-sdk "20 11" "Vercel's AI SDK over native endpoints" ai-sdk ;;
      anthropic) python_suite anthropic 11 "anthropic 2.x, LangChain" anthropic anthropic-langchain ;;
      anthropic-0) python_suite anthropic-0 10 "anthropic 0.x" anthropic ;;
      npm-anthropic) node_suite npm-anthropic "20 11" "anthropic npm 1.x" anthropic-node ;;
      claude) claude_suite "Claude Code" ;;
      native-anthropic)
        natively python_suite anthropic 11 "anthropic 2.x, LangChain over native endpoints" anthropic anthropic-langchain
        ;;
      native-anthropic-0) natively python_suite anthropic-0 10 "anthropic 0.x over native endpoints" anthropic ;;
      native-npm-anthropic) natively node_suite npm-anthropic "20 11" "anthropic npm 1.x over native endpoints" anthropic-node ;;
      native-claude) natively claude_suite "Claude Code over native endpoints" ;;
      gemini) python_suite gemini 11 "google-genai 3.x, LangChain" gemini gemini-langchain ;;
      gemini-1) python_suite gemini-1 10 "google-genai 1.x" gemini ;;
      npm-gemini) node_suite npm-gemini "22 0" "google-genai npm 3.x" gemini-node ;;
      npm-gemini-1) node_suite npm-gemini-1 "20 11" "google-genai npm 1.x" gemini-node ;;
      gemini-cli) gemini_cli_suite "gemini-cli" ;;
      native-gemini) patiently python_suite gemini 11 "google-genai 3.x, LangChain over native endpoints" gemini gemini-langchain ;;
      native-gemini-1) patiently python_suite gemini-1 10 "google-genai 1.x over native endpoints" gemini ;;
      native-npm-gemini) patiently node_suite npm-gemini "22 0" "google-genai npm 3.x over native endpoints" gemini-node ;;
      native-npm-gemini-1) patiently node_suite npm-gemini-1 "20 11" "google-genai npm 1.x over native endpoints" gemini-node ;;
      native-gemini-cli) patiently gemini_cli_suite "gemini-cli over native endpoints" ;;
      settings) natively settings_suite "settings for programs" ;;
      page) natively page_suite "the page in a browser" ;;
      vendors) vendors "LiteLLM's proxy and a second instance" python_suite vendors 11 ;;
      npm-vendors) vendors "openai npm over LiteLLM's proxy" node_suite npm-newest "22 0" ;;
      *) fail "$name" "there is no such suite" ;;
    esac
  done
done

echo
printf '%s\n' "${summary[@]}"
exit $failed
