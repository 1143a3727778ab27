"""Decision rights: which roles must sign an act, and whether those who signed are enough.

A person counts once, however many keys and roles: persons are compared everywhere, never keys. A
machine's key and the author's never count, the author's unless the right says that the author may.
Rows as a policy writes them: ``Right``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from liftgate.errors import UnknownName
from liftgate.gates.condition import Condition, all_of, cannot_tell, met, not_met
from liftgate.ledger.trust import AUTOMATION
from liftgate.records.notebook import Card, ModelCard
from liftgate.study.problems import Node
from liftgate.study.values import Listed, Name, Text

Counts = Annotated[dict[Name, Annotated[int, Field(ge=1, le=100)]], Field()]
"""Role -> how many of it."""
HUMAN_ACTS = ("approve", "sign", "waive", "adopt", "forecast")
"""What automation never does."""
_TEAMS = re.compile(r"(\d+|several|two|three|four|five)\s+(?:\w+\s+)?teams?")
_NUMBERS = {"two": 2, "several": 2, "three": 3, "four": 4, "five": 5}
_WEAKENS = re.compile(r"\b(weak|weaken\w*|loosen\w*|lower\w*|relax\w*)\b")
_TEAM = "team-{}"


class Escalation(Node):
    """Who decides when those who should have signed do not, or do not agree."""

    to: Counts = Field(description="role: how many of it decide then")
    after_hours: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="hours without the signatures after which it goes to them"
    )
    on_objection_of: Listed = Field(
        default=(), description="roles whose objection takes it to them at once"
    )


class Right(ModelCard, Node):
    """One row of the table of decision rights."""

    act: Name = Field(description="the act's name")
    says: Text = Field(description="the act in words")
    words: Listed = Field(default=(), description="words by which `rights explain` finds it")
    roles: Counts = Field(default_factory=dict, description="role: how many must sign")
    author_alone: bool = Field(default=False, description="the author decides alone")
    author_may: bool = Field(default=False, description="the author's own signature counts")
    unless: Text | None = Field(
        default=None, description="a circumstance in which the roles must sign after all"
    )
    each_team_from: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="from so many affected teams on, each of them signs"
    )
    weakening: Counts = Field(
        default_factory=dict, description="who must sign as well when it weakens"
    )
    lazy_days: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="days without objection after which it is agreed"
    )
    review_hours: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="hours within which it is reviewed afterwards"
    )
    recommend_only: bool = Field(default=False, description="it may only be recommended")
    about: Listed = Field(default=(), description="kinds of ledger entries that it must be about")
    notes_of: Listed = Field(
        default=(), description="roles whose signature counts only with a note"
    )
    catalogue: Listed = Field(
        default=(), description="what is approved already; anything else is `uncatalogued`"
    )
    alone_up_to: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="change of the budget up to which the author decides alone"
    )
    escalation: Escalation | None = Field(
        default=None, description="who decides when it is not signed in time, or objected to"
    )
    note: str = Field(default="", description="what else people should know")


@dataclass(frozen=True)
class Scope(Card):
    """What an act touches."""

    teams: tuple[str, ...] = ()
    """Names of the affected teams."""
    weakening: bool = False
    circumstances: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Signer:
    """Somebody whose signature over the right thing was verified."""

    key: str
    """Id of the key."""
    name: str
    roles: tuple[str, ...]
    service: bool = False
    claimed: str | None = None
    """The role in which it was signed; None: any of the key's."""
    time: datetime | None = None
    note: str = ""
    via: tuple[tuple[str, str], ...] = ()
    """(role, person who delegated it) for roles that are not its own."""
    person: str = ""
    """Whose key it is; empty: nobody knows, so the key stands for its owner."""

    @property
    def who(self) -> str:
        """Who signed: a person, whichever key it was; folded, as names are compared."""
        return folded(self.person or self.key)

    @property
    def machine(self) -> bool:
        """Whether a machine signed."""
        return self.service or AUTOMATION in self.roles

    @property
    def names(self) -> frozenset[str]:
        """All by which whoever signed may be called, folded."""
        return frozenset({self.who, folded(self.key), folded(self.name)})


