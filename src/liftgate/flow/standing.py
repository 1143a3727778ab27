"""``gate status``: a decision, its evidence as it is now, who signed, what the policy asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from liftgate.canon import digest, digest_lines, plain
from liftgate.errors import LiftgateError
from liftgate.flow.acts import OBJECTS
from liftgate.flow.authors import authors_of
from liftgate.flow.case import Case
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.judges import standings
from liftgate.flow.ledger import ACTIVATED, CORRECTION, ERASED, recorded_files
from liftgate.flow.lending import declared, glasses, lent, set_aside
from liftgate.flow.looking import up_to
from liftgate.flow.parts import parts_of
from liftgate.flow.policies import effective, in_force, signers_of
from liftgate.flow.recorded import bound_items
from liftgate.flow.redecide import case_as_decided, refuse_forged
from liftgate.flow.reproduce import REPRODUCED
from liftgate.flow.reproductions import told_of
from liftgate.flow.study import Opened, open_study
from liftgate.gates import summary
from liftgate.gates.bar import Effect
from liftgate.gates.demands import Facts, Standing, Told, stand
from liftgate.gates.judged import Standing as Judged
from liftgate.gates.lending import conflicts_of, with_lent
from liftgate.gates.policy import Policy
from liftgate.gates.rights import Signer
from liftgate.gates.weakening import compare_locks
from liftgate.ledger import Ledger, consent, shapes
from liftgate.ledger.consent import Consent
from liftgate.ledger.trust import Trust
from liftgate.ledger.trust import load as load_trust
from liftgate.lineage.impact import REOPENED, still_reopened
from liftgate.records import Entry
from liftgate.records.notebook import Card
from liftgate.store import Store, Workspace
from liftgate.study import lock

DECISION = "decision"


@dataclass(frozen=True)
class Picture(Card):
    """All that a sign-off rests on, as it is now."""

    opened: Opened
    locked: lock.Locked
    held: Entry
    """The lock or amendment that holds."""
    decision: Entry | None
    evidence: Mapping[str, Any]
    """Names and digests of everything in the set of evidence."""
    changed: str
    """What of it differs from what was decided on."""
    policy: Policy
    trust: Trust
    consents: tuple[Consent, ...]
    entries: tuple[Entry, ...]
    now: datetime
    """The later of this machine's clock and the ledger's last entry."""
    clock_behind_s: float
    """By how much this machine's clock is behind the ledger; 0: it is not."""
    runs: frozenset[str]
    """Those that made the counted trials."""
    judged: Mapping[str, Judged]
    """Metric -> what the ledger knows of its judge and of people's labels."""
    unchecked: str
    """Why the decision could not be worked out again from its rows; empty: it was."""

    @property
    def digest(self) -> str:
        """The digest of the exact set of evidence."""
        return digest(self.evidence)


def picture(file: Path, workspace: Workspace, given: Path | None = None) -> Picture:
    """Verify the chain and the rows, and gather what a sign-off rests on; nothing is called.

    Raises:
        LockedError: the study was never locked, or is not what was locked.
        BrokenChain: evidence, a signature or the trust file was altered.
        StudyError: faults of the file.
    """
    opened = open_study(file)
    trust = load_trust(trust_file(workspace, given))
    if not Ledger.exists(workspace.home):
        raise lock.not_locked(opened.study)
    with (
        Store.open(workspace.home, read_only=True) as store,
        Ledger.open(workspace.home, read_only=True) as ledger,
    ):
        ledger.verify()
        entries = tuple(ledger.entries())
        shapes.check(entries)
        store.verify(recorded_files(entries))
        locked = lock.verify(opened.study, lock.current(entries, opened.study.study), opened.body)
        decided = [e for e in entries if e.kind == DECISION and e.body["study"] == locked.name]
        decision = decided[-1] if decided else None
        parts = parts_of(opened)
        judged = standings(parts.scorers, parts.study.study, entries, store)
        case = case_as_decided(parts, locked, store, entries, judged)
        rows, runs = _rows(_bound(case, decision), locked, store, judged)
        changed = _changed(decision, locked, rows)
        unchecked = ""
        if decision is not None and not changed:
            if _unreadable(judged, entries, decision):
                unchecked = "content was erased since: what judges said of it cannot be read again"
            else:
                refuse_forged(decision, case, locked)
    consents = tuple(consent.given(entries, trust))
    held = entries[(locked.amendments[-1].sequence if locked.amendments else locked.sequence) - 1]
    evidence = {
        "study": locked.name,
        "lock": held.leaf,
        "decision": decision.leaf if decision else None,
        **rows,
        "changes": [e.leaf for e in _later(entries, locked, decision)],
    }
    clock = datetime.now(UTC)
    tip = max(entry.time for entry in entries)
    return Picture(
        opened,
        locked,
        held,
        decision,
        evidence,
        changed,
        effective(in_force(entries, consents), opened.study.tier),
        trust,
        consents,
        entries,
        max(clock, tip),
        max((tip - clock).total_seconds(), 0.0),
        runs,
        judged,
        unchecked,
    )


