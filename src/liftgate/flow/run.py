"""``run``: lock if need be, run what is missing, decide, report."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from inspect import signature
from pathlib import Path
from typing import Any

from liftgate import plugins
from liftgate.canon import digest
from liftgate.documents.notebook import decision_card, decision_figures
from liftgate.errors import DataError
from liftgate.evals.cost import Purse
from liftgate.evals.limits import Limits
from liftgate.evals.meter import Listener
from liftgate.evals.plan import Plan
from liftgate.evals.prices import Prices, read_prices
from liftgate.evals.run import DEFAULT_EXECUTOR, Executed, execute
from liftgate.figures import Figure
from liftgate.figures.text import one_line
from liftgate.flow.away import DECIDED, meanwhile, refuse_away
from liftgate.flow.case import case_of
from liftgate.flow.decide import decide_study
from liftgate.flow.judges import standings
from liftgate.flow.ledger import recorded_files
from liftgate.flow.looking import StopWhenSettled
from liftgate.flow.parts import Parts, parts_of
from liftgate.flow.report import write_report
from liftgate.flow.study import keep, open_study, same_set
from liftgate.flow.tags import refuse_use, tags_of
from liftgate.ledger import KnownEntries, Ledger, shapes
from liftgate.lineage import datasets
from liftgate.lineage.capture import gaps, manifest
from liftgate.lineage.impact import still_reopened
from liftgate.protocols import Executor
from liftgate.records import Entry, Run
from liftgate.store import GROUP_S, RUN_FINISHED, Store, Workspace, only_one, run_body
from liftgate.study.reuse import set_use

_TOLD = 3
"""Gaps of a capture that are told, not counted."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class StudyRun:
    """What ``run`` did, and where it is written."""

    sequence: int
    """The ledger entry of the decision."""
    body: Mapping[str, Any]
    """The decision, as the ledger holds it."""
    report: Path | None
    executed: Executed
    appended: bool
    """Whether the decision is new; False: it was known, and nothing was added to the ledger."""
    reopened: tuple[str, ...] = ()
    """Why it must be looked at again, although its rows are as they were."""

    def as_json(self) -> dict[str, Any]:
        """Return the decision with its ledger entry; equal for two runs with nothing new."""
        told = {"reopened": list(self.reopened)} if self.reopened else {}
        return {**self.body, "entry": self.sequence, **told}

    def __repr__(self) -> str:
        said = [f"{one['word']} {one['candidate']}" for one in self.body["decisions"]]
        return one_line(f"<StudyRun: {'; '.join(said)}; ledger entry {self.sequence}>", 300)

    def _repr_html_(self) -> str:
        return decision_card(self.body, self.sequence)

    def figures(self) -> tuple[Figure, ...]:
        """Return the pictures of the decision; ``liftgate.figures.png`` makes files of them."""
        return decision_figures(self.body, self.sequence)


