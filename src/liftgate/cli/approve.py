"""``liftgate sign``, ``approve``, ``waive`` and ``gate status``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from liftgate.cli import options
from liftgate.cli.result import print_json, prints, show
from liftgate.cli.text import visible

if TYPE_CHECKING:
    from datetime import datetime

    from liftgate.flow.approve import Forecast
    from liftgate.gates.condition import Condition

_REQUEST = click.option(
    "--request",
    type=options.FILE,
    metavar="FILE",
    help="Sign nothing: write a request, to be signed on another machine by liftgate cosign.",
)


@click.command()
@options.STUDY
@options.role("In which role; the trust file must give it to you.")
@click.option("--note", default="", metavar="TEXT", help="What you want to have said.")
@options.MAYBE_KEY
@_REQUEST
@options.TRUST
@prints("entry", "role", "evidence_digest", "request")
def approve(
    *,
    study: Path,
    role: str,
    note: str,
    sign_with: str | None,
    request: Path | None,
    given: Path | None,
    as_json: bool,
) -> int:
    """Approve the last decision of a study, on exactly the evidence as it is now.

    The signature is over the digest of the whole set of evidence: as soon as anything of it
    changes, it is stale. The author's own key and a machine's are refused.

    Exit codes: 0 approved, 1 you may not (the ledger tells of it), 2 nothing to approve, 3 not
    what was locked, or evidence was altered.
    """
    from liftgate.flow.approve import approve as give
    from liftgate.store import Workspace

    _one_of(sign_with, request)
    entry, seen = give(
        study,
        role,
        Workspace.locate(),
        sign_with=sign_with,
        request=request,
        given=given,
        note=note,
    )
    body = {
        "entry": entry and entry.sequence,
        "role": role,
        "evidence_digest": seen.digest,
        "request": request and str(request),
    }
    done = f"Wrote {request}. There: liftgate cosign sign {request} --sign-with KEY"
    if entry is not None:
        done = f"Approved as {role}, ledger entry {entry.sequence}."
    show(body, done, f"Evidence: {seen.digest}", as_json=as_json)
    return 0


@click.command()
@options.STUDY
@click.option(
    "--p-ship", metavar="X", type=float, help="A forecast before the result: chance of a ship."
)
@click.option(
    "--effect",
    metavar="Q05,Q25,Q50,Q75,Q95",
    help="With it: quantiles of the effect that will be seen online.",
)
@click.option("--record", type=options.FILE, metavar="FILE", help="A decision record in Markdown.")
@options.KEY
@options.TRUST
@prints("entries", "signed_by")
def sign(
    *,
    study: Path,
    p_ship: float | None,
    effect: str | None,
    record: Path | None,
    sign_with: str,
    given: Path | None,
    as_json: bool,
) -> int:
    """Sign a locked study as its author; with it a forecast, or instead a decision record.

    A forecast counts from before the result only. A record demands a forecast of its own, the
    options that were considered, and the dissent; `liftgate gate record` drafts one.

    Exit codes: 0 signed, 1 the key may not sign or the record is open, 2 a bad forecast, 3 not what
    was locked.
    """
    from liftgate.flow.approve import sign as give
    from liftgate.store import Workspace

    made = give(
        study,
        Workspace.locate(),
        sign_with=sign_with,
        forecast=_forecast(p_ship, effect),
        record=None if record is None else record.read_text(encoding="utf-8"),
        given=given,
    )
    entries = [entry.sequence for entry in made]
    numbers = ", ".join(map(str, entries))
    said = f"Signed: ledger entry {numbers}" if made else "You have signed it already."
    show({"entries": entries, "signed_by": sign_with}, said, as_json=as_json)
    return 0


@click.command()
@options.STUDY
@click.option(
    "--condition", "conditions", multiple=True, required=True, help="What is waived; repeatable."
)
@options.UNTIL
@options.REASON
@click.option("--owner", required=True, metavar="NAME", help="Who bears the risk.")
@options.KEYS
@_REQUEST
@options.TRUST
@prints("entry", "holds", "fault", "request")
def waive(
    *,
    study: Path,
    conditions: tuple[str, ...],
    until: str,
    reason: str,
    owner: str,
    sign_with: tuple[str, ...],
    request: Path | None,
    given: Path | None,
    as_json: bool,
) -> int:
    """Set conditions of the policy aside for one study, until a time.

    Exit codes: 0 waived, 1 refused, or too few have signed, 2 wrong use, 3 not what was locked.
    """
    from liftgate.flow.approve import waive as give
    from liftgate.store import Workspace

    _one_of(sign_with, request)
    entry, fault = give(
        study,
        Workspace.locate(),
        conditions=conditions,
        until=time_of(until),
        reason=reason,
        owner=owner,
        sign_with=sign_with,
        request=request,
        given=given,
    )
    body = {
        "entry": entry and entry.sequence,
        "holds": entry is not None and not fault,
        "fault": fault or None,
        "request": request and str(request),
    }
    lines = [f"Wrote {request}. There: liftgate cosign sign {request} --sign-with KEY"]
    if entry is not None:
        lines = [f"Waiver: ledger entry {entry.sequence}."]
        lines += [f"It does not hold yet: {fault}"] if fault else []
    show(body, lines, as_json=as_json)
    return 1 if fault else 0


@click.command()
@options.STUDY
@click.option("--junit", type=options.FILE, metavar="FILE", help="Also write JUnit XML.")
@options.TRUST
@prints("standing", "tier", "risks", "study", "decision", "evidence", "evidence_digest", "…")
def status(*, study: Path, junit: Path | None, given: Path | None, as_json: bool) -> int:
    """Say whether a decision may be acted upon: it ships, and its policy is met.

    Reads the rows as they are now; nothing of the study is called. What nobody assessed is never
    taken for a yes.

    Exit codes: 0 ships and the policy is met, 1 something is not met (a hold, a stale approval),
    2 nothing was decided yet, 3 not what was locked, or evidence was altered, 4 nobody can tell.
    """
    from liftgate.flow.standing import picture
    from liftgate.flow.standing import status as stand
    from liftgate.outputs import JUNIT, refuse_foreign, write_again
    from liftgate.store import Workspace

    refuse_foreign(junit, JUNIT)
    seen = picture(study, Workspace.locate(), given)
    found = stand(seen)
    if junit is not None:
        from liftgate.documents.gate_junit import gate_xml

        write_again(junit, gate_xml(seen.locked.name, found.tree.as_json()), JUNIT)
    if as_json:
        body = {
            **found.as_json(),
            "study": seen.locked.name,
            "decision": seen.decision and seen.decision.sequence,
            "evidence": dict(seen.evidence),
            "evidence_digest": seen.digest,
        }
        print_json(body)
        return found.exit_code
    click.echo(
        f"{found.tree.counts.value}: {seen.locked.name}, by the policy {found.policy.policy}"
    )
    click.echo(f"Tier {found.tier}")
    for name, risk in found.risks.items():
        click.echo(visible(f"  {name}: {risk.why}"))
    for line in tree_lines(found.tree):
        click.echo(visible(line))
    if seen.clock_behind_s > 1:
        click.echo(
            f"This machine's clock is {seen.clock_behind_s:,.0f} s behind the ledger's last entry; "
            "the ledger's time was used.",
            err=True,
        )
    return found.exit_code


@click.command()
@options.STUDY
@click.option(
    "--out", required=True, type=options.FILE, metavar="FILE", help="The Markdown to write."
)
@click.option(
    "--as-signed", "signed", is_flag=True, help="Write the record that was signed, not a draft."
)
@prints("file")
def record(*, study: Path, out: Path, signed: bool, as_json: bool) -> int:
    """Draft the decision record of a study's last decision, for people to finish and sign.

    Exit codes: 0 written, 2 nothing was decided (with --as-signed: signed) yet, or the file exists,
    3 not what was locked.
    """
    from liftgate.flow.approve import draft_record, signed_record
    from liftgate.outputs import write_new
    from liftgate.store import Workspace

    text = (signed_record if signed else draft_record)(study, Workspace.locate())
    write_new(out, text)
    then = "" if signed else f" Fill in every '?', then: liftgate sign {study} --record {out}"
    show({"file": str(out)}, f"Wrote {out}.{then}", as_json=as_json)
    return 0


_FROM_NOW = re.compile(r"([1-9]\d{0,4})([hd])")


def time_of(text: str) -> datetime:
    """Read the time of --until: a time, or hours or days from now. Raises DataError: it is none."""
    from datetime import UTC, datetime, timedelta

    from liftgate.errors import DataError
    from liftgate.ledger.keys import moment

    from_now = _FROM_NOW.fullmatch(text)
    if from_now:
        hours = int(from_now[1]) * (24 if from_now[2] == "d" else 1)
        return datetime.now(UTC) + timedelta(hours=hours)
    try:
        return moment(text)
    except ValueError as error:
        raise DataError(
            f"--until: {error}", hint="e.g. 5d, 12h, 2026-12-24T12:00:00+00:00"
        ) from error


def _one_of(sign_with: object, request: Path | None) -> None:
    if bool(sign_with) == (request is not None):
        raise click.UsageError("Name a key, --sign-with KEY, or a file, --request FILE.")


def tree_lines(found: Condition, depth: int = 0) -> Iterator[str]:
    """Yield the parts of a condition, one line each, indented by their depth."""
    for one in found.parts:
        word = one.state.value if one.waiver is None else f"waived by entry {one.waiver}"
        yield f"{'  ' * depth}{one.name}: {word} ({one.why})"
        yield from tree_lines(one, depth + 1)


def _forecast(p_ship: float | None, effect: str | None) -> Forecast | None:
    from liftgate.errors import DataError
    from liftgate.flow.approve import Forecast

    if p_ship is None and effect is None:
        return None
    if p_ship is None or effect is None:
        raise DataError("forecast: got one of --p-ship and --effect, expected both")
    try:
        values = tuple(float(text) for text in effect.split(","))
    except ValueError as error:
        raise DataError(f"--effect: {error}; expected five numbers") from error
    return Forecast(p_ship, values)
