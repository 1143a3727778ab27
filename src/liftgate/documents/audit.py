"""Every number of a built document against the evidence as it is now."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

from liftgate.documents.binding import CONSTANT, RECORD, Found, bind, plain_markdown, scan, unmarked
from liftgate.documents.compiled import meant
from liftgate.documents.facts import Facts
from liftgate.errors import DataError, NotEnoughData, UnknownName


class Status(StrEnum):
    """What became of a number."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    """The evidence says another number."""
    STALE = "stale"
    """The evidence that it names says so; newer evidence exists."""
    UNSUPPORTED = "unsupported"
    """Bound to no evidence, or to evidence that is not there."""
    AMBIGUOUS = "ambiguous"
    """Not bound, and several numbers of the evidence read like it."""


@dataclass(frozen=True)
class Finding:
    """One number of a document."""

    line: int
    status: Status
    text: str
    name: str
    """``REFERENCE#FIELD`` or ``constant:NAME``; empty where none is bound."""
    message: str
    file: str = ""
    """A file beside the document; empty: the document itself."""


def record_of(text: str, file: str) -> tuple[Mapping[str, Any], int]:
    """Return what a built document says of itself, and in which line.

    Raises:
        DataError: it says nothing of itself, or cannot be read.
    """
    lines = text.split("\n")
    at = [n for n, line in enumerate(lines) if line.startswith(RECORD)]
    hint = "liftgate doc build TEMPLATE STUDY --out FILE"
    if len(at) != 1:
        raise DataError(f"{file}: got {len(at)} records of a build, expected one", hint=hint)
    try:
        found = json.loads(lines[at[0]].removeprefix(RECORD).rpartition("-->")[0])
        shape = (int(found["entry"]), str(found["leaf"]), str(found["study"]), found["constants"])
        if not isinstance(shape[3], dict):
            raise TypeError("constants")
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"{file}:{at[0] + 1}: the record of the build cannot be read: {error!r}", hint=hint
        ) from None
    return found, at[0] + 1


def audit(
    text: str,
    record: Mapping[str, Any],
    facts: Facts,
    *,
    newest: Facts,
    rows_hold: str = "",
) -> tuple[Finding, ...]:
    """Return one finding for every number of a document, in order.

    Args:
        text: the document, Markdown or HTML as it was built.
        record: of it.
        facts: of the entry that it was built from.
        newest: of the study's last decision; the same where there is no newer one.
        rows_hold: why the decision's rows are not those of now; empty where they are.
    """
    found = _of_page(text) if text.startswith("<!doctype html>") else scan(text)
    check = _Check(record, facts, newest, rows_hold)
    return tuple(check.one(number) for number in found)


def bound_numbers(text: str) -> tuple[Found, ...]:
    """Return the bound numbers of a built document, Markdown or HTML, in order."""
    found = _of_page(text) if text.startswith("<!doctype html>") else scan(text)
    return tuple(one for one in found if one.name)


def same_lines(text: str, expected: str) -> Iterator[Finding]:
    """Yield one finding for a machine-made text: supported, or the first line that differs."""
    got, wanted = text.split("\n"), expected.split("\n")
    for line in range(max(len(got), len(wanted))):
        mine, theirs = (rows[line] if line < len(rows) else "" for rows in (got, wanted))
        if mine != theirs:
            said = f"got {mine.strip()!r}, the evidence says {theirs.strip()!r}"
            yield Finding(line + 1, Status.CONTRADICTED, mine.strip(), "", said)
            return
    yield Finding(1, Status.SUPPORTED, "", "", "")


