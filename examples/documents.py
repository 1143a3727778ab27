"""Every shipped document of an example's study, built and held against the ledger."""

from __future__ import annotations

from pathlib import Path

from examples.command import liftgate
from liftgate.store import Workspace

SHIPPED = (
    "experiment-design",
    "dataset-card",
    "decision-memo",
    "model-card",
    "optimisation-report",
    "publication-kit",
)


def documents(study: str, about: str) -> int:
    """Build the documents into the workspace's reports, then check them all.

    Args:
        study: the study's file.
        about: the file with what people say of it.

    Returns:
        The exit code of ``liftgate doc check``, or of the build that failed.
    """
    folder = Workspace.locate().reports / f"{Path(study).parent.name}-documents"
    built = [folder / name / "README.md" for name in SHIPPED]
    print()
    for name, file in zip(SHIPPED, built, strict=True):
        words = ("doc", "build", name, study, "--out", str(file), "--about", about)
        done = liftgate(*words, capture=True)
        if done.returncode:
            return done.returncode
        print(f"Built {name}: {file.with_suffix('.html')}")
    return liftgate("doc", "check", *map(str, built)).returncode
