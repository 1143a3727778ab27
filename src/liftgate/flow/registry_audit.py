"""What a registry holds, against what the ledger says it should: imports and audit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liftgate.canon import digest
from liftgate.errors import Unavailable, UnknownName
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.ledger import CORRECTION
from liftgate.flow.registry import BEGUN, CHAMPION, GIVEN_UP, MOVED, source_of, unfinished
from liftgate.flow.registry_grounds import Grounds
from liftgate.flow.standing import DECISION
from liftgate.ledger import Ledger, consent, shapes
from liftgate.ledger.trust import load as load_trust
from liftgate.lineage.impact import REOPENED
from liftgate.protocols import Registry
from liftgate.records import Entry
from liftgate.records.notebook import Card
from liftgate.store import Workspace
from liftgate.study.lock import AMENDED

IMPORTED = "registry.run_imported"
_SHOWN = 5
NOT_COVERED = (
    "an alias that was moved and put back between two audits: a registry tells where it points, "
    "and MLflow keeps neither a history of it nor a time of its change",
    "who moved what: an alias has no author, and a tag has none",
    "versions that no decision moved an alias to, and runs that were not imported",
)
"""What an audit cannot see, in sentences."""


@dataclass(frozen=True)
class Finding:
    """Something in a registry that no entry of the ledger accounts for."""

    model: str
    """The model, or the run."""
    what: str
    """One word: ``alias``, ``content``, ``unread``, ``tags``, ``decision``, ``unfinished``,
    ``run``, ``move``."""
    says: str

    def as_json(self) -> dict[str, str]:
        """Return it as JSON values."""
        return {"model": self.model, "what": self.what, "says": self.says}


@dataclass(frozen=True)
class Audit(Card):
    """What was looked at, and what was found."""

    place: str
    models: tuple[str, ...]
    aliases: int
    """How many guarded aliases were compared."""
    unread: tuple[str, ...]
    """Versions whose files nobody has read, so that a change of them would not be seen."""
    runs: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "registry": self.place,
            "models": list(self.models),
            "aliases": self.aliases,
            "unread": list(self.unread),
            "runs": self.runs,
            "findings": [one.as_json() for one in self.findings],
            "not_covered": list(NOT_COVERED),
        }


def import_runs(registry: Registry, workspace: Workspace, runs: Sequence[str]) -> list[Entry]:
    """Keep what a registry says of training runs now, with its digest; known ones are left out.

    Raises:
        UnknownName: no such run.
        Unavailable: the registry does not answer.
    """
    told = [(run, dict(registry.run(run))) for run in dict.fromkeys(runs)]
    made = []
    with Ledger.open(workspace.home) as ledger:
        known = {
            (entry.body["registry"], entry.body["run"]): entry.refs["source"]
            for entry in ledger.entries(IMPORTED)
        }
        for run, said in told:
            taken = digest(said)
            if known.get((registry.place, run)) != taken:
                body = {"registry": registry.place, "run": run, "said": said}
                made.append(ledger.append(IMPORTED, body, refs={"source": taken}))
    return made


def audit(
    registry: Registry,
    workspace: Workspace,
    *,
    models: Sequence[str] = (),
    guarded: Sequence[str] = (CHAMPION,),
    contents: bool = True,
) -> Audit:
    """Compare aliases, versions, tags and imported runs with what the ledger says of them.

    Args:
        registry: what is looked at; nothing in it is changed.
        workspace: whose ledger.
        models: only these; none: all that the registry has, and all that the ledger names.
        guarded: aliases that only a decision may move, besides those that the ledger has moved.
        contents: whether files are read again.

    Raises:
        BrokenChain: the ledger was altered, or an entry about a move has a foreign body.
        UnknownName: a named model does not exist.
        Unavailable: the registry does not answer.
    """
    entries: tuple[Entry, ...] = ()
    if Ledger.exists(workspace.home):
        with Ledger.open(workspace.home, read_only=True) as ledger:
            ledger.verify()
            entries = tuple(ledger.entries())
        shapes.check(entries, shapes.MOVES)
    trust = load_trust(trust_file(workspace, None))
    grounds = Grounds(entries, consent.given(entries, trust), trust)
    moves = [e for e in entries if e.kind == MOVED and e.body["registry"] == registry.place]
    asked = tuple(models) or tuple(
        dict.fromkeys([*registry.models(), *(move.body["model"] for move in moves)])
    )
    findings: list[Finding] = []
    unread: list[str] = []
    compared = 0
    for model in asked:
        mine = [move for move in moves if move.body["model"] == model]
        for begun in unfinished(entries, registry.place, model):
            says = f"ledger entry {begun.sequence} began to move its aliases and did not finish"
            findings.append(Finding(model, "unfinished", says))
        for move, why in grounds.faults(mine):
            says = f"ledger entry {move.sequence} says that an alias was moved, and {why}"
            findings.append(Finding(model, "move", says))
        looked = _Look(registry, model, mine, entries)
        aliases = looked.aliases(guarded)
        compared += len(aliases)
        findings += looked.strayed(aliases)
        findings += looked.versions(unread, contents=contents)
    runs = _last_imports(entries, registry.place)
    findings += [found for run in runs.values() for found in _run_changed(registry, run)]
    return Audit(registry.place, asked, compared, tuple(unread), len(runs), tuple(findings))


class _Look:
    """One model, with what the ledger says of it."""

    def __init__(
        self, registry: Registry, model: str, moves: Sequence[Entry], entries: Sequence[Entry]
    ) -> None:
        self._registry = registry
        self._model = model
        self._entries = entries
        self._moves = moves
        self._should = {
            step["alias"]: (step["after"], move) for move in moves for step in move.body["steps"]
        }

    def aliases(self, guarded: Sequence[str]) -> dict[str, str | None]:
        """Return every guarded alias and where it points."""
        try:
            now = self._registry.aliases(self._model)
        except UnknownName:
            if not self._moves:
                raise
            now = {}
        names = dict.fromkeys([*(one for one in guarded if one in now), *self._should])
        return {name: now.get(name) for name in names}

    def strayed(self, aliases: Mapping[str, str | None]) -> Iterator[Finding]:
        """Yield aliases that point elsewhere than the ledger's last act left them."""
        for alias, now in aliases.items():
            if alias not in self._should:
                yield self._found("alias", f"{alias} is {_named(now)}, and no decision moved it")
                continue
            after, move = self._should[alias]
            if now != after:
                yield self._found(
                    "alias",
                    f"{alias} is {_named(now)}, without a decision: ledger entry {move.sequence} "
                    f"left it at {_named(after)}",
                )

    def versions(self, unread: list[str], *, contents: bool) -> Iterator[Finding]:
        """Yield what changed of the versions that decisions moved an alias to, and of those."""
        last = {m.body["tagged"]: m for m in self._moves if m.body["tagged"] is not None}
        for version, move in last.items():
            try:
                held = self._registry.version(self._model, version)
            except UnknownName:
                yield self._found("content", f"version {version} is gone (entry {move.sequence})")
                continue
            ground = move.body["ground"]
            if source_of(held) != ground["source"]:
                yield self._found("content", f"version {version} names another source than before")
            lost = {
                k: held.tags.get(k) for k, v in move.body["tags"].items() if held.tags.get(k) != v
            }
            for name, now in lost.items():
                yield self._found("tags", f"version {version}: {name} is {now!r}, not what was set")
            yield from self._files(version, ground["files"], unread, contents=contents)
            yield from self._decision(version, move)
        yield from self._left_over(last)

    def _left_over(self, moved: Collection[str]) -> Iterator[Finding]:
        """Yield tags of acts that came to nothing, on versions that no other act tagged."""
        begun = {e.sequence: e.body for e in self._entries if e.kind == BEGUN}
        for entry in self._entries:
            number = entry.body.get("begun") if entry.kind == GIVEN_UP else None
            body = begun.get(number) if isinstance(number, int) else None
            mine = (self._registry.place, self._model)
            if body is None or (body["registry"], body["model"]) != mine:
                continue
            if not isinstance(body.get("tagged"), str) or body["tagged"] in moved:
                continue
            try:
                tags = self._registry.version(self._model, body["tagged"]).tags
            except UnknownName:
                continue
            if any(tags.get(name) == value for name, value in dict(body["tags"]).items()):
                says = f"version {body['tagged']} has tags of an act that was given up"
                yield self._found("tags", f"{says} (entry {entry.sequence})")

    def _files(
        self, version: str, before: Mapping[str, str] | None, unread: list[str], *, contents: bool
    ) -> Iterator[Finding]:
        if before is None or not contents:
            unread.append(f"{self._model} version {version}")
            return
        try:
            now = self._registry.files(self._model, version)
        except Unavailable as error:
            # They could be read when it was promoted: whoever takes that away blinds the audit.
            unread.append(f"{self._model} version {version}")
            says = f"version {version}: its files could not be read: {error}"
            yield self._found("unread", says)
            return
        for path in sorted({*before, *now}):
            if before.get(path) != now.get(path):
                word = "gone" if path not in now else "new" if path not in before else "changed"
                yield self._found("content", f"version {version}: {path} is {word}")

    def _decision(self, version: str, move: Entry) -> Iterator[Finding]:
        """Yield what the ledger says later of the decision on which a version is served."""
        if version not in self._served():
            return
        ground = move.body["ground"]
        for entry in self._entries[move.sequence :]:
            says = _against(entry, ground)
            if says:
                yield self._found(
                    "decision", f"version {version} is served, and entry {entry.sequence} {says}"
                )

    def _served(self) -> set[str]:
        last = self._moves[-1].body["steps"][-1]["after"] if self._moves else None
        return {last} if last is not None else set()

    def _found(self, what: str, says: str) -> Finding:
        return Finding(self._model, what, says)


