#!/usr/bin/env bash
# Fails when a path through the proxy takes more instructions than bench/instructions.txt allows.
#
#   bench/guard.sh           compares, and fails above the margin
#   bench/guard.sh --write   measures anew and writes the file; read the difference before you keep it
#
# Instructions are counted by valgrind's callgrind: the same for the same program, whatever else the machine is doing. They
# depend on the compiler, so only the one of rust-toolchain.toml is measured; with another one this fails.
set -euo pipefail
unset CDPATH

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../scripts/prepare.sh
. "$root/scripts/prepare.sh"

have valgrind || { say "valgrind is missing: install it with this system's package manager"; exit 1; }
prepare
target=$(target_dir)
(cd "$root" && CARGO_TARGET_DIR="$target" cargo build --release --locked -p bench-tools --bin paths >&2)
cd "$root/bench"
exec python3 -m runner.guard --program "$target/release/paths" "$@"
