"""Tags of a data set: consent, retention, residency. They stay on the items and stop a run.

A study says them of its items; from its lock on they hold for these items, whatever another study
says or leaves out: the stricter of two is what counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from liftgate.errors import DataError, Refused
from liftgate.evals.limits import metered
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.policies import REFUSED, effective, in_force, risks_of_study
from liftgate.flow.study import Opened
from liftgate.ledger import Ledger, consent
from liftgate.ledger.trust import load as load_trust
from liftgate.lineage.datasets import overlap
from liftgate.records import Entry
from liftgate.store import Store, Workspace
from liftgate.study.load import text_of_file
from liftgate.study.lock import AMENDED, LOCKED
from liftgate.study.source import parse

PURPOSE = "evaluation"
"""What a run uses items for."""
REGIONS = "regions.yaml"
HERE = "here"
_LOCAL = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Tags:
    """What binds a data set; None: nothing was said of it."""

    consent: frozenset[str] | None = None
    keep_until: date | None = None
    residency: frozenset[str] | None = None
    said_in: tuple[int, ...] = ()
    """Ledger entries that said it."""

    def stricter(self, other: Tags) -> Tags:
        """Return what satisfies both."""
        ends = [one for one in (self.keep_until, other.keep_until) if one is not None]
        return Tags(
            _both(self.consent, other.consent),
            min(ends, default=None),
            _both(self.residency, other.residency),
            (*self.said_in, *other.said_in),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the tags as manifests and decisions hold them; empty: there are none."""
        found: dict[str, Any] = {}
        if self.consent is not None:
            found["consent"] = sorted(self.consent)
        if self.keep_until is not None:
            found["keep_until"] = self.keep_until.isoformat()
        if self.residency is not None:
            found["residency"] = sorted(self.residency)
        return found


def tags_of(opened: Opened, entries: Iterable[Entry], store: Store) -> Tags:
    """Return what binds a study's items: what it says, and what earlier locks of them said.

    Tags stay on items: a set that shares one with a tagged set is bound as that one is.
    """
    plan = opened.study.dataset.tags
    found = _tags({} if plan is None else plan.model_dump(mode="json"))
    shared: dict[str, bool] = {}
    for entry in _tagged(entries):
        digest = entry.body["dataset"]["digest"]
        if digest not in shared:
            shared[digest] = overlap(opened.dataset, digest, store) > 0
        if shared[digest]:
            found = found.stricter(_tags(entry.body["study"]["dataset"]["tags"], entry.sequence))
    return found


def tags_of_digest(digest: str, entries: Iterable[Entry]) -> Tags:
    """Return what the locks of a ledger say of a data set."""
    return tags_by_digest(entries).get(digest, Tags())


def tags_by_digest(entries: Iterable[Entry]) -> dict[str, Tags]:
    """Return what the locks of a ledger say of each data set that has tags."""
    found: dict[str, Tags] = {}
    for entry in _tagged(entries):
        of = str(entry.body["dataset"]["digest"])
        said = _tags(entry.body["study"]["dataset"]["tags"], entry.sequence)
        found[of] = found.get(of, Tags()).stricter(said)
    return found


def _tagged(entries: Iterable[Entry]) -> Iterator[Entry]:
    for entry in entries:
        if entry.kind in (LOCKED, AMENDED) and entry.body["study"]["dataset"].get("tags"):
            yield entry


def refuse_use(
    opened: Opened, tags: Tags, workspace: Workspace, ledger: Ledger, *, act: str = "run"
) -> None:
    """Refuse a use of items that their tags do not allow; nothing was called yet.

    The day is the later one of this machine's clock and of the ledger's last entry.

    Args:
        opened: what would be called.
        tags: of the items.
        workspace: whose file of regions says where things run.
        ledger: is told of a refusal.
        act: a verb.

    Raises:
        Refused: and the ledger tells of it.
        DataError: the file of regions is none.
    """
    now, tip = datetime.now(UTC), ledger.tip
    day = (max(now, tip.time) if tip else now).date()
    why = [*_never(tags, day)]
    if tags.residency is not None:
        why += _elsewhere(opened, tags.residency, regions_of(opened, workspace, ledger))
    if not why:
        return
    text = "; ".join(why)
    said = {"act": f"{act} {opened.study.study}", "key": "", "name": "", "why": text}
    ledger.append(REFUSED, said)
    raise Refused(
        f"{opened.study.file or opened.study.study}: its data set may not be used so: {text}",
        hint=f"say where things run in {workspace.home.name}/{REGIONS}, or where decisions are "
        "signed in the policy (regions), or use other items",
    )


