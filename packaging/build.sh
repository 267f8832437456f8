#!/usr/bin/env bash
# Makes the packages that need no compiler, in dist/: a wheel for pip, pipx and uv, and a tarball.
#
#   packaging/build.sh            Linux: for glibc 2.17 and later (manylinux2014), whatever this system has; macOS: for this kind of Mac
#   packaging/build.sh --native   Linux: of the program that run_app.sh builds, for systems with this one's glibc or a later one
#   packaging/build.sh vendor     brings what a build needs into vendor/; where that folder is, a build asks no network
#
# docs/packages.md says more, also for machines without a network.
set -euo pipefail
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../scripts/prepare.sh
. "$root/scripts/prepare.sh"
export PYTHONDONTWRITEBYTECODE=1

requirements=$root/packaging/requirements.txt
dist=$root/dist

# An environment with maturin, and on Linux zig and auditwheel, first on PATH.
prepare_packaging() {
    local tools stamp from=()
    tools=$(target_dir)/tools/packaging
    has_python || { say "Python 3 with venv is missing."; exit 1; }
    stamp=$(cat "$requirements")
    if [ "$(cat "$tools/stamp" 2>/dev/null)" != "$stamp" ]; then
        [ ! -d "$root/vendor/python" ] || from=(--no-index --find-links "$root/vendor/python")
        rm -rf "$tools"
        python3 -m venv "$tools"
        "$tools/bin/pip" install --quiet --disable-pip-version-check ${from[@]+"${from[@]}"} -r "$requirements" >&2
        printf '%s\n' "$stamp" >"$tools/stamp"
    fi
    export PATH="$tools/bin:$PATH"
}

# Gets zig to work: a place for the parts of glibc that it makes, and a cmake that links none of its small trials. zig would make
# its runtime anew for each kind of processor that zlib-ng tries, and that takes longer than all the rest.
prepare_zig() {
    local tools cmake
    tools=$(target_dir)/tools/packaging
    export ZIG_GLOBAL_CACHE_DIR="$tools/zig" ZIG_LOCAL_CACHE_DIR="$tools/zig" CARGO_ZIGBUILD_CACHE_DIR="$tools/zigbuild"
    rm -f "$tools/bin/cmake"
    cmake=$(command -v cmake)
    cat >"$tools/bin/cmake" <<EOF
#!/bin/sh
case "\$1" in
    -*) exec "$cmake" "\$@" ;;
    *) exec "$cmake" -D CMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY "\$@" ;;
esac
EOF
    chmod +x "$tools/bin/cmake"
    hash -r
}

# Makes the wheel and sets `wheel`. The rest of the words goes to maturin.
make_wheel() {
    local made
    made=$(mktemp -d "$(target_dir)/wheel.XXXXXX")
    (cd "$root" && maturin build --locked --target-dir "$(target_dir)" --out "$made" "$@" >&2)
    set -- "$made"/*.whl
    mkdir -p "$dist"
    wheel=$dist/$(basename "$1")
    mv "$1" "$wheel"
    rmdir "$made"
}

case "${1:-}" in
    vendor)
        prepare
        mkdir -p "$root/vendor/python"
        (cd "$root" && cargo vendor --quiet --locked --versioned-dirs vendor/crates >/dev/null)
        python3 -m pip download --quiet --disable-pip-version-check -d "$root/vendor/python" -r "$requirements" >&2
        say "vendor/ has what a build needs, beside Rust, a C compiler, make, cmake and Python."
        exit
        ;;
    --native)
        build
        use_vendored
        prepare_packaging
        make_wheel --profile release
        ;;
    "")
        prepare
        use_vendored
        prepare_packaging
        if [ "$(uname -s)" = Linux ]; then
            prepare_zig
            # Another glibc than this system's is another target, also where its name is the same.
            make_wheel --profile dist --zig --compatibility manylinux2014 --target "$(uname -m)-unknown-linux-gnu"
        else
            make_wheel --profile dist
        fi
        ;;
    *)
        sed -n '2,/^set /{/^#/p;}' "${BASH_SOURCE[0]}" >&2
        exit 2
        ;;
esac
[ "$(uname -s)" != Linux ] || "$root/packaging/audit.sh" "$wheel" >&2
tarball=$(python3 "$root/packaging/tarball.py" "$wheel" "$dist")
printf '%s\n' "$wheel" "$tarball"
