#!/usr/bin/env bash
# Starts the proxy; builds it and makes its configuration first when they are missing.
#
#   ./run_app.sh [config_path] [flags of `argo-openai-proxy serve`]
#   ./run_app.sh --demo      everything on this machine: no configuration, no network
#   ./run_app.sh check       the other commands too: init, check, routes, models, stand-in, …
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

# The table of this folder serves whoever has none beside the configuration or in the current folder.
add_routes() {
    routes=()
    case " $* " in *" --routes"*) return 0 ;; esac
    for table in "$(dirname "$config")/routes.yaml" routes.yaml; do
        [ ! -e "$table" ] || return 0
    done
    [ ! -e "$root/routes.yaml" ] || routes=(--routes "$root/routes.yaml")
}

build
# A word that is a command and no file is that command.
case "${1:-}" in
    init | check | routes | models | stand-in | explain | health | schema | completions | help)
        [ -e "$1" ] || exec "$binary" "$@"
        ;;
esac
read_arguments "$@"
add_routes "$@"
if [ "$setup" = yes ] && [ ! -e "$config" ]; then
    "$binary" init --config "$config"
fi
exec "$binary" serve "$@" ${routes[@]+"${routes[@]}"}
