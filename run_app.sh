#!/usr/bin/env bash
# Starts the proxy; makes its configuration first when that is missing, and builds the program when there is none: neither here, nor
# in an unpacked tarball in this folder, nor on PATH.
#
#   ./run_app.sh [serve] [config_path] [flags of `argo-openai-proxy serve`]
#   ./run_app.sh --demo      everything on this machine: no configuration, no network
#   ./run_app.sh --help      every command; each works through this script: ./run_app.sh check
set -euo pipefail
# With it, `cd` may go elsewhere and prints where it went.
unset CDPATH

# The file itself, not a link to it. macOS has no `readlink -f`.
self=${BASH_SOURCE[0]}
while [ -L "$self" ]; do
    link=$(readlink "$self")
    case "$link" in
        /*) self=$link ;;
        *) self=$(dirname "$self")/$link ;;
    esac
done
root=$(cd -P -- "$(dirname -- "$self")" && pwd)
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
    for table in "$(dirname -- "$config")/routes.yaml" routes.yaml; do
        [ ! -e "$table" ] && [ ! -L "$table" ] || return 0
    done
    [ ! -e "$root/routes.yaml" ] || routes=(--routes "$root/routes.yaml")
}

# Whether the word is a configuration. The program is asked for its commands, so that no list here can lag behind it.
names_configuration() {
    case "$1" in
        -h | --help | -V | --version) return 1 ;;
        -* | */*) return 0 ;;
    esac
    ! "$binary" help "$1" >/dev/null 2>&1 || return 1
    case "$1" in *.yaml | *.yml) return 0 ;; esac
    [ -e "$1" ]
}

# Whether the program $1 understands this folder's table. Between two releases, a folder has the version of the last one and may have a
# table that is newer.
reads_table() {
    [ ! -e "$root/routes.yaml" ] || "$1" routes --config "$root/config.sample.yaml" --routes "$root/routes.yaml" >/dev/null 2>&1
}

# Sets `binary` to a packaged program of this folder's version: that of a tarball that was unpacked here, or of PATH. Who has built here
# before wants what stands here, and gets that.
find_packaged() {
    local built version candidate found
    built=$(target_dir)/release/argo-openai-proxy
    [ ! -e "$built" ] || return 1
    version="argo-openai-proxy $(sed -n '/^version *=/{s/.*"\(.*\)".*/\1/p;q;}' "$root/Cargo.toml")"
    for candidate in "$root"/argo-openai-proxy-*/argo-openai-proxy "$(command -v argo-openai-proxy)"; do
        if [ ! -f "$candidate" ] || [ ! -x "$candidate" ]; then continue; fi
        found=$("$candidate" --version 2>/dev/null) || found="for another system"
        if [ "$found" = "$version" ] && ! reads_table "$candidate"; then
            say "Not using $candidate: it is older than this folder, whose table it does not understand."
            continue
        fi
        if [ "$found" = "$version" ]; then
            binary=$candidate
            say "Using $binary, which has this folder's version. A change in src needs a build: cargo build --release"
            return 0
        fi
        say "Not using $candidate: it is $found, and this folder has $version."
    done
    return 1
}

find_packaged || build
if [ "${1:-}" = serve ]; then
    shift
elif [ $# -gt 0 ] && ! names_configuration "$1"; then
    # Another command, or a slip, for which the program knows the near ones.
    exec "$binary" "$@"
fi
read_arguments "$@"
add_routes "$@"
if [ "$setup" = yes ] && [ ! -e "$config" ]; then
    "$binary" init --config "$config"
fi
exec "$binary" serve "$@" ${routes[@]+"${routes[@]}"}
