"""What people decided, what they considered, who disagreed, and what they expect to happen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from liftgate.errors import DataError

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Expectation:
    """Probabilities that are stated before anybody can know, and scored afterwards."""

    p_win: float
    """Chance that it turns out better online."""
    p_rollback: float
    """Chance that it is taken back."""
    effect: tuple[float, ...]
    """Quantiles of the effect online: 5, 25, 50, 75 and 95 %."""

    def __post_init__(self) -> None:
        for name, value in (("p_win", self.p_win), ("p_rollback", self.p_rollback)):
            if not 0 < value < 1:
                raise DataError(f"{name}: got {value:g}, expected more than 0 and less than 1")
        rising = list(self.effect) == sorted(self.effect)
        if len(self.effect) != len(QUANTILES) or not rising:
            raise DataError(f"effect: got {list(self.effect)}, expected 5 rising quantiles")
        if not all(map(math.isfinite, self.effect)):
            raise DataError("effect: got a value that is not finite")


@dataclass(frozen=True)
class Choice:
    """One option that was considered."""

    name: str
    says: str


@dataclass(frozen=True)
class Dissent:
    """Who disagreed, and why."""

    who: str
    says: str


@dataclass(frozen=True)
class DecisionRecord:
    """A decision of people about a change."""

    title: str
    study: str
    entry: int
    """The ledger entry of the study's decision."""
    context: str
    options: tuple[Choice, ...]
    chosen: str
    """The name of one of the options."""
    reasons: str
    expectation: Expectation
    dissent: tuple[Dissent, ...] = ()

    def __post_init__(self) -> None:
        names = [one.name for one in self.options]
        if len(set(names)) < 2 or len(set(names)) < len(names):
            raise DataError("options: expected two or more different ones; not shipping is one")
        if self.chosen not in names:
            raise DataError(f"chosen: got {self.chosen!r}, expected one of {', '.join(names)}")
        for name, text in (("context", self.context), ("reasons", self.reasons)):
            if not text.strip():
                raise DataError(f"{name}: got nothing, expected a sentence at least")

    def as_json(self) -> dict[str, Any]:
        """Return the record as a signed statement holds it."""
        said = self.expectation
        return {
            "title": self.title,
            "study": self.study,
            "entry": self.entry,
            "context": self.context,
            "options": [{"name": one.name, "says": one.says} for one in self.options],
            "chosen": self.chosen,
            "reasons": self.reasons,
            "forecast": {
                "p_win": said.p_win,
                "p_rollback": said.p_rollback,
                "online_effect": {
                    f"q{round(100 * at):02d}": value
                    for at, value in zip(QUANTILES, said.effect, strict=True)
                },
            },
            "dissent": [{"who": one.who, "says": one.says} for one in self.dissent],
        }


def of_json(said: Mapping[str, Any]) -> DecisionRecord:
    """Return a record from what a signed statement holds: ``as_json`` the other way.

    Raises:
        DataError: a part is missing, or says what no record may.
    """
    try:
        told = said["forecast"]
        return DecisionRecord(
            **{name: str(said[name]) for name in ("title", "study", "context", "chosen")},
            entry=int(said["entry"]),
            reasons=str(said["reasons"]),
            options=tuple(Choice(one["name"], one["says"]) for one in said["options"]),
            expectation=Expectation(
                float(told["p_win"]),
                float(told["p_rollback"]),
                tuple(float(told["online_effect"][f"q{round(100 * at):02d}"]) for at in QUANTILES),
            ),
            dissent=tuple(Dissent(one["who"], one["says"]) for one in said["dissent"]),
        )
    except (KeyError, TypeError) as error:
        raise DataError(f"record: {type(error).__name__} {error}") from error
