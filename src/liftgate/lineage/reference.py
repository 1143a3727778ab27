"""The grammar of a reference: from the text beside a printed number to what it names.

``4`` is an entry of the ledger, ``4:dense.primary`` a claim of a decision, with ``.ref`` behind it
one slice of that claim, and ``4:bm25.mrr`` an arm's own quantity. Names may hold dots: a reference
is looked up among those that the decision has, never taken apart.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from liftgate.errors import DataError, UnknownName
from liftgate.records import Json

Body = Mapping[str, Any]
_NEAR = 8


class Sort(StrEnum):
    """What a reference names."""

    CLAIM = "claim"
    SLICE = "slice"
    MEAN = "mean"
    MEASURE = "measure"
    LATENCY = "latency"
    COST = "cost"
    JUDGE_COST = "cost of a judge"
    """Of all its calls about the study's answers; the rows behind it are its scores."""
    EXPLORATORY = "exploratory"
    """The primary metric in one slice, which no claim speaks about."""


@dataclass(frozen=True)
class Target:
    """One number of a decision, with what is printed beside it."""

    reference: str
    sort: Sort
    arms: tuple[str, ...]
    """The arms whose rows are behind it; the candidate last."""
    metric: str
    is_measure: bool = False
    """Whether rows of measures, rather than of items, are behind it."""
    slice_name: str | None = None
    slice: str | None = None
    estimate: Mapping[str, Json] | None = None
    """plain(Estimate): the limits that decide, where the number has an interval."""
    descriptive: Mapping[str, Json] | None = None
    """plain(Estimate): the interval shown beside, where there is one."""
    value: float | None = None
    reading: str | None = None
    reason: str = ""


def split(text: str) -> tuple[int, str | None]:
    """Return the entry's number and what stands behind the colon.

    Raises:
        DataError: the text is no reference.
    """
    head, colon, rest = text.strip().partition(":")
    if not head.isascii() or not head.isdigit() or (colon and not rest) or int(head) < 1:
        raise DataError(
            f"reference: got {text!r}, expected ENTRY, ENTRY:CANDIDATE.CLAIM[.SLICE] "
            "or ENTRY:ARM.METRIC",
            hint="liftgate ledger log lists the entries; liftgate trace ENTRY what one refers to",
        )
    return int(head), rest or None


def targets(body: Body, sequence: int) -> dict[str, Target]:
    """Return every reference that a decision has, in the order in which a report prints them."""
    found: dict[str, Target] = {}
    for target in (
        *_claims(body, sequence),
        *_arms(body, sequence),
        *_slices(body, sequence),
        *_costs(body, sequence),
        *_judge_costs(body, sequence),
    ):
        found.setdefault(target.reference, target)
    return found


def resolve(body: Body, sequence: int, rest: str) -> Target:
    """Return what a reference names.

    Raises:
        UnknownName: the decision has no such number; names the nearest that it has.
    """
    known = targets(body, sequence)
    reference = f"{sequence}:{rest}"
    if reference in known:
        return known[reference]
    near = difflib.get_close_matches(reference, known, n=_NEAR, cutoff=0.0)
    raise UnknownName(
        "reference", reference, near, hint=f"liftgate trace {sequence} lists all {len(known)}"
    )


def _claims(body: Body, sequence: int) -> Iterator[Target]:
    claims = {claim["id"]: claim for claim in body["claims"]}
    baseline = _baseline(body)
    for decision in body["decisions"]:
        for verdict in decision["verdicts"]:
            claim = claims[verdict["claim"]]
            name = f"{sequence}:{decision['candidate']}.{verdict['claim']}"
            arms = (baseline, decision["candidate"])
            yield _claim(name, Sort.CLAIM, arms, claim, verdict)
            for part in verdict["parts"]:
                yield _claim(f"{name}.{part['slice']}", Sort.SLICE, arms, claim, part)


def _claim(reference: str, sort: Sort, arms: tuple[str, ...], claim: Body, verdict: Body) -> Target:
    return Target(
        reference=reference,
        sort=sort,
        arms=arms,
        metric=claim["metric"],
        is_measure=claim["is_measure"] or "passes" in claim["params"],
        slice_name=claim["by_slice"],
        slice=verdict["slice"],
        estimate=verdict["estimate"],
        descriptive=verdict["descriptive"],
        value=verdict["measured"],
        reading=verdict["reading"],
        reason=verdict["reason"],
    )


def _arms(body: Body, sequence: int) -> Iterator[Target]:
    for arm in body["arms"]:
        name = arm["name"]
        for metric, estimate in body["means"].get(name, {}).items():
            yield Target(
                f"{sequence}:{name}.{metric}", Sort.MEAN, (name,), metric, descriptive=estimate
            )
        for metric, value in arm["measures"].items():
            yield Target(
                f"{sequence}:{name}.{metric}",
                Sort.MEASURE,
                (name,),
                metric,
                is_measure=True,
                value=value,
            )
        for metric, value in body["latency"].get(name, {}).items():
            if isinstance(value, float | int) and metric not in ("n", "ttft_n"):
                full = metric if metric.startswith("ttft_") else f"latency_{metric}"
                reference = f"{sequence}:{name}.{full}"
                yield Target(reference, Sort.LATENCY, (name,), full, value=value)


def _slices(body: Body, sequence: int) -> Iterator[Target]:
    primary = body["claims"][0]
    if primary["metric"] not in body["scales"]:
        return
    baseline = _baseline(body)
    for candidate, tables in body["slices"].items():
        for name, rows in tables.items():
            for row in rows:
                yield Target(
                    f"{sequence}:{candidate}.{primary['id']}.{row['slice']}",
                    Sort.EXPLORATORY,
                    (baseline, candidate),
                    primary["metric"],
                    slice_name=name,
                    slice=row["slice"],
                    descriptive=row["estimate"],
                    reason=row["reason"],
                )


def _costs(body: Body, sequence: int) -> Iterator[Target]:
    """Yield what an arm's answers cost, and what they cost beyond the baseline's."""
    found = body.get("money")
    if found is None:
        return
    baseline = _baseline(body)
    for rows, tail in ((found["arms"], ""), (found["differences"], "_difference")):
        for name, numbers in rows.items():
            arms = (baseline, name) if tail else (name,)
            for key, number in numbers.items():
                metric = f"cost_{key}{tail}"
                estimate = number["estimate"]
                yield Target(
                    f"{sequence}:{name}.{metric}",
                    Sort.COST,
                    arms,
                    metric,
                    descriptive=estimate,
                    value=None if estimate else number["value"],
                    reason=number["reason"],
                )


def _judge_costs(body: Body, sequence: int) -> Iterator[Target]:
    """Yield what judges' calls cost, in all and for each item."""
    arms = tuple(str(arm["name"]) for arm in body["arms"])
    for metric, found in body.get("judge_cost", {}).items():
        for key in ("total", "per_item"):
            yield Target(
                f"{sequence}:judge.{metric}.cost_{key}",
                Sort.JUDGE_COST,
                arms,
                metric,
                value=found[key],
                reason="" if found[key] is not None else "the cost of some calls is not known",
            )


def _baseline(body: Body) -> str:
    return next(str(arm["name"]) for arm in body["arms"] if arm["role"] == "baseline")
