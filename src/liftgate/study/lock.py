"""What a lock binds, and what became of it: pure functions over ledger entries.

A lock binds the study's canonical model together with everything that it only names: the dataset's
digest, the arms' fingerprints, the scorers' fingerprints and scales. A study's identity, over all
its amendments, is its name and the sequence of its first lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from liftgate.canon import digest, plain
from liftgate.errors import DataError, LockedError, StudyError
from liftgate.protocols import Judge, PairJudge, Scorer
from liftgate.records import Dataset, Entry, Scale, ScoreKind
from liftgate.records.notebook import Card
from liftgate.study.changes import Change, changes
from liftgate.study.design import Study
from liftgate.study.plan import SCORER_KEYS
from liftgate.study.ratios import ratio_faults

LOCKED = "study.locked"
AMENDED = "study.amended"
DECISION = "decision"
POWER = "power"
"""What an entry says of the study's size; no part of what is compared with a lock."""


class Seen(StrEnum):
    """What the author of an amendment had seen of the study's results."""

    NOTHING = "nothing"
    AGGREGATE = "aggregate"
    RESULTS = "results"


@dataclass(frozen=True)
class Amendment:
    """One change of a locked study."""

    sequence: int
    time: datetime
    reason: str
    seen: Seen
    changes: tuple[Mapping[str, Any], ...]
    """Each ``{"path", "old", "new"}``."""
    study_digest: str
    """Of the study after it."""

    def as_json(self) -> dict[str, Any]:
        """Return the amendment as a decision shows it."""
        return {
            "sequence": self.sequence,
            "time": self.time.isoformat(),
            "reason": self.reason,
            "seen": self.seen.value,
            "changes": [dict(change) for change in self.changes],
        }


@dataclass(frozen=True)
class Locked(Card):
    """A study as the ledger holds it."""

    name: str
    sequence: int
    """Of the first lock; with the name it is the study's identity."""
    time: datetime
    """Of the first lock: a candidate's rows count from here on."""
    body: Mapping[str, Any]
    """What holds now, amendments included; see ``lock.body``."""
    original: Mapping[str, Any]
    """What was locked first."""
    amendments: tuple[Amendment, ...] = ()

    @property
    def model(self) -> Mapping[str, Any]:
        """The study's canonical model as it holds now; ``Study(**model)`` is the study."""
        model: Mapping[str, Any] = self.body["study"]
        return model

    @property
    def digest(self) -> str:
        """The study's digest as it holds now."""
        return str(self.body["study_digest"])

    @property
    def digests(self) -> frozenset[str]:
        """The study's digests as it was locked, and after each amendment."""
        later = (amendment.study_digest for amendment in self.amendments)
        return frozenset({str(self.original["study_digest"]), *later})

    @property
    def deviated(self) -> bool:
        """Whether it was amended after results had been seen."""
        return any(amendment.seen is Seen.RESULTS for amendment in self.amendments)


def body(
    study: Study,
    dataset: Dataset,
    fingerprints: Mapping[str, str],
    scorers: Mapping[str, Scorer | Judge | PairJudge] | None = None,
) -> dict[str, Any]:
    """Return what a lock binds.

    Args:
        study: a study without lint faults.
        dataset: its items.
        fingerprints: arm name -> fingerprint, for every arm.
        scorers: metric -> scorer, for every metric; None: made from their parameters, which a
            judge's are not enough for.

    Raises:
        LockedError: the study's file names another dataset digest.
        StudyError: an outcome's declared score is none that a scorer could give.
        DataError: an arm has no fingerprint, or a scorer's scale cannot be declared.
    """
    _check_digest(study, dataset)
    missing = sorted(set(study.arms) - set(fingerprints))
    if missing:
        raise DataError(f"fingerprints: got none for {', '.join(missing)}, expected one an arm")
    items = study.as_read(dataset.items)
    made = scorers or {metric: study.scorer(metric) for metric in study.scorers}
    scales = {metric: made[metric].scale(items) for metric in sorted(made)}
    _check_scores(study, scales)
    _check_ratios(study, made, scales)
    return {
        "liftgate": 1,
        "name": study.study,
        "study": study.model(dataset.digest),
        "study_digest": study.digest(dataset.digest),
        "dataset": {"digest": dataset.digest, "items": len(dataset.items)},
        "arms": {name: fingerprints[name] for name in sorted(study.arms)},
        "scorers": {m: scorer_fingerprint(study, m, made[m]) for m in scales},
        "scales": {metric: plain(scale) for metric, scale in scales.items()},
    }


