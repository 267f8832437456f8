#!/usr/bin/env bash
# Says which systems a wheel for Linux fits, and fails when its program wants a newer glibc than the wheel's name promises.
#
#   packaging/audit.sh WHEEL
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PYTHONDONTWRITEBYTECODE=1
python3 "$here/symbol_versions.py" "$1"
if command -v auditwheel >/dev/null; then
    auditwheel show "$1"
else
    echo "auditwheel is not here: pip install auditwheel" >&2
fi
