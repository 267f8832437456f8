#!/usr/bin/env bash
# Runs every test; arguments go to `cargo test --release`. Fails when anything fails, after having run the rest.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/prepare.sh
. "$root/scripts/prepare.sh"

failed=

# Runs the command after the name $1 and remembers the name when it fails.
step() {
    local name=$1
    shift
    say "== $name"
    "$@" || failed="$failed
  $name"
}

# ------------------------------------------------------------------------------------------------------------------
# Tests with real OpenAI clients live in tests/clients/run.sh. It finds in the environment:
#   ARGO_OPENAI_PROXY   the release binary
#   CLIENT_PYTHON       python of a virtual environment of its own (with pip); empty where there is no python3 with venv
# ------------------------------------------------------------------------------------------------------------------
client_tests() {
    local python
    [ -x "$root/tests/clients/run.sh" ] || {
        say "skipped: there is no tests/clients/run.sh"
        return 0
    }
    python=$(client_python) || say "no python3 with venv: what needs it is skipped"
    ARGO_OPENAI_PROXY=$binary CLIENT_PYTHON=$python "$root/tests/clients/run.sh"
}

# Prints the python of a virtual environment under the target directory, which is made when it is missing.
client_python() {
    local folder
    folder="$(target_dir)/client-venv"
    if [ ! -x "$folder/bin/python" ] || ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
        have python3 || return 1
        python3 -m venv --clear "$folder" >&2 || return 1
    fi
    echo "$folder/bin/python"
}

rust_tests() {
    (cd "$root" && CARGO_TARGET_DIR="$(target_dir)" cargo test --release --locked "$@")
}

prepare
build
step "client tests" client_tests
step "cargo test --release $*" rust_tests "$@"
if [ -n "$failed" ]; then
    say "FAILED:$failed"
    exit 1
fi
say "All tests passed."
