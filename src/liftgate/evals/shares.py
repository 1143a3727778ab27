"""How many calls may be in flight, in all and in each of several workers.

Workers know nothing of each other while they call: each keeps to its share of what an endpoint, or
the user, allows. So nothing is exceeded, whatever they do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from liftgate.evals.limits import metered
from liftgate.evals.plan import BoundArm, Plan
from liftgate.protocols import Bounded, System


class Shares(NamedTuple):
    """What may be in flight of one arm."""

    total: int
    each: Sequence[int]
    """By the worker's number."""


def shares(plan: Plan, workers: int) -> dict[str, Shares]:
    """Return fingerprint -> what may be in flight of each arm.

    What a system says that it takes at once is meant for one process: several take as many each,
    unless they all call one endpoint. What the user says is meant for all together.
    """
    return {bound.arm.fingerprint: _of(plan, bound, workers) for bound in plan.arms}


def _of(plan: Plan, bound: BoundArm, workers: int) -> Shares:
    system = bound.system
    if plan.concurrency is None and not any(metered(system)):
        each = [system.concurrency] * workers
    else:
        each = split(plan.concurrency or system.concurrency, workers)
    if isinstance(system, Bounded):
        each = [min(share, system.most_in_flight) for share in each]
    return Shares(sum(each), each)


def split(total: int, parts: int) -> list[int]:
    """Return a number in parts that differ by one at most, the larger ones first."""
    return [total // parts + (at < total % parts) for at in range(parts)]


def callers(plan: Plan, found: Mapping[str, Shares], judges: Sequence[System]) -> dict[str, int]:
    """Return endpoint -> in how many processes it is called while trials are made.

    Args:
        plan: whose arms call from workers that are not in the engine's process.
        found: of the plan.
        judges: systems that are asked in the engine's process meanwhile.
    """
    asked = {system.endpoint for judge in judges for system in metered(judge)}
    counts: dict[str, int] = {}
    for bound in plan.arms:
        busy = sum(share > 0 for share in found[bound.arm.fingerprint].each)
        for system in metered(bound.system):
            most = max(counts.get(system.endpoint, 0), busy)
            counts[system.endpoint] = most
    return {endpoint: count + (endpoint in asked) for endpoint, count in counts.items()}
