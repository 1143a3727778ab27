"""From a reference and a field to the text that a document prints: the same text every time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from liftgate.documents.claims import is_level
from liftgate.documents.money import currency_of
from liftgate.documents.numbers import (
    EstimateText,
    count,
    named,
    p_value,
    quantity,
    significant,
    unit_of,
)
from liftgate.documents.words import counting, demand_words, verdict_badge
from liftgate.errors import DataError, UnknownName
from liftgate.figures import Unit

Body = Mapping[str, Any]
Tables = Callable[[str], Body]
"""A table's name -> what the ledger and the store make of it; raises UnknownName."""

FIELDS = (
    "text", "described", "value", "limits", "low", "high", "level", "n", "clusters", "p",
    "demand", "status", "reading", "reason", "method", "design",
)  # fmt: skip


class Number(Protocol):
    """What a reference names (``liftgate.lineage.reference.Target``)."""

    @property
    def reference(self) -> str: ...  # noqa: D102
    @property
    def arms(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def metric(self) -> str: ...  # noqa: D102
    @property
    def slice(self) -> str | None: ...  # noqa: D102
    @property
    def estimate(self) -> Mapping[str, Any] | None: ...  # noqa: D102
    @property
    def descriptive(self) -> Mapping[str, Any] | None: ...  # noqa: D102
    @property
    def value(self) -> float | None: ...  # noqa: D102
    @property
    def reading(self) -> str | None: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102


class Facts:
    """The numbers of one entry, a decision or a lock, as texts.

    Args:
        sequence: the number of the entry.
        body: its body.
        numbers: every reference that a decision has; a lock has none.
        tables: what is computed from the entry and what it rests on; None: nothing.
    """

    def __init__(
        self,
        sequence: int,
        body: Body,
        numbers: Mapping[str, Number],
        tables: Tables | None = None,
    ) -> None:
        self.sequence = sequence
        self.body = body
        self.numbers = numbers
        self._tables = tables
        self._claims: dict[str, Body] = {claim["id"]: claim for claim in body.get("claims", ())}

    @property
    def is_decision(self) -> bool:
        """Whether the entry is a decision; else it is a lock or an amendment."""
        return "decisions" in self.body

    @property
    def study(self) -> str:
        """The name of the study."""
        return str(self.body["study"] if self.is_decision else self.body["name"])

    def table(self, name: str) -> Body:
        """Return a table as JSON values.

        Raises:
            UnknownName: there is none of that name.
        """
        if self._tables is None:
            raise UnknownName("table", name, ())
        return self._tables(name)

    def text(self, name: str) -> str:
        """Return the text of ``REFERENCE#FIELD``.

        ``ENTRY#PATH`` is a value of the entry's body, at a path as ``dataset.items``;
        ``ENTRY/TABLE#PATH`` one of a table.

        Raises:
            DataError: not of that form.
            UnknownName: the entry has no such number, field, table or path.
        """
        reference, mark, field = name.rpartition("#")
        if not mark or not reference or not field:
            raise DataError(f"binding: got {name!r}, expected REFERENCE#FIELD")
        if reference == str(self.sequence):
            return self._found(self.body, field, f"entry {self.sequence}")
        if reference.startswith(f"{self.sequence}/"):
            table = reference.partition("/")[2]
            return self._found(self.table(table), field, f"table {table}")
        if reference not in self.numbers:
            raise UnknownName("reference", reference, self.numbers, hint="liftgate trace ENTRY")
        found = self._of_number(self.numbers[reference], field)
        if found is None:
            raise UnknownName(f"field of {reference}", field, self.fields(reference))
        return found

    def fields(self, reference: str) -> tuple[str, ...]:
        """Return the fields that a reference has."""
        number = self.numbers[reference]
        return tuple(f for f in FIELDS if self._of_number(number, f) is not None)

    def values(self, reference: str) -> tuple[str, ...]:
        """Return the names of a reference's own quantities, for finding who is meant."""
        quantities = ("value", "low", "high")
        return tuple(f"{reference}#{f}" for f in quantities if f in self.fields(reference))

    def claim(self, reference: str) -> Body | None:
        """Return the claim that a reference is about; None for an arm's own number."""
        tail = reference.partition(":")[2]
        for decision in self.body["decisions"]:
            head = f"{decision['candidate']}."
            for verdict in decision["verdicts"]:
                stem = head + str(verdict["claim"])
                if tail == stem or tail.startswith(stem + "."):
                    return self._claims[verdict["claim"]]
        return None

    def verdict(self, reference: str) -> Body | None:
        """Return the verdict of a claim or of one of its slices."""
        tail = reference.partition(":")[2]
        for decision in self.body["decisions"]:
            for verdict in decision["verdicts"]:
                stem = f"{decision['candidate']}.{verdict['claim']}"
                rows: list[tuple[Body, str]] = [(verdict, stem), *_parts(verdict, stem)]
                for one, name in rows:
                    if name == tail:
                        return one
        return None

    def words(self, number: Number) -> EstimateText | None:
        """Return the estimate that decides or, where nothing does, the one that is shown."""
        estimate = number.estimate or number.descriptive
        if estimate is None:
            return None
        return EstimateText(estimate, self.unit(number), signed=self._signed(number))

    def unit(self, number: Number) -> Unit:
        """Return how a number is shown."""
        if number.metric.startswith("cost_"):
            return Unit(currency_of(self.body))
        return unit_of(number.metric, self.body["scales"].get(number.metric))

    def _signed(self, number: Number) -> bool:
        verdict, claim = self.verdict(number.reference), self.claim(number.reference)
        if verdict is not None and claim is not None:
            return not is_level(claim, verdict)
        return len(number.arms) > 1

    def _of_number(self, number: Number, field: str) -> str | None:
        claim, verdict = self.claim(number.reference), self.verdict(number.reference)
        if verdict is not None and claim is not None:
            if field == "demand":
                return demand_words(claim, self.unit(number))
            if field == "reading":
                return verdict_badge(verdict).word
            if field == "status":
                return counting(verdict, claim["part"])
        if field == "reason":
            return number.reason or None
        if field in ("method", "design"):
            told = number.estimate or number.descriptive
            if told is None:
                return "compared exactly" if field == "method" else "once"
            return str(told[field])
        words = self.words(number)
        if words is None:
            return self._exact(number, field)
        estimate = number.estimate or number.descriptive or {}
        if field == "described":
            other = number.descriptive
            unit, signed = self.unit(number), self._signed(number)
            return None if other is None else EstimateText(other, unit, signed=signed).text
        texts = {
            "text": words.text,
            "value": named(words.value, words.unit),
            "limits": words.limits,
            "low": words.number(estimate["low"]),
            "high": words.number(estimate["high"]),
            "level": words.level,
            "n": count(estimate["n"]),
            "clusters": count(estimate["clusters"]),
            "p": p_value(estimate["p_value"], against=self.body["alpha"]) or None,
        }
        return texts.get(field)

    def _exact(self, number: Number, field: str) -> str | None:
        if field == "text" and number.value is None:
            return number.reason or "not measured"
        if field in ("text", "value") and number.value is not None:
            return quantity(number.value, self.unit(number))
        return None

    def _found(self, tree: Body, path: str, where: str) -> str:
        found: Any = tree
        for step in path.split("."):
            known = found if isinstance(found, Mapping) else {}
            if isinstance(found, Sequence) and not isinstance(found, str):
                known = {str(n): one for n, one in enumerate(found)}
            if step not in known:
                raise UnknownName(f"value of {where}", path, map(str, known))
            found = known[step]
        if found is None:
            return "none"
        if isinstance(found, bool):
            return "yes" if found else "no"
        if isinstance(found, int):
            return count(found)
        if isinstance(found, float):
            return significant(found)
        if isinstance(found, str):
            return " ".join(found.split())
        raise DataError(f"{where}, {path}: got a {type(found).__name__}, expected one value")


def _parts(verdict: Body, stem: str) -> list[tuple[Body, str]]:
    return [(part, f"{stem}.{part['slice']}") for part in verdict["parts"]]