def status(seen: Picture) -> Standing:
    """Return how a decision stands.

    Raises:
        LiftgateError: nothing was decided yet.
    """
    return stand(seen.policy, facts(seen))


def facts(seen: Picture) -> Facts:
    """Return what is known of the decision.

    Raises:
        LiftgateError: nothing was decided yet.
    """
    decision = decided(seen)
    authors = [one for one in seen.consents if one.act == consent.PROTOCOL and _of_study(seen, one)]
    approvals = [one for one in seen.consents if one.act == consent.APPROVAL and _mine(seen, one)]
    fresh = [one for one in approvals if _fits(seen, one)]
    mine = [one for one in seen.consents if _of_study(seen, one)]
    first = min(
        e.sequence
        for e in seen.entries
        if e.kind == DECISION and e.body["study"] == seen.locked.name
    )
    signed = _signed(seen.consents)
    activated = _activated(seen, signed)
    return Facts(
        body=decision.body,
        study=seen.locked.model,
        items=int(decision.body["dataset"]["items"]),
        decided=decision.time,
        now=seen.now,
        reopened=still_reopened(seen.entries, decision),
        changed=seen.changed,
        unchecked=seen.unchecked,
        authors=authors_of(signers_of(authors), _locks(seen)),
        author_signed=any(one.about == seen.held.sequence and one.by for one in authors),
        approvals=with_lent(
            signers_of(fresh, role=True), lent(seen.consents, seen.trust), seen.policy
        ),
        stale=tuple(_stale(seen, one) for one in approvals if one not in fresh),
        uncounted=tuple(f"entry {one.sequence}: {f}" for one in approvals for f in one.faults),
        weakened=tuple(_weakened(seen)),
        activated=activated,
        activated_by=signed.get(activated or 0, ()),
        forecast=next(
            (
                one.sequence
                for one in seen.consents
                if one.act == consent.FORECAST
                and one.by
                and _of_study(seen, one)
                and one.sequence < first
            ),
            None,
        ),
        record=next(
            (
                one.sequence
                for one in reversed(seen.consents)
                if one.act == consent.RECORD
                and one.by
                and one.about == decision.sequence
                and one.said.get("_evidence") == seen.digest
            ),
            None,
        ),
        others=tuple(_told(seen)),
        labelled={
            metric: {
                same[-1]: [who for n in same for who in signed.get(n, ())] for same in one.entries
            }
            for metric, one in seen.judged.items()
            if not one.refusal
        },
        waivers=tuple(set_aside(mine)),
        glasses=tuple(glasses(mine, seen.consents, seen.trust)),
        conflicts=conflicts_of(declared(seen.consents, seen.trust), seen.locked.name, seen.policy),
    )


def decided(seen: Picture) -> Entry:
    """Return the decision's entry. Raises LiftgateError: nothing was decided yet."""
    if seen.decision is None:
        raise LiftgateError(
            f"{seen.locked.name}: nothing was decided yet", hint="liftgate run STUDY"
        )
    return seen.decision


_FEW = 10_000


def _bound(case: Case, decision: Entry | None) -> Case:
    """Return the case with the rows that the decision binds: with several looks, those of one."""
    if decision is None:
        return case
    among = bound_items(decision.body, case.items, case.study.seed)
    return case if among is None else up_to(case, len(among))


def _rows(
    case: Case, locked: lock.Locked, store: Store, judged: Mapping[str, Judged]
) -> tuple[dict[str, Any], frozenset[str]]:
    """Return digests of rows, measures and people's labels as they are now, and the trials' runs.

    ``scores`` covers every score of the counted trials, those too that do not count because an
    earlier one was final: a second opinion is evidence.
    """
    bound = summary.bound_rows(case.rows.observations, list(case.study.scorers))
    counted = {row.trial.key for row in case.rows.observations}
    among = sorted(counted) if len(counted) <= _FEW else None
    scored = [
        plain(score)
        for fingerprint in sorted(locked.body["scorers"].values())
        for score in store.scores(fingerprint, among)
        if score.trial_key in counted
    ]
    runs = frozenset(row.trial.run for row in case.rows.observations)
    return {
        "rows": bound["digest"],
        "scores": digest_lines(scored),
        "measures": digest(sorted(digest(plain(one)) for one in case.rows.measures)),
        "labels": digest({name: plain(dict(one.labels)) for name, one in judged.items()}),
    }, runs