def run_study(
    file: Path,
    *,
    concurrency: int | None = None,
    progress: Listener | None = None,
    say: Say | None = None,
    report: bool = True,
    limits: Limits | None = None,
    prices: Path | None = None,
    max_cost: float | None = None,
    executor: Executor | str = DEFAULT_EXECUTOR,
) -> StudyRun:
    """Run a study to its decision.

    Args:
        file: the study.
        concurrency: calls in flight for each arm; None: what the systems say.
        progress: told how far it is; never a score.
        say: told in a sentence what is being done.
        report: whether to write the HTML report.
        limits: of every endpoint; None: requests and tokens a minute are not limited.
        prices: a price table; None: ``prices.yaml`` in the workspace, if there is one.
        max_cost: how much this run may spend, in the currency of the prices. A run that ends by it
            decides nothing: inconclusive, unless a look that was planned had settled it before.
        executor: what makes the calls, or its name; see ``executor_of``.

    Raises:
        UnknownName: no executor has the name.
        StudyError: the file has faults.
        LockedError: the study, its dataset or an arm is not what was locked.
        BrokenChain: stored evidence was altered, is not in this workspace, or the ledger was
            replaced meanwhile.
        NotAllowed: somebody runs the study already, here or in another workspace of the ledger.
        DataError: a dataset or system that cannot be opened.
        NotEnoughData: it is not locked, and too small to ship a candidate that is at its target.
    """
    tell = say or (lambda _: None)
    makes_calls = executor_of(executor) if isinstance(executor, str) else executor
    opened = open_study(file)
    parts = parts_of(opened)
    workspace = Workspace.locate().create()
    priced = prices_of(workspace, prices)
    with (
        only_one(workspace, "run"),
        Store.open(workspace.home) as store,
        Ledger.open(workspace.home) as ledger,
        closing(KnownEntries(workspace.home)) as known,
        ledger.only_one(opened.study.study),
    ):
        # One walk verifies the chain and looks at every body; later ones see what was added.
        known.go_on(lambda entry: shapes.check((entry,)))
        tags = tags_of(opened, known.now(), store)
        refuse_use(opened, tags, workspace, ledger)
        parts = replace(parts, tags=tags.as_json())
        kept = keep(opened, workspace, known)
        if kept.added is not None:
            tell(f"Locked {kept.locked.name}: {kept.locked.digest} (entry {kept.added.sequence})")
        if kept.adequacy is not None:
            tell(kept.adequacy.sentence())
        _record_runs(store, ledger, known, tell)
        refuse_away(workspace, known.now())
        since = len(known.now())
        plan = parts.plan(kept.locked.digest, kept.locked.time, concurrency=concurrency)
        plan = replace(plan, limits=limits or Limits())
        datasets.keep(parts.dataset, store)
        study = parts.study
        known.go_on()
        use = set_use(
            known.now(),
            before=kept.locked.sequence,
            alpha=study.decision.alpha,
            same=same_set(parts.dataset, store),
            exploratory=bool(study.exploratory),
        )
        judged = standings(parts.scorers, study.study, known.now(), store)
        stop = None
        if parts.looks is not None:
            systems = {arm.fingerprint: arm.system for arm in parts.arms}
            stop = StopWhenSettled(
                case_of(parts, plan, store, use.alpha, judged),
                lambda rows: priced.priced(rows, systems) if priced.rows else tuple(rows),
            )
        purse = Purse(priced, max_cost)
        executed = _execute(
            plan,
            parts,
            store,
            (ledger, known),
            stop=stop,
            progress=progress,
            tell=tell,
            purse=purse,
            executor=makes_calls,
        )
        known.go_on()
        others = meanwhile(workspace, known.now(), since=since, study=kept.locked.digest)
        for one in others:
            tell(
                f"{one.author} finished a run of another study meanwhile (ledger entry "
                f"{one.sequence}); it is not in this workspace, and nothing here rests on it"
            )
        whole = [entry for entry in known.now() if entry not in others]
        refuse_away(workspace, whole)
        store.verify(recorded_files(whole))
        body = decide_study(
            parts,
            plan,
            store,
            kept.locked,
            use,
            command=f"liftgate run {file}",
            prices=priced,
            unfinished=executed.stopped if executed.cut_short else None,
            judged=judged,
        )
        entry, appended = _remember(ledger, body, known)
        known.go_on()
        reopened = still_reopened(known.now(), entry)
        path = None
        if report:
            path = write_report(workspace, entry=entry.sequence, ledger=known.now()).path
    return StudyRun(entry.sequence, entry.body, path, executed, appended, reopened)


def executor_of(name: str, workers: int | None = None) -> Executor:
    """Return the executor of a name.

    Args:
        name: of a plug-in.
        workers: how many there are to be; None: its own choice.

    Raises:
        UnknownName: there is none.
        DataError: it has no number of workers to set.
    """
    factory: Any = plugins.load("executors", name)
    made: Executor
    if workers is None:
        made = factory()
    elif "workers" in signature(factory).parameters:
        made = factory(workers=workers)
    else:
        raise DataError(
            f"workers: got {workers}, and the executor {name!r} has no number of them to set",
            hint="leave --workers out, or add --executor processes",
        )
    return made


def prices_of(workspace: Workspace, given: Path | None) -> Prices:
    """Return the prices of a file, of the workspace's ``prices.yaml``, or none.

    Raises:
        DataError: the file cannot be read or is wrong.
    """
    if given is None and not workspace.prices.is_file():
        return Prices()
    return read_prices(given or workspace.prices)


def _record_runs(store: Store, ledger: Ledger, known: KnownEntries, tell: Say) -> None:
    """Write into the ledger the runs that finished without telling it: their process had died."""
    for run in record_finished(store, ledger, known):
        tell(
            f"Recovered the interrupted run {run.id}: what it had finished counts" + _repeated(run)
        )


