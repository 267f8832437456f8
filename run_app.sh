#!/usr/bin/env bash
# Starts the proxy; builds it and makes its configuration first when they are missing.
#
#   ./run_app.sh [config_path] [flags of `argo-openai-proxy serve`]
#   ./run_app.sh --demo      everything on this machine: no configuration, no network
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/prepare.sh
. "$root/scripts/prepare.sh"

# Finds out which configuration `serve` would read: sets `config`, or `setup` to no when it reads none.
read_arguments() {
    config=${CONFIG_PATH:-config.yaml}
    setup=yes
    while [ $# -gt 0 ]; do
        case "$1" in
            --demo | -h | --help | -V | --version) setup=no ;;
            --config=*) config=${1#--config=} ;;
            --config)
                [ $# -gt 1 ] && config=$2 && shift
                ;;
            --routes | --host | --port)
                [ $# -gt 1 ] && shift
                ;;
            -*) ;;
            *) config=$1 ;;
        esac
        shift
    done
}

read_arguments "$@"
build
if [ "$setup" = yes ] && [ ! -e "$config" ]; then
    "$binary" init --config "$config"
fi
exec "$binary" serve "$@"
