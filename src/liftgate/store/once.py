"""Which runs are read, which of their measures count, and in which order trials do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from liftgate.records import Measure, Trial
from liftgate.store.finished import RUN_FILE
from liftgate.store.seen import Filed, Seen

Recorded = Mapping[str, Mapping[str, str]]
"""Run -> file name -> digest, as in the ``files`` of ``run.finished`` bodies."""


def filed_runs(runs: Path, seen: Seen, recorded: Recorded | None) -> list[Filed]:
    """Return the files of finished runs, the oldest run first.

    Args:
        runs: where their folders lie.
        seen: what was seen of them.
        recorded: what the ledger says of them, which alone counts then: a folder that it does not
            name is none, and what a run's folder says of its files is not asked; None: all that
            are there, as they describe themselves.

    Raises:
        BrokenChain: the description of a run is missing or damaged.
    """
    if recorded is None:
        folders = runs.glob("[!.]*") if runs.is_dir() else ()
        return [seen.filed(folder) for folder in sorted(folders)]
    return [
        Filed(run, {name: digest for name, digest in files.items() if name != RUN_FILE})
        for run, files in sorted(recorded.items())
        if Path(run).name == run and (runs / run).is_dir()
    ]


def first_of_each(measures: Iterable[Measure]) -> list[Measure]:
    """Return measures in a fixed order, each once.

    One that two workspaces took, neither knowing of the other, counts once: of the run that began
    first, whatever order the runs arrived in.
    """
    first: dict[tuple[str, str, int | None], Measure] = {}
    for one in sorted(measures, key=lambda m: (m.run, m.arm, m.name, m.pass_number or 0)):
        first.setdefault((one.arm, one.name, one.pass_number), one)
    return sorted(first.values(), key=lambda m: (m.arm, m.name, m.run, m.pass_number or 0))


def begun(trial: Trial) -> tuple[datetime, str, int, str, int, str]:
    """Return an order that is the same however rows are read, also of two that began together."""
    return (trial.started_at, trial.arm, trial.attempt, trial.input_digest, trial.repeat, trial.run)
