"""A study's scorers, bound to a dataset: judges seated, with the systems that they ask opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from liftgate import plugins
from liftgate.errors import Fault, LiftgateError, StudyError
from liftgate.evals.plan import Asked, BoundScorer
from liftgate.gates.tries import check_scale
from liftgate.protocols import Judge, JudgeFactory, PairJudge, Scorer, SystemName
from liftgate.records import Dataset
from liftgate.study import lock
from liftgate.study.design import Study
from liftgate.study.params import BadParams


@dataclass(frozen=True)
class Seated:
    """A scorer that is ready to score."""

    scorer: Scorer | Judge | PairJudge
    asks: tuple[Asked, ...] = ()


def bound_scorers(study: Study, dataset: Dataset, root: Path) -> tuple[BoundScorer, ...]:
    """Return a study's scorers with the scales that they declare for a dataset.

    Args:
        study: without faults of its own.
        dataset: its items.
        root: the folder from which rubrics and the judges' modules are looked up.

    Raises:
        StudyError: a judge's rubric or system cannot be opened, with its place in the study.
        DataError: a metric joins the repeats of scores that are not right or wrong.
    """
    return bound(study, dataset, seated_scorers(study, root))


def bound(study: Study, dataset: Dataset, seated: Mapping[str, Seated]) -> tuple[BoundScorer, ...]:
    """Return scorers that are ready with the scales that they declare for a dataset.

    Raises:
        DataError: a metric joins the repeats of scores that are not right or wrong.
    """
    items = study.as_read(dataset.items)
    bound = []
    for metric, one in seated.items():
        scale = one.scorer.scale(items)
        tries = study.scorers[metric].tries
        if tries is not None:
            check_scale(metric, tries, scale)
        fingerprint = lock.scorer_fingerprint(study, metric, one.scorer)
        opening = None if isinstance(one.scorer, Judge | PairJudge) else study.scorer_made(metric)
        bound.append(BoundScorer(metric, one.scorer, fingerprint, scale, one.asks, opening))
    return tuple(bound)


def seated_scorers(study: Study, root: Path) -> dict[str, Seated]:
    """Return metric -> scorer, judges with the systems that they ask; nothing is started.

    Raises:
        StudyError: a judge's rubric or system cannot be opened, with its place in the study.
    """
    seated: dict[str, Seated] = {}
    faults: list[Fault] = []
    hints: list[str] = []
    for metric in study.scorers:
        made = study.scorer(metric)
        if not isinstance(made, JudgeFactory):
            seated[metric] = Seated(made)
            continue
        try:
            asks = tuple(_opened(name, root) for name in made.asks)
            judge = made.seated(root, [asked.system.fingerprint for asked in asks])
            seated[metric] = Seated(judge, asks)
        except LiftgateError as error:
            faults += _faults(study, metric, error)
            hints += [error.hint] if error.hint else []
    if faults:
        raise StudyError(
            f"{study.file or study.study}: a judge cannot be opened",
            file=study.file,
            faults=faults,
            hint="; ".join(dict.fromkeys(hints)),
        )
    return seated


def _opened(name: SystemName, root: Path) -> Asked:
    plugin, _, rest = name.system.partition(":")
    system = plugins.load("systems", plugin)(
        rest, params=name.params, files=name.files, packages=name.packages, root=root
    )
    return Asked(name.system, system)


def _faults(study: Study, metric: str, error: LiftgateError) -> list[Fault]:
    """Place a judge's fault in the study; a rubric's own faults keep their file and line."""
    if isinstance(error, BadParams):
        return [
            study.fault(("scorers", metric, "params", *p.path), p.message, suggestion=p.suggestion)
            for p in error.problems
        ]
    if isinstance(error, StudyError) and error.faults:
        told = "; ".join(fault.text(error.file) for fault in error.faults)
        return [study.fault(("scorers", metric, "rubric"), told)]
    name, _, message = str(error).partition(": ")
    if message and name in {"rubric", "source", "positive"}:
        return [study.fault(("scorers", metric, name), message)]
    key = "rubric" if "rubric" in str(error) else "system"
    return [study.fault(("scorers", metric, key), str(error))]
