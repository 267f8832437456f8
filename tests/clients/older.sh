#!/usr/bin/env bash
# Starts the stand-in, and the proxy before its older endpoints alone. Says where the proxy listens; SIGTERM ends both.
#
#   older.sh PROGRAM
set -euo pipefail

program=$1
folder=$(mktemp -d)
stand_in='' proxy=''

finish() {
  [ -z "$proxy" ] || kill -TERM "$proxy" 2>/dev/null || true
  [ -z "$stand_in" ] || kill -TERM "$stand_in" 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

mkfifo "$folder/said"
"$program" stand-in --port 0 </dev/null >/dev/null 2>"$folder/said" &
stand_in=$!
exec 4<"$folder/said"
echo 'user: tester' >"$folder/config.yaml"
while IFS= read -r -t 60 line <&4; do
  case $line in
    *argo_url:* | *argo_stream_url:* | *argo_embedding_url:* | *argo_models_url:*) echo "${line#"${line%%a*}"}" >>"$folder/config.yaml" ;;
  esac
  case $line in *argo_models_url:*) break ;; esac
done
cat <&4 >/dev/null &

"$program" serve --config "$folder/config.yaml" --host 127.0.0.1 --port 0 </dev/null >/dev/null &
proxy=$!
trap 'kill -TERM "$proxy"' TERM
status=0
wait "$proxy" || status=$?
# A signal ends the first wait, and the second one tells how the proxy ended.
if kill -0 "$proxy" 2>/dev/null; then
  status=0
  wait "$proxy" || status=$?
fi
proxy=''
exit $status
