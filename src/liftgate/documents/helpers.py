"""What a template calls, ``d``, and the filters that make foreign text harmless."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from liftgate.documents.beside import Source, head
from liftgate.documents.binding import CONSTANT, bind, plain_markdown
from liftgate.documents.facts import Facts, Number
from liftgate.documents.publication import statement_rows, statements
from liftgate.errors import DataError, UnknownName
from liftgate.figures import visible

if TYPE_CHECKING:
    from markupsafe import Markup


class Helpers:
    """What a template calls: ``d``."""

    def __init__(self, facts: Facts, source: Source, arm: str) -> None:
        self._facts = facts
        self._source = source
        self._arm = arm
        self.beside: list[str] = []
        """Sorts of files that stand beside the document."""
        self.constants: dict[str, str] = {}

    def number(self, name: str, field: str = "text") -> Markup:
        """Return a number of the decision: ``dense.primary``, without the entry's number."""
        return self._bound(f"{self._facts.sequence}:{name}#{field}")

    def value(self, path: str, table: str = "") -> Markup:
        """Return a value of the entry's body, ``dataset.items``, or of a table."""
        where = f"/{table}" if table else ""
        return self._bound(f"{self._facts.sequence}{where}#{path}")

    def table(self, name: str) -> Mapping[str, Any]:
        """Return a table, to loop over; its quantities are printed by ``value``."""
        return self._facts.table(name)

    def has(self, name: str, field: str = "text") -> bool:
        """Tell whether the decision has such a number."""
        reference = f"{self._facts.sequence}:{name}"
        return reference in self._facts.numbers and field in self._facts.fields(reference)

    def names(self, sort: str, arm: str | None = None) -> list[str]:
        """Return references of one sort, without the entry's number; of one arm."""
        return [
            reference.partition(":")[2]
            for reference, number in self._facts.numbers.items()
            if str(getattr(number, "sort", "")) == sort and (arm is None or number.arms[-1] == arm)
        ]

    def attach(self, sort: str) -> Markup:
        """Put files of one sort beside the document; return the head that they ask for.

        Raises:
            UnknownName: there is no such sort.
        """
        from markupsafe import Markup

        made = head(sort, self._facts, self._source, arm=self._arm)
        self.beside.append(sort)
        return Markup(made)  # noqa: S704 - YAML, checked whole

    def metric(self, name: str) -> str:
        """Return the metric of a number, as a template prints it as code."""
        return self._number(name).metric

    def method(self, name: str) -> Markup:
        """Return by which method a number was estimated."""
        return self.number(name, "method")

    def design(self, name: str) -> Markup:
        """Return how often the study looked for a number."""
        return self.number(name, "design")

    def statements(self) -> list[dict[str, Any]]:
        """Return what a paper would say and the references that it rests on.

        Raises:
            UnknownName: a statement names evidence that the decision has not.
        """
        said = self._source.about or {}
        statement_rows(self._facts, said)
        return statements(self._facts, said)

    def constant(self, name: str, text: object = None) -> Markup:
        """Declare a constant, or print again one that was declared above."""
        from markupsafe import Markup

        if text is not None:
            if self.constants.setdefault(name, str(text)) != str(text):
                raise DataError(f"constant {name!r}: declared twice, with different values")
        elif name not in self.constants:
            raise UnknownName("constant", name, self.constants)
        return Markup(bind(CONSTANT + name, self.constants[name]))  # noqa: S704 - escaped by bind

    def _number(self, name: str) -> Number:
        reference = f"{self._facts.sequence}:{name}"
        if reference not in self._facts.numbers:
            raise UnknownName("reference", reference, self._facts.numbers)
        return self._facts.numbers[reference]

    def _bound(self, name: str) -> Markup:
        from markupsafe import Markup

        return Markup(bind(name, self._facts.text(name)))  # noqa: S704 - escaped by bind


def code(text: object) -> Markup:
    """Return an identifier as code, which nothing inside can end."""
    from markupsafe import Markup

    flat = " ".join(visible(str(text)).split()).replace("<!--", "<! --").replace("|", "¦")
    longest = max((len(run) for run in re.findall("`+", flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return Markup(f"{fence}{pad}{flat}{pad}{fence}")  # noqa: S704 - code means nothing


def quoted(text: object) -> Markup:
    """Return foreign text as a block quote of plain text, line by line."""
    from markupsafe import Markup

    lines = visible(str(text)).split("\n")
    made = "\n".join(f"> {plain_markdown(line)}".rstrip() for line in lines)
    return Markup(made)  # noqa: S704 - escaped line by line