def _unreadable(judged: Mapping[str, Judged], entries: Sequence[Entry], decision: Entry) -> bool:
    """Whether what judges said may be erased: their words are covariates, so nothing is redone."""
    last = max((e.sequence for e in entries if e.kind == ERASED), default=0)
    return bool(judged) and last > decision.sequence


def _later(
    entries: Sequence[Entry], locked: lock.Locked, decision: Entry | None
) -> Iterator[Entry]:
    """Yield corrections, erasures and reopenings that concern the study."""
    mine = {locked.sequence, *(one.sequence for one in locked.amendments)}
    if decision is not None:
        mine.add(decision.sequence)
    for entry in entries:
        if (
            (entry.kind == CORRECTION and entry.body.get("corrects") in mine)
            or (entry.kind == ERASED and entry.sequence > locked.sequence)
            or (entry.kind == REOPENED and not mine.isdisjoint(_reopens(entry)))
        ):
            yield entry


def _reopens(entry: Entry) -> set[int]:
    return {int(one["entry"]) for one in entry.body["decisions"]}


def _changed(decision: Entry | None, locked: lock.Locked, evidence: Mapping[str, Any]) -> str:
    if decision is None:
        return ""
    found = []
    if decision.body["study_digest"] != locked.digest:
        found.append("the study was amended")
    if decision.body["rows"]["digest"] != evidence["rows"]:
        found.append("rows were added or scored again")
    return ", ".join(found)


def _mine(seen: Picture, one: Consent) -> bool:
    about = seen.entries[one.about - 1]
    return about.kind == DECISION and about.body["study"] == seen.locked.name


def _of_study(seen: Picture, one: Consent) -> bool:
    about = seen.entries[one.about - 1]
    return (
        about.kind in (lock.LOCKED, lock.AMENDED)
        and about.body.get("name") == seen.locked.name
        and about.sequence >= seen.locked.sequence
    )


def _fits(seen: Picture, one: Consent) -> bool:
    return (
        one.about == decided(seen).sequence
        and one.said.get("_evidence") == seen.digest
        and one.said.get("policy") == seen.policy.digest()
    )


def _stale(seen: Picture, one: Consent) -> str:
    who = ", ".join(signer.key.name for signer in one.by) or "nobody trusted"
    other = "policy" if one.said.get("_evidence") == seen.digest else "evidence"
    return f"entry {one.sequence} by {who} is about other {other}"


def _locks(seen: Picture) -> list[Entry]:
    numbers = (seen.locked.sequence, *(one.sequence for one in seen.locked.amendments))
    return [seen.entries[number - 1] for number in numbers]


def _weakened(seen: Picture) -> Iterator[str]:
    if not seen.locked.amendments:
        return
    for change in compare_locks(seen.locked.original, seen.locked.body):
        if change.effect is Effect.WEAKENED:
            yield f"{change.path}: {change.why}"


def _activated(seen: Picture, signed: Mapping[int, Sequence[Signer]]) -> int | None:
    """Return the last entry that activated the gate; one that somebody signed before others."""
    found = [
        e.sequence
        for e in seen.entries
        if e.kind == ACTIVATED and e.body.get("study_digest") == seen.locked.digest
    ]
    return next((n for n in reversed(found) if signed.get(n)), found[-1] if found else None)


def _told(seen: Picture) -> Iterator[Told]:
    signed = _signed(seen.consents)
    for entry in seen.entries:
        body = entry.body
        study = body.get("study")
        name = study if isinstance(study, str) else None
        if entry.kind == DECISION:
            prints = {arm["name"]: arm["fingerprint"] for arm in body["arms"]}
            words = {one["candidate"]: one["word"] for one in body["decisions"]}
            ships = tuple(prints[one] for one, word in words.items() if word == "ship")
            word = "ship" if ships else next(iter(words.values()))
            word = "reopened" if still_reopened(seen.entries, entry) else word
            by = signed.get(entry.sequence, ())
            yield Told(entry.sequence, entry.kind, entry.time, name, word, ships, signers=by)
        elif entry.kind != REPRODUCED:
            verdict = body.get("verdict")
            said = verdict if isinstance(verdict, str) else None
            by = signed.get(entry.sequence, ())
            yield Told(entry.sequence, entry.kind, entry.time, name, said, signers=by)
    yield from told_of(seen.entries, seen.locked.name, seen.runs, signed)


def _signed(consents: Sequence[Consent]) -> dict[int, tuple[Signer, ...]]:
    """Return entry -> who signed for it: an objection or a conflict of interest is no such word."""
    found: dict[int, list[Consent]] = {}
    for one in consents:
        if one.act != consent.CONFLICT and one.said.get("answer") != OBJECTS:
            found.setdefault(one.about, []).append(one)
    return {about: signers_of(mine) for about, mine in found.items()}
