"""``policy`` and ``rights``: which policy holds, what a change of it does, and who signs that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from liftgate.errors import DataError, LiftgateError, Refused, StudyError
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.items import load_items
from liftgate.gates import policy as policies
from liftgate.gates.bar import BarChange
from liftgate.gates.condition import Condition, State
from liftgate.gates.demands import risks_of
from liftgate.gates.policy import SHIPPED, TIERS, Policy
from liftgate.gates.rights import Signer, larger, signed_by
from liftgate.gates.risk import Risk
from liftgate.gates.weakening import compare_locks, compare_policies, compare_studies, weakens
from liftgate.ledger import Ledger, consent
from liftgate.ledger.consent import Consent
from liftgate.ledger.keys import Key, load_key
from liftgate.ledger.trust import Trust, Trusted
from liftgate.ledger.trust import load as load_trust
from liftgate.records import Dataset, Entry
from liftgate.records.notebook import Card
from liftgate.store import Workspace
from liftgate.study.changes import changes
from liftgate.study.design import Study
from liftgate.study.load import load as load_study
from liftgate.study.load import text_of_file
from liftgate.study.lock import AMENDED, LOCKED
from liftgate.study.source import parse

PROPOSED = "policy.proposed"
REFUSED = "refused"
"""Kind of the entry that tells of a signature that was asked for and could not count."""
_WHO_MAY = "the trust file says who may: liftgate keys list"


@dataclass(frozen=True)
class Adopted(Card):
    """What became of a proposal."""

    policy: Policy
    entry: int
    changes: tuple[BarChange, ...]
    signed: Condition
    """Whether enough have signed; only then it holds."""


def in_force(entries: Sequence[Entry], consents: Sequence[Consent]) -> Policy | None:
    """Return the policy that a ledger's signed proposals lead to; None: none was adopted.

    A proposal that follows another policy than the one in force, or that too few signed, changes
    nothing, whoever wrote its entry.
    """
    return next((policy for _, policy in reversed(adopted(entries, consents))), None)


def adopted(entries: Sequence[Entry], consents: Sequence[Consent]) -> list[tuple[int, Policy]]:
    """Return (entry of the proposal, policy) of all that held, the one in force last.

    A proposal is adopted once: signatures under it, copied after its policy was given up, do not
    bring it back.
    """
    found: list[tuple[int, Policy]] = []
    holds: Policy | None = None
    proposals = {
        entry.sequence: (entry, proposed)
        for entry in entries
        if entry.kind == PROPOSED and (proposed := _proposed(entry)) is not None
    }
    signers: dict[int, list[Signer]] = {}
    steps: list[tuple[int, int, tuple[Signer, ...]]] = [(n, n, ()) for n in proposals]
    steps += [
        (one.sequence, one.about, _signers(one)) for one in consents if one.act == consent.POLICY
    ]
    for _, about, signed in sorted(steps, key=lambda step: step[0]):
        entry, proposed = proposals.get(about, (None, None))
        if entry is None or proposed is None or entry.body.get("follows") != _digest(holds):
            continue
        signers.setdefault(about, []).extend(signed)
        if _signed(holds, proposed, signers[about]).state is State.MET:
            holds = proposed
            found.append((about, holds))
            del proposals[about]
    return found


def effective(adopted: Policy | None, level: str) -> Policy:
    """Return the policy for a study of a level: the adopted one, or a stricter shipped one."""
    if adopted is not None and adopted.rank >= SHIPPED.index(level):
        return adopted
    return policies.shipped(level)


def current(workspace: Workspace, given: Path | None = None) -> Policy | None:
    """Return the policy adopted in a workspace, or None."""
    if not Ledger.exists(workspace.home):
        return None
    trust = load_trust(trust_file(workspace, given))
    with Ledger.open(workspace.home, read_only=True) as ledger:
        ledger.verify()
        entries = list(ledger.entries())
    return in_force(entries, consent.given(entries, trust))


def adopt(
    workspace: Workspace, file: Path, *, sign_with: Sequence[str], given: Path | None = None
) -> Adopted:
    """Propose a policy, or add signatures to its proposal; it holds once enough have signed.

    Raises:
        StudyError: faults of the file.
        Refused: a key that may not sign for a person.
        DataError: it holds already.
    """
    proposed = policies.load(file)
    keys = [load_key(name) for name in sign_with]
    trust = load_trust(trust_file(workspace, given))
    with Ledger.open(workspace.create().home) as ledger:
        ledger.verify()
        entries = list(ledger.entries())
        held = adopted(entries, consent.given(entries, trust))
        holds = held[-1][1] if held else None
        if holds is not None and holds.digest() == proposed.digest():
            raise DataError(f"{file}: this policy holds already")
        refuse_machines(ledger, "adopt a policy", keys, trust)
        spent = {number for number, _ in held}
        entry = _proposal((e for e in entries if e.sequence not in spent), holds, proposed)
        if entry is None:
            body = {
                "policy": proposed.model(),
                "digest": proposed.digest(),
                "follows": _digest(holds),
            }
            entry = ledger.append(PROPOSED, body)
        if keys:
            said = {"policy": proposed.digest(), "follows": _digest(holds)}
            consent.give(ledger, entry, consent.POLICY, said, keys, trust)
        mine = [
            signer
            for one in consent.given(ledger.entries(), trust)
            if one.act == consent.POLICY and one.about == entry.sequence
            for signer in _signers(one)
        ]
    base = holds or policies.shipped(proposed.level)
    changed = tuple(compare_policies(base, proposed))
    return Adopted(proposed, entry.sequence, changed, _signed(holds, proposed, mine))


def difference(first: str, second: str, workspace: Workspace) -> list[BarChange]:
    """Return what differs between two policies or two studies.

    Args:
        first: a shipped policy's name, a policy or study file, or the number of the ledger entry
            of a lock or amendment.
        second: likewise.
        workspace: whose ledger is read.

    Raises:
        DataError: one is a policy and the other a study, or neither.
    """
    a, b = _named(first, workspace), _named(second, workspace)
    if isinstance(a, Policy) and isinstance(b, Policy):
        return compare_policies(a, b)
    if isinstance(a, Policy) or isinstance(b, Policy):
        raise DataError(f"{first} and {second}: one is a policy and the other a study")
    if a.lock is not None and b.lock is not None:
        return compare_locks(a.lock, b.lock)
    if a.items is None or b.items is None:
        return compare_studies(a.study.model(), b.study.model())
    models = (one.study.model(one.digest) for one in (a, b))
    return compare_studies(*models, items=(a.items, b.items))


def named(name: str) -> Policy:
    """Return a shipped policy by its name, or the one of a file."""
    return policies.shipped(name) if not Path(name).is_file() else policies.load(Path(name))


def signers_of(consents: Iterable[Consent], role: bool = False) -> tuple[Signer, ...]:  # noqa: FBT001
    """Return who signed some acts; ``role``: only in the role in which they said to sign."""
    return tuple(s for one in consents for s in _signers(one, role=role))


def refuse_machines(ledger: Ledger, act: str, keys: Sequence[Key], trust: Trust) -> None:
    """Refuse an act for people to a key of a machine; the ledger tells of the attempt.

    Raises:
        Refused: one is a machine's, revoked, unknown to the trust file, or out of its time.
    """
    tip = ledger.tip
    now = datetime.now(UTC)
    for key in keys:
        why = consent.refusal(key, trust, max(now, tip.time) if tip else now)
        if why:
            refuse(ledger, act, key, why)


def refuse(ledger: Ledger, act: str, key: Key, why: str, *, hint: str = _WHO_MAY) -> NoReturn:
    """Tell the ledger of a signature that could not count, and raise. Raises Refused."""
    ledger.append(REFUSED, {"act": act, "key": key.public.id, "name": key.public.name, "why": why})
    raise Refused(f"{act}: {why}", hint=hint)


def _signed(holds: Policy | None, proposed: Policy, signers: Sequence[Signer]) -> Condition:
    """The rules of the policy before count, and against weakening those of the level's own."""
    like = policies.shipped(proposed.level)
    wanted: dict[str, int] = {}
    if holds is not None:
        weaker = weakens(compare_policies(holds, proposed))
        wanted = dict(holds.changing.weakening if weaker else holds.changing.ordinary)
    if weakens(compare_policies(like, proposed)):
        wanted = larger(wanted, like.changing.weakening)
    return signed_by("signatures", wanted, signers)


