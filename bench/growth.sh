#!/usr/bin/env bash
# Counts how the proxy's own instructions grow with a table, with callers and with conversations.
#
#   bench/growth.sh          measures, and writes the table of docs/performance.md anew
#   bench/growth.sh NAME …   measures these curves alone, and writes nothing
#
# Instructions are counted by valgrind's callgrind, as those of bench/guard.sh. Ends with 1 when something grows faster than it should.
set -euo pipefail
unset CDPATH

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../scripts/prepare.sh
. "$root/scripts/prepare.sh"

have valgrind || { say "valgrind is missing: install it with this system's package manager"; exit 1; }
prepare
target=$(target_dir)
(cd "$root" && CARGO_TARGET_DIR="$target" cargo build --release --locked -p bench-tools --bin growth >&2)
cd "$root/bench"
exec python3 -m runner.growth --program "$target/release/growth" "$@"
