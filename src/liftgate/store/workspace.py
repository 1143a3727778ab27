"""Where everything lies: the ``.liftgate`` folder, found upwards as git finds ``.git``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from liftgate.errors import DataError

FOLDER = ".liftgate"
VARIABLE = "LIFTGATE_HOME"


@dataclass(frozen=True)
class Workspace:
    """The folder of a workspace and the names within it; nothing is created by asking."""

    home: Path

    @property
    def ledger(self) -> Path:
        """The file of the ledger."""
        return self.home / "ledger.db"

    @property
    def active(self) -> Path:
        """Runs that are going: one SQLite file each."""
        return self.home / "store" / "active"

    @property
    def runs(self) -> Path:
        """Finished runs: one folder of Parquet files each."""
        return self.home / "store" / "runs"

    @property
    def blobs(self) -> Path:
        """Texts and answers, by digest; erasable."""
        return self.home / "blobs"

    @property
    def reports(self) -> Path:
        """Reports for people."""
        return self.home / "reports"

    @property
    def prices(self) -> Path:
        """The price table, if somebody wrote one."""
        return self.home / "prices.yaml"

    @property
    def exists(self) -> bool:
        """Whether somebody has made it."""
        return self.home.is_dir()

    @classmethod
    def locate(cls, start: Path | None = None) -> Workspace:
        """Find the workspace of a folder.

        Args:
            start: where to begin; None: the working directory.

        Returns:
            ``LIFTGATE_HOME`` when it is set, else the nearest ``.liftgate`` in the folder or above
            it, else the one that ``create`` would make in the folder.

        Raises:
            DataError: the place is taken by something that is not a folder.
        """
        start = Path.cwd() if start is None else Path(start).resolve()
        named = os.environ.get(VARIABLE)
        if named:
            return cls(_folder(Path(named).expanduser().absolute(), VARIABLE))
        for folder in (start, *start.parents):
            if (folder / FOLDER).is_dir():
                return cls(folder / FOLDER)
        return cls(_folder(start / FOLDER, "workspace"))

    def create(self) -> Workspace:
        """Make the folders that are missing; they ignore themselves in git."""
        for folder in (self.active, self.runs, self.blobs, self.reports):
            folder.mkdir(parents=True, exist_ok=True)
        ignore = self.home / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        return self


def _folder(path: Path, place: str) -> Path:
    if path.exists() and not path.is_dir():
        raise DataError(f"{place}: got {path}, which is a file, expected a folder")
    return path
