"""An importer: logs of a tool of our own, ``{"quiz": 1, "model": …, "answers": [{…}]}``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from liftgate.canon import sha256
from liftgate.errors import DataError, UnknownName
from liftgate.protocols import ForeignTable, Head, Row
from liftgate.records import Columns


class Quiz:
    """Reads a quiz; it shares the suffix .json with others, so it tells its files by content."""

    def recognises(self, head: Head) -> bool:
        """A quiz begins with its version."""
        return {"quiz", "answers"} <= head.keys

    def choose(self, paths: Sequence[Path]) -> Path:
        """Each file is a run of its own."""
        raise DataError(f"{paths[0].parent}: {len(paths)} quizzes; name one of them")

    def __call__(self, path: Path, columns: Columns, system: str | None = None) -> ForeignTable:
        """Check the file and hand over its rows."""
        data = path.read_bytes()
        quiz: dict[str, Any] = json.loads(data)
        if system not in {None, quiz["model"]}:
            raise UnknownName(f"system of {path}", str(system), [quiz["model"]])

        def rows() -> Iterator[Row]:
            for answer in quiz["answers"]:
                yield Row(
                    item=answer["question"],
                    scores={"right": float(answer["right"])},
                    system=quiz["model"],
                    content=sha256(answer["question"].encode()),
                )

        return ForeignTable(
            path=path,
            digest=sha256(data),
            columns=Columns(item="question", metrics=("right",), content="question"),
            guessed=("metrics",),
            left_out={},
            rows=rows,
            format=f"quiz {quiz['quiz']}",
            facts={"model": quiz["model"]},
        )


read_quiz = Quiz()