def scorer_fingerprint(study: Study, metric: str, scorer: Scorer | Judge | PairJudge) -> str:
    """Return the identity of a metric's scorer: name, version and parameters; a judge's own."""
    plan = study.scorers[metric]
    told = {key: getattr(plan, key) for key in SCORER_KEYS if getattr(plan, key) is not None}
    if isinstance(scorer, (Judge, PairJudge)):
        return digest({"scorer": plan.scorer, "identity": scorer.identity, **told})
    return digest({"scorer": plan.scorer, "version": scorer.version, "params": plan.params, **told})


def current(entries: Iterable[Entry], name: str) -> Locked | None:
    """Return the study of that name as the ledger holds it, or None when it was never locked.

    Args:
        entries: of the ledger, in order; other kinds and studies are passed over.
        name: the study's.
    """
    locked: Locked | None = None
    for entry in entries:
        if entry.kind not in (LOCKED, AMENDED) or entry.body.get("name") != name:
            continue
        if entry.kind == LOCKED and locked is None:
            locked = first(entry)
        elif entry.kind == AMENDED and locked is not None:
            locked = amended(locked, entry)
    return locked


def first(entry: Entry) -> Locked:
    """Return the study of a first lock's entry."""
    return Locked(str(entry.body["name"]), entry.sequence, entry.time, entry.body, entry.body)


def amended(locked: Locked, entry: Entry) -> Locked:
    """Return the study after an amendment's entry."""
    added = Amendment(
        entry.sequence,
        entry.time,
        str(entry.body["reason"]),
        Seen(entry.body["seen"]),
        tuple(entry.body["changes"]),
        str(entry.body["study_digest"]),
    )
    return Locked(
        locked.name,
        locked.sequence,
        locked.time,
        entry.body,
        locked.original,
        (*locked.amendments, added),
    )


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what differs between two lock bodies, by the paths of a study file.

    What a lock adds appears beside what it belongs to: ``dataset.digest``,
    ``arms.dense.fingerprint``, ``scorers.mrr.scale.high``.
    """
    return changes(_view(old), _view(new))


def _view(locked: Mapping[str, Any]) -> dict[str, Any]:
    study = _reread(locked["study"])
    study["dataset"] = {**study["dataset"], **locked["dataset"]}
    study["arms"] = {
        name: {**arm, "fingerprint": locked["arms"][name]} for name, arm in study["arms"].items()
    }
    study["scorers"] = {
        name: {**node, "fingerprint": locked["scorers"][name], "scale": locked["scales"][name]}
        for name, node in study["scorers"].items()
    }
    return study


def _reread(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return a locked model with today's defaults for keys that it could not know."""
    try:
        return Study(**model).model(model["dataset"].get("digest"))
    except StudyError:
        return dict(model)


def verify(
    study: Study, locked: Locked | None, now: Mapping[str, Any], *, unrun: bool = False
) -> Locked:
    """Return the lock that a study keeps.

    Args:
        study: as its file says now.
        locked: as the ledger holds it.
        now: ``body`` of the study as it is now.
        unrun: whether the ledger tells of no run under the lock.

    Raises:
        LockedError: it was never locked, or it differs: every path with the old and new value.
    """
    if locked is None:
        raise not_locked(study)
    found = differences(locked.body, now)
    if found:
        raise changed(study, locked, found, unrun=unrun)
    return locked


def not_locked(study: Study) -> LockedError:
    """Return the error for a study that the ledger does not know."""
    return LockedError(
        f"{study.file or study.study}: the study {study.study!r} is not locked in this workspace",
        file=study.file,
        hint="liftgate study lock FILE, or liftgate run FILE, which locks it",
    )


def changed(
    study: Study, locked: Locked, found: Iterable[Change], *, unrun: bool = False
) -> LockedError:
    """Return the error for a study that differs from its lock."""
    faults = [study.fault(change.path, change.text()) for change in found]
    last = locked.amendments[-1].sequence if locked.amendments else locked.sequence
    count = "1 place" if len(faults) == 1 else f"{len(faults)} places"
    return LockedError(
        f"{study.file or study.study}: differs in {count} from what was locked in ledger entry "
        f"{last}",
        file=study.file,
        faults=faults,
        hint=f"restore it, or: liftgate study amend {study.file or 'FILE'} --reason TEXT --seen "
        + ("nothing (the ledger tells of no run of it)" if unrun else "nothing|aggregate|results"),
    )


