"""The section of a study file that says which items, and what is done to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from liftgate.errors import did_you_mean
from liftgate.perturbations.dataset import MOST_VARIANTS, SLICE, Perturbing
from liftgate.perturbations.families import FAMILIES, IDENTITY
from liftgate.study.problems import Node, Problem, unknown_key
from liftgate.study.values import DateText, Digest, Listed, Seed, Text

_Family = Annotated[Text, Field(json_schema_extra={"enum": list(FAMILIES)})]
_RATED = tuple(name for name, family in FAMILIES.items() if family.rate is not None)


class PerturbPlan(Node):
    """How items are perturbed."""

    families: Annotated[tuple[_Family, ...], Field(strict=False, min_length=1)] = Field(
        description=f"some of {', '.join(name for name in FAMILIES if name != IDENTITY)}; identity "
        "is always there"
    )
    seed: Seed = Field(default=0, description="decides every change")
    variants: Annotated[int, Field(ge=1, le=MOST_VARIANTS)] = Field(
        default=1, description="of each item in each family"
    )
    rates: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(
        default_factory=dict,
        description="family: the share of words or letters that is changed; typos 0.1, casing 0.3, "
        "confusables 0.1 unless given",
    )
    parts: Listed = Field(
        default=(), description="only these parts of the input are changed; all texts unless given"
    )

    @classmethod
    def prepare(cls, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Problem]]:
        """Check the names of the families."""
        found = []
        listed = given.get("families")
        for at, name in enumerate(listed if isinstance(listed, (list, tuple)) else ()):
            if isinstance(name, str) and name not in FAMILIES:
                message = f"no family named {name!r}; known: {', '.join(FAMILIES)}"
                found.append(Problem(("families", at), message, did_you_mean(name, FAMILIES)))
        rates = given.get("rates")
        named = rates if isinstance(rates, Mapping) else ()
        found += [unknown_key(("rates", name), _RATED) for name in named if name not in _RATED]
        return given, found

    def perturbing(self) -> Perturbing:
        """Return what is done to every item."""
        return Perturbing(self.families, self.seed, self.variants, dict(self.rates), self.parts)


class TagsPlan(Node):
    """What binds whoever uses the items: consent, retention, residency."""

    consent: Listed = Field(
        default=(), description="what its people agreed to; a run needs evaluation among them"
    )
    keep_until: DateText | None = Field(
        default=None, description="the last day on which it may be kept, e.g. 2027-01-31"
    )
    residency: Listed = Field(
        default=(), description="regions in which it may be processed; anywhere unless given"
    )


class DatasetPlan(Node):
    """Which items."""

    source: Text = Field(description="python:package.module:name or the path of a table of items")
    digest: Digest | None = Field(
        default=None, description="what the dataset must be; the lock records it in any case"
    )
    cluster: Text | None = Field(
        default=None, description="the column whose equal values belong together"
    )
    slices: Listed = Field(default=(), description="columns by which results are also shown")
    perturb: PerturbPlan | None = Field(
        default=None,
        description="makes of each item pairs of it clean and it perturbed, with the slice family",
    )

    tags: TagsPlan | None = Field(
        default=None, description="consent, retention and residency; they stay on the items"
    )

    @property
    def all_slices(self) -> tuple[str, ...]:
        """The slices that the items have: those of columns, and ``family`` where it is made."""
        return self.slices if self.perturb is None else (*self.slices, SLICE)
