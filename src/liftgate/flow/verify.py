"""``stats verify``: the error and coverage of everything that ships, measured."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import DataError
from liftgate.gates.calibrate import verified
from liftgate.importers.table.raw import open_raw
from liftgate.protocols import Progress
from liftgate.stats.verify import catalogue
from liftgate.stats.verify.cell import Experiment
from liftgate.stats.verify.real import RealData
from liftgate.stats.verify.run import Report, chosen, run

VARIABLE = "LIFTGATE_DATA"
_ALPACA, _EVALPERF = "alpaca_eval.parquet", "evalperf_pass100.parquet"
_JUDGE = "weighted_alpaca_eval_gpt4_turbo"
_STAGE = "experiments"

Show = Callable[[Progress], None]


@dataclass(frozen=True)
class Request:
    """What is measured."""

    long: bool = False
    only: tuple[str, ...] = ()
    data: Path | None = None
    """Folder of the real scores; None: looked for."""


def experiments(real: RealData) -> list[Experiment]:
    """Return every experiment: single methods first, whole gates after them."""
    return [*catalogue.experiments(real=real), *verified.experiments(real)]


def verify(request: Request = Request(), show: Show | None = None) -> Report:
    """Measure what was asked for.

    Args:
        request: which cells, in which form.
        show: told of progress.

    Raises:
        UnknownName: a name that no cell holds.
        DataError: a named folder without data, or tables that are not what they should be.
    """
    real = real_data(request.data)
    listed = chosen(experiments(real), request.only)

    def tell(done: int, total: int) -> None:
        if show is not None:
            show(Progress(_STAGE, done, total, failed=None))

    return run(listed, real, long=request.long, show=tell)


def listed(only: Sequence[str]) -> list[Experiment]:
    """Return what would be measured."""
    return chosen(experiments(RealData()), only)


def real_data(folder: Path | None = None) -> RealData:
    """Return the real scores that are at hand.

    Args:
        folder: where they lie; None: ``LIFTGATE_DATA``, else ``../shared/data`` beside a checkout.

    Raises:
        DataError: a named folder that holds none of the tables, or a table that cannot be read.
    """
    named = folder or (Path(os.environ[VARIABLE]) if VARIABLE in os.environ else None)
    where = named or Path(__file__).resolve().parents[4] / "shared" / "data"
    found = [where / name for name in (_ALPACA, _EVALPERF)]
    if named is not None and not any(path.is_file() for path in found):
        raise DataError(
            f"data: got {where}, which holds neither {_ALPACA} nor {_EVALPERF}",
            hint="Leave --data out to measure simulated worlds only.",
        )
    return RealData(
        alpaca=_alpaca(found[0]) if found[0].is_file() else None,
        evalperf=_evalperf(found[1]) if found[1].is_file() else None,
    )


def _alpaca(path: Path) -> NDArray[np.float64]:
    """Return the graded preferences of one judge, systems × items that all systems answered."""
    rows = _columns(path, ("system", "item", "preference", "judge"))
    return _table(
        (str(system), str(item), float(score))
        for system, item, score, judge in rows
        if judge == _JUDGE and score is not None and 0 <= score <= 1
    )


def _evalperf(path: Path) -> NDArray[np.float64]:
    rows = _columns(path, ("system", "task", "pass_pct"))
    return _table((str(system), str(task), float(share) / 100) for system, task, share in rows)


def _columns(path: Path, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    raw = open_raw(path)
    missing = [name for name in names if name not in raw.header]
    if missing:
        raise DataError(f"{path}: has no column {missing[0]!r}; its columns: {raw.header}")
    at = [raw.header.index(name) for name in names]
    for _, cells in raw.records():
        yield tuple(cells[place] for place in at)


def _table(rows: Iterable[tuple[str, str, float]]) -> NDArray[np.float64]:
    """Return systems × items, of the items that every system has, both sorted by name."""
    found: dict[str, dict[str, float]] = {}
    for system, item, score in rows:
        found.setdefault(system, {})[item] = score
    if not found:
        raise DataError("data: a table of real scores holds no usable row")
    common = sorted(set.intersection(*(set(each) for each in found.values())))
    return np.array([[found[system][item] for item in common] for system in sorted(found)])