def _repeated(run: Run) -> str:
    """Say how many calls a killed process may have had in flight, which nobody wrote down."""
    most = run.manifest.get("most_in_flight")
    if run.complete or not isinstance(most, int):
        return ""
    return (
        f"; at most {most:,} calls were in flight; "
        f"they, and those answered in its last {GROUP_S:g} s, may be made again"
    )


def _execute(
    plan: Plan,
    parts: Parts,
    store: Store,
    ledger: tuple[Ledger, KnownEntries],
    *,
    stop: StopWhenSettled | None,
    progress: Listener | None,
    tell: Say,
    purse: Purse,
    executor: Executor,
) -> Executed:
    captured = manifest(
        packages=sorted({name for arm in parts.study.arms.values() for name in arm.packages}),
        seeds={"order": plan.seed},
        concurrency={
            bound.arm.name: plan.concurrency or bound.system.concurrency for bound in plan.arms
        },
        folder=parts.root,
        keep=store.put_json,
    )
    captured["dataset"] = {"digest": parts.dataset.digest, "items": len(parts.dataset.items)}
    captured["prices"] = purse.prices.digest or None
    if parts.tags:
        captured["data"] = {"dataset": parts.dataset.digest, "tags": dict(parts.tags)}
    if parts.study.file:
        captured["study_file"] = Path(parts.study.file).name
    try:
        executed = asyncio.run(
            execute(
                plan,
                store,
                manifest=captured,
                progress=progress,
                stop=stop,
                purse=purse,
                say=tell,
                executor=executor,
            )
        )
    finally:
        record_finished(store, *ledger)
    if executed.stopped is not None:
        tell(f"Stopped: {executed.stopped}")
    for note in executed.notes:
        tell(note)
    for line in failure_lines(executed):
        tell(line)
    if executed.run is not None and (missing := gaps(executed.run.manifest)):
        tell(f"Of this run, {few(missing)}")
    tell(
        f"Called {executed.called:,}, known {executed.reused:,}, failed {executed.failed:,}, "
        f"scored {executed.scored:,}"
        + (f", asked judges {executed.asked:,} times" if executed.asked else "")
    )
    return executed


def few(sentences: Sequence[str]) -> str:
    """Return sentences as one; of many the first, and how many more there are."""
    more = len(sentences) - _TOLD
    if more <= 1:
        return "; ".join(sentences)
    return "; ".join([*sentences[:_TOLD], f"and {more:,} more, which its manifest lists"])


def failure_lines(executed: Executed) -> list[str]:
    """Return why most of the failed keys failed, and where nothing was answered, what to do."""
    if not executed.failures:
        return []
    told, times = executed.failures[0]
    of = f"{times:,} of {executed.failed:,}"
    if executed.failed < executed.finished:
        return [f"Failed most often ({of}): {told}"]
    return [
        f"Nothing was answered: all {executed.failed:,} failed, most often ({of}) with {told}",
        "Mend that first (is the server running, are its address, key and parameters right?): a "
        "decision on failures alone says nothing about answers",
    ]


def record_finished(store: Store, ledger: Ledger, entries: KnownEntries | None = None) -> list[Run]:
    """Write every finished run that the ledger does not know into it, and return them.

    Args:
        store: with the runs.
        ledger: to write into.
        entries: of the ledger, as far as they were verified; None: they are read.
    """
    if entries is None:
        told = list(ledger.entries(kind=RUN_FINISHED))
    else:
        entries.go_on()
        told = [entry for entry in entries.now() if entry.kind == RUN_FINISHED]
    known = {entry.body["id"] for entry in told}
    found = [run for run in store.runs() if run.id not in known]
    for run in found:
        ledger.append(RUN_FINISHED, run_body(run), refs=dict(run.files))
    return found


def _remember(ledger: Ledger, body: Mapping[str, Any], known: KnownEntries) -> tuple[Entry, bool]:
    """Append the decision, unless the study's last one says the same."""
    last = None
    for entry in known.now():
        if entry.kind == DECIDED and entry.body["study"] == body["study"]:
            last = entry
    if last is not None and digest(dict(last.body)) == digest(body):
        return replace(last, body=dict(last.body)), False
    return ledger.append(DECIDED, body, refs=dict(body["rows"]["files"])), True
