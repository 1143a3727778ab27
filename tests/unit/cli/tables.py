"""A folder of tables that a test writes, and the command line in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from liftgate.cli.main import main

Cells = Mapping[str, object]


class Folder:
    """A folder with tables, and what the commands in it print."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self._capsys = path, capsys

    def table(self, name: str, rows: Iterable[Cells]) -> str:
        rows = list(rows)
        header = list(dict.fromkeys(key for row in rows for key in row))
        lines = [",".join(header)]
        lines += [",".join(str(row.get(key, "")) for key in header) for row in rows]
        (self.path / name).write_text("\n".join(lines) + "\n")
        return name

    def run(self, *args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            main(["compare", *args])
        out, err = self._capsys.readouterr()
        assert isinstance(stopped.value.code, int)
        return stopped.value.code, out, err

    def json(self, *args: str) -> dict[str, Any]:
        code, out, _ = self.run(*args, "--json")
        body = json.loads(out)
        assert body["exit_code"] == code
        return dict(body)


@pytest.fixture
def folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Folder:
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path, capsys)


def binary(n: int, right: Callable[[int], bool], **more: Callable[[int], object]) -> list[Cells]:
    return [
        {"item": f"q{i:04}", "acc": int(right(i)), **{key: make(i) for key, make in more.items()}}
        for i in range(n)
    ]


def half(i: int) -> bool:
    return i % 2 == 0


def more_than_half(i: int) -> bool:
    return i % 2 == 0 or i % 5 == 0


def two(folder: Folder, n: int = 200, **more: Callable[[int], object]) -> tuple[str, str]:
    """A baseline right on half of the items, and a candidate that loses none and gains some."""
    return (
        folder.table("base.csv", binary(n, half, **more)),
        folder.table("cand.csv", binary(n, more_than_half, **more)),
    )
