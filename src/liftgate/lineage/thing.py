"""The grammar of what a decision may rest on: ``dataset:sha256:…``, ``person:ada``, ``run:…``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from liftgate.errors import DataError, UnknownName

_DIGEST = "sha256:"
_LEAST_DIGEST = 8
_LEAST_COMMIT = 7


class Kind(StrEnum):
    """What a thing is."""

    DATASET = "dataset"
    """By its digest, or by the name under which a decision shows it."""
    JUDGE = "judge"
    """Any scorer, by its fingerprint: a model's judgement or a plain comparison."""
    PRICES = "prices"
    """A price table, by its digest."""
    RUBRIC = "rubric"
    """By its digest or its name."""
    LABELS = "labels"
    """People's labels: by the digest of the set that counted, or of the file that was read."""
    PERSON = "person"
    """An author, signer or rater: by name, address, key or pseudonym."""
    COMMIT = "commit"
    """Of the code that a run ran."""
    RUN = "run"
    ARM = "arm"
    """A system, by its fingerprint."""


@dataclass(frozen=True)
class Thing:
    """Something that turned out wrong."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.kind.value}:{self.name}"

    def is_called(self, value: str) -> bool:
        """Whether something of its kind that is called so is meant."""
        if value == self.name:
            return True
        if self.kind is Kind.PERSON:
            return _person(self.name) in _names(value)
        if self.kind is Kind.COMMIT:
            return value.startswith(self.name)
        return self.name.startswith(_DIGEST) and value.startswith(self.name)


def parse_thing(text: str) -> Thing:
    """Return what a text such as ``dataset:sha256:2f5e…`` names; digests may be cut.

    Raises:
        UnknownName: no such kind of thing.
        DataError: not of the form KIND:NAME, or a cut digest that is too short to mean one thing.
    """
    head, colon, name = text.strip().partition(":")
    if not colon or not name.strip():
        kinds = ", ".join(kind.value for kind in Kind)
        raise DataError(
            f"thing: got {text!r}, expected KIND:NAME, where KIND is one of {kinds}",
            hint="e.g. dataset:sha256:2f5e91…, run:RUN, person:NAME",
        )
    if head not in list(Kind):
        raise UnknownName("kind of thing", head, [kind.value for kind in Kind])
    kind, name = Kind(head), name.strip().rstrip("…")
    digits = name.removeprefix(_DIGEST)
    if name.startswith(_DIGEST) and len(digits) < _LEAST_DIGEST:
        raise DataError(f"thing: got {text!r}, expected at least {_LEAST_DIGEST} digits")
    if kind is Kind.COMMIT and len(name) < _LEAST_COMMIT:
        raise DataError(f"thing: got {text!r}, expected at least {_LEAST_COMMIT} digits")
    return Thing(kind, name)


def _person(text: str) -> str:
    return text.strip().casefold()


def _names(label: str) -> set[str]:
    """Return all by which ``Name <name@host>`` may be called."""
    name, _, mail = label.partition("<")
    mail = mail.rstrip("> ")
    found = (label, name, mail, mail.partition("@")[0])
    return {_person(one) for one in found if one.strip()}
