"""``doc``: documents built from the ledger, checked against it, and compared over its states."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from liftgate.canon import plain
from liftgate.documents.about import read_about
from liftgate.documents.audit import Finding, Status, audit, changed, record_of, same_lines
from liftgate.documents.beside import MODEL_CARD, Source, companions, head
from liftgate.documents.binding import front_matter
from liftgate.documents.compiled import (
    SUFFIX,
    compile_document,
    of_a_lock,
    pictures,
    templates,
)
from liftgate.documents.facts import Facts
from liftgate.documents.placing import save_document
from liftgate.errors import BrokenChain, DataError, LiftgateError, UnknownName
from liftgate.evals.select import select
from liftgate.flow.recorded import bound_among, dataset_of, locked_at, plan_of
from liftgate.flow.report import KIND, choose, study_name
from liftgate.flow.tables import Tables, items_of_now
from liftgate.gates.summary import bound_rows
from liftgate.ledger import verified_entries
from liftgate.lineage.impact import reopened_lines
from liftgate.lineage.reference import targets
from liftgate.lineage.trace import files_of
from liftgate.records import Entry
from liftgate.records.notebook import Card
from liftgate.store import Seen, Store, Workspace
from liftgate.study.design import Study
from liftgate.study.load import text_of_file
from liftgate.study.lock import AMENDED, LOCKED

FOLDER = "liftgate-templates"
"""A team's own templates, in a folder beside the workspace."""


@dataclass(frozen=True)
class Built(Card):
    """Where a document lies and what it was built from."""

    paths: tuple[Path, ...]
    template: str
    study: str
    entry: int
    leaf: str


@dataclass(frozen=True)
class Checked(Card):
    """What became of every number of a document."""

    file: str
    entry: int
    newest: int
    findings: tuple[Finding, ...]

    @property
    def bad(self) -> tuple[Finding, ...]:
        """Return what is not supported."""
        return tuple(f for f in self.findings if f.status is not Status.SUPPORTED)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many numbers there are of each status."""
        found = Counter(f.status.value for f in self.findings)
        return {status.value: found[status.value] for status in Status}

    def as_json(self) -> dict[str, Any]:
        """Return the findings as JSON."""
        return {
            "liftgate": 1,
            "file": self.file,
            "entry": self.entry,
            "newest": self.newest,
            "counts": self.counts,
            "findings": plain(self.findings),
        }


def template_files(workspace: Workspace) -> Mapping[str, Path]:
    """Return the templates by name: the team's, then the shipped ones."""
    return templates((workspace.home.parent / FOLDER,))


def find_template(workspace: Workspace, name: str) -> Path:
    """Return a template's file by its path or its name.

    Raises:
        UnknownName: neither a file nor a name that is known.
    """
    if name.endswith(SUFFIX) and Path(name).is_file():
        return Path(name)
    known = template_files(workspace)
    if name not in known:
        raise UnknownName("template", name, known, hint="liftgate doc list")
    return known[name]


def build_document(
    workspace: Workspace,
    template: str,
    study: str,
    *,
    out: Path,
    entry: int | None = None,
    arm: str | None = None,
    about: Path | None = None,
) -> Built:
    """Build a document from a study's decision or lock, as Markdown and as a page beside it.

    Args:
        workspace: with the ledger.
        template: its name or its file; it says whether it is built from the lock.
        study: a study file or a study's name.
        out: where it shall lie; what stands beside it goes into the same folder.
        entry: the number of a decision, or of a lock or an amendment; None: the last.
        arm: of which a card speaks.
        about: a file with what people say.

    Raises:
        BrokenChain: the ledger is not what was recorded; nothing is written.
        StudyError: the template has a quantity that is bound to no evidence, or what people say has
            faults; nothing is written.
        UnknownName: no such template, study, decision or reference.
        DataError: ``out`` ends neither in .md nor in .html, or a file is there that was not built;
            nothing is written.
    """
    if out.suffix not in (".md", ".html"):
        raise DataError(f"--out: got {str(out)!r}, expected a name that ends in .md or .html")
    path = find_template(workspace, template)
    said = None if about is None else read_about(text_of_file(about), about.name)
    entries = _entries(workspace)
    chosen = _chosen(entries, study_name(study), entry, lock=of_a_lock(path))
    root = Path(study).resolve().parent if Path(study).is_file() else None
    with Store.open(workspace.home, read_only=True) as store:
        facts = _facts(chosen, Tables(chosen, entries, store, said or {}, root))
        source = Source(chosen.leaf, chosen.time.isoformat(), len(entries), said)
        again = reopened_lines(entries, chosen.sequence) if chosen.kind == KIND else ()
        document = compile_document(path, facts, source, arm=arm, reopened=again)
    built = save_document(document, out)
    return Built(built, document.template, facts.study, chosen.sequence, chosen.leaf)


