# Makes sure that what a build needs is there: a C compiler, make and cmake (for zlib-ng), and a Rust toolchain as new
# as Cargo.toml's rust-version. Sourced by run_app.sh and run_tests.sh, which set `root` first; needs bash 3.2 or later.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }

have() { command -v "$1" >/dev/null 2>&1; }

# Whether the dotted version $1 is at least $2.
at_least() {
    local found needed i
    IFS=. read -r -a found <<<"$1"
    IFS=. read -r -a needed <<<"$2"
    for i in 0 1 2; do
        if [ "${found[i]:-0}" -ne "${needed[i]:-0}" ]; then
            [ "${found[i]:-0}" -gt "${needed[i]:-0}" ]
            return
        fi
    done
}

rust_needed() {
    sed -n 's/^rust-version *= *"\([0-9.]*\)".*/\1/p' "$root/Cargo.toml"
}

# The toolchain that rustup takes here. A cargo without rustup does not know the file, and is good from `rust_needed` on.
rust_pinned() {
    sed -n 's/^channel *= *"\([^"]*\)".*/\1/p' "$root/rust-toolchain.toml"
}

# The version of the cargo that a build here would use; nothing when there is none.
cargo_version() {
    (cd "$root" && cargo --version 2>/dev/null) | sed -n 's/^cargo \([0-9.]*\).*/\1/p'
}

has_rust() {
    local version
    have cargo || return 1
    version=$(cargo_version)
    [ -n "$version" ] && at_least "$version" "$(rust_needed)"
}

# macOS has a cc that only asks to install the real one.
has_tools() {
    if [ "$(uname -s)" = Darwin ]; then
        xcode-select -p >/dev/null 2>&1
    else
        { have cc || have gcc || have clang; } && have make
    fi
}

# What zlib-ng's build asks for; CentOS 7 and Ubuntu 18.04 have older ones.
cmake_needed=3.14

has_cmake() {
    local version
    have cmake || return 1
    version=$(cmake --version 2>/dev/null | sed -n 's/^cmake.* version \([0-9.]*\).*/\1/p')
    [ -n "$version" ] && at_least "$version" "$cmake_needed"
}

# Which package manager this system has, as far as this script knows it.
package_manager() {
    local name
    if [ "$(uname -s)" = Darwin ]; then
        have brew && echo brew
        return 0
    fi
    for name in apt-get dnf yum zypper pacman apk brew; do
        if have "$name"; then
            echo "$name"
            return 0
        fi
    done
}

# The packages that hold $1 (compiler, cmake or rust) for the manager $2.
packages_for() {
    case "$1:$2" in
        compiler:apt-get) echo "gcc g++ make libc6-dev" ;;
        compiler:dnf | compiler:yum | compiler:zypper) echo "gcc gcc-c++ make" ;;
        compiler:pacman) echo "gcc make" ;;
        compiler:apk) echo "gcc g++ make musl-dev" ;;
        cmake:*) echo "cmake" ;;
        python:apt-get) echo "python3 python3-venv" ;;
        python:dnf | python:yum | python:zypper) echo "python3 python3-pip" ;;
        python:apk) echo "python3 py3-pip" ;;
        python:pacman) echo "python" ;;
        python:brew) echo "python3" ;;
        node:apt-get | node:dnf | node:pacman | node:apk) echo "nodejs npm" ;;
        node:brew) echo "node" ;;
        curl:*) echo "curl" ;;
        valgrind:*) echo "valgrind" ;;
        systemd:apt-get | systemd:dnf | systemd:pacman) echo "systemd" ;;
        haproxy:*) echo "haproxy" ;;
        prometheus:apt-get | prometheus:pacman | prometheus:brew) echo "prometheus" ;;
        kubectl:apt-get) echo "kubernetes-client" ;;
        kubectl:pacman) echo "kubectl" ;;
        kubectl:brew) echo "kubernetes-cli" ;;
        chromium:apt-get | chromium:dnf | chromium:pacman | chromium:apk) echo "chromium" ;;
        rust:apt-get | rust:dnf | rust:yum | rust:zypper | rust:apk) echo "cargo" ;;
        rust:pacman | rust:brew) echo "rust" ;;
    esac
}

# The command that installs packages with the manager $1, as a person would type it after sudo.
install_command() {
    case "$1" in
        apt-get) echo "apt-get install -y --no-install-recommends" ;;
        dnf | yum) echo "$1 install -y" ;;
        zypper) echo "zypper --non-interactive install" ;;
        pacman) echo "pacman -S --needed --noconfirm" ;;
        apk) echo "apk add" ;;
        brew) echo "brew install" ;;
    esac
}

