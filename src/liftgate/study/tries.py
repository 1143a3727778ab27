"""What a study asks of several repeats of an item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from liftgate.records import Joined, Tries
from liftgate.study.problems import Node, Problem


class TriesPlan(Node):
    """What is asked of the repeats of an item, in place of their mean."""

    pass_at: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None, description="at least one of so many tries succeeds: pass@k"
    )
    pass_all: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None, description="all of so many tries succeed: pass^k"
    )

    @classmethod
    def prepare(cls, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Problem]]:
        """Check that exactly one is asked."""
        named = [key for key in cls.model_fields if given.get(key) is not None]
        if len(named) == 1 or set(given) - set(cls.model_fields):
            return given, []
        got = " and ".join(named) or "neither"
        return given, [Problem((), f"got {got}, expected exactly one of: pass_at, pass_all")]

    @property
    def tries(self) -> Tries:
        """What is asked, as a record."""
        if self.pass_at is not None:
            return Tries(self.pass_at, Joined.ANY)
        return Tries(self.pass_all or 0, Joined.ALL)
