"""The program that a wheel holds."""

import zipfile


def program_of(wheel):
    """The bytes of the program in the wheel at that path."""
    with zipfile.ZipFile(wheel) as parts:
        names = [name for name in parts.namelist() if name.endswith(".data/scripts/argo-openai-proxy")]
        if len(names) != 1:
            raise SystemExit(f"{wheel}: it holds {len(names)} programs instead of one")
        return parts.read(names[0])
