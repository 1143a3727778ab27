"""Files that ``liftgate compare`` writes beside its answer: an export, pictures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from liftgate.errors import DataError
from liftgate.records import Comparison, Comparisons, Question


def check_picture(path: Path | None) -> None:
    """Refuse a file that cannot be drawn, before anything is compared.

    Raises:
        DataError: another suffix, no such folder, or PNG without what draws it.
    """
    if path is not None:
        from liftgate.documents.pictures import check_picture as check

        check(path)


def draw(comparison: Comparison, path: Path | None) -> Sequence[Path]:
    """Write the pictures of a comparison's page; return their files.

    Raises:
        NotEnoughData: no difference has an interval.
    """
    if path is None:
        return ()
    from liftgate.documents.pictures import save_pictures
    from liftgate.flow.compare import pictures

    return save_pictures(pictures(comparison), path)


def export_to(text: str | None) -> tuple[str, Path] | None:
    """Return the format and the folder of ``--export``; None: it was not given.

    Raises:
        DataError: it is not FORMAT=FOLDER.
    """
    if text is None:
        return None
    name, equals, folder = text.partition("=")
    if not equals or not folder:
        raise DataError(f"--export {text}: expected FORMAT=FOLDER such as every_eval_ever=results")
    return name, Path(folder)


def write_export(
    baseline: str, candidate: str, question: Question, name: str, folder: Path
) -> tuple[Comparisons, list[Path]]:
    """Compare two tables and write the answer in another tool's format, over nothing.

    Raises:
        DataError: a file exists already, or the tables cannot be compared.
        UnknownName: there is no such format.
    """
    from liftgate.flow.compare import read_tables, together
    from liftgate.flow.export import exported
    from liftgate.flow.new_file import write_new

    tables = read_tables(baseline, candidate, question)
    answer = tables.answered()
    paths = []
    for file, pieces in exported(tables, answer, name, seconds=int(time.time())):
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        write_new(path, pieces, hint="name another folder")
        paths.append(path)
    return together([answer], question), paths