def _against(entry: Entry, ground: Mapping[str, Any]) -> str:
    """Return what an entry says against a decision that was acted upon; empty: nothing."""
    body = entry.body
    if entry.kind == CORRECTION and body.get("corrects") == ground["decision"]:
        return f"corrects the decision (entry {ground['decision']})"
    if entry.kind == REOPENED and any(
        one["entry"] == ground["decision"] for one in body["decisions"]
    ):
        return f"reopens the decision (entry {ground['decision']}): {body['reason']}"
    if entry.kind == AMENDED and body.get("name") == ground["study"]:
        return f"amends {ground['study']}, which was not decided again since"
    if entry.kind == DECISION and body.get("study") == ground["study"]:
        words = {one["candidate"]: one["word"] for one in body["decisions"]}
        word = words.get(ground["arm"], "gone from the study")
        return "" if word == "ship" else f"decides again: {ground['arm']} is {word}"
    return ""


def _last_imports(entries: Sequence[Entry], place: str) -> dict[str, Entry]:
    return {
        entry.body["run"]: entry
        for entry in entries
        if entry.kind == IMPORTED and entry.body["registry"] == place
    }


def _run_changed(registry: Registry, imported: Entry) -> Iterator[Finding]:
    run = imported.body["run"]
    try:
        now = dict(registry.run(run))
    except UnknownName:
        yield Finding(run, "run", f"it is gone since ledger entry {imported.sequence}")
        return
    if digest(now) == imported.refs["source"]:
        return
    told = list(_differences(imported.body["said"], now))
    more = f", and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    says = f"changed since ledger entry {imported.sequence}: {'; '.join(told[:_SHOWN])}{more}"
    yield Finding(run, "run", says)


def _differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif old != new:
        yield f"{path} was {old!r}, is {new!r}"


def _named(version: str | None) -> str:
    return "gone" if version is None else f"version {version}"
