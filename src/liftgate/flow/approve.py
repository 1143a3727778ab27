"""``sign``, ``approve`` and ``waive``: what people put their key under, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from liftgate.documents import madr
from liftgate.errors import DataError, LiftgateError, UnknownName
from liftgate.flow import cosign
from liftgate.flow.acts import consumers
from liftgate.flow.lending import own_signer, roles_of
from liftgate.flow.policies import refuse, refuse_machines
from liftgate.flow.standing import Picture, decided, facts, picture, status
from liftgate.gates.condition import Condition
from liftgate.gates.demands import Facts, judged_by
from liftgate.gates.rights import folded
from liftgate.ledger import Ledger, consent, signed
from liftgate.ledger.keys import Key, load_key
from liftgate.ledger.trust import Trusted
from liftgate.records import Entry
from liftgate.records.decision_record import Dissent, of_json
from liftgate.store import Workspace


@dataclass(frozen=True)
class Forecast:
    """What the decider expects, before the result: scored when it is known."""

    p_ship: float
    """Chance that the gate ships it."""
    effect: tuple[float, ...]
    """Quantiles 5, 25, 50, 75 and 95 % of the effect online."""

    def __post_init__(self) -> None:
        if not 0 < self.p_ship < 1:
            raise DataError(f"p_ship: got {self.p_ship:g}, expected more than 0 and less than 1")
        if len(self.effect) != len(QUANTILES) or list(self.effect) != sorted(self.effect):
            raise DataError(
                f"effect: got {', '.join(f'{v:g}' for v in self.effect)}; expected five quantiles "
                "(5, 25, 50, 75, 95 %), rising"
            )
        if not all(abs(value) < float("inf") for value in self.effect):
            raise DataError("effect: got a value that is not finite")

    def as_json(self) -> dict[str, Any]:
        """Return the forecast as a signed statement holds it."""
        return {
            "p_ship": self.p_ship,
            "online_effect": dict(zip(QUANTILES, self.effect, strict=True)),
        }


_COMPLETE = "complete the record in its file, and sign it again"
QUANTILES = ("q05", "q25", "q50", "q75", "q95")


def approve(
    file: Path,
    role: str,
    workspace: Workspace,
    *,
    sign_with: str | None = None,
    request: Path | None = None,
    given: Path | None = None,
    note: str = "",
) -> tuple[Entry | None, Picture]:
    """Approve a decision in a role, over the digest of the exact evidence as it is now.

    With ``request`` nothing is signed: the statement is written to a file, to be signed elsewhere.

    Raises:
        Refused: the key's owner may not: a machine, the author, not of that role, or revoked.
        LiftgateError: nothing was decided yet, or the evidence is no longer what was decided on.
        LockedError, BrokenChain, StudyError: see ``standing.picture``.
    """
    key = None if sign_with is None else load_key(sign_with)
    seen = picture(file, workspace, given)
    decision = decided(seen)
    act = f"approve {seen.locked.name} as {role}"
    said = {
        "study": seen.locked.name,
        "role": role,
        "policy": seen.policy.digest(),
        "words": {one["candidate"]: one["word"] for one in decision.body["decisions"]},
        "evidence": dict(seen.evidence),
        "note": note,
        # The same words said again later are another consent, and no copy of this one.
        "said_at": seen.now.isoformat(),
    }
    if key is None:
        _refuse_stale(seen, file)
        cosign.ask(decision, consent.APPROVAL, said, _place(request), evidence=seen.digest)
        return None, seen
    with Ledger.open(workspace.home) as ledger:
        refuse_machines(ledger, act, [key], seen.trust)
        why = _not_for(key, role, seen, facts(seen))
        if why:
            refuse(ledger, act, key, why)
        _refuse_stale(seen, file)
        made = consent.give(
            ledger, decision, consent.APPROVAL, said, [key], seen.trust, evidence=seen.digest
        )
    return made, seen


def sign(
    file: Path,
    workspace: Workspace,
    *,
    sign_with: str,
    forecast: Forecast | None = None,
    record: str | None = None,
    given: Path | None = None,
) -> list[Entry]:
    """Sign the locked study as its author; with it a forecast, or a decision record.

    Raises:
        Refused: a key that may not sign for a person.
        LiftgateError: a forecast after the result, a record before it.
    """
    key = load_key(sign_with)
    seen = picture(file, workspace, given)
    made = []
    with Ledger.open(workspace.home) as ledger:
        refuse_machines(ledger, f"sign {seen.locked.name}", [key], seen.trust)
        if record is None and not _has_signed(seen, key):
            entry, _ = signed.attest(
                ledger, seen.held.sequence, consent.PROTOCOL, [key], seen.trust
            )
            made.append(entry)
        if forecast is not None:
            if seen.decision is not None:
                raise LiftgateError(
                    f"{seen.locked.name}: a forecast after the result is none "
                    f"(ledger entry {seen.decision.sequence})"
                )
            said = {"study": seen.locked.name, **forecast.as_json()}
            made.append(consent.give(ledger, seen.held, consent.FORECAST, said, [key], seen.trust))
        if record is not None:
            said = _recorded(record, seen, ledger, key)
            made.append(
                consent.give(
                    ledger,
                    decided(seen),
                    consent.RECORD,
                    said,
                    [key],
                    seen.trust,
                    evidence=seen.digest,
                )
            )
    return made


def waive(
    file: Path,
    workspace: Workspace,
    *,
    conditions: Sequence[str],
    until: datetime,
    reason: str,
    owner: str,
    sign_with: Sequence[str] = (),
    request: Path | None = None,
    given: Path | None = None,
) -> tuple[Entry | None, str]:
    """Set conditions of the policy aside for one study until a time; ``request`` as for approve.

    Returns:
        The entry; why it does not hold yet, or an empty text.

    Raises:
        Refused: a key that may not, a condition that is never waived, or a waiver held too long.
        DataError: no reason, owner or condition.
        UnknownName: the decided study has no such condition.
    """
    if not reason.strip() or not owner.strip() or not conditions:
        raise DataError("waiver: expected a reason, an owner and at least one condition")
    keys = [load_key(name) for name in sign_with]
    seen = picture(file, workspace, given)
    act = f"waive {', '.join(conditions)} of {seen.locked.name}"
    said = {
        "study": seen.locked.name,
        "conditions": sorted(set(conditions)),
        "owner": owner,
        "reason": reason,
        "until": until.isoformat(),
    }
    if not keys:
        cosign.ask(seen.held, consent.WAIVER, said, _place(request))
        return None, ""
    with Ledger.open(workspace.home) as ledger:
        refuse_machines(ledger, act, keys, seen.trust)
        plan = seen.policy.waivers
        barred = [n for n in conditions if n in plan.never or n.partition(":")[0] in plan.never]
        if barred:
            refuse(ledger, act, keys[0], f"{', '.join(barred)} is never waived")
        _refuse_unknown(seen, conditions)
        if (until - seen.now).days >= plan.longest_days:
            refuse(ledger, act, keys[0], f"a waiver holds {plan.longest_days} days at most")
        if until <= seen.now:
            raise DataError(f"until: got {until.isoformat()}, which is past")
        entry = consent.give(ledger, seen.held, consent.WAIVER, said, keys, seen.trust)
    again = picture(file, workspace, given)
    if again.decision is None:
        return entry, ""
    known = facts(again)
    mine = [w for w in known.waivers if w.sequence == entry.sequence]
    return entry, judged_by(again.policy, known, mine[0]).why


def _refuse_unknown(seen: Picture, conditions: Sequence[str]) -> None:
    """Refuse a mistyped condition, as far as a decision says which there are."""
    if seen.decision is None:
        return
    known = set(_names(status(seen).tree))
    for name in conditions:
        if name not in known:
            hint = "liftgate gate status STUDY shows them"
            raise UnknownName("condition", name, known, hint=hint)


def _names(tree: Condition) -> Iterator[str]:
    for one in tree.parts:
        yield one.name
        yield from _names(one)


def draft_record(file: Path, workspace: Workspace) -> str:
    """Return a decision record as Markdown, open where only people can speak.

    Raises:
        LiftgateError: nothing was decided yet.
    """
    seen = picture(file, workspace)
    body = decided(seen).body
    words = "; ".join(f"{one['candidate']}: {one['word']}" for one in body["decisions"])
    context = f"{body['hypothesis']}\n\nThe gate says: {words}.\n\n{body['error_statement']}"
    candidates = [f"ship {one['candidate']}" for one in body["decisions"]]
    head = _head(seen, "proposed", decided(seen).time)
    return madr.draft(seen.locked.name, decided(seen).sequence, context, candidates, head)


def signed_record(file: Path, workspace: Workspace) -> str:
    """Return the signed record of a study's last decision as Markdown, as it was signed.

    Raises:
        LiftgateError: nothing was decided yet, or nobody has signed a record that counts.
    """
    seen = picture(file, workspace)
    number = facts(seen).record
    if number is None:
        raise LiftgateError(
            f"{seen.locked.name}: no signed decision record is about this evidence",
            hint=f"liftgate gate record {file} --out FILE drafts one",
        )
    signed_by = [one for one in seen.consents if one.sequence == number]
    found = of_json(signed_by[0].said)
    makers = [signer for one in signed_by for signer in one.by]
    time = max(one.time for one in signed_by)
    return madr.to_markdown(found, _head(seen, "accepted", time, makers, found.dissent))


def _head(
    seen: Picture,
    state: str,
    time: datetime,
    makers: Sequence[Trusted] = (),
    dissent: Sequence[Dissent] = (),
) -> madr.Head:
    """Return a record's front matter, as the ledger tells it."""
    heard = [
        f"{signer.key.name} ({one.said.get('role', '')})"
        for one in seen.consents
        if one.act == consent.APPROVAL and one.about == decided(seen).sequence
        for signer in one.by
    ]
    heard += [f"{one.who} (dissent)" for one in dissent]
    body = decided(seen).body
    of = (seen.locked.name, str(body["dataset"]["name"]))
    teams = [team for one in of for team in consumers(seen.entries, seen.consents, one)]
    names = [one.key.name for one in makers]
    return madr.Head(state, time.date(), *(tuple(dict.fromkeys(x)) for x in (names, heard, teams)))


