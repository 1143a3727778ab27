"""Built documents as plain values: where they lie, what they were built from, whether they hold."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlencode

from liftgate.documents.audit import Status, record_of
from liftgate.documents.binding import RECORD
from liftgate.documents.compiled import inner_html
from liftgate.errors import DataError, LiftgateError, UnknownName
from liftgate.flow.built_anew import built_anew
from liftgate.flow.document import Checked, checker
from liftgate.flow.folder import Stamp, files_below
from liftgate.flow.study_index import StudyIndex
from liftgate.ledger import Ledger
from liftgate.store import Workspace

PAGE = 50
MAX_FILE = 200_000
"""Bytes of a document that a page can show."""
MOST_FINDINGS = 100
_QUICK_S = 0.2
_KEPT_S = 30.0


@dataclass(frozen=True)
class Found:
    """A built document."""

    file: str
    """Its path from the workspace's folder."""
    stamp: Stamp
    template: str
    study: str
    entry: int
    time: str
    of_lock: bool = False
    """Whether it was built from a lock, which no decision makes stale."""


@dataclass
class Shelf:
    """The built documents below a folder; what was read of a file is kept until it changes."""

    index: StudyIndex
    workspace: Workspace
    folder: Path
    _read: dict[str, tuple[Stamp, Found | None]] = field(default_factory=dict)
    _checked: dict[str, tuple[Stamp, str, Mapping[str, Any]]] = field(default_factory=dict)
    _walked: tuple[float, float] = (-_KEPT_S, 0.0)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _checking: threading.Lock = field(default_factory=threading.Lock)
    """One check at a time: it may read all rows of a study."""

    def found(self) -> list[Found]:
        """Return the documents by path; a folder that is slow to walk is walked twice a minute."""
        with self._turn:
            at, took = self._walked
            if took < _QUICK_S or monotonic() - at > _KEPT_S:
                self._walk()
            return sorted(
                (one for _, one in self._read.values() if one is not None), key=lambda one: one.file
            )

    def document(self, file: str) -> tuple[Found, str]:
        """Return a document with its text.

        Raises:
            UnknownName: no built document has this path.
            DataError: it is larger than a page may be.
        """
        known = {one.file: one for one in self.found()}
        if file not in known:
            raise UnknownName("document", file[:200], known)
        if known[file].stamp[1] > MAX_FILE:
            raise DataError(f"{file}: has more than {MAX_FILE:,} bytes, open the file itself")
        return known[file], (self.folder / file).read_text(encoding="utf-8", errors="replace")

    def picture(self, file: str, name: str) -> str:
        """Return a picture that a document shows and that lies beside it, as SVG.

        Raises:
            UnknownName: no built document has this path, or it shows no such picture.
            DataError: it is larger than a page may be.
        """
        _, text = self.document(file)
        path = (self.folder / file).parent / name
        if f"]({name})" not in text or not _SVG.fullmatch(name) or not _is_plain(path):
            raise UnknownName("picture", name[:200], ())
        if path.stat().st_size > MAX_FILE:
            raise DataError(f"{name}: has more than {MAX_FILE:,} bytes, open the file itself")
        return path.read_text(encoding="utf-8", errors="replace")

    def check(self, one: Found) -> Mapping[str, Any]:
        """Hold a document against the ledger now, and keep what was found."""
        self.check_all([one])
        return self._checked[one.file][2]

    def check_all(self, some: Sequence[Found], tell: Callable[[str], None] | None = None) -> None:
        """Hold documents against the ledger now.

        Its chain is verified as far as it was not yet, and the rows of each decision are selected
        once for all of them.
        """
        with self._checking:
            leaf = self.tip()
            try:
                check = checker(self.workspace, self.index.ledger(), self.index.seen)
            except LiftgateError as error:
                broken = _broken(error)
                self._checked |= {one.file: (one.stamp, leaf, broken) for one in some}
                return
            for number, one in enumerate(some):
                if tell is not None:
                    tell(f"{number} of {len(some)} documents are checked.")
                try:
                    said = _said(check(self.folder / one.file))
                except (LiftgateError, OSError, ValueError) as error:
                    said = _broken(error)
                self._checked[one.file] = (one.stamp, leaf, said)

    def checked(self, one: Found, leaf: str) -> Mapping[str, Any] | None:
        """Return what was found of a document as it is, at this tip of the ledger, or None."""
        stamp, at, said = self._checked.get(one.file, (None, "", None))
        return said if (stamp, at) == (one.stamp, leaf) else None

    def tip(self) -> str:
        """Return the digest of the ledger's last entry."""
        if not Ledger.exists(self.workspace.home):
            return ""
        with Ledger.open(self.workspace.home, read_only=True) as ledger:
            tip = ledger.tip
        return tip.leaf if tip else ""

    def _walk(self) -> None:
        begun = monotonic()
        seen = {}
        for path, stamp in files_below(self.folder, ".md"):
            name = path.relative_to(self.folder).as_posix()
            known = self._read.get(name)
            seen[name] = known if known and known[0] == stamp else (stamp, _read(path, name, stamp))
        self._read = seen
        self._walked = (monotonic(), monotonic() - begun)