def _proposed(entry: Entry) -> Policy | None:
    """Return the policy of a proposal; None: it holds none, so it proposes nothing."""
    model = entry.body.get("policy")
    if not isinstance(model, Mapping):
        return None
    try:
        return policies.of_model(model, f"ledger entry {entry.sequence}")
    except StudyError:
        return None


def _proposal(entries: Iterable[Entry], holds: Policy | None, proposed: Policy) -> Entry | None:
    mine = [
        e
        for e in entries
        if e.kind == PROPOSED
        and e.body.get("follows") == _digest(holds)
        and (known := _proposed(e)) is not None
        and known.digest() == proposed.digest()
    ]
    return mine[-1] if mine else None


def _digest(holds: Policy | None) -> str | None:
    return None if holds is None else holds.digest()


def _signers(one: Consent, *, role: bool = False) -> tuple[Signer, ...]:
    claimed = str(one.said.get("role")) if role else None
    note = str(one.said.get("note", ""))
    return tuple(
        replace(signer_of(key), claimed=claimed, time=one.time, note=note) for key in one.by
    )


def signer_of(key: Trusted) -> Signer:
    """Return a trusted key as a signer: whose it is, with the roles of the trust file."""
    return Signer(key.key.id, key.key.name, key.roles, key.service, person=key.who)


