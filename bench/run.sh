#!/usr/bin/env bash
# Measures this proxy beside a pingora proxy that forwards bytes and looks at nothing.
#
#   bench/run.sh                   all cases; writes bench/RESULTS.md, whose first lines say how long that took
#   bench/run.sh --quick           fewer rounds and requests, under two minutes; writes nothing
#   bench/run.sh --peers           also argo-proxy and LiteLLM (from PyPI, in environments of their own) and nginx, if it is there
#   bench/run.sh --only TEXT       only the parts whose name contains TEXT
#   bench/run.sh --out FILE        writes the results there
#
# Ends with 1 when a piece of a stream is delayed too long (docs/performance.md). Needs Linux with two cores or more, Python 3.10 or later, and oha, which is installed with cargo when it is missing.
set -euo pipefail
unset CDPATH

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../scripts/prepare.sh
. "$root/scripts/prepare.sh"

[ "$(uname -s)" = Linux ] || { say "The benchmark reads processor times from /proc, which only Linux has."; exit 1; }
prepare
PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
have taskset || { say "taskset is missing: install util-linux"; exit 1; }
have curl || { say "curl is missing"; exit 1; }
have oha || { say "Installing oha, the load generator (some minutes) ..."; cargo install oha --locked >&2; }

target=$(target_dir)
say "Building with all optimisations, and as run_app.sh does (the first time takes some minutes) ..."
(cd "$root" && CARGO_TARGET_DIR="$target" cargo build --release --locked --bin argo-openai-proxy >&2)
(cd "$root" && CARGO_TARGET_DIR="$target" cargo build --profile dist --locked --bin argo-openai-proxy >&2)
(cd "$root" && CARGO_TARGET_DIR="$target" cargo build --profile dist --locked -p bench-tools --bin bare --bin paced --bin streams --bin fresh >&2)
cd "$root/bench"
exec python3 -m runner.main --binaries "$target/dist" --as-built "$target/release/argo-openai-proxy" "$@"
