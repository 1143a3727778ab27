"""What the arms' servers say of themselves, kept with the run; what they do not say is kept too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from liftgate.evals.plan import BoundArm
from liftgate.protocols import Composed, Describing, System
from liftgate.records import Json

LONGEST_S = 15


async def described(arms: Iterable[BoundArm]) -> dict[str, Json]:
    """Return arm -> what its server says, or ``{"not_captured": why}``; never fails.

    A stage of a composed system stands under ``arm.stage``. All are asked at once, so that those
    that do not answer are waited for together.
    """
    asked = dict(part for bound in arms for part in _parts(bound.arm.name, bound.system))
    told = await asyncio.gather(*map(_told, asked.values()))
    return dict(zip(asked, told, strict=True))


async def _told(system: Describing) -> Json:
    try:
        async with asyncio.timeout(LONGEST_S):
            return dict(await system.describe())
    except Exception as error:  # noqa: BLE001 - capturing must never stop a run
        return {"not_captured": str(error) or type(error).__name__}


def _parts(name: str, system: System) -> Iterator[tuple[str, Describing]]:
    if isinstance(system, Describing):
        yield name, system
    elif isinstance(system, Composed):
        for stage, inner in system.stages.items():
            yield from _parts(f"{name}.{stage}", inner)