def amendment(
    locked: Locked, now: Mapping[str, Any], *, reason: str, seen: Seen, decided: bool
) -> dict[str, Any]:
    """Return the body of an amendment: all of ``now``, and what changed, why, and what was known.

    Args:
        locked: the study as the ledger holds it.
        now: ``body`` of the study as it shall be.
        reason: for the change; required.
        seen: what its author says to have seen.
        decided: whether a decision of this study exists; then results have been seen, whatever
            the author says.

    Raises:
        StudyError: nothing changed, or the reason is empty.
    """
    if not reason.strip():
        raise StudyError("--reason: got nothing, expected why the study changes")
    found = differences(locked.body, now)
    if not found:
        raise StudyError(
            f"the study {locked.name!r} is as it was locked: there is nothing to amend",
            hint="change the study file first, then amend",
        )
    return {
        **now,
        "amends": locked.sequence,
        "reason": reason.strip(),
        "seen": Seen.RESULTS.value if decided else seen.value,
        "said": seen.value,
        "changes": [change.as_json() for change in found],
    }


def must_be_large_enough(locked: Locked, amended_body: Mapping[str, Any]) -> bool:
    """Return whether an amendment may be refused for the study's size.

    Not once results have been seen: it cannot ship any more. Nor where the lock is from before
    sizes were judged: the study may have been as small.
    """
    return POWER in locked.body and amended_body["seen"] != Seen.RESULTS.value


def was_decided(entries: Iterable[Entry], locked: Locked) -> bool:
    """Return whether the ledger holds a decision of the study."""
    return any(
        entry.kind == DECISION
        and entry.body.get("study") == locked.name
        and entry.sequence > locked.sequence
        for entry in entries
    )


def _check_digest(study: Study, dataset: Dataset) -> None:
    named = study.dataset.digest
    if named is not None and named != dataset.digest:
        message = f"the file says {named}, the items give {dataset.digest}"
        raise LockedError(
            f"{study.file or study.study}: the dataset is not the one that the study names",
            file=study.file,
            faults=[study.fault(("dataset", "digest"), message)],
            hint="restore the dataset, or take dataset.digest out of the file",
        )


def _check_scores(study: Study, scales: Mapping[str, Scale]) -> None:
    """Refuse before the run what could not be counted after it."""
    faults = [
        study.fault(("outcomes", outcome, "score"), f"got {score:g}, expected worst or {wanted}")
        for outcome, score in _declared(study)
        for metric, scale in scales.items()
        if (wanted := _wanted(metric, scale, score))
    ]
    if faults:
        raise StudyError(
            f"{study.file or study.study}: a declared score is none that its metrics know",
            file=study.file,
            faults=faults,
        )


def _check_ratios(
    study: Study, made: Mapping[str, Scorer | Judge | PairJudge], scales: Mapping[str, Scale]
) -> None:
    """Refuse before the run ratios that could not be added up after it."""
    faults = [
        study.fault(("ratios", name, key), message)
        for name, ratio in study.ratios.items()
        for key, message in ratio_faults(ratio, made, scales)
    ]
    if faults:
        raise StudyError(
            f"{study.file or study.study}: a ratio has sides that cannot be added up",
            file=study.file,
            faults=faults,
        )


def _declared(study: Study) -> Iterator[tuple[str, float]]:
    for outcome in ("timeout", "crash", "refusal", "unparsable", "abstained"):
        score = getattr(getattr(study.outcomes, outcome), "score", "worst")
        if not isinstance(score, str):
            yield outcome, score


def _wanted(metric: str, scale: Scale, score: float) -> str:
    """Return what a metric's scale asks for, or an empty text when the score fits."""
    low, high = scale.low, scale.high
    if scale.kind is ScoreKind.BINARY:
        return "" if score in (low, high) else f"{low:g} or {high:g} for {metric}"
    fits = (low is None or score >= low) and (high is None or score <= high)
    ends = ("−∞" if low is None else f"{low:g}", "∞" if high is None else f"{high:g}")
    return "" if fits else f"{ends[0]} to {ends[1]} for {metric}"
