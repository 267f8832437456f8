#!/usr/bin/env bash
# Runs every test; arguments go to `cargo test --release`. Fails when anything fails, after having run the rest.
set -euo pipefail
unset CDPATH

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

# OpenAI's real clients and the examples, over the demo.
client_tests() {
    "$root/tests/clients/run.sh"
}

rust_tests() {
    (cd "$root" && CARGO_TARGET_DIR="$(target_dir)" cargo test --release --locked "$@")
}

prepare
prepare_clients
build
step "client tests" client_tests
step "cargo test --release $*" rust_tests "$@"
if [ -n "$failed" ]; then
    say "FAILED:$failed"
    exit 1
fi
say "All tests passed."