@dataclass(frozen=True)
class _Bar:
    """A study that is compared with another."""

    study: Study
    items: int | None = None
    """Of a file: where its dataset is a file, too, that can be read."""
    digest: str | None = None
    lock: Mapping[str, Any] | None = None


def _named(name: str, workspace: Workspace) -> Policy | _Bar:
    if name.isdecimal():
        with Ledger.open(workspace.home, read_only=True) as ledger:
            entry = ledger.entry(int(name))
        if entry.kind not in (LOCKED, AMENDED):
            raise DataError(f"ledger entry {name}: got {entry.kind}, expected a lock or amendment")
        dataset = entry.body["dataset"]
        study = Study(**entry.body["study"])
        return _Bar(study, int(dataset["items"]), str(dataset["digest"]), entry.body)
    if name in SHIPPED and not Path(name).exists():
        return policies.shipped(name)
    known = f"name a file, an entry's number or a policy: {', '.join(SHIPPED)}"
    value = parse(text_of_file(Path(name), hint=known), name).value
    if isinstance(value, dict) and "policy" in value:
        return policies.load(Path(name))
    if isinstance(value, dict) and "study" in value:
        study = load_study(Path(name))
        items = _items_of(study, Path(name).resolve().parent)
        return _Bar(study) if items is None else _Bar(study, len(items.items), items.digest)
    raise LiftgateError(f"{name}: got neither a policy nor a study")


def _items_of(study: Study, root: Path) -> Dataset | None:
    """Return the items of a study's file; None: they are no file, or cannot be read."""
    if not (root / study.dataset.source).is_file():
        return None
    try:
        return load_items(study.dataset, root=root)
    except LiftgateError:
        return None


def tier_of(
    file: Path, workspace: Workspace, given: Path | None = None
) -> tuple[Policy, str, dict[str, Risk]]:
    """Return the policy for a study, the tier of its change, and the risk of each candidate.

    Only the study's file is read: what differs inside a system that has the same name and
    parameters, ``gate status`` knows once it is locked.

    Raises:
        StudyError: faults of the file.
    """
    study = load_study(file)
    policy = effective(current(workspace, given), study.tier)
    risks = risks_of_study(policy, study)
    return policy, max((one.tier for one in risks.values()), key=TIERS.index), risks


def risks_of_study(policy: Policy, study: Study) -> dict[str, Risk]:
    """Return the risk of each candidate, as far as the study itself tells."""
    model = study.model()
    plans = {
        name: {key: value for key, value in arm.items() if key != "role"}
        for name, arm in model["arms"].items()
    }
    found = {
        name: [
            {"path": c.as_json()["path"], "baseline": c.old, "candidate": c.new}
            for c in changes(plans[study.baseline], plans[name])
        ]
        for name in study.candidates
    }
    return risks_of(policy, found, model, study.candidates)
