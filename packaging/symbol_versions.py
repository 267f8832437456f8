"""Compares the versions of glibc's symbols that a wheel's program wants with what the wheel's name promises: symbol_versions.py WHEEL"""

import pathlib
import re
import sys

from program import program_of

# Versions of symbols stand in the file as texts that end with a zero byte.
WANTED = re.compile(rb"\0GLIBC_(\d+)\.(\d+)(?:\.\d+)?(?=\0)")
PROMISED = re.compile(r"(?:manylinux_(\d+)_(\d+)_|manylinux(2014)_)")


def main(path):
    wanted = {(int(major), int(minor)) for major, minor in WANTED.findall(program_of(path))}
    if not wanted:
        raise SystemExit(f"{path}: the program names no version of glibc's symbols")
    newest = max(wanted)
    print("the newest symbol of glibc that the program wants is of {}.{}".format(*newest))
    promised = [(2, 17) if old else (int(major), int(minor)) for major, minor, old in PROMISED.findall(pathlib.Path(path).name)]
    if promised and newest > min(promised):
        raise SystemExit("and the wheel's name promises {}.{}".format(*min(promised)))


main(sys.argv[1])
