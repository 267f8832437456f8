#!/usr/bin/env bash
# Runs a fuzz target for long, guided by coverage:
#
#   scripts/fuzz.sh                      names the targets
#   scripts/fuzz.sh TARGET               10,000,000 executions
#   scripts/fuzz.sh TARGET EXECUTIONS    as many
#   scripts/fuzz.sh TARGET FILE          the input of a file, as a run has left it that found something
#
# SECONDS_AT_MOST=N ends a run after N seconds. What a run learns is kept below target/fuzz, for the next one.
set -euo pipefail
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=prepare.sh
. "$root/scripts/prepare.sh"
prepare
cd "$root"

target=$(target_dir)
export CARGO_TARGET_DIR=$target
kept=$target/fuzz
mkdir -p "$kept"

# Stands before the compiler for the crates of this repository. The instrumentation needs no other toolchain; overflow and
# debug assertions panic, as they do in tests. What the crates are built from is the release build's.
wrapper=$kept/rustc
cat >"$wrapper.new" <<'EOF'
#!/bin/sh
for argument; do
    # A build script runs on its own.
    if [ "$argument" = build_script_build ]; then exec "$@"; fi
done
exec "$@" -C debug-assertions=on -C overflow-checks=on -C passes=sancov-module -C llvm-args=-sanitizer-coverage-level=4 \
    -C llvm-args=-sanitizer-coverage-inline-8bit-counters -C llvm-args=-sanitizer-coverage-pc-table \
    -C llvm-args=-sanitizer-coverage-trace-compares
EOF
chmod +x "$wrapper.new"
mv "$wrapper.new" "$wrapper"
RUSTC_WORKSPACE_WRAPPER=$wrapper cargo build --release --locked -p argo-fuzz

export FUZZ_TARGET=${1:-}
export FUZZ_SEEDS=$kept/$FUZZ_TARGET.seeds
inputs=$kept/$FUZZ_TARGET.inputs
mkdir -p "$FUZZ_SEEDS" "$inputs"
if [ -f "${2:-}" ]; then
    exec "$target/release/argo-fuzz" "$2"
fi
executions=${2:-10000000}
begun=$(date +%s)
log=$kept/$FUZZ_TARGET.log
found=0
"$target/release/argo-fuzz" "$inputs" "$FUZZ_SEEDS" -runs="$executions" -max_total_time="${SECONDS_AT_MOST:-0}" -max_len=4096 \
    -timeout=25 -rss_limit_mb=4096 -artifact_prefix="$kept/$FUZZ_TARGET." -dict="$kept/$FUZZ_TARGET.words" -print_final_stats=1 \
    >"$log" 2>&1 || found=$?
took=$(($(date +%s) - begun))
ran=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
covered=$(sed -n 's/.*cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
say "$FUZZ_TARGET: ${ran:-0} executions in $took s, ${covered:-0} points of the code reached, log: $log"
if [ "$found" != 0 ]; then
    tail -n 40 "$log" >&2
    exit "$found"
fi
