"""Makes the tarball of the program that a wheel holds, and prints its path: tarball.py WHEEL FOLDER"""

import gzip
import pathlib
import platform
import subprocess
import sys
import tarfile
import tempfile

from program import program_of

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILES = ["LICENSE", "README.md", "CHANGELOG.md", "routes.yaml", "config.sample.yaml"]
UNITS = ["argo-openai-proxy.service", "argo-openai-proxy.user.service"]
# As each shell looks for them.
COMPLETIONS = {"bash": "argo-openai-proxy.bash", "zsh": "_argo-openai-proxy", "fish": "argo-openai-proxy.fish"}


def fill(folder, program):
    """Puts everything below the folder."""
    binary = folder / "argo-openai-proxy"
    binary.write_bytes(program)
    binary.chmod(0o755)
    for name in FILES:
        (folder / name).write_bytes((ROOT / name).read_bytes())
    for name in UNITS:
        (folder / name).write_bytes((ROOT / "packaging" / name).read_bytes())
    (folder / "docs").mkdir()
    for page in sorted((ROOT / "docs").rglob("*.md")):
        copy = folder / page.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(page.read_bytes())
    (folder / "completions").mkdir()
    for shell, name in COMPLETIONS.items():
        script = subprocess.run([binary, "completions", shell], check=True, stdout=subprocess.PIPE).stdout
        (folder / "completions" / name).write_bytes(script)
    subprocess.run([binary, "man", "--dir", folder / "man" / "man1"], check=True)
    return subprocess.run([binary, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1]


def plain(entry):
    """Without who packed it, and when: the same files make the same tarball."""
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = "root"
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry


def main(wheel, dist):
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work)
        version = fill(folder, program_of(wheel))
        system = {"Darwin": "macos"}.get(platform.system(), platform.system().lower())
        name = f"argo-openai-proxy-{version}-{platform.machine()}-{system}"
        path = pathlib.Path(dist) / f"{name}.tar.gz"
        with open(path, "wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
            with tarfile.open(fileobj=packed, mode="w") as tar:
                tar.add(folder, name, filter=plain)
        print(path)


main(*sys.argv[1:3])