def check_document(workspace: Workspace, file: Path) -> Checked:
    """Hold every number of a built document against the ledger as it is now.

    The chain is verified, the files of the decision's rows are hashed and the rows are selected
    again from the store: a row that was added or changed since makes every number stale. What a
    document tells of the ledger as a whole, such as all runs of a study, is told again from the
    entries that were there, and is stale where the ledger of now tells something else.

    Raises:
        BrokenChain: the ledger or a file is not what was recorded, or the document names an entry
            that this ledger has not.
        DataError: the file was not built by ``doc build``.
        LedgerError: there is no ledger yet.
    """
    return checker(workspace)(file)


def checker(
    workspace: Workspace, ledger: Sequence[Entry] | None = None, seen: Seen | None = None
) -> Callable[[Path], Checked]:
    """Verify the chain once, and return what checks documents as ``check_document`` does.

    Args:
        workspace: with the ledger.
        ledger: its entries, verified by this process; None: they are verified now.
        seen: what was seen of the files of runs; None: each is hashed once.

    Raises:
        BrokenChain: the ledger is not what was recorded.
        LedgerError: there is no ledger yet.
    """
    entries = _entries(workspace) if ledger is None else ledger
    return partial(_check, workspace, entries, seen or Seen(), {})


def _check(
    workspace: Workspace,
    entries: Sequence[Entry],
    known: Seen,
    rows_told: dict[str, str],
    file: Path,
) -> Checked:
    """Check a document.

    Args:
        workspace: with the rows.
        entries: of the ledger, verified.
        known: what was seen of the files of runs.
        rows_told: leaf of a decision -> what became of its rows, for what is checked at a time.
        file: the document.
    """
    text = file.read_text(encoding="utf-8")
    record, line = record_of(text, file.name)
    own = _own(record, entries)
    if own is None:
        raise BrokenChain(
            f"{file.name}:{line}: built from entry {record['entry']} with the digest "
            f"{record['leaf']}, which this ledger has not",
            hint="check it in its own workspace, or build it anew",
        )
    newest = _chosen(entries, str(record["study"]), None, lock=own.kind != KIND)
    said = record.get("about") or {}
    seen = int(record.get("seen") or len(entries))
    with Store.open(workspace.home, read_only=True, seen=known) as store:
        then = Tables(own, entries[:seen], store, said)
        facts = _facts(own, then)
        if own.kind == KIND:
            again = reopened_lines(entries, own.sequence)
            if own.leaf not in rows_told:
                rows_told[own.leaf] = _rows_of_now(own, entries, store)
            told = "; ".join(filter(None, (rows_told[own.leaf], *again)))
        else:
            told = items_of_now(then.locked, Path.cwd())
        now = _facts(newest, Tables(newest, entries, store, said))
        findings = audit(text, record, facts, newest=now, rows_hold=told)
        findings = (*findings, *_beside_findings(file, text, record, own, facts))
    return Checked(file.name, own.sequence, newest.sequence, findings)


def document_changes(
    workspace: Workspace, template: str, study: str, *, before: int, after: int | None
) -> tuple[int, int, tuple[tuple[int, str, str, str], ...]]:
    """Return the two entries, and what a document says otherwise at the second.

    Each change is the line in the document of the first entry, its name, the old and the new text.

    Raises:
        UnknownName: no such template, study or decision.
        StudyError: the template has a quantity that is not bound.
    """
    entries = _entries(workspace)
    path, name = find_template(workspace, template), study_name(study)
    lock = of_a_lock(path)
    old, new = (_chosen(entries, name, number, lock=lock) for number in (before, after))
    with Store.open(workspace.home, read_only=True) as store:
        was, now = (
            _facts(one, Tables(one, entries[: _until(one, entries)], store, {}))
            for one in (old, new)
        )
        source = Source(old.leaf, old.time.isoformat(), len(entries))
        document = compile_document(path, was, source)
        found = tuple(changed(was, now, document.markdown))
    return old.sequence, new.sequence, found


def _until(entry: Entry, entries: Sequence[Entry]) -> int:
    """Return how many entries there were once an entry had been made; all, for the last of them."""
    return max(entry.sequence, 0) if entry.sequence < len(entries) else len(entries)


