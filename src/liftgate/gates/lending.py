"""Roles lent for a time, and conflicts of interest: who signs for whom, and who may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from liftgate.gates.policy import Policy
from liftgate.gates.rights import Signer, folded


@dataclass(frozen=True)
class Lent:
    """A signed delegation of one role."""

    sequence: int
    role: str
    sender: Signer
    """Whose role it is; verified."""
    to: str
    """Id of the key that may use it."""
    made: datetime
    until: datetime
    receiver: str = ""
    """Whose key that is; empty: nobody knows, so the key stands for its owner."""


@dataclass(frozen=True)
class Declared:
    """A signed declaration of a conflict of interest."""

    sequence: int
    who: str
    """The person who has it."""
    by: Signer
    study: str
    """Name of the study, or ``entry N`` of a proposal."""
    reason: str


def lending_fault(policy: Policy, one: Lent) -> str:
    """Say why a delegation does not count, or return an empty text."""
    plan = policy.delegation
    if one.sender.machine:
        return "a machine lends nothing"
    if one.role not in one.sender.roles:
        return f"{one.sender.name} has not the role {one.role}, and what was lent is not lent on"
    if one.role in plan.never:
        return f"the role {one.role} is never delegated"
    if one.until > one.made + timedelta(days=plan.longest_days):
        return f"it holds longer than {plan.longest_days} days"
    if folded(one.receiver or one.to) == one.sender.who or one.to == one.sender.key:
        return "nobody sends themselves"
    return ""


def with_lent(
    signers: Iterable[Signer], lent: Sequence[Lent], policy: Policy
) -> tuple[Signer, ...]:
    """Return signers with the roles that were lent to them when they signed."""
    good = [one for one in lent if lending_fault(policy, one) == ""]
    found = []
    for signer in signers:
        via = tuple(
            (one.role, one.sender.who)
            for one in good
            if one.to == signer.key
            and one.role not in signer.roles
            and signer.time is not None
            and one.made <= signer.time < one.until
        )
        roles = (*signer.roles, *(role for role, _ in dict(via).items()))
        found.append(replace(signer, roles=roles, via=tuple(dict(via).items())))
    return tuple(found)


def conflicts_of(declared: Iterable[Declared], study: str, policy: Policy) -> Mapping[str, str]:
    """Return person -> why that person may not sign for a study.

    Of oneself anybody says it; of another one only whom the policy names.
    """
    return {
        folded(one.who): f"conflict of interest: {one.reason}"
        for one in declared
        if one.study == study
        and (folded(one.who) == one.by.who or set(one.by.roles) & set(policy.conflicts_by))
        and not one.by.machine
    }
