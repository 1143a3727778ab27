"""How often a study may look at its results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from liftgate.study.problems import Node, Problem

PLANNED_LOOKS = 5
"""How many looks are planned when a study does not say."""


class StoppingPlan(Node):
    """How often the results may be looked at."""

    plan: Literal["fixed", "planned-looks", "anytime"] = Field(
        default="fixed",
        description="fixed: one look, when all is done; planned-looks: also before, at a price of "
        "about 2 points of power; anytime: whenever one likes, at a higher price",
    )
    looks: Annotated[int, Field(ge=2, le=50)] | None = Field(
        default=None, description="for planned-looks: how many, evenly spread (5)"
    )

    @classmethod
    def prepare(cls, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Problem]]:
        """Fill in the number of planned looks, and refuse it for other plans."""
        if given.get("looks") is None:
            planned = given.get("plan") == "planned-looks"
            return ({**given, "looks": PLANNED_LOOKS} if planned else given), []
        if given.get("plan") == "planned-looks":
            return given, []
        message = "only the plan 'planned-looks' has a number of looks"
        return given, [Problem(("looks",), message, on_key=True)]
