"""The decision report: one HTML file, printed from one ledger entry and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liftgate.canon import short
from liftgate.documents import sections
from liftgate.documents.claims import Body, Evidence, Gate, arm_level
from liftgate.documents.looks import how_far
from liftgate.documents.money import costs, judge_rows
from liftgate.documents.numbers import EstimateText, count, moment, p_value, percent, unit_of
from liftgate.documents.page import Budget, Cut, badge_icon, cut, fit, render_page
from liftgate.documents.ratio_words import claimed_ratio_lines
from liftgate.documents.robustness import robustness_lines
from liftgate.documents.sections import Texts, value_text
from liftgate.documents.words import Badge, decision_badge
from liftgate.figures import Figure

_REOPENED = Badge("open", "REOPENED", "bad")
_ORDER = {"ship": 0, "inconclusive": 1, "hold": 2}


@dataclass(frozen=True)
class Candidate:
    """Everything that a report says about one candidate."""

    name: str
    anchor: str
    badge: Badge
    recommended: bool
    sentence: str
    p_worst: str
    p_holm: str
    notes: tuple[str, ...]
    gates: tuple[Gate, ...]
    figures: tuple[Figure, ...]
    slices: tuple[tuple[str, str, Cut], ...]
    changes: Cut
    items: sections.Items | None
    pairing: sections.PairingTable


@dataclass(frozen=True)
class Mean:
    """One arm's own mean of one metric."""

    arm: str
    metric: str
    value: str
    limits: str
    size: str
    method: str
    ref: str


@dataclass(frozen=True)
class Planned:
    """One line of planned versus done."""

    name: str
    planned: str
    done: str
    same: bool | None
    """None: only one of the two says anything."""


@dataclass(frozen=True)
class Original:
    """The analysis under the lock, before any amendment."""

    candidate: str
    badge: Badge
    sentence: str
    gates: tuple[Gate, ...]


def render(
    body: Mapping[str, Any],
    *,
    entry: int,
    leaf: str,
    time: str,
    texts: Texts,
    verified: str,
    reopened: Sequence[str] = (),
) -> str:
    """Return the report of one decision as one HTML file of at most ``MAX_BYTES`` bytes.

    Args:
        body: the body of the ledger's decision entry; every number comes from it.
        entry: the entry's number, the head of every reference.
        leaf: the entry's digest.
        time: when the entry was written, ISO 8601.
        texts: from a blob's digest to its text, or None when the content was erased. The texts
            are hostile data: they are escaped, made visible and cut.
        verified: what checking the ledger's chain gave, in words.
        reopened: why the decision must be looked at again, one sentence each.

    Raises:
        LiftgateError: even without item texts the page is too large.
    """
    remembered: dict[str, str | None] = {}

    def text_of(digest: str) -> str | None:
        if digest not in remembered:
            remembered[digest] = texts(digest)
        return remembered[digest]

    head = {"entry": entry, "leaf": leaf, "time": moment(time), "verified": verified}
    head["reopened"] = tuple(reopened)
    return fit(lambda budget: _page(body, head, text_of, budget))


def _page(body: Body, head: dict[str, Any], texts: Texts, budget: Budget) -> str:
    entry = head["entry"]
    chosen = _candidates(body, entry, texts, budget)
    kinds, failures = sections.failures(body)
    context = {
        **head,
        "body": body,
        "title": _title(body, head, chosen),
        "icon": badge_icon(chosen[0].badge if chosen else Badge("none", "", "quiet")),
        "candidates": chosen,
        "again": _REOPENED,
        "facts": _facts(body, head),
        "means": cut(_means(body, entry), budget.listed),
        "looked": how_far(body, budget),
        "failure_kinds": kinds,
        "failures": failures,
        "arms": sections.cost_and_latency(body, entry),
        "costs": costs(body, entry),
        "judge_costs": judge_rows(body, entry),
        "streamed": any((body["latency"].get(a["name"]) or {}).get("ttft_n") for a in body["arms"]),
        "fingerprints": _fingerprints(body),
        "measures": _measures(body, entry),
        "planned": cut(_planned(body), budget.listed),
        "amendments": _amendments(body, budget),
        "original": _original(body, entry),
        "no_original": (body["deviation"] or {"original": {}})["original"].get("reason", ""),
        "absent": _absent(body),
        "files": cut(sorted(body["rows"]["files"].items()), budget.listed),
        "row_count": count(body["rows"]["count"]),
    }
    return render_page("report.html.j2", context, budget)