def needed(right: Right, scope: Scope = Scope()) -> dict[str, int]:
    """Return role -> how many must sign an act; empty: the author decides alone."""
    teams = dict.fromkeys(scope.teams)
    every = right.each_team_from is not None and len(teams) >= right.each_team_from
    alone = right.author_alone and not every and right.unless not in scope.circumstances
    found = {} if alone else dict(right.roles)
    if every:
        found |= {_TEAM.format(name): 1 for name in teams}
    if scope.weakening:
        found = larger(found, right.weakening)
    return found


def larger(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    """Return role -> the larger of two numbers."""
    return {
        role: max(first.get(role, 0), second.get(role, 0))
        for role in dict.fromkeys([*first, *second])
    }


def signed_by(
    name: str,
    wanted: Mapping[str, int],
    signers: Sequence[Signer],
    *,
    authors: Iterable[str] = (),
    author_may: bool = False,
    conflicts: Mapping[str, str] | None = None,
) -> Condition:
    """Return whether those who signed are enough.

    Args:
        name: of the condition.
        wanted: role -> how many.
        signers: with verified signatures over the right thing.
        authors: persons who made it, with ids and names of their keys.
        author_may: whether their own signatures count.
        conflicts: person -> why there is a conflict of interest.
    """
    if not wanted:
        return met(name, "no signature is asked for")
    excluded = set() if author_may else {folded(one) for one in authors}
    able: dict[str, list[str]] = {role: [] for role in wanted}
    names: dict[str, str] = {}
    refused: list[str] = []
    against = {folded(one): why for one, why in (conflicts or {}).items()}
    places = Places(excluded | set(against), {one.who for one in signers})
    for one in {(s.key, s.claimed): s for s in signers}.values():
        why = signer_fault(one, excluded, against)
        if why:
            refused.append(f"{one.name} ({why})")
            continue
        names.setdefault(one.who, one.name)
        for role in wanted if one.claimed is None else [one.claimed]:
            if role not in able or role not in one.roles or one.who in able[role]:
                continue
            why = places.fault(one, role)
            if why:
                refused.append(f"{one.name} ({why})")
            else:
                able[role].append(one.who)
    given = _assigned(wanted, able)
    parts = []
    for role, count in wanted.items():
        mine = [names[who] for who in given.get(role, [])]
        said = f"{len(mine)} of {count}" + (f": {', '.join(mine)}" if mine else "")
        parts.append(met(role, said) if len(mine) >= count else not_met(role, said))
    parts += [not_met_note(text) for text in refused]
    return all_of(name, parts)


@dataclass
class Places:
    """Whose place a delegate may take: one that its owner neither fills nor may not fill."""

    barred: set[str]
    """Persons who may not sign this, folded: nor may whom they send."""
    signed: set[str]
    """Persons who signed themselves."""

    def __post_init__(self) -> None:
        self._taken: dict[str, str] = {}

    def fault(self, one: Signer, role: str) -> str:
        """Say why a signer may not sign in a role that was delegated, or return an empty text."""
        sender = dict(one.via).get(role)
        if sender is None:
            return ""
        if sender in self.barred:
            return f"{role} was delegated by somebody who may not sign this"
        if sender in self.signed:
            return f"whoever delegated {role} signed as well"
        if self._taken.setdefault(sender, one.who) != one.who:
            return f"another delegate of the same person signed for {role}"
        return ""


def folded(name: str) -> str:
    """Return a name without case and typographic variants: ``Ada`` and ``ada`` are one person."""
    return unicodedata.normalize("NFKC", name).casefold()


def not_met_note(text: str) -> Condition:
    """Return a remark about a signature that does not count; it stops nothing by itself."""
    return met("not counted", text)


def signer_fault(one: Signer, excluded: Container[str], against: Mapping[str, str]) -> str:
    """Say why a signature counts for nobody, whoever else signed, or return an empty text.

    Args:
        one: with the roles that were lent to it.
        excluded: by what authors are called, folded.
        against: person, folded -> why there is a conflict of interest.
    """
    if one.machine:
        return "a machine's key never signs for people"
    if any(name in excluded for name in one.names):
        return "the author does not approve"
    if one.claimed is not None and one.claimed not in one.roles:
        return f"the trust file does not give it the role {one.claimed}"
    return against.get(one.who, "")


def _assigned(wanted: Mapping[str, int], able: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Give each place to another signer, as many as possible (augmenting paths; Kuhn 1955)."""
    places = [(role, number) for role, count in wanted.items() for number in range(count)]
    taken: dict[str, tuple[str, int]] = {}

    def place(spot: tuple[str, int], seen: set[str]) -> bool:
        for key in able[spot[0]]:
            if key in seen:
                continue
            seen.add(key)
            if key not in taken or place(taken[key], seen):
                taken[key] = spot
                return True
        return False

    for spot in places:
        place(spot, set())
    found: dict[str, list[str]] = {}
    for key, (role, _) in taken.items():
        found.setdefault(role, []).append(key)
    return found


def find(rights: Sequence[Right], said: str) -> tuple[Right, Scope]:
    """Return the right that a sentence is about, and what it says of the scope.

    Raises:
        UnknownName: no right, or several alike.
    """
    text = said.lower()
    words = set(re.findall(r"[a-z][a-z-]*", text))
    exact = [one for one in rights if one.act == text.strip()]
    scores = {one.act: len(words & {w.lower() for w in one.words}) for one in rights}
    best = max(scores.values(), default=0)
    found = exact or [one for one in rights if best and scores[one.act] == best]
    if len(found) != 1:
        alike = f"; several fit: {', '.join(one.act for one in found)}" if found else ""
        raise UnknownName(
            "decision right", said, [one.act for one in rights], hint=f"name the act{alike}"
        )
    match = _TEAMS.search(text)
    number = 0 if match is None else _NUMBERS.get(match[1]) or int(match[1])
    teams = tuple(chr(ord("a") + n) if n < 26 else str(n) for n in range(min(number, 100)))
    weakening = _WEAKENS.search(text) is not None
    said_of = frozenset({found[0].unless} if found[0].unless and found[0].unless in text else ())
    return found[0], Scope(teams, weakening, said_of)


def explained(right: Right, scope: Scope) -> list[str]:
    """Return a right in sentences: the rule, then who must sign."""
    lines = [f"{right.act}: {right.says}"]
    if right.note:
        lines.append(f"Rule: {right.note}")
    wanted = needed(right, scope)
    if right.recommend_only:
        lines.append("Only a recommendation; nobody signs.")
    elif not wanted:
        lines.append("The author decides alone.")
    else:
        listed = ", ".join(f"{count} × {role}" for role, count in wanted.items())
        lines.append(f"Must sign: {listed}")
        lines.append(
            "The author may be the one." if right.author_may else "The author does not count."
        )
    if right.weakening and not scope.weakening:
        more = ", ".join(f"{n} × {role}" for role, n in right.weakening.items())
        lines.append(f"If it weakens, also: {more}")
    if right.lazy_days is not None:
        lines.append(f"Or: {right.lazy_days} days without objection.")
    if right.review_hours is not None:
        lines.append(f"Reviewed afterwards within {right.review_hours} hours.")
    lines += _escalated(right)
    lines.append("Automation never signs.")
    return lines


def _escalated(right: Right) -> list[str]:
    found = right.escalation
    if found is None:
        return []
    when = []
    if found.after_hours is not None:
        when.append(f"after {found.after_hours} hours without them")
    if found.on_objection_of:
        when.append(f"if {' or '.join(found.on_objection_of)} objects")
    to = ", ".join(f"{count} × {role}" for role, count in found.to.items())
    return [f"Decided by {to} {', or '.join(when)}."]


def unknown_author(name: str) -> Condition:
    """Return the condition of approvals when nobody knows who the author is."""
    return cannot_tell(name, "who made it is not signed, so nobody can tell author from approver")
