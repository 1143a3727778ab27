"""Latency from separate passes over the items: one quantile a pass, one pass a row.

Calls of one moment are not independent, so the spread of the calls says little about the next run;
whole passes, taken one after another, say more. The arms alternate item by item, beginning with
another one each time, and one call at a time is in flight, so that a slow minute of the machine
hits all arms alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from liftgate.errors import DataError
from liftgate.evals.calls import Called, call
from liftgate.evals.meter import Listener, Meter
from liftgate.evals.pen import Pen
from liftgate.evals.plan import BoundArm, PassPlan, Plan, drawn, rotated
from liftgate.records import Item, Measure, first_token_s

STAGE = "latency passes"
Milliseconds = dict[tuple[str, bool], list[float]]
"""(arm's fingerprint, whether to the first token) -> one latency for each item of a pass."""


@dataclass(frozen=True)
class DuePass:
    """One pass that is still to be taken, and the rows that it gives."""

    number: int
    """From 1."""
    items: Sequence[Item]
    rows: tuple[tuple[BoundArm, PassPlan], ...]


def due_passes(plan: Plan, measures: Iterable[Measure]) -> tuple[DuePass, ...]:
    """Return the passes that are still to be taken for this study.

    Metrics over the same number of items share their passes. A pass of which a row is missing is
    taken again as a whole, since arms are only comparable within one pass; rows that are there
    already are kept.

    Args:
        plan: what is to be run.
        measures: what has been taken for this study; other studies' do not count.
    """
    known = {(m.arm, m.name, m.pass_number) for m in measures}
    due = []
    for count in dict.fromkeys(wanted.items for wanted in plan.passes):
        sharing = [wanted for wanted in plan.passes if wanted.items == count]
        for number in range(1, max(wanted.passes for wanted in sharing) + 1):
            rows = tuple(
                (bound, wanted)
                for wanted in sharing
                for bound in plan.arms
                if number <= wanted.passes
                and (bound.arm.fingerprint, wanted.name, number) not in known
            )
            if rows:
                due.append(DuePass(number, drawn(plan, count), rows))
    return tuple(due)


async def take_passes(
    plan: Plan, due: Sequence[DuePass], pen: Pen, *, listener: Listener | None
) -> int:
    """Take the passes, after one call of each arm to warm up, and write their rows.

    Returns:
        The number of calls made.

    Raises:
        DataError: the time to the first token is wanted of a system that does not report it.
    """
    if not due:
        return 0
    total = sum(len(one.items) * len(plan.arms) for one in due)
    meter = Meter(STAGE, total, listener=listener)
    for bound in plan.arms:
        first = due[0].items[0].as_read(bound.reads)
        warm = await call(bound.system, first.input, plan.outcomes.timeout_s)
        if any(wanted.first_token for one in due for _, wanted in one.rows):
            _check_streams(bound, warm)
    for one in due:
        found = await _one_pass(plan, one, meter)
        for bound, wanted in one.rows:
            value = nearest_rank(found[bound.arm.fingerprint, wanted.first_token], wanted.quantile)
            pen.measure(bound.arm.fingerprint, wanted.name, value, one.number)
    return total + len(plan.arms)


async def _one_pass(plan: Plan, one: DuePass, meter: Meter) -> Milliseconds:
    found: Milliseconds = {
        (bound.arm.fingerprint, first): [] for bound in plan.arms for first in (False, True)
    }
    for place, item in enumerate(one.items):
        for bound in rotated(plan.arms, plan.seed + one.number + place):
            asked = item.as_read(bound.reads).input
            called = await call(bound.system, asked, plan.outcomes.timeout_s)
            failed = called.failure is not None
            for first in (False, True):
                seconds = _first_token(called) if first else called.seconds
                seconds = plan.outcomes.timeout_s if failed else seconds
                found[bound.arm.fingerprint, first].append(1000 * seconds)
            meter.count(failed=failed)
    return found


def _first_token(called: Called) -> float:
    """Return the seconds to the first token; of an answer without any, those to its end."""
    first = first_token_s(called.reported)
    return called.seconds if first is None else first


def _check_streams(bound: BoundArm, called: Called) -> None:
    """Refuse a system that says nothing of its first token: its end is not its beginning."""
    if called.failure is None and first_token_s(called.reported) is None:
        raise DataError(
            f"arm {bound.arm.name}: its answers do not report first_token_s, the time to the "
            "first token, which a claim is about",
            hint="openai: set stream: true; other systems report it beside their answer",
        )


def nearest_rank(values: Sequence[float], quantile: float) -> float:
    """Return the smallest value that at least a fraction ``quantile`` of the values do not exceed.

    This inverts the empirical distribution function (definition 1 of Hyndman and Fan 1996), so the
    result is one of the values.
    """
    return sorted(values)[max(math.ceil(quantile * len(values)), 1) - 1]