def _title(body: Body, head: Mapping[str, Any], chosen: Sequence[Candidate]) -> str:
    word = _REOPENED.word if head["reopened"] else chosen[0].badge.word if chosen else ""
    return f"{word}: {body['study']}" if word else str(body["study"])


def ranked(body: Body) -> list[Body]:
    """Return the decisions in the order in which they are read: the recommended one first."""
    recommended = body["recommended"]

    def place(decision: Body) -> tuple[bool, int]:
        return (decision["candidate"] != recommended, _ORDER.get(decision["word"], 3))

    return sorted(body["decisions"], key=place)


def _candidates(body: Body, entry: int, texts: Texts, budget: Budget) -> tuple[Candidate, ...]:
    return tuple(
        _candidate(body, decision, f"candidate-{i}", entry, texts, budget)
        for i, decision in enumerate(ranked(body), start=1)
    )


def _candidate(
    body: Body, decision: Body, anchor: str, entry: int, texts: Texts, budget: Budget
) -> Candidate:
    name = decision["candidate"]
    evidence = Evidence(body, decision, entry)
    limits = evidence.limits()
    changes = [
        {key: row[key] if key == "path" else value_text(row[key]) for key in row}
        for row in body["changes"].get(name, ())
    ]
    return Candidate(
        name=name,
        anchor=anchor,
        badge=decision_badge(decision["word"]),
        recommended=name == body["recommended"],
        sentence=decision["sentence"],
        p_worst=p_value(decision["p_worst"], against=body["alpha"]),
        p_holm=p_value(decision["p_holm"], against=body["alpha"]),
        notes=(*notes(decision), *claimed_ratio_lines(body, name), *robustness_lines(body, name)),
        gates=evidence.gates(),
        figures=(*evidence.differences(), *((limits,) if limits else ())),
        slices=sections.slices(body, name, entry, budget),
        changes=cut(changes, budget.listed),
        items=sections.items(body, name, texts, budget),
        pairing=sections.pairing(body["health"].get(name, {}), budget),
    )


def notes(decision: Body) -> tuple[str, ...]:
    """Return what a decision says beside its sentence: harm, binding claim, units, voids, gaps."""
    said = []
    if decision["harms"]:
        said.append(f"Harm shown on: {', '.join(decision['harms'])}.")
    if decision["binding"]:
        said.append(f"In the way of shipping: {decision['binding']}.")
    if decision["units_needed"] is not None:
        needed = count(decision["units_needed"])
        said.append(f"Units in all for 80 % power on that claim: {needed}.")
    if decision["voids"]:
        said.append(f"The error statement is void: {', '.join(decision['voids'])}.")
    if decision["not_assessed"]:
        said.append(f"Not assessed: {', '.join(decision['not_assessed'])}.")
    return tuple(said)


