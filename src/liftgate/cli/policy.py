"""``liftgate policy``: show, check, compare and adopt policies."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from liftgate.cli import complete, options
from liftgate.cli.result import print_json, prints
from liftgate.cli.result import show as say
from liftgate.cli.text import visible

if TYPE_CHECKING:
    from liftgate.gates.bar import BarChange
    from liftgate.gates.policy import Policy, TierPlan


@click.group()
def policy() -> None:
    """What a decision needs beside its statistics, by the risk of the change.

    The tier (low, medium, high) comes from what differs between the arms. Three policies come with
    liftgate: startup, scaleup, regulated. A study's `tier` names the one that it asks for at least.
    """


@policy.command()
@click.argument("name", required=False, shell_complete=complete.policies)
@options.TRUST
@prints("liftgate", "policy", "level", "risks", "tiers", "changing", "waivers", "…")
def show(*, name: str | None, given: Path | None, as_json: bool) -> int:
    """Show a policy: a shipped one or a file's; without a name, the one adopted here.

    What --json prints is a policy file (JSON is YAML) to start your own from.

    Exit codes: 0 shown, 2 no such policy, 3 the ledger was altered.
    """
    from liftgate.flow.policies import current, named
    from liftgate.gates.policy import SHIPPED, shipped
    from liftgate.store import Workspace

    found = current(Workspace.locate(), given) if name is None else named(name)
    shown = found or shipped(SHIPPED[0])
    if as_json:
        print_json(shown.model())
        return 0
    if found is None:
        click.echo("No policy was adopted; a study's tier decides. The lightest:")
    for line in _lines(shown):
        click.echo(visible(line))
    return 0


@policy.command()
@options.STUDY
@options.TRUST
@prints("policy", "tier", "risks", "needs")
def check(*, study: Path, given: Path | None, as_json: bool) -> int:
    """Say which tier a study's change is of, and what that needs; before it is run, too.

    Exit codes: 0 said, 2 a bad file, 3 the ledger was altered.
    """
    from liftgate.flow.policies import tier_of
    from liftgate.store import Workspace

    policy_of, tier, risks = tier_of(study, Workspace.locate(), given)
    needs = policy_of.tier(tier)
    if as_json:
        body = {
            "policy": {"name": policy_of.policy, "digest": policy_of.digest()},
            "tier": tier,
            "risks": {name: {"tier": r.tier, "why": r.why} for name, r in risks.items()},
            "needs": needs.model_dump(mode="json"),
        }
        print_json(body)
        return 0
    click.echo(f"Policy {policy_of.policy}, tier {tier}")
    for name, risk in risks.items():
        click.echo(visible(f"  {name}: {risk.why}"))
    listed = _needs(needs)
    click.echo("Needs: " + ("; ".join(listed) if listed else "nothing beside the decision itself"))
    return 0


@policy.command()
@click.argument("first", shell_complete=complete.policies)
@click.argument("second", shell_complete=complete.policies)
@prints("changes")
def diff(*, first: str, second: str, as_json: bool) -> int:
    """Compare two policies or two studies: what each change does to the bar.

    FIRST and SECOND: a shipped policy, a policy or study file, or the number of a ledger entry of a
    lock or amendment.

    Exit codes: 0 nothing is weakened, 1 something is, 2 a bad file, 3 the ledger was altered.
    """
    from liftgate.flow.policies import difference
    from liftgate.gates.weakening import weakens
    from liftgate.store import Workspace

    found = difference(first, second, Workspace.locate())
    say({"changes": [one.as_json() for one in found]}, _changes(found), as_json=as_json)
    return 1 if weakens(found) else 0


@policy.command()
@click.argument("file", type=options.FILE)
@options.KEYS
@options.TRUST
@prints("policy", "entry", "holds", "changes", "signed")
def adopt(*, file: Path, sign_with: tuple[str, ...], given: Path | None, as_json: bool) -> int:
    """Propose a policy for this ledger, or sign its proposal; it holds once enough have signed.

    A change that weakens the policy needs the larger quorum of the policy before it.

    Exit codes: 0 it holds, 1 more must sign, or the key may not, 2 a bad file, 3 the ledger or
    the trust file was altered.
    """
    from liftgate.flow.policies import adopt as propose
    from liftgate.gates.condition import State
    from liftgate.store import Workspace

    made = propose(Workspace.locate(), file, sign_with=sign_with, given=given)
    holds = made.signed.state is State.MET
    word = "holds from here on" if holds else "does not hold yet"
    body = {
        "policy": made.policy.policy,
        "entry": made.entry,
        "holds": holds,
        "changes": [one.as_json() for one in made.changes],
        "signed": made.signed.as_json(),
    }
    lines = [f"Policy {made.policy.policy} (ledger entry {made.entry}) {word}."]
    if not holds:
        lines += [f"  {part.name}: {part.why}" for part in made.signed.parts]
    say(body, _changes(made.changes), lines, as_json=as_json)
    return 0 if holds else 1


def _changes(found: Iterable[BarChange]) -> Iterator[str]:
    listed = list(found)
    for one in listed:
        old, new = (json.dumps(v, ensure_ascii=False) for v in (one.old, one.new))
        yield f"{one.effect.value:<12} {one.path}: {_cut(old)} → {_cut(new)}"
        yield f"{'':<13}{one.why}"
    counts = Counter(one.effect.value for one in listed)
    said = ", ".join(f"{counts[word]} {word}" for word in ("weakened", "neutral", "strengthened"))
    yield said if listed else "No difference."


def _cut(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


def _lines(shown: Policy) -> Iterable[str]:
    yield f"Policy {shown.policy}, level {shown.level}, {shown.digest()}"
    risks = Counter(shown.risks.values())
    for tier, plan in shown.tiers.items():
        kinds = [kind for kind, one in shown.risks.items() if one == tier]
        yield f"{tier} ({', '.join(kinds) or 'no kind of change'}; {risks[tier]} kinds):"
        yield "  " + ("; ".join(_needs(plan)) or "nothing beside the decision itself")
    for name, counts in (("A change", shown.changing.ordinary),
                         ("A weakening", shown.changing.weakening),
                         ("A waiver", shown.waivers.approvals)):  # fmt: skip
        yield f"{name} is signed by: {_roles(counts)}"
    yield f"A waiver holds {shown.waivers.longest_days} days at most."


def _needs(plan: TierPlan) -> list[str]:
    found = []
    if plan.guardrails:
        found.append(f"{plan.guardrails} guardrails at least")
    if plan.largest_alpha is not None:
        found.append(f"alpha at most {plan.largest_alpha:g}")
    if plan.least_items:
        found.append(f"{plan.least_items} items at least")
    if plan.fresh_days is not None:
        found.append(f"not older than {plan.fresh_days} days")
    words = {
        "gate_activated": "an activated gate",
        "complete_capture": "a complete capture",
        "author_signs": "the author's signature",
        "forecast": "a forecast from before the result",
        "record": "a signed decision record",
    }
    found += [text for name, text in words.items() if getattr(plan, name)]
    found += [f"a study {name} ({days} days)" for name, days in plan.studies.items()]
    found += [f"{name} ({need.days} days)" for name, need in plan.entries.items()]
    if plan.approvals:
        found.append(f"approved by {_roles(plan.approvals)}")
    if plan.weakening:
        found.append(f"if weakened, also {_roles(plan.weakening)}")
    return found


def _roles(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} × {role}" for role, count in counts.items()) or "nobody"
