"""``reproduce``: the trials of a run again, a verdict for the ledger, and the cause of a no."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from liftgate.canon import plain
from liftgate.errors import NotEnoughData
from liftgate.flow.causes import MOST_NARROWING
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.original import Original, original_of
from liftgate.flow.policies import refuse_machines
from liftgate.flow.rerun import Rows, reruns, tolerances
from liftgate.flow.study import Opened, open_study
from liftgate.flow.swap import Passes, Search
from liftgate.flow.tags import refuse_use, tags_of, tags_of_digest
from liftgate.gates.sameness import Same, Sameness, joined, sameness
from liftgate.ledger import Ledger, consent
from liftgate.ledger.keys import Key, load_key
from liftgate.ledger.trust import Trust
from liftgate.ledger.trust import load as load_trust
from liftgate.records.notebook import Card
from liftgate.store import RUN_FINISHED, Store, Workspace
from liftgate.study.design import Study

BITWISE, SCORES, NOT = "bitwise", "score-identical", "not reproduced"
EQUIVALENT = "statistically equivalent"
UNDECIDED = "undecided"
_CODES = {BITWISE: 0, SCORES: 0, EQUIVALENT: 0, NOT: 1, UNDECIDED: 4}
REPRODUCED = "run.reproduced"
"""Kind of the entry that tells of a run made again."""
MOST_PASSES = 6
"""The run again, the same once more, three swaps, and all of them together."""


@dataclass(frozen=True)
class Reproduction(Card):
    """What became of a run's trials."""

    run: str
    """The run's id, or the study's name where all its counted trials were made again."""
    verdict: str
    trials: int
    differing: int
    """Trials whose answer, failure or score is another one now, or that could not be made."""
    cause: str | None = None
    parts: tuple[str, ...] = ()
    """Of the cause: the parameters, items or files that bring the scores back."""
    tried: tuple[str, ...] = ()
    """What was swapped back, and what came of it."""
    not_swapped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    same: tuple[Sameness, ...] = ()
    """Equivalence of each arm and metric; empty where it was not asked about."""
    entry: int | None = None
    """The ledger entry of the verdict."""

    @property
    def exit_code(self) -> int:
        """0 reproduced, 1 not, 4 it cannot be said."""
        return _CODES[self.verdict]

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {"liftgate": 1, **plain(self)}


def compared(old: Rows, new: Rows) -> tuple[str, int]:
    """Return the verdict over two runs' rows, and how many of the old ones differ."""
    differing = sum(new.get(key) != row for key, row in old.items())
    if not differing:
        return BITWISE, 0
    same = all(
        key in new and all(new[key][part] == row[part] for part in ("failure", "scores"))
        for key, row in old.items()
    )
    return (SCORES if same else NOT), differing


def estimate(name: str, workspace: Workspace) -> list[str]:
    """Return what making a run again would take, in sentences; nothing is called.

    Raises:
        UnknownName: no such run or study.
        DataError: the run holds no trials.
    """
    return original_of(name, workspace).estimate(MOST_PASSES, MOST_NARROWING)