@dataclass(frozen=True)
class Sought:
    """Which documents to list."""

    text: str = ""
    """In the path, the template or the study."""
    state: str = ""
    page: int = 1

    def query(self, **changes: Any) -> str:
        """Return the query of an address that shows these, with some things changed."""
        given = {"q": self.text, "state": self.state, **changes}
        return urlencode({name: value for name, value in given.items() if value})


def documents_view(
    index: StudyIndex,
    shelf: Shelf,
    sought: Sought,
    *,
    now: bool = False,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Return one page of the list of documents.

    Args:
        index: of the studies, for what was decided since.
        shelf: where documents lie.
        sought: which documents.
        now: check those of this page first, which takes a while.
        tell: told how far it is.

    Raises:
        DataError: there is no such state.
    """
    if sought.state and sought.state not in _STATES:
        raise DataError(f"state: got {sought.state[:80]!r}, expected one of {', '.join(_STATES)}")
    newest = {name: one.decision.sequence for name, one in index.now().items() if one.decision}
    leaf = shelf.tip()
    wanted = sought.text.casefold()
    every = shelf.found()
    found = [one for one in every if _matches(one, wanted)]
    if now:
        rows = _rows(shelf, leaf, found, newest)
        some = [one for one, row in zip(found, rows, strict=True) if _fits(row, sought)]
        shelf.check_all(_paged(some, sought.page)[0], tell)
    rows = _rows(shelf, leaf, found, newest)
    shown, page, pages = _paged([row for row in rows if _fits(row, sought)], sought.page)
    counts = Counter(row["state"] for row in rows)
    return {
        "verified": index.verified(),
        "documents": counts[sought.state] if sought.state else len(rows),
        "of": len(every),
        "folder": shelf.folder.name,
        "filter": {"text": sought.text, "state": sought.state},
        "states": [
            {
                "state": name,
                "documents": counts[name],
                "chosen": name == sought.state,
                "query": sought.query(state="" if name == sought.state else name),
            }
            for name in _STATES
        ],
        "check": None
        if all(row["counts"] is not None for row in shown)
        else f"/documents?{sought.query(page=page, check='now')}",
        "page": page,
        "pages": pages,
        "previous": sought.query(page=page - 1) if page > 1 else None,
        "next": sought.query(page=page + 1) if page < pages else None,
        "rows": shown,
    }


T = TypeVar("T")


def _paged(some: Sequence[T], page: int) -> tuple[list[T], int, int]:
    """Return a page of a list, its number and how many there are."""
    pages = max(1, -(-len(some) // PAGE))
    page = min(page, pages)
    return list(some[(page - 1) * PAGE : page * PAGE]), page, pages


def _rows(
    shelf: Shelf, leaf: str, found: Sequence[Found], newest: Mapping[str, int]
) -> list[dict[str, Any]]:
    return [_row(one, shelf.checked(one, leaf), newest.get(one.study)) for one in found]


def _row(one: Found, said: Mapping[str, Any] | None, newest: int | None) -> dict[str, Any]:
    return {
        "file": one.file,
        "template": one.template,
        "study": one.study,
        "entry": one.entry,
        "time": one.time,
        "newest": newest,
        "state": _state(one, newest, said),
        "counts": dict(said["counts"]) if said else None,
        "address": f"/document?{urlencode({'file': one.file})}",
        "check": f"/document?{urlencode({'file': one.file, 'check': 'now'})}",
    }


def _fits(row: Mapping[str, Any], sought: Sought) -> bool:
    return sought.state in ("", row["state"])


def _matches(one: Found, text: str) -> bool:
    return any(text in said.casefold() for said in (one.file, one.template, one.study))


def document_view(shelf: Shelf, file: str, *, now: bool = False) -> dict[str, Any]:
    """Return one document for reading, with what is known of its numbers.

    Args:
        shelf: where documents lie.
        file: its path from the folder.
        now: hold it against the ledger, the rows and their files now, which takes a while.

    Raises:
        UnknownName: no built document has this path.
        DataError: it is too large for a page.
    """
    one, text = shelf.document(file)
    said = shelf.check(one) if now else shelf.checked(one, shelf.tip())
    pictures: list[dict[str, str]] = []

    def shown(name: str, says: str) -> str:
        if not _is_plain((shelf.folder / file).parent / name):
            return ""
        address = f"/document/picture?{urlencode({'file': file, 'name': name})}"
        pictures.append({"name": name, "says": unescape(says), "address": address})
        return f'<img class="picture" src="{escape(address)}" alt="{says}">'

    html = inner_html(text, shown)[0]
    return {
        "verified": shelf.index.verified(),
        "file": one.file,
        "template": one.template,
        "study": one.study,
        "entry": one.entry,
        "time": one.time,
        "pictures": pictures,
        "decision": f"/decision?{urlencode(_decision(one))}",
        "check": f"/document?{urlencode({'file': one.file, 'check': 'now'})}",
        "checked": None if said is None else dict(said),
        "anew": _anew(shelf, one, text, said),
        "html": html,
    }


def _anew(
    shelf: Shelf, one: Found, text: str, said: Mapping[str, Any] | None
) -> list[dict[str, str]]:
    """Return how to build a document anew; nothing where it holds, or is not known not to."""
    known = shelf.index.now().get(one.study)
    newest = known.decision.sequence if known and known.decision else None
    state = _state(one, newest, said)
    if known is None or state in (Status.SUPPORTED.value, "not checked"):
        return []
    decide = state == Status.STALE.value and not one.of_lock and newest == one.entry
    record, _ = record_of(text, one.file)
    return built_anew(shelf.workspace, shelf.folder, one.file, record, decide=decide)


def _is_plain(path: Path) -> bool:
    """Whether there is a file, and no link to one elsewhere."""
    return path.is_file() and not path.is_symlink()


_SVG = re.compile(r"[\w-][\w.-]*\.svg")
_STATES = (*(status.value for status in Status), "broken", "not checked")


def _state(one: Found, newest: int | None, said: Mapping[str, Any] | None) -> str:
    """Return a document's state; that a newer decision exists is known without a check."""
    if said is not None:
        return str(said["state"])
    overtaken = not one.of_lock and newest is not None and newest > one.entry
    return "stale" if overtaken else "not checked"


def _decision(one: Found) -> dict[str, Any]:
    """Return what the address of a document's decision names: of a lock's, the study alone."""
    return {"study": one.study} if one.of_lock else {"study": one.study, "entry": one.entry}


def _said(checked: Checked) -> dict[str, Any]:
    """Return what a check found; the worst status is the document's state."""
    order = (Status.CONTRADICTED, Status.UNSUPPORTED, Status.AMBIGUOUS, Status.STALE)
    counts = checked.counts
    worst = next((one for one in order if counts[one.value]), Status.SUPPORTED)
    bad = checked.bad
    return {
        "state": worst.value,
        "counts": counts,
        "why": "",
        "findings": [
            {
                "line": one.line,
                "status": one.status.value,
                "text": one.text,
                "name": one.name,
                "message": one.message,
                "file": one.file,
            }
            for one in bad[:MOST_FINDINGS]
        ],
        "more": max(0, len(bad) - MOST_FINDINGS),
    }


def _broken(error: Exception) -> dict[str, Any]:
    return {"state": "broken", "counts": {}, "why": str(error), "findings": [], "more": 0}


def _read(path: Path, name: str, stamp: Stamp) -> Found | None:
    """Return what a file says of its build; None: it is no built document."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    if RECORD not in text:
        return None
    try:
        record, _ = record_of(text, name)
    except DataError:
        return Found(name, stamp, "its record cannot be read", "", 0, "")
    return Found(
        name,
        stamp,
        str(record.get("template", "")),
        str(record["study"]),
        int(record["entry"]),
        str(record.get("time", "")),
        of_lock=record.get("rows") is None,
    )
