"""``report``: from a decision entry of the ledger to a page for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from liftgate.documents.money import cost_lines
from liftgate.documents.notebook import decision_figures
from liftgate.documents.page import file_name
from liftgate.documents.pictures import check_picture, save_pictures
from liftgate.documents.report import render
from liftgate.documents.sections import readable
from liftgate.errors import LiftgateError, UnknownName
from liftgate.ledger import Ledger, verified_entries
from liftgate.lineage.impact import REOPENED, reopened_lines
from liftgate.outputs import REPORT, refuse_foreign, refuse_twice, write_again
from liftgate.records import Entry
from liftgate.records.notebook import Card
from liftgate.store import Store, Workspace
from liftgate.study.load import load

KIND = "decision"


@dataclass(frozen=True)
class Report(Card):
    """Where a report lies and what it was printed from."""

    path: Path
    study: str
    entry: int
    leaf: str
    costs: tuple[str, ...] = ()
    """What each arm's answers cost, one sentence each."""
    money: Mapping[str, Any] | None = None
    """The same as the ledger holds it; None: no call's cost is known."""
    reopened: tuple[str, ...] = ()
    """Why the decision must be looked at again, one sentence each."""
    pictures: tuple[Path, ...] = ()
    """Where its pictures lie, if they were asked for."""


def write_report(
    workspace: Workspace,
    *,
    study: str | None = None,
    entry: int | None = None,
    out: Path | None = None,
    picture: Path | None = None,
    ledger: Sequence[Entry] | None = None,
) -> Report:
    """Verify the chain and write the report of a decision as one HTML file.

    Args:
        workspace: where the ledger and the texts lie; it is only read, but for the report.
        study: a study file or a study's name; None: whichever study was decided last.
        entry: the number of a decision entry; None: the study's last decision.
        out: the file to write; None: ``reports/<study>-<entry>.html`` of the workspace.
        picture: a file for its pictures; see ``documents.pictures.save_pictures``.
        ledger: its entries, verified by this process; None: they are verified now.

    Raises:
        DataError: a picture's file cannot be drawn here, or a file holds something else; nothing is
            written.
        BrokenChain: the ledger or a text is not what was recorded; nothing is written.
        LedgerError: there is no ledger yet.
        UnknownName: no decision of that study, or no decision entry of that number.
        StudyError: the study file cannot be read.
        LiftgateError: nothing was decided yet, or the page is too large.
    """
    if picture is not None:
        check_picture(picture)
    refuse_foreign(out, REPORT)
    refuse_twice({"--out": out, "--picture": picture})
    chosen, page, reopened = report_page(workspace, study=study, entry=entry, ledger=ledger)
    name = str(chosen.body["study"])
    path = out or workspace.reports / file_name(f"{name}-{chosen.sequence}")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_again(path, page, REPORT)
    figures = () if picture is None else decision_figures(chosen.body, chosen.sequence)
    drawn = () if picture is None else save_pictures(figures, picture)
    costs = tuple(cost_lines(chosen.body))
    money = chosen.body.get("money")
    return Report(path, name, chosen.sequence, chosen.leaf, costs, money, reopened, drawn)


def report_page(
    workspace: Workspace,
    *,
    study: str | None = None,
    entry: int | None = None,
    ledger: Sequence[Entry] | None = None,
) -> tuple[Entry, str, tuple[str, ...]]:
    """Verify the chain; return a decision's entry, its report as HTML, and why it was reopened.

    Raises as ``write_report`` does.
    """
    entries = verified_entries(workspace.home) if ledger is None else ledger
    verified = f"chain verified: {len(entries)} entries"
    decisions = (one for one in entries if one.kind == KIND)
    chosen = choose(decisions, study=study_name(study), entry=entry)
    chosen = replace(chosen, body=dict(chosen.body))
    reopened = reopened_lines(entries, chosen.sequence)
    return chosen, _rendered(workspace, chosen, verified, reopened), reopened


def entry_page(workspace: Workspace, sequence: int) -> tuple[Entry, str]:
    """Return a decision's entry with its report, after checking this entry alone.

    Raises:
        BrokenChain: the entry is not what was recorded.
        UnknownName: there is no such entry, or it is no decision.
    """
    with Ledger.open(workspace.home, read_only=True) as ledger:
        chosen = ledger.entry(sequence)
        reopened = reopened_lines(ledger.entries(kind=REOPENED), sequence)
    if chosen.kind != KIND:
        raise UnknownName("decision entry", str(sequence), ())
    said = f"entry {sequence} has the digest that the ledger names; ledger verify checks all"
    return chosen, _rendered(workspace, chosen, said, reopened)


def _rendered(workspace: Workspace, chosen: Entry, verified: str, reopened: tuple[str, ...]) -> str:
    with Store.open(workspace.home, read_only=True) as store:
        return render(
            chosen.body,
            entry=chosen.sequence,
            leaf=chosen.leaf,
            time=chosen.time.isoformat(),
            texts=_texts(store),
            verified=verified,
            reopened=reopened,
        )


def last_decision(workspace: Workspace, study: str) -> Entry | None:
    """Return the entry of a study's last decision; None: it was not decided yet."""
    if not Ledger.exists(workspace.home):
        return None
    with Ledger.open(workspace.home, read_only=True) as ledger:
        mine = [e for e in ledger.entries(kind=KIND) if e.body["study"] == study]
    return mine[-1] if mine else None


def choose(decisions: Iterable[Entry], *, study: str | None, entry: int | None) -> Entry:
    """Return the decision that was asked for; the last one where several would do.

    Raises:
        UnknownName: no decision of that study, or no decision entry of that number.
        LiftgateError: nothing was decided yet.
    """
    found = list(decisions)
    if not found:
        raise LiftgateError("nothing was decided yet", hint="liftgate run STUDY.yaml")
    if study is not None:
        mine = [e for e in found if e.body["study"] == study]
        if not mine:
            names = {str(e.body["study"]) for e in found}
            raise UnknownName("decided study", study, names, hint="liftgate run STUDY.yaml")
        found = mine
    if entry is not None:
        numbered = [e for e in found if e.sequence == entry]
        if not numbered:
            raise UnknownName("decision entry", str(entry), (str(e.sequence) for e in found))
        found = numbered
    return found[-1]


def study_name(study: str | None) -> str | None:
    """Return a study's name from its file, or the name itself where there is no such file."""
    if study is None or not Path(study).is_file():
        return study
    return load(Path(study)).study


def _texts(store: Store) -> Callable[[str], str | None]:
    def text(digest: str) -> str | None:
        return readable(store.output(digest)) if store.blob_state(digest) == "kept" else None

    return text