def reproduce(
    name: str,
    workspace: Workspace,
    *,
    study: Path,
    search: bool = True,
    max_cost: float | None = None,
    sign_with: str | None = None,
    given: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Reproduction:
    """Run a run's trials again into a store that no study reads, compare, and keep the verdict.

    Args:
        name: a run's id, or a study's name: all the trials that it counts.
        workspace: where it was run; only its ledger is added to.
        study: the study's file as it is now.
        search: whether to look for the cause when it is not reproduced.
        max_cost: how much all of it may spend, in the currency of ``prices.yaml``.
        sign_with: name of one's own key, for policies that ask who saw it; checked first.
        given: another trust file than the workspace's.
        say: told what it may cost, and before each pass how many calls it makes.

    Raises:
        UnknownName: no such run or study.
        DataError: the run holds no trials.
        LiftgateError: a stored row or the ledger was altered.
        Refused: the tags of its items do not allow it, or the key may not sign.
    """
    key = None if sign_with is None else load_key(sign_with)
    trust = load_trust(trust_file(workspace, given))
    original = original_of(name, workspace)
    if key is not None:
        with Ledger.open(workspace.home) as ledger:
            refuse_machines(ledger, f"sign the reproduction of {name}", [key], trust)
    for line in original.estimate(MOST_PASSES, MOST_NARROWING):
        say(line)
    _refuse_bound(original, workspace, open_study(study))
    found = _Verdict(original, workspace, study, max_cost, say).find(search=search)
    return _remember(found, original, workspace, key, trust)


def _refuse_bound(original: Original, workspace: Workspace, opened: Opened) -> None:
    """Refuse what the tags of the items do not allow, be they the file's or the run's own."""
    with (
        Store.open(workspace.home, read_only=True) as store,
        Ledger.open(workspace.home) as ledger,
    ):
        recorded = tags_of_digest(str(original.body["dataset"]["digest"]), ledger.entries())
        bound_by = tags_of(opened, ledger.entries(), store).stricter(recorded)
        refuse_use(opened, bound_by, workspace, ledger, act="reproduce")


class _Verdict:
    """One reproduction."""

    def __init__(
        self,
        original: Original,
        workspace: Workspace,
        file: Path,
        max_cost: float | None,
        say: Callable[[str], None],
    ) -> None:
        self.original, self.old = original, original.rows
        self.passes = Passes(original, workspace, file, max_cost, say)
        self.cause = Search(
            self.passes,
            original,
            workspace,
            file,
            compared=compared,
            refuse=partial(_refuse_bound, original, workspace),
        )
        self.notes: list[str] = []

    def find(self, *, search: bool) -> Reproduction:
        """Make the trials again, as often as the verdict needs."""
        new = self.passes.make("now")
        if self._ran_out():
            return self._result(UNDECIDED, len(self.old))
        verdict, differing = compared(self.old, new)
        if verdict != NOT:
            return self._result(verdict, differing)
        same, again = self._same(new)
        known, noisy = joined(same) if same else None, compared(new, again)[0] == NOT
        if self._ran_out():
            return self._result(UNDECIDED, differing)
        if known is Same.SHOWN and noisy:
            return self._result(EQUIVALENT, differing, same)
        if not search:
            self.notes += self._unsearched(known)
            verdict = UNDECIDED if known in (Same.SHOWN, Same.CANNOT_TELL) else NOT
            return self._result(verdict, differing, same)
        self.cause.search(new, again)
        if self.cause.named is None and known is Same.SHOWN:
            verdict = UNDECIDED if self._ran_out() else EQUIVALENT
            self.notes.append("the system repeats itself exactly: not noise, and nothing swapped")
        elif known is Same.CANNOT_TELL and not self.cause.is_change:
            verdict = UNDECIDED
        return self._result(verdict, differing, same)

    def _same(self, new: Rows) -> tuple[tuple[Sameness, ...], Rows]:
        """Ask about equivalence, where the lock declares a tolerance for all that decides."""
        study = Study(**self.original.body["study"])
        sizes, lacking = tolerances(study)
        if lacking or not sizes:
            self.notes += [f"equivalence was not asked about: {why}" for why in lacking]
            return (), {}
        again = self.passes.make("the same once more, for the noise floor")
        if self.passes.stopped:
            return (), again
        items = self.original.dataset.items
        scales = self.original.body["scales"]
        alpha = study.decision.alpha
        asked = reruns(study, items, scales, sizes, (self.old, new, again))
        return tuple(sameness(one, alpha=alpha) for one in asked), again

    def _ran_out(self) -> bool:
        return self.passes.stopped is not None

    @staticmethod
    def _unsearched(known: Same | None) -> list[str]:
        if known is not Same.SHOWN:
            return []
        return ["the system repeats itself exactly, so noise does not explain what differs; the "
                "cause was not looked for"]  # fmt: skip

    def _result(
        self, verdict: str, differing: int, same: tuple[Sameness, ...] = ()
    ) -> Reproduction:
        found = self.cause
        named = found.named if verdict in (NOT, UNDECIDED) else None
        stopped = (self.passes.stopped,) if self.passes.stopped else ()
        return Reproduction(
            self.original.name,
            verdict,
            len(self.old),
            differing,
            named,
            found.parts if named else (),
            tuple(found.tried),
            tuple(found.left),
            (*stopped, *self.notes, *self.passes.faults),
            same,
        )


def _remember(
    found: Reproduction, original: Original, workspace: Workspace, key: Key | None, trust: Trust
) -> Reproduction:
    """Append the verdict: each attempt, so that nobody tries until it is as they wish."""
    with Ledger.open(workspace.home) as ledger:
        leaves = {str(e.body["id"]): e.leaf for e in ledger.entries(RUN_FINISHED)}
        body = {
            **found.as_json(),
            "verdict": found.verdict.replace(" ", "-"),
            "study": original.body["name"],
            "study_digest": original.body["study_digest"],
            "runs": list(original.runs),
        }
        del body["entry"]
        refs = {run: leaves[run] for run in original.runs if run in leaves}
        if not refs:
            raise NotEnoughData(f"{found.run}: no entry of the ledger tells of its runs")
        entry = ledger.append(REPRODUCED, body, refs=refs)
        if key is not None:
            said = {part: body[part] for part in ("study", "study_digest", "runs", "verdict")}
            consent.give(ledger, entry, consent.REPRODUCTION, said, [key], trust)
    return replace(found, entry=entry.sequence)