def _entries(workspace: Workspace) -> Sequence[Entry]:
    return verified_entries(workspace.home)


def _own(record: Mapping[str, Any], entries: Sequence[Entry]) -> Entry | None:
    """Return the entry that a document says it was built from; None: the ledger has not got it."""
    for entry in entries:
        if entry.sequence == int(record["entry"]) and entry.leaf == record["leaf"]:
            is_known = entry.kind in (KIND, LOCKED, AMENDED)
            named = entry.body.get("study" if entry.kind == KIND else "name")
            return entry if is_known and named == record["study"] else None
    return None


def _chosen(entries: Sequence[Entry], study: str | None, entry: int | None, *, lock: bool) -> Entry:
    if not lock:
        return choose((e for e in entries if e.kind == KIND), study=study, entry=entry)
    locks = [e for e in entries if e.kind in (LOCKED, AMENDED)]
    if not locks:
        raise LiftgateError("no study was locked yet", hint="liftgate study lock STUDY.yaml")
    mine = [e for e in locks if study is None or e.body["name"] == study]
    if not mine:
        names = {str(e.body["name"]) for e in locks}
        raise UnknownName("locked study", str(study), names, hint="liftgate study lock STUDY.yaml")
    found = [e for e in mine if entry is None or e.sequence == entry]
    if not found:
        raise UnknownName("lock or amendment", str(entry), (str(e.sequence) for e in mine))
    return found[-1]


def _facts(entry: Entry, tables: Tables) -> Facts:
    known = targets(entry.body, entry.sequence) if entry.kind == KIND else {}
    return Facts(entry.sequence, entry.body, known, tables)


def _beside_findings(
    file: Path, text: str, record: Mapping[str, Any], entry: Entry, facts: Facts
) -> Iterator[Finding]:
    """Hold a document's head, pictures and files against what the ledger makes of them now."""
    sorts = [str(one) for one in record.get("beside") or ()]
    arm = str(record.get("arm") or "")
    said = record.get("about")
    source = Source(entry.leaf, entry.time.isoformat(), int(record.get("seen") or 0), said)
    if file.suffix == ".md" and MODEL_CARD in sorts:
        expected = head(MODEL_CARD, facts, source, arm=arm)
        yield from (
            replace(f, text=f.text or "head") for f in same_lines(front_matter(text), expected)
        )
    made = companions(sorts, facts, source, arm=arm)
    if file.suffix == ".html":
        yield from _picture_findings(text, list(pictures(made).values()))
    for name, expected in made.items():
        path = file.parent / name
        if not path.is_file():
            yield Finding(0, Status.UNSUPPORTED, name, "", "the file is missing", name)
            continue
        for found in same_lines(path.read_text(encoding="utf-8"), expected):
            yield replace(found, file=name, text=found.text or name)


def _picture_findings(text: str, expected: Sequence[str]) -> Iterator[Finding]:
    """Yield one finding for each picture of a page."""
    found = [(m.start(), m[0]) for m in re.finditer(r"<svg .*?</svg>", text, re.DOTALL)]
    for number in range(max(len(found), len(expected))):
        at, drawn = found[number] if number < len(found) else (len(text), "")
        line = text.count("\n", 0, at) + 1
        if number < len(expected) and drawn == expected[number]:
            yield Finding(line, Status.SUPPORTED, "picture", "", "")
        else:
            said = "the picture is not the one that the evidence makes"
            yield Finding(line, Status.CONTRADICTED, f"picture {number + 1}", "", said)


def _rows_of_now(decision: Entry, entries: Sequence[Entry], store: Store) -> str:
    """Return why a decision's rows are not those of now; empty where they are.

    Raises:
        BrokenChain: a file of its rows is altered or missing.
    """
    for file in files_of(decision, entries, store.file_state):
        if file.state != "ok":
            raise BrokenChain(f"{file.file}: {file.state}; entry {decision.sequence} rests on it")
    body = decision.body
    try:
        locked = locked_at(body, entries, decision.sequence)
        study = Study(**locked.model)
        dataset, _ = dataset_of(body, study, store)
        observations = select(plan_of(body, locked, study, dataset), store)
        observations = bound_among(observations, body, dataset.items, study.seed)
        bound = bound_rows(observations, list(study.scorers))
    except LiftgateError as error:
        return f"the rows of entry {decision.sequence} cannot be selected again: {error}"
    if bound["digest"] == body["rows"]["digest"]:
        return ""
    return f"the rows of now are not those of entry {decision.sequence}; liftgate run decides anew"