# Runs the rest with the rights to install; fails when this user has none without being asked for a password.
with_rights() {
    if [ "$1" = brew ] || [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

may_install() {
    [ "$manager" = brew ] || { [ -n "$manager" ] && with_rights true; }
}

# apt-get knows no package before its lists are there.
update_lists() {
    [ "$manager" = apt-get ] && [ -z "$lists_updated" ] || return 0
    with_rights apt-get update >&2 || say "apt-get update failed; trying with what is known"
    lists_updated=yes
}

# Installs the packages for $1; says nothing about whether they are enough.
install_for() {
    local packages
    packages=$(packages_for "$1" "$manager")
    [ -n "$packages" ] && may_install || return 1
    say "Installing: $packages ($manager)"
    update_lists
    # Both are lists of words on purpose.
    # shellcheck disable=SC2046,SC2086
    with_rights $(install_command "$manager") $packages >&2
}

# A new cmake for one user, from PyPI.
cmake_of_ones_own="python3 -m venv ~/.local/cmake && ~/.local/cmake/bin/pip install cmake && export PATH=~/.local/cmake/bin:\$PATH"

# What gets $1 without the rights of root. Rust's advice needs none, and neither does Homebrew.
rootless_advice_for() {
    [ "$(id -u)" != 0 ] && [ "$(uname -s)" != Darwin ] || return 0
    case "$1" in
        compiler) echo "module load gcc (where there are modules), or: conda install -c conda-forge c-compiler cxx-compiler make" ;;
        cmake) echo "$cmake_of_ones_own" ;;
    esac
}

# What a person has to run to get $1.
advice_for() {
    local packages
    packages=$(packages_for "$1" "$manager")
    if [ "$1" = cmake ] && have cmake; then
        # The package is there, and it is the one that is too old.
        echo "$cmake_of_ones_own"
    elif [ "$1" = rust ]; then
        # One of this system's packages may be too old; rustup's are not.
        if have rustup; then
            echo "rustup toolchain install $(rust_pinned) --profile minimal"
        else
            echo "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal"
        fi
    elif [ "$1" = compiler ] && [ "$(uname -s)" = Darwin ]; then
        echo "xcode-select --install"
    elif [ "$manager" = brew ]; then
        echo "brew install $packages"
    elif [ -n "$packages" ] && [ -n "$manager" ]; then
        echo "sudo $(install_command "$manager") $packages"
    elif [ "$(uname -s)" = Darwin ]; then
        echo "install Homebrew (https://brew.sh), then: brew install $1"
    else
        echo "install $1 with this system's package manager"
    fi
}

# The version of cargo that the package manager would install; nothing when that is not known.
packaged_cargo() {
    case "$manager" in
        apt-get) apt-cache policy cargo 2>/dev/null | sed -n 's/^ *Candidate: *\([0-9.]*\).*/\1/p' ;;
        dnf | yum) "$manager" -q info cargo 2>/dev/null | sed -n 's/^Version *: *\([0-9.]*\).*/\1/p' | tail -n 1 ;;
        zypper) zypper -q info cargo 2>/dev/null | sed -n 's/^Version *: *\([0-9.]*\).*/\1/p' ;;
        pacman) pacman -Si rust 2>/dev/null | sed -n 's/^Version *: *\([0-9.]*\).*/\1/p' ;;
        apk) apk policy cargo 2>/dev/null | sed -n 's/^ *\([0-9.]*\)-r[0-9]*:.*/\1/p' | tail -n 1 ;;
        brew) brew info --json=v2 rust 2>/dev/null | sed -n 's/.*"stable": *"\([0-9.]*\)".*/\1/p' | head -n 1 ;;
    esac
}

# A packaged Rust is worth its download only when it is new enough; one of rustup's is never replaced.
install_rust() {
    local version
    have rustup && return 1
    may_install || return 1
    update_lists
    version=$(packaged_cargo)
    [ -n "$version" ] && at_least "$version" "$(rust_needed)" || return 1
    install_for rust
}

# Makes $1 available: $2 tells whether it is, $3 is what it is called.
need() {
    local advice rootless
    "$2" && return 0
    # Whether that helped is what the next look tells.
    if [ "$1" = rust ]; then install_rust || true; else install_for "$1" || true; fi
    hash -r
    "$2" && return 0
    advice=$(advice_for "$1")
    rootless=$(rootless_advice_for "$1")
    missing="$missing
  $3:
    $advice"
    [ -z "$rootless" ] || [ "$rootless" = "$advice" ] || missing="$missing
    or, without root: $rootless"
}

# Lets rustup fetch the pinned toolchain. Where that fails, its default one builds the proxy, too, if it is new enough.
fetch_toolchain() {
    local other
    [ -z "${RUSTUP_TOOLCHAIN:-}" ] && [ -z "$(cargo_version)" ] || return 0
    say "rustup fetches Rust $(rust_pinned), which rust-toolchain.toml names ..."
    rustup toolchain install "$(rust_pinned)" --profile minimal --component clippy --component rustfmt >&2 && return 0
    other=$(rustup default 2>/dev/null | sed 's/ .*//')
    [ -n "$other" ] || return 0
    say "That failed; building with rustup's default: $other"
    export RUSTUP_TOOLCHAIN="$other"
}

