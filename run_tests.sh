#!/usr/bin/env bash
# Runs every test; arguments go to `cargo test --release`. Fails when anything fails, after having run the rest, and when nothing ran.
#
#   NO_SKIPS=1    what cannot run is a failure, as in CI; without it, the closing lines count and name it
set -euo pipefail
unset CDPATH

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/prepare.sh
. "$root/scripts/prepare.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What a suite or a test adds here could not run.
export SKIPPED_TESTS="$work/skipped"
: >"$SKIPPED_TESTS"
failed=

# Runs the command after the name $1, and remembers the name when it fails. What it prints is kept in the file $2, too.
step() {
    local name=$1 kept=$2
    shift 2
    say "== $name"
    "$@" | tee "$kept" || failed="$failed
  $name"
}

# OpenAI's real clients and the examples, over the stand-in's older and native endpoints.
client_tests() {
    "$root/tests/clients/run.sh"
}

rust_tests() {
    (cd "$root" && CARGO_TARGET_DIR="$(target_dir)" cargo test --release --locked --no-fail-fast "$@")
}

# The sum of the numbers before the word $1 in the closing lines of both steps.
sum() {
    {
        sed -n "s/^test result: .* \([0-9][0-9]*\) $1.*/\1/p" "$work/rust"
        # Each suite's line comes twice: when it ends, and at the end of all.
        sed -n "/^clients: /s/.* \([0-9][0-9]*\) $1.*/&/p" "$work/clients" | sort -u |
            sed -n "s/.* \([0-9][0-9]*\) $1.*/\1/p"
    } | awk '{ sum += $1 } END { print sum + 0 }'
}

prepare
prepare_tests
build
step "client tests" "$work/clients" client_tests
step "cargo test --release $*" "$work/rust" rust_tests "$@"

passed=$(sum passed)
skipped=$(awk 'END { print NR }' "$SKIPPED_TESTS")
if [ "$skipped" != 0 ]; then
    say "SKIPPED, $skipped:"
    sed 's/^/  /' "$SKIPPED_TESTS" >&2
fi
if [ "$passed" = 0 ]; then
    say "Nothing ran: no test passed."
    failed="$failed
  nothing ran"
fi
if [ -n "$failed" ]; then
    say "FAILED:$failed"
    exit 1
fi
if [ "$skipped" = 0 ]; then
    say "All $passed tests passed, and none was skipped."
else
    say "$passed tests passed, and $skipped could not run here (see above)."
fi