def changed(old: Facts, new: Facts, text: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield line, name, old and new text of what another decision of the study says otherwise."""
    for found in scan(text):
        if not found.name or found.name.startswith(CONSTANT):
            continue
        was, now = _text(old, found.name), _text(new, _moved(found.name, old, new))
        if was != now:
            yield found.line, found.name, was or "not there", now or "not there"


class _Check:
    def __init__(
        self, record: Mapping[str, Any], facts: Facts, newest: Facts, rows_hold: str
    ) -> None:
        self._constants: Mapping[str, Any] = record["constants"]
        self._facts = facts
        self._newest = newest
        self._rows = rows_hold

    def one(self, found: Found) -> Finding:
        def say(status: Status, message: str) -> Finding:
            return Finding(found.line, status, found.text, found.name or "", message)

        if found.name is None:
            return self._unbound(found, say)
        if found.name == "":
            return say(Status.UNSUPPORTED, "half of a binding: its other mark is missing")
        if found.name.startswith(CONSTANT):
            return self._constant(found, say)
        try:
            expected = self._facts.text(found.name)
        except (UnknownName, DataError, NotEnoughData) as error:
            return say(Status.UNSUPPORTED, str(error))
        if _flat(expected) != _flat(found.text):
            return say(Status.CONTRADICTED, f"got {found.text!r}, the evidence says {expected!r}")
        if self._newest.sequence != self._facts.sequence:
            now = _text(self._newest, _moved(found.name, self._facts, self._newest))
            said = "the same" if now == expected else repr(now) if now else "nothing of it"
            return say(Status.STALE, f"entry {self._newest.sequence} is newer and says {said}")
        if self._rows:
            return say(Status.STALE, self._rows)
        if "/" in found.name and (now := _text(self._newest, found.name)) != expected:
            return say(Status.STALE, f"the ledger of now says {now!r}")
        return say(Status.SUPPORTED, "")

    def _constant(self, found: Found, say: Callable[[Status, str], Finding]) -> Finding:
        declared = self._constants.get((found.name or "").removeprefix(CONSTANT))
        if declared is None:
            return say(Status.UNSUPPORTED, "no such constant is declared")
        if _flat(str(declared)) != _flat(found.text):
            return say(Status.CONTRADICTED, f"got {found.text!r}, declared is {declared!r}")
        return say(Status.SUPPORTED, "")

    def _unbound(self, found: Found, say: Callable[[Status, str], Finding]) -> Finding:
        could = meant(found.text, self._facts)
        if len(could) > 1:
            shown = ", ".join(could[:4]) + (", …" if len(could) > 4 else "")
            return say(Status.AMBIGUOUS, f"bound to no evidence; it could be {shown}")
        guess = f"; did you mean {could[0]}?" if could else ""
        return say(Status.UNSUPPORTED, f"bound to no evidence{guess}")


def _moved(name: str, old: Facts, new: Facts) -> str:
    """Return a name with the number of another entry at its head."""
    return f"{new.sequence}{name.removeprefix(str(old.sequence))}"


def _text(facts: Facts, name: str) -> str | None:
    try:
        return facts.text(name)
    except (UnknownName, DataError, NotEnoughData):
        return None


def _flat(text: str) -> str:
    return unmarked(plain_markdown(text))


class _Page(HTMLParser):
    """Reads a built page back as marked text, in the lines where it stands."""

    _SILENT = frozenset({"style", "title", "code", "pre", "blockquote", "svg"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: dict[int, str] = {}
        self._silent = 0
        self._bound: tuple[int, str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._SILENT:
            self._silent += 1
        elif tag == "data":
            self._bound = (self.getpos()[0], unquote(dict(attrs).get("value") or ""), [])
        elif tag in ("li", "p", "td", "th"):
            self._add(self.getpos()[0], " ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._SILENT:
            self._silent -= 1
        elif tag == "data" and self._bound is not None:
            line, name, parts = self._bound
            self._add(line, bind(name, "".join(parts)))
            self._bound = None

    def handle_data(self, data: str) -> None:
        if self._bound is not None:
            self._bound[2].append(data)
        elif not self._silent:
            for step, part in enumerate(data.split("\n")):
                self._add(self.getpos()[0] + step, plain_markdown(part) if part.strip() else " ")

    def _add(self, line: int, text: str) -> None:
        self.lines[line] = self.lines.get(line, "") + text


def _of_page(text: str) -> Iterator[Found]:
    page = _Page()
    page.feed(text)
    page.close()
    for line in sorted(page.lines):
        for found in scan(page.lines[line]):
            yield Found(line, found.text, found.name)
