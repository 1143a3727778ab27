"""A run when it is done: a folder of sorted Parquet files and one ``run.json``, never changed.

The folder appears whole, by one rename. ``run.json`` holds the canonical bytes of the run and the
digests of its files; the run's ledger entry holds the same and the digest of ``run.json`` itself.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from liftgate.canon import canonical, parse, sha256, sha256_of_file, short
from liftgate.errors import BrokenChain, LiftgateError
from liftgate.records import Run
from liftgate.sqlite import connect
from liftgate.store import parquet
from liftgate.store.active import AnyTable, is_blank, reading
from liftgate.store.tables import TABLES, Row, moment

RUN_FILE = "run.json"
RUN_FINISHED = "run.finished"
"""The kind of a run's ledger entry; its body is ``run_body``."""
FORMAT = 1


def finalise(
    active: Path, runs: Path, *, complete: bool, finished_at: datetime | None
) -> Run | None:
    """Turn the file of an active run into its folder and remove the file. Repeatable.

    Args:
        active: the SQLite file; nobody writes to it any more.
        runs: where the folders of finished runs lie.
        complete: whether the run did all that it was meant to do.
        finished_at: None: not known, because its process died.

    Returns:
        The run, or None when it holds no row: then nothing is left of it.

    Raises:
        LiftgateError: the machine refuses; the active file is untouched.
    """
    target = runs / active.stem
    if target.exists():
        run = read_run(target)
    else:
        staging = runs / f".{active.stem}"
        with _refused(active):
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir()
            try:
                run = _write(active, staging, complete=complete, finished_at=finished_at)
                if run.files:
                    staging.rename(target)
                    _sync(runs)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    for suffix in ("-wal", "-shm", ""):
        active.with_name(active.name + suffix).unlink(missing_ok=True)
    return run if run.files else None


def finish_dead(active: Path, runs: Path) -> Run | None:
    """Do as ``finalise`` does for a run whose process died, perhaps before there was anything."""
    if not active.exists():
        return None
    if is_blank(active):
        active.unlink()
        return None
    return finalise(active, runs, complete=False, finished_at=None)


def read_run(folder: Path) -> Run:
    """Read a finished run.

    Raises:
        BrokenChain: its ``run.json`` is missing or is not what liftgate wrote.
    """
    place = f"{folder.name}/{RUN_FILE}"
    try:
        fields = parse((folder / RUN_FILE).read_bytes())
        if fields["liftgate"] != FORMAT:
            raise LiftgateError(
                f"{place}: got format {fields['liftgate']!r}, expected {FORMAT}",
                hint="use the liftgate that wrote it, or a newer one",
            )
        return Run(
            id=fields["id"],
            study=fields["study"],
            started_at=datetime.fromisoformat(fields["started_at"]),
            finished_at=fields["finished_at"] and datetime.fromisoformat(fields["finished_at"]),
            complete=fields["complete"],
            manifest=fields["manifest"],
            files=fields["files"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenChain(
            f"{place}: not the description of a run ({error})", hint="restore it from a copy"
        ) from error


def run_body(run: Run) -> dict[str, Any]:
    """Return the body of a run's ledger entry: all of ``run.json``, and its digest too."""
    described = _described(run)
    files = {**run.files, RUN_FILE: sha256(canonical(described))}
    return {**described, "files": files}


def state(path: Path, recorded: str) -> str:
    """Return ``ok``, ``altered`` or ``missing`` for a file and the digest once recorded of it."""
    if not path.is_file():
        return "missing"
    return "ok" if sha256_of_file(path) == recorded else "altered"


def must_be_there(path: Path) -> None:
    """Raise BrokenChain unless a file is there."""
    if not path.is_file():
        raise BrokenChain(
            f"{path.parent.name}/{path.name}: the file is missing",
            hint="restore it from a copy, or bring it from who ran it: liftgate data fetch FOLDER",
        )


def check(path: Path, recorded: str) -> None:
    """Raise BrokenChain unless a file still is what was recorded."""
    must_be_there(path)
    place = f"{path.parent.name}/{path.name}"
    actual = sha256_of_file(path)
    if actual != recorded:
        raise BrokenChain(
            f"{place}: altered; its bytes hash to {short(actual)}…, recorded is {short(recorded)}…",
            hint="restore it from a copy",
        )


def fetch(folder: Path, runs: Path, recorded: Mapping[str, str]) -> None:
    """Copy the folder of a finished run from another workspace, whole or not at all.

    Args:
        folder: the run there.
        runs: where the folders of finished runs lie here.
        recorded: file -> digest, as the ledger says.

    Raises:
        BrokenChain: a file there is missing or is not what was recorded.
        LiftgateError: the machine refuses.
    """
    staging = runs / f".{folder.name}"
    with _refused(folder):
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        try:
            for name, digest in recorded.items():
                check(folder / name, digest)
                shutil.copyfile(folder / name, staging / name)
                check(staging / name, digest)
                _sync(staging / name)
            staging.rename(runs / folder.name)
            _sync(runs)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _write(active: Path, folder: Path, *, complete: bool, finished_at: datetime | None) -> Run:
    files: dict[str, str] = {}
    with (
        reading(active),
        contextlib.closing(connect(active)) as connection,
        parquet.Writer(folder) as parquets,
    ):
        run = replace(_about(connection), complete=complete, finished_at=finished_at)
        written = [table for table in TABLES if parquets.write(table, _rows(connection, table))]
        parquets.finish()
        for table in written:
            files[table.file] = _synced_digest(folder / table.file)
    run = replace(run, files=files)
    described = folder / RUN_FILE
    described.write_bytes(canonical(_described(run)))
    _synced_digest(described)
    _sync(folder)
    return run


def _about(connection: sqlite3.Connection) -> Run:
    run, study, started_at, manifest = connection.execute("SELECT * FROM about").fetchone()
    return Run(
        id=run,
        study=study,
        started_at=moment(started_at),
        finished_at=None,
        complete=False,
        manifest=parse(manifest),
    )


def _rows(connection: sqlite3.Connection, table: AnyTable) -> Iterator[Row]:
    there = {str(row[1]) for row in connection.execute(f"PRAGMA table_info({table.name})")}
    # The process that died may have been of a version that did not know a later column yet.
    columns = [
        "NULL" if column.later and column.name not in there else column.name
        for column in table.columns
    ]
    # SQLite sorts on disk what does not fit its cache; DuckDB would hold it all.
    order = ", ".join(f"{name} NULLS FIRST" for name in table.order)
    return connection.execute(
        f"SELECT {', '.join(columns)} FROM {table.name} ORDER BY {order}"  # noqa: S608
    )


def _described(run: Run) -> Mapping[str, Any]:
    return {
        "liftgate": FORMAT,
        "id": run.id,
        "study": run.study,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "complete": run.complete,
        "manifest": run.manifest,
        "files": run.files,
    }


def _synced_digest(path: Path) -> str:
    _sync(path)
    return sha256_of_file(path)


def _sync(path: Path) -> None:
    """Have a file, or a folder's list of names, on disk before going on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _refused(active: Path) -> Iterator[None]:
    hint = f"its rows are safe in {active.name}: make room, then run the same command again"
    try:
        yield
    except OSError as error:
        raise LiftgateError(
            f"run {active.stem}: its files could not be written: {error}", hint=hint
        ) from error
    except BrokenChain:
        raise
    except LiftgateError as error:
        raise LiftgateError(f"run {active.stem}: {error}", hint=hint) from error
