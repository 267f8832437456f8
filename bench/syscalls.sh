#!/usr/bin/env bash
# Counts the system calls of a chat and of a piece of a stream, beside those of the forwarder, and writes the table of
# docs/performance.md. Needs strace and the right to trace, which root has.
set -euo pipefail
unset CDPATH

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../scripts/prepare.sh
. "$root/scripts/prepare.sh"

have strace || { say "strace is missing: install it with this system's package manager"; exit 1; }
prepare
target=$(target_dir)
(cd "$root" && CARGO_TARGET_DIR="$target" cargo build --release --locked --bin argo-openai-proxy >&2)
(cd "$root" && CARGO_TARGET_DIR="$target" cargo build --release --locked -p bench-tools --bin bare --bin paced >&2)
cd "$root/bench"
exec python3 -m runner.syscalls --binaries "$target/release"
