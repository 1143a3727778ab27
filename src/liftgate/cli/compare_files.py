"""Files that ``liftgate compare`` writes beside its answer: an export, pictures."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from liftgate.errors import DataError
from liftgate.outputs import (
    COMPARISON,
    JUNIT,
    append_text,
    refuse_existing,
    refuse_foreign,
    refuse_no_text,
    refuse_twice,
    write_again,
    write_new,
)
from liftgate.records import Comparison, Comparisons, Question


def check_files(files: Mapping[str, Path | None]) -> None:
    """Refuse what cannot be written, before anything is compared.

    Args:
        files: by the option's name; ``html``, ``picture``, ``junit``, ``summary``, ``save_study``.

    Raises:
        DataError: one file for two options, one that holds something else, a study that exists, or
            a picture that cannot be drawn.
    """
    refuse_twice({f"--{name.replace('_', '-')}": file for name, file in files.items()})
    refuse_existing(files["save_study"], hint="name another file, or move that one away")
    refuse_foreign(files["html"], COMPARISON)
    refuse_foreign(files["junit"], JUNIT)
    refuse_no_text(files["summary"])
    if (picture := files["picture"]) is not None:
        from liftgate.documents.pictures import check_picture

        check_picture(picture)


def write_files(found: Comparisons, files: Mapping[str, Path | None]) -> list[Path]:
    """Write what ``check_files`` took; return the files.

    Raises:
        DataError: one is a table that was compared.
        NotEnoughData: no difference has an interval to draw.
    """
    from liftgate.flow import compare as flow

    for file in files.values():
        _refuse_to_replace(file, found)
    html, junit, summary, study = (files[n] for n in ("html", "junit", "summary", "save_study"))
    only = found.comparisons[0]
    if study is not None:
        write_new(study, flow.study_draft(only, study.parent))
    if html is not None:
        write_again(html, flow.page(only), COMPARISON)
    if junit is not None:
        write_again(junit, flow.junit(found), JUNIT)
    if summary is not None:
        append_text(summary, flow.job_summary(found))
    drawn = draw(only, files["picture"])
    return [path for path in (html, *drawn, junit, summary, study) if path is not None]


def _refuse_to_replace(file: Path | None, found: Comparisons) -> None:
    if file is None or not file.exists():
        return
    for comparison in found.comparisons:
        for side in (comparison.baseline, comparison.candidate):
            if file.samefile(side.path):
                raise DataError(f"{file}: is one of the tables; expected another file to write to")


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

    tables = read_tables(baseline, candidate, question)
    answer = tables.answered()
    paths = []
    for file, pieces in exported(tables, answer, name, seconds=int(time.time())):
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        write_new(path, pieces, hint="name another folder")
        paths.append(path)
    return together([answer], question), paths