@dataclass(frozen=True)
class Regions:
    """Where things run, and who says so."""

    of: Mapping[str, str]
    """``here`` or an endpoint -> its region."""
    unheard: str = ""
    """Why a file that is there does not count; empty: it does, or there is none."""


def regions_of(opened: Opened, workspace: Workspace, ledger: Ledger) -> Regions:
    """Return where things run: as the policy says, which people sign, else as a file says.

    Where a policy names regions it names all. Where the study's decision is to be signed, the file
    counts for nothing, whoever wrote it.

    Raises:
        BrokenChain: the ledger, a signature or the trust file was altered.
        DataError: the file is none.
    """
    trust = load_trust(trust_file(workspace, None))
    ledger.verify()
    entries = list(ledger.entries())
    held = in_force(entries, consent.given(entries, trust))
    if held is not None and held.regions:
        return Regions(held.regions)
    policy = effective(held, opened.study.tier)
    file = workspace.home / REGIONS
    tiers = [risk.tier for risk in risks_of_study(policy, opened.study).values()]
    if not any(policy.tier(tier).signs for tier in tiers):
        return Regions(_regions(file))
    said = f"{REGIONS} is signed by nobody, and the policy {policy.policy} has decisions signed"
    return Regions({}, said if file.is_file() else "")


def _never(tags: Tags, today: date) -> Iterator[str]:
    if tags.consent is not None and PURPOSE not in tags.consent:
        agreed = ", ".join(sorted(tags.consent)) or "nothing"
        yield f"its people agreed to {agreed}, not to {PURPOSE}"
    if tags.keep_until is not None and today > tags.keep_until:
        yield f"it may be kept until {tags.keep_until}: liftgate data erase"


def _elsewhere(opened: Opened, residency: frozenset[str], regions: Regions) -> Iterator[str]:
    allowed = " or ".join(sorted(residency)) or "nowhere"
    for place, who in _places(opened):
        region = regions.of.get(place)
        if region is None:
            more = f": {regions.unheard}" if regions.unheard else ""
            yield f"{who} runs nobody knows where ({place}), and it stays in {allowed}{more}"
        elif region not in residency:
            yield f"{who} runs in {region} ({place}), and it stays in {allowed}"


def _places(opened: Opened) -> Iterator[tuple[str, str]]:
    """Yield (endpoint or ``here``, what runs there); a system without an endpoint runs here."""
    yield HERE, "this workspace"
    systems = [(f"arm {name}", system) for name, system in opened.systems.items()]
    systems += [
        (f"the judge of {metric}", asked.system)
        for metric, seated in opened.scorers.items()
        for asked in seated.asks
    ]
    for who, system in systems:
        for one in metered(system):
            host = urlsplit(one.endpoint).hostname
            if host not in _LOCAL:
                yield one.endpoint, who


def _regions(file: Path) -> Mapping[str, str]:
    if not file.is_file():
        return {}
    found = parse(text_of_file(file), str(file)).value
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise DataError(f"{file}: expected 'here' and endpoints, each with a region")
    return {str(place): region for place, region in found.items()}


def _tags(said: Mapping[str, Any], entry: int | None = None) -> Tags:
    end = said.get("keep_until")
    try:
        until = date.fromisoformat(end) if end else None
    except ValueError as error:
        raise DataError(f"dataset.tags.keep_until: {error}") from error
    return Tags(
        frozenset(said["consent"]) if said.get("consent") else None,
        until,
        frozenset(said["residency"]) if said.get("residency") else None,
        () if entry is None else (entry,),
    )


def _both(a: frozenset[str] | None, b: frozenset[str] | None) -> frozenset[str] | None:
    if a is None or b is None:
        return b if a is None else a
    return a & b
