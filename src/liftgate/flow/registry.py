"""Moving a registry's aliases: only with a decision that may be acted upon, as one act.

A registry moves one alias at a time and cannot compare before it sets. So the whole act is told to
the ledger first, the steps are taken in an order in which every state between is harmless (what to
fall back to before what is served), and the ledger is told when it is done. What was begun and not
finished is found there and is finished, whoever comes next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftgate import plugins
from liftgate.canon import digest
from liftgate.errors import DataError, LiftgateError, Refused, Unavailable
from liftgate.flow.parts import parts_of
from liftgate.flow.registry_act import Act, Step
from liftgate.flow.standing import Picture, decided, picture, status
from liftgate.gates.demands import shipping
from liftgate.ledger import Ledger
from liftgate.protocols import Identified, ModelVersion, Registry
from liftgate.records import Entry
from liftgate.store import Workspace

BEGUN = "registry.begun"
MOVED = "registry.moved"
GIVEN_UP = "registry.given_up"
REFUSED = "registry.refused"
CHAMPION = "champion"
_SHIPS = "ship"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def open_registry(address: str) -> Registry:
    """Open a registry by ``plugin:place``, e.g. ``mlflow:http://127.0.0.1:5000``.

    Raises:
        DataError: an address without a plug-in's name.
        UnknownName: no such plug-in.
        Unavailable: its package is missing.
    """
    name, colon, place = address.partition(":")
    if not colon:
        raise DataError(
            f"registry: got {address!r}, expected PLUGIN:PLACE",
            hint=f"plug-ins: {', '.join(plugins.names('registries'))}",
        )
    registry: Registry = plugins.load("registries", name)(place)
    return registry


@dataclass(frozen=True)
class Aliases:
    """The two aliases that an act moves."""

    served: str = CHAMPION
    fallback: str = "rollback"
    """What a rollback goes to."""

    def __post_init__(self) -> None:
        if self.served == self.fallback:
            raise DataError(f"aliases: got {self.served!r} for both, expected two")


def promote(
    file: Path,
    registry: Registry,
    workspace: Workspace,
    *,
    model: str,
    version: str,
    candidate: str | None = None,
    names: Aliases = Aliases(),
    contents: bool = True,
    given: Path | None = None,
) -> tuple[Entry, Act]:
    """Point an alias at the version that a decision ships, and the fallback at the one before.

    Args:
        file: the study.
        registry: where the model lives.
        workspace: whose ledger.
        model: the registered model.
        version: the version that is the candidate.
        candidate: which arm it is; None: the only one that ships.
        names: the aliases.
        contents: whether the version's files are read, to compare and to keep their digests.
        given: another trust file than the workspace's.

    Returns:
        The ledger's entry of the finished act, and the act.

    Raises:
        Refused: the decision does not ship the candidate, or its policy is not met.
        LiftgateError: an act was begun and not finished, or the aliases were moved meanwhile.
        Unavailable: the registry does not answer, or its files cannot be read; what it had done is
            undone, or can be finished.
    """
    seen = picture(file, workspace, given)
    arm = _arm(seen, candidate)
    held = registry.version(model, version)
    with Ledger.open(workspace.home) as ledger:
        _may(ledger, seen, arm, f"point {names.served} of {model} at version {version}")
        aliases = registry.aliases(model)
        before = aliases.get(names.served)
        if before == version:
            raise DataError(f"{model}: {names.served} is version {version} already")
        # What somebody put there by hand is nothing to go back to.
        earlier = left_by(ledger, registry.place, model).get(names.served, before)
        steps = (
            [Step(names.fallback, aliases.get(names.fallback), earlier)]
            if earlier not in (None, version)
            else []
        )
        ground = _ground(seen, arm, registry, held, contents=contents)
        tags = tags_of(ground)
        replaced = {name: held.tags.get(name) for name in tags}
        steps.append(Step(names.served, before, version))
        act = Act(model, tuple(steps), ground, tags, version, replaced)
        return _carry_out(ledger, registry, act), act


def tags_of(ground: Mapping[str, Any]) -> dict[str, str]:
    """Return what a version's tags say of the decision by which it is served.

    Args:
        ground: of the act; the decision's entry and the digest of its evidence set.
    """
    return {
        "liftgate.decision": f"{ground['decision']} {_SHIPS}",
        "liftgate.evidence_digest": str(ground["evidence"]),
    }


def roll_back(
    registry: Registry,
    workspace: Workspace,
    *,
    model: str,
    reason: str,
    names: Aliases = Aliases(),
) -> tuple[Entry, Act]:
    """Swap what is served with what a rollback goes to, as one act; nobody has to be asked first.

    Raises:
        DataError: no reason, or there is nothing to go back to.
        LiftgateError: what it would go back to was put there by hand; see ``promote`` too.
        Unavailable: see ``promote``.
    """
    if not reason.strip():
        raise DataError("reason: got none; a rollback says why, for its review afterwards")
    aliases = registry.aliases(model)
    now, back = aliases.get(names.served), aliases.get(names.fallback)
    if back is None or back == now:
        raise DataError(
            f"{model}: {names.fallback} points nowhere else, there is nothing to go back to"
        )
    ground = {"rolled_back": reason.strip(), "source": source_of(registry.version(model, back))}
    with Ledger.open(workspace.home) as ledger:
        left = left_by(ledger, registry.place, model)
        if left.get(names.fallback) != back:
            raise LiftgateError(
                f"{model}: {names.fallback} is {_named(back)}, and the ledger left it "
                f"{_named(left.get(names.fallback))}: nobody decided that it may be served",
                hint="liftgate registry audit; promote a version by a decision",
            )
        steps: tuple[Step, ...] = (Step(names.served, now, back),)
        if left.get(names.served) == now:
            steps = (Step(names.fallback, back, now), *steps)
        act = Act(model, steps, ground, {})
        return _carry_out(ledger, registry, act), act


def unfinished(entries: Iterator[Entry] | Sequence[Entry], place: str, model: str) -> list[Entry]:
    """Return entries of acts on a model that were begun, and neither finished nor given up."""
    begun: dict[int, Entry] = {}
    for entry in entries:
        if entry.kind == BEGUN and (entry.body["registry"], entry.body["model"]) == (place, model):
            begun[entry.sequence] = entry
        elif entry.kind in (MOVED, GIVEN_UP):
            begun.pop(entry.body["begun"], None)
    return list(begun.values())


def left_by(ledger: Ledger, place: str, model: str) -> dict[str, str | None]:
    """Return alias -> where the last finished act left it."""
    return {
        step["alias"]: step["after"]
        for entry in ledger.entries(MOVED)
        if (entry.body["registry"], entry.body["model"]) == (place, model)
        for step in entry.body["steps"]
    }


def source_of(held: ModelVersion) -> str:
    """Return the digest of what a registry says of where a version came from."""
    return digest({"model": held.model, "version": held.version, "source": held.source,
                   "run": held.run})  # fmt: skip


def _arm(seen: Picture, candidate: str | None) -> str:
    body = decided(seen).body
    words = {one["candidate"]: one["word"] for one in body["decisions"]}
    if candidate is not None and candidate not in words:
        raise DataError(
            f"arm: got {candidate!r}, expected a candidate of {seen.locked.name}: "
            f"{', '.join(words)}"
        )
    ships = [name for name, word in words.items() if word == _SHIPS]
    if candidate is None and len(ships) > 1:
        raise DataError(f"{len(ships)} candidates ship: {', '.join(ships)}", hint="--arm NAME")
    return candidate or shipping(body)[0]


def _may(ledger: Ledger, seen: Picture, arm: str, act: str) -> None:
    """Refuse an act without a decision for it; the ledger tells of the attempt."""
    words = {one["candidate"]: one["word"] for one in decided(seen).body["decisions"]}
    why = "" if words[arm] == _SHIPS else f"the decision on {arm} is {words[arm]}"
    standing = status(seen)
    if not why and standing.exit_code != 0:
        open_ones = [
            f"{one.name}: {one.state.value} ({one.why})"
            for one in standing.tree.parts
            if one.counts.value != "met"
        ]
        why = "; ".join(open_ones)
    if why:
        ledger.append(REFUSED, {"act": act, "study": seen.locked.name, "why": why})
        raise Refused(f"{act}: {why}", hint="liftgate gate status STUDY says what is missing")


def _ground(
    seen: Picture, arm: str, registry: Registry, held: ModelVersion, *, contents: bool
) -> dict[str, Any]:
    decision = decided(seen)
    prints = {one["name"]: one["fingerprint"] for one in decision.body["arms"]}
    files = _files(registry, held) if contents else None
    known = set(_digests(_identity(seen, arm)))
    shared = sorted(path for path, value in (files or {}).items() if value in known)
    return {
        "study": seen.locked.name,
        "decision": decision.sequence,
        "leaf": decision.leaf,
        "evidence": seen.digest,
        "policy": seen.policy.digest(),
        "arm": arm,
        "fingerprint": prints[arm],
        "source": source_of(held),
        "files": dict(files) if files is not None else None,
        "bound_by": {"content": shared} if shared else "word",
    }


def _files(registry: Registry, held: ModelVersion) -> Mapping[str, str]:
    try:
        return registry.files(held.model, held.version)
    except Unavailable as error:
        raise Unavailable(
            f"{held.model} version {held.version}: its files could not be read: {error}",
            hint="mend that; or leave them out, --no-files: a change of them will not be seen then",
        ) from error


def _identity(seen: Picture, arm: str) -> Any:
    system = parts_of(seen.opened).systems[arm]
    return dict(system.identity) if isinstance(system, Identified) else {}


def _digests(value: Any) -> Iterator[str]:
    """Yield every digest that stands anywhere in a value."""
    if isinstance(value, str):
        yield from _DIGEST.findall(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _digests(one)
    elif isinstance(value, Sequence):
        for one in value:
            yield from _digests(one)


def _carry_out(ledger: Ledger, registry: Registry, act: Act) -> Entry:
    """Tell the ledger, and take the steps; of two who begin at once the earlier entry goes on."""
    waiting = unfinished(ledger.entries(), registry.place, act.model)
    if waiting:
        raise _busy(act.model, waiting[0])
    begun = ledger.append(BEGUN, act.as_json(registry.place))
    first = unfinished(ledger.entries(), registry.place, act.model)[0]
    if first.sequence != begun.sequence:
        give_up(ledger, begun, f"entry {first.sequence} had begun")
        raise _busy(act.model, first)
    return take_steps(ledger, registry, act, begun)


def _busy(model: str, begun: Entry) -> LiftgateError:
    return LiftgateError(
        f"{model}: ledger entry {begun.sequence} began to move its aliases and did not finish",
        hint="somebody may be at it; else: liftgate registry finish MODEL",
    )


def take_steps(ledger: Ledger, registry: Registry, act: Act, begun: Entry) -> Entry:
    """Take the steps of an act that the ledger tells of; undo them where that fails.

    Raises:
        LiftgateError: an alias is neither where it was nor where it should be.
        Unavailable: the registry does not answer.
    """
    aliases = registry.aliases(act.model)
    for step in act.steps:
        now = aliases.get(step.alias)
        if now not in (step.before, step.after):
            why = f"{step.alias} is {_named(now)}, expected {_named(step.before)}"
            _untag(registry, act)
            give_up(ledger, begun, why)
            raise LiftgateError(
                f"{act.model}: {why}: somebody moved it meanwhile; nothing more was changed",
                hint="liftgate registry audit",
            )
    done: list[Step] = []
    try:
        if act.tagged is not None:
            registry.tag(act.model, act.tagged, act.tags)
        for step in act.steps:
            if aliases.get(step.alias) != step.after:
                done.append(step)
                registry.point(act.model, step.alias, step.after)
    except LiftgateError as error:
        _undo(ledger, registry, act, done, begun, error)
        raise
    body = {key: begun.body[key] for key in ("registry", "model", "steps", "ground", "tags")}
    return ledger.append(MOVED, {**body, "tagged": act.tagged, "begun": begun.sequence})


def _undo(
    ledger: Ledger,
    registry: Registry,
    act: Act,
    done: Sequence[Step],
    begun: Entry,
    error: LiftgateError,
) -> None:
    """Put back what was done; where that fails too, the act stays unfinished in the ledger."""
    for step in reversed(done):
        registry.point(act.model, step.alias, step.before)
    _untag(registry, act)
    give_up(ledger, begun, str(error))


def _untag(registry: Registry, act: Act) -> None:
    """Let the tags of an act that comes to nothing say what they said before."""
    if act.tagged is None:
        return
    now = registry.version(act.model, act.tagged).tags
    ours = {name: old for name, old in act.replaced.items() if now.get(name) == act.tags[name]}
    if ours:
        registry.tag(act.model, act.tagged, ours)


def give_up(ledger: Ledger, begun: Entry, why: str) -> None:
    """Tell the ledger that an act comes to nothing."""
    ledger.append(GIVEN_UP, {"begun": begun.sequence, "why": why})


def _named(version: str | None) -> str:
    return "nowhere" if version is None else f"version {version}"