def _recorded(text: str, seen: Picture, ledger: Ledger, key: Key) -> dict[str, Any]:
    """Return what a record says; one without forecast, options or dissent is refused."""
    entry = decided(seen)
    try:
        found = madr.from_markdown(text)
    except DataError as error:
        refuse(ledger, f"sign the record of {seen.locked.name}", key, str(error), hint=_COMPLETE)
    if (found.study, found.entry) != (seen.locked.name, entry.sequence):
        raise DataError(
            f"record: it is about {found.study}, ledger entry {found.entry}; expected "
            f"{seen.locked.name}, entry {entry.sequence}"
        )
    return found.as_json()


def _refuse_stale(seen: Picture, file: Path) -> None:
    if seen.changed:
        raise LiftgateError(
            f"{seen.locked.name}: the evidence is stale: {seen.changed}",
            hint=f"liftgate run {file}",
        )


def _place(request: Path | None) -> Path:
    if request is None:
        raise DataError("signature: got neither a key nor a file for the request, expected one")
    return request


def _has_signed(seen: Picture, key: Key) -> bool:
    return any(
        one.act == consent.PROTOCOL
        and one.about == seen.held.sequence
        and key.public.id in {signer.key.id for signer in one.by}
        for one in seen.consents
    )


def _not_for(key: Key, role: str, seen: Picture, known: Facts) -> str:
    public, mine = key.public, own_signer(key, seen.trust)
    if mine.names & {folded(one) for one in known.authors}:
        return f"key {public.name!r} is the author's, and the author does not approve"
    if mine.who in known.conflicts:
        return f"key {public.name!r}: {known.conflicts[mine.who]}"
    roles = roles_of(key, seen.trust, seen.consents, seen.policy, seen.now)
    if role not in roles:
        has = ", ".join(roles) or "none"
        return f"the trust file gives key {public.name!r} not the role {role!r} but {has}"
    return ""
