"""Write the pinned, hashed requirement files anew: ``make constraints``, or with ``--upgrade``.

Pins that stand are kept unless ``--upgrade`` is given. uv does the resolving, for every platform
and Python at once; it lives in a throw-away environment. The files hold no address of any index.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = "3.11"
OPTIONS = ["--universal", "--generate-hashes", "--no-header", "--no-annotate"]
OPTIONS += ["--no-emit-index-url", "--no-emit-find-links", "--quiet"]


@dataclass(frozen=True)
class Pins:
    """One requirement file, and what it is made from."""

    output: str
    sources: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    consistent_with: str | None = None


# In this order: a later file takes the pins of the one that it is consistent with.
FILES = (
    Pins("constraints/dev.txt", ("pyproject.toml",), ("test", "check", "build")),
    Pins("constraints/base.txt", ("pyproject.toml",), ("build",), "constraints/dev.txt"),
    Pins("constraints/interop.txt", ("constraints/interop.in",), ("test",), "constraints/dev.txt"),
    Pins(
        "constraints/services.txt", ("constraints/services.in",), ("test",), "constraints/dev.txt"
    ),
    Pins("constraints/mlflow.txt", ("constraints/mlflow.in",), ("test",), "constraints/dev.txt"),
    Pins("constraints/site.txt", ("constraints/site.in",), ("test",), "constraints/dev.txt"),
    Pins("constraints/llm.txt", ("constraints/llm.in",), ("test",), "constraints/dev.txt"),
    Pins(
        "examples/docsearch/requirements.txt",
        ("examples/docsearch/requirements.in",),
        (),
        "constraints/dev.txt",
    ),
)


def command(uv: Path, pins: Pins, *, upgrade: bool) -> list[str]:
    """Return the command that writes one file."""
    words = [str(uv), "pip", "compile", *OPTIONS, "--python-version", PYTHON]
    words += ["--output-file", pins.output, *pins.sources]
    words += [word for group in pins.groups for word in ("--group", group)]
    words += ["--constraints", pins.consistent_with] if pins.consistent_with else []
    return [*words, "--upgrade"] if upgrade else words


def main() -> None:
    """Install uv aside and write every file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="move every pin to its newest")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        places = Path(folder, "Scripts" if sys.platform == "win32" else "bin")
        subprocess.run([places / "python", "-m", "pip", "install", "--quiet", "uv"], check=True)
        for pins in FILES:
            subprocess.run(
                command(places / "uv", pins, upgrade=asked.upgrade), cwd=ROOT, check=True
            )
            print(f"wrote {pins.output}")


if __name__ == "__main__":
    main()
