"""``doc``: documents built from the ledger, checked against it, and compared over its states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from liftgate.canon import plain
from liftgate.documents.audit import Finding, Status, audit, changed, record_of, same_lines
from liftgate.documents.binding import front_matter
from liftgate.documents.compiled import SUFFIX, Document, compile_document, templates
from liftgate.documents.facts import Facts
from liftgate.documents.model_card import card_arm, companions
from liftgate.documents.model_card import front_matter as front_matter_of
from liftgate.documents.page import save
from liftgate.errors import BrokenChain, DataError, LiftgateError, UnknownName
from liftgate.evals.select import select
from liftgate.flow.recorded import dataset_of, locked_at, plan_of
from liftgate.flow.report import KIND, choose, study_name
from liftgate.gates.summary import bound_rows
from liftgate.ledger import Ledger
from liftgate.lineage.impact import reopened_lines
from liftgate.lineage.reference import targets
from liftgate.lineage.trace import files_of
from liftgate.records import Entry
from liftgate.store import Store, Workspace
from liftgate.study.design import Study

FOLDER = "liftgate-templates"
"""A team's own templates, in a folder beside the workspace."""


@dataclass(frozen=True)
class Built:
    """Where a document lies and what it was built from."""

    paths: tuple[Path, ...]
    template: str
    study: str
    entry: int
    leaf: str


@dataclass(frozen=True)
class Checked:
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
) -> Built:
    """Build a document from a study's decision, as Markdown and as a page beside it.

    Raises:
        BrokenChain: the ledger is not what was recorded; nothing is written.
        StudyError: the template has a quantity that is bound to no evidence; nothing is written.
        UnknownName: no such template, study, decision or reference.
        DataError: ``out`` ends neither in .md nor in .html.
    """
    if out.suffix not in (".md", ".html"):
        raise DataError(f"--out: got {str(out)!r}, expected a name that ends in .md or .html")
    path = find_template(workspace, template)
    entries = _entries(workspace)
    chosen = _chosen(entries, study_name(study), entry)
    document = _compiled(path, chosen, arm, reopened_lines(entries, chosen.sequence))
    markdown, page = out.with_suffix(".md"), out.with_suffix(".html")
    save(markdown, document.markdown)
    save(page, document.html())
    beside = {out.parent / name: text for name, text in document.companions.items()}
    for file, made in beside.items():
        save(file, made)
    name = str(chosen.body["study"])
    return Built((markdown, page, *beside), document.template, name, chosen.sequence, chosen.leaf)


def check_document(workspace: Workspace, file: Path) -> Checked:
    """Hold every number of a built document against the ledger as it is now.

    The chain is verified, the files of the decision's rows are hashed and the rows are selected
    again from the store: a row that was added or changed since makes every number stale.

    Raises:
        BrokenChain: the ledger or a file is not what was recorded, or the document names an entry
            that this ledger has not.
        DataError: the file was not built by ``doc build``.
        LedgerError: there is no ledger yet.
    """
    return checker(workspace)(file)


def checker(workspace: Workspace) -> Callable[[Path], Checked]:
    """Verify the chain once, and return what checks documents as ``check_document`` does.

    Raises:
        BrokenChain: the ledger is not what was recorded.
        LedgerError: there is no ledger yet.
    """
    entries = _entries(workspace)
    return lambda file: _check(workspace, file, entries)


def _check(workspace: Workspace, file: Path, entries: Sequence[Entry]) -> Checked:
    text = file.read_text(encoding="utf-8")
    record, line = record_of(text, file.name)
    number = int(record["entry"])
    own = next((e for e in entries if e.sequence == number and e.kind == KIND), None)
    if own is None or own.leaf != record["leaf"] or own.body["study"] != record["study"]:
        raise BrokenChain(
            f"{file.name}:{line}: built from entry {number} with the digest {record['leaf']}, "
            "which this ledger has not",
            hint="check it in its own workspace, or build it anew",
        )
    newest = _chosen(entries, str(record["study"]), None)
    with Store.open(workspace.home, read_only=True) as store:
        told = _rows_of_now(own, entries, store)
    again = reopened_lines(entries, own.sequence)
    told = "; ".join(filter(None, (told, *again)))
    findings = audit(text, record, _facts(own), newest=_facts(newest), rows_hold=told)
    if record.get("card"):
        arm = card_arm(_facts(own), str(record.get("arm")))
        findings = (*findings, *_card_findings(file, text, arm, own, _facts(own)))
    return Checked(file.name, number, newest.sequence, findings)


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
    name = study_name(study)
    old, new = _chosen(entries, name, before), _chosen(entries, name, after)
    document = _compiled(find_template(workspace, template), old)
    found = tuple(changed(_facts(old), _facts(new), document.markdown))
    return old.sequence, new.sequence, found


def _entries(workspace: Workspace) -> list[Entry]:
    with Ledger.open(workspace.home, read_only=True) as ledger:
        ledger.verify()
        return list(ledger.entries())


def _chosen(entries: Sequence[Entry], study: str | None, entry: int | None) -> Entry:
    return choose((e for e in entries if e.kind == KIND), study=study, entry=entry)


def _facts(entry: Entry) -> Facts:
    return Facts(entry.sequence, entry.body, targets(entry.body, entry.sequence))


def _compiled(
    path: Path, entry: Entry, arm: str | None = None, reopened: Sequence[str] = ()
) -> Document:
    time = entry.time.isoformat()
    return compile_document(
        path, _facts(entry), leaf=entry.leaf, time=time, arm=arm, reopened=reopened
    )


def _card_findings(
    file: Path, text: str, arm: str, entry: Entry, facts: Facts
) -> Iterator[Finding]:
    """Hold a card's head and the files beside it against what the ledger makes of them now."""
    if file.suffix == ".md":
        head, expected = front_matter(text), front_matter_of(facts, arm)
        yield from (replace(f, text=f.text or "head") for f in same_lines(head, expected))
    made = companions(facts, arm, leaf=entry.leaf, time=entry.time.isoformat())
    for name, expected in made.items():
        path = file.parent / name
        if not path.is_file():
            yield Finding(0, Status.UNSUPPORTED, name, "", "the file is missing", name)
            continue
        for found in same_lines(path.read_text(encoding="utf-8"), expected):
            yield replace(found, file=name, text=found.text or name)


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
        bound = bound_rows(observations, list(study.scorers))
    except LiftgateError as error:
        return f"the rows of entry {decision.sequence} cannot be selected again: {error}"
    if bound["digest"] == body["rows"]["digest"]:
        return ""
    return f"the rows of now are not those of entry {decision.sequence}; liftgate run decides anew"