# Leaves a machine on which `cargo build` works, or ends with exactly what is left to run.
prepare() {
    local manager lists_updated missing
    manager=$(package_manager)
    lists_updated=
    missing=
    # A rustup that was installed for this user but not for this shell.
    if ! has_rust && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
        PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
        export PATH
    fi
    have rustup && fetch_toolchain
    need compiler has_tools "a C compiler and make"
    need cmake has_cmake "cmake $cmake_needed or later"
    need rust has_rust "Rust $(rust_needed) or later"
    end_if_missing
}

# Ends with what is left to run, if anything is.
end_if_missing() {
    [ -z "$missing" ] && return 0
    say "This is missing, and could not be installed from here. Please run, then try again:$missing"
    [ "$(id -u)" = 0 ] || say "docs/operations.md says what to do where there is no network, too: \"Building without root\"."
    exit 1
}

has_python() { have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; }

has_node() { have node && have npm; }

has_curl() { have curl; }

has_systemd_analyze() { have systemd-analyze; }

has_valgrind() { have valgrind; }

has_haproxy() { have haproxy; }

has_prometheus() { have prometheus && have promtool; }

has_kubectl() { have kubectl; }

has_chromium() { have chromium; }

# What tests need beside a build. With NO_SKIPS=1, all of it has to be there. Otherwise Python is installed where that is possible,
# and the closing lines of run_tests.sh name what was skipped.
prepare_tests() {
    local manager lists_updated missing
    manager=$(package_manager)
    lists_updated=
    missing=
    if [ "${NO_SKIPS:-}" != 1 ]; then
        has_python || install_for python || true
        hash -r
        return 0
    fi
    need python has_python "Python 3 with venv"
    need node has_node "Node with npm"
    need curl has_curl "curl"
    need systemd has_systemd_analyze "systemd-analyze"
    need valgrind has_valgrind "valgrind"
    need haproxy has_haproxy "haproxy"
    need prometheus has_prometheus "prometheus with promtool"
    need kubectl has_kubectl "kubectl"
    need chromium has_chromium "chromium"
    end_if_missing
}

# Where cargo puts what it builds.
target_dir() {
    case "${CARGO_TARGET_DIR:-}" in
        "") echo "$root/target" ;;
        /*) echo "$CARGO_TARGET_DIR" ;;
        *) echo "$PWD/$CARGO_TARGET_DIR" ;;
    esac
}

# Whether the binary $1 is there and at least as new as everything that it is made from. It also holds copies of
# routes.yaml and config.sample.yaml, for whoever has no files; editing those is no reason to build. The mark beside it tells of a
# build that found nothing to do.
is_current() {
    local input newer mark
    [ -x "$1" ] || return 1
    mark="$1.built"
    [ -e "$mark" ] || mark="$1"
    for input in Cargo.toml Cargo.lock src crates; do
        [ -e "$root/$input" ] || continue
        newer=$(find "$root/$input" -newer "$1" -newer "$mark" -print)
        [ -z "$newer" ] || return 1
    done
}

# Lets cargo take the sources of the libraries from vendor/, where `packaging/build.sh vendor` has brought them.
use_vendored() {
    local home
    [ -d "$root/vendor/crates" ] || return 0
    home=$(target_dir)/cargo-home
    mkdir -p "$home"
    cat >"$home/config.toml" <<EOF
[source.crates-io]
replace-with = "vendored"
[source.vendored]
directory = "$root/vendor/crates"
[net]
offline = true
EOF
    export CARGO_HOME="$home"
}

# What a first build takes in minutes, times the cores that share it.
build_minutes=16

# What a first build takes in minutes, to judge by the cores of this machine; no less than the parts that wait for each other.
usual_minutes() {
    local cores minutes
    cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null) || cores=2
    minutes=$(((build_minutes + cores - 1) / cores))
    [ "$minutes" -ge 3 ] || minutes=3
    echo "$minutes"
}

# Builds the release binary, and sets `binary` to it. Any network or toolchain is needed only when it is out of date.
build() {
    local target
    target=$(target_dir)
    binary="$target/release/argo-openai-proxy"
    is_current "$binary" && return 0
    prepare
    use_vendored
    say "Building argo-openai-proxy: the first time usually takes $(usual_minutes) minutes on a machine like this one ..."
    mkdir -p "$target/release"
    # Made before the build, so that a file saved during the build counts as newer.
    : >"$binary.started"
    (cd "$root" && CARGO_TARGET_DIR="$target" cargo build --release --locked --bin argo-openai-proxy) || {
        rm -f "$binary.started"
        say "The build failed: see the messages above."
        exit 1
    }
    mv "$binary.started" "$binary.built"
}
