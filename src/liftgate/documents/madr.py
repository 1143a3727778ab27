"""Decision records as Markdown (MADR 4, with forecast and dissent), both ways.

What is read back is what was written: a heading inside a text gets a backslash before it. The front
matter is told by the ledger and never read back: what people sign are the sections.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from liftgate.documents.binding import front_matter
from liftgate.errors import DataError
from liftgate.records.decision_record import Choice, DecisionRecord, Dissent, Expectation

OPEN = "?"
"""Stands in a draft for what only people can say."""
_HEADING = re.compile(r"^(\\*)(?=#)", re.MULTILINE)
_ESCAPED = re.compile(r"^\\(?=\\*#)", re.MULTILINE)
_CONTEXT, _OPTIONS = "Context and problem statement", "Considered options"
_OUTCOME, _REASONS = "Decision outcome", "Reasons"
_FORECAST, _DISSENT, _EVIDENCE = "Forecast", "Dissent", "Evidence"
_SECTIONS = (_CONTEXT, _OPTIONS, _OUTCOME, _REASONS, _FORECAST, _DISSENT, _EVIDENCE)
_WIN, _ROLLBACK = "Chance that it is better online", "Chance of a rollback"
_EFFECT = "Effect online (5, 25, 50, 75, 95 %)"
_NOBODY = "Nobody disagreed."


@dataclass(frozen=True)
class Head:
    """The front matter of MADR 4: what the ledger knows of how a decision came about."""

    status: str
    """proposed, or accepted: somebody whose signature counts has signed it."""
    date: date
    """When it was last updated."""
    makers: Sequence[str] = ()
    """Who signed it."""
    consulted: Sequence[str] = ()
    """Whose word was heard: approvals with their roles, dissent."""
    informed: Sequence[str] = ()
    """Teams that are registered as users of what was decided on."""

    def text(self) -> str:
        """Return it as YAML between its marks; names are quoted as JSON, which YAML contains."""
        lists = {
            "decision-makers": self.makers,
            "consulted": self.consulted,
            "informed": self.informed,
        }
        lines = [f"status: {self.status}", f"date: {self.date.isoformat()}"]
        lines += [f"{name}: {json.dumps(list(those))}" for name, those in lists.items()]
        return "\n".join(["---", *lines, "---"]) + "\n\n"


def to_markdown(record: DecisionRecord, head: Head | None = None) -> str:
    """Return a record as Markdown, with its front matter where one is given."""
    said = record.expectation
    options = [line for one in record.options for line in (f"### {one.name}", _text(one.says))]
    dissent = [line for one in record.dissent for line in (f"### {one.who}", _text(one.says))]
    return (head.text() if head else "") + _page(
        record.title,
        {
            _CONTEXT: [_text(record.context)],
            _OPTIONS: options,
            _OUTCOME: [record.chosen],
            _REASONS: [_text(record.reasons)],
            _FORECAST: [
                f"- {_WIN}: {said.p_win!r}\n- {_ROLLBACK}: {said.p_rollback!r}\n"
                f"- {_EFFECT}: {', '.join(map(repr, said.effect))}"
            ],
            _DISSENT: dissent or [_NOBODY],
            _EVIDENCE: [f"- study: {record.study}\n- ledger entry: {record.entry}"],
        },
    )


def draft(study: str, entry: int, context: str, candidates: list[str], head: Head) -> str:
    """Return a record with everything known filled in, and ``?`` where people must speak."""
    options = [
        line for name in (*candidates, "keep the baseline") for line in (f"### {name}", OPEN)
    ]
    return head.text() + _page(
        f"What becomes of {study}?",
        {
            _CONTEXT: [_text(context)],
            _OPTIONS: options,
            _OUTCOME: [OPEN],
            _REASONS: [OPEN],
            _FORECAST: [f"- {_WIN}: {OPEN}\n- {_ROLLBACK}: {OPEN}\n- {_EFFECT}: {OPEN}"],
            _DISSENT: [OPEN],
            _EVIDENCE: [f"- study: {study}\n- ledger entry: {entry}"],
        },
    )


def from_markdown(text: str) -> DecisionRecord:
    """Read a record.

    Raises:
        DataError: a section is missing or still open; names it.
    """
    whole = text.replace("\r\n", "\n").strip()
    lines = whole.removeprefix(front_matter(whole)).strip().split("\n")
    if not lines[0].startswith("# "):
        raise DataError("record: expected a title, '# …', first")
    sections = _split("\n".join(lines[1:]), "## ")
    missing = [name for name in _SECTIONS if name not in sections]
    if missing:
        raise DataError(f"record: it has no section {', '.join(missing)}")
    for name in _SECTIONS:
        if re.search(rf"(^|: ){re.escape(OPEN)}\s*$", sections[name], re.MULTILINE):
            raise DataError(f"record: {name}: still open ('{OPEN}')")
    facts = _facts(sections[_EVIDENCE])
    said = _facts(sections[_FORECAST])
    try:
        expectation = Expectation(
            float(said[_WIN]),
            float(said[_ROLLBACK]),
            tuple(float(part) for part in said[_EFFECT].split(",")),
        )
        entry, study = int(facts["ledger entry"]), facts["study"]
    except (KeyError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"record: {_FORECAST} or {_EVIDENCE}: {error}") from error
    dissent = sections[_DISSENT]
    return DecisionRecord(
        lines[0][2:],
        study,
        entry,
        _plain(sections[_CONTEXT]),
        tuple(Choice(name, _plain(t)) for name, t in _split(sections[_OPTIONS], "### ").items()),
        sections[_OUTCOME],
        _plain(sections[_REASONS]),
        expectation,
        ()
        if dissent == _NOBODY
        else tuple(Dissent(who, _plain(t)) for who, t in _split(dissent, "### ").items()),
    )


def _page(title: str, sections: Mapping[str, list[str]]) -> str:
    parts = [f"# {title}"]
    for name, paragraphs in sections.items():
        parts += [f"## {name}", *paragraphs]
    return "\n\n".join(parts) + "\n"


def _split(text: str, mark: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in re.split(rf"^{re.escape(mark)}", text, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        if name in found:
            raise DataError(f"record: two sections named {name!r}")
        found[name] = body.strip()
    return found


def _facts(text: str) -> dict[str, str]:
    pairs = (line[2:].partition(": ") for line in text.split("\n") if line.startswith("- "))
    return {name: value for name, _, value in pairs}


def _text(text: str) -> str:
    return _HEADING.sub(lambda m: m[1] + "\\", text.replace("\r\n", "\n").strip())


def _plain(text: str) -> str:
    return _ESCAPED.sub("", text)