def _facts(body: Body, head: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    data = body["dataset"]
    lock = body["lock"]
    locked = f"{moment(lock['time'])}, entry {lock['sequence']}" if lock else "not locked"
    return (
        ("Hypothesis", body["hypothesis"]),
        ("Owner", body["owner"] or "not named"),
        ("Locked", f"{locked}, digest {short(body['study_digest'])}"),
        ("Decided", f"{head['time']}, ledger entry {head['entry']}, leaf {short(head['leaf'])}"),
        (
            "Data",
            f"{data['name']}: {count(data['items'])} items in {count(data['clusters'])} clusters, "
            f"digest {short(data['digest'])}",
        ),
        (
            "Plan",
            f"{body['design']} design; speaks about {body['population'].replace('-', ' ')}; "
            f"alpha {percent(body['alpha'])} one-sided for the whole study, "
            f"{percent(body['alpha_hold'])} for a false hold",
        ),
    )


def _means(body: Body, entry: int) -> list[Mean]:
    order = [arm["name"] for arm in body["arms"]]
    found = [(metric, arm) for arm, metrics in body["means"].items() for metric in metrics]
    return [
        _mean(body, arm, metric, entry)
        for metric, arm in sorted(found, key=lambda pair: (pair[0], order.index(pair[1])))
    ]


def _mean(body: Body, arm: str, metric: str, entry: int) -> Mean:
    level = arm_level(body, arm, metric, entry)
    estimate = body["means"][arm][metric]
    if level is None or estimate is None:
        absent = "no interval is admissible"
        return Mean(arm, metric, "not measured", absent, "", "", f"{entry}:{arm}.{metric}")
    words = EstimateText(estimate, unit_of(metric, body["scales"].get(metric)))
    method = f"{estimate['method']}, {estimate['mark']}"
    return Mean(arm, metric, level.value, level.detail, words.size, method, level.ref)


def _measures(body: Body, entry: int) -> tuple[tuple[str, str, str, str], ...]:
    """Every arm against every measure that any arm has; a gap is a row that says so."""
    names = sorted({name for arm in body["arms"] for name in arm["measures"]})
    rows = []
    for name in names:
        for arm in body["arms"]:
            level = arm_level(body, arm["name"], name, entry)
            ref = f"{entry}:{arm['name']}.{name}"
            rows.append((arm["name"], name, level.value if level else "not measured", ref))
    return tuple(rows)


def _fingerprints(body: Body) -> tuple[tuple[str, str, str, str], ...]:
    return tuple(
        (arm["name"], arm["role"], f"{arm['system']} {value_text(arm['params'])}", short(print_))
        for arm in body["arms"]
        for print_ in (arm["fingerprint"],)
    )


def _planned(body: Body) -> list[Planned]:
    planned, done = body["planned"], body["done"]
    names = [*planned, *(name for name in done if name not in planned)]
    return [row for name in names for row in _planned_rows(name, planned, done)]


def _planned_rows(name: str, planned: Body, done: Body) -> list[Planned]:
    """One line, or one for each entry where both sides are mappings."""
    mine, theirs = planned.get(name), done.get(name)
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        inner = [*mine, *(key for key in theirs if key not in mine)]
        return [
            Planned(f"{name}.{row.name}", row.planned, row.done, row.same)
            for key in inner
            for row in _planned_rows(key, mine, theirs)
        ]
    alike = name in planned and name in done
    comparable = alike and isinstance(mine, Mapping) == isinstance(theirs, Mapping)
    return [
        Planned(
            name=name.replace("_", " "),
            planned=value_text(mine) if name in planned else "not stated",
            done=value_text(theirs) if name in done else "not recorded",
            same=mine == theirs if comparable else None,
        )
    ]


def _amendments(body: Body, budget: Budget) -> tuple[dict[str, Any], ...]:
    deviation = body["deviation"]
    if deviation is None:
        return ()
    return tuple(
        {
            "sequence": amendment["sequence"],
            "time": moment(amendment["time"]),
            "reason": amendment["reason"],
            "seen": amendment["seen"],
            "changes": cut(
                (
                    (change["path"], value_text(change["old"]), value_text(change["new"]))
                    for change in amendment["changes"]
                ),
                budget.listed,
            ),
        }
        for amendment in deviation["amendments"]
    )


def _original(body: Body, entry: int) -> tuple[Original, ...]:
    deviation = body["deviation"]
    if deviation is None:
        return ()
    old = {**body, "claims": deviation["original"].get("claims", body["claims"])}
    return tuple(
        Original(
            candidate=decision["candidate"],
            badge=decision_badge(decision["word"]),
            sentence=decision["sentence"],
            gates=Evidence(old, decision, entry).gates(),
        )
        for decision in deviation["original"]["decisions"]
    )


def _absent(body: Body) -> tuple[tuple[str, str], ...]:
    """What a reader would look for and nobody measured."""
    rows = [
        (claim, f"claim not assessed for {decision['candidate']}")
        for decision in body["decisions"]
        for claim in decision["not_assessed"]
    ]
    for arm in (a["name"] for a in body["arms"]):
        if not body["latency"].get(arm):
            rows.append((f"latency of {arm}", "no seconds were recorded"))
        cost = body["cost"].get(arm)
        if not cost or cost["total"] is None or not cost["known"]:
            rows.append((f"cost of {arm}", "the system reported none, which is not zero"))
    return (
        *rows,
        ("agreement of the scorers with people", "no human labels entered this decision"),
        ("items known to a system from its training", "not looked for"),
        ("effect in production", "no online evidence entered this decision"),
    )
