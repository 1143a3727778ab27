"""Rubrics, calibrations and label plans in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from liftgate.cli.text import paragraphs, visible
from liftgate.records import Rubric

Body = Mapping[str, Any]


def show_rubric(rubric: Rubric) -> None:
    """Print a rubric as whoever rates by it sees it."""
    click.echo(f"{rubric.name}, version {visible(rubric.version)} ({rubric.digest})")
    click.echo(f"Source: {paragraphs(rubric.source)}")
    click.echo(f"Question: {paragraphs(rubric.question)}")
    click.echo(f"Unit: {rubric.unit.value}; shows {', '.join(one.value for one in rubric.shows)}")
    click.echo(f"Scale ({rubric.scale.kind.value}):")
    for anchor in rubric.scale.anchors:
        label, meaning = visible(anchor.label), visible(anchor.meaning)
        click.echo(f"  {anchor.value:g}  [{anchor.key}]  {label}: {meaning}")
    if rubric.instructions:
        click.echo(f"Instructions: {paragraphs(rubric.instructions)}")
    for example in rubric.examples:
        click.echo(
            f"Example, {example.value:g}: {visible(example.answer)} ({visible(example.why)})"
        )


def show_calibration(body: Body, *, appended: bool) -> None:
    """Print what a calibration found."""
    labels, level = body["labels"], f"{100 * body['level']:g} %"
    known = "ledger entry" if appended else "known since ledger entry"
    click.echo(f"{visible(body['metric'])} against people ({known} {body['entry']})")
    raters = "1 rater" if labels["raters"] == 1 else f"{labels['raters']} raters"
    told = f"{labels['answers']} labelled answers of {labels['items']} items by {raters}"
    click.echo(f"  {told}; the judge has no score of {body['judged']['without_score']}")
    _agreement("judge and people", body["agreement"], level)
    if "reason" in body["raters"]:
        click.echo(f"  among people: {body['raters']['reason']}")
    else:
        _agreement("among people", body["raters"], level)
    _errors(body["errors"], level)
    _biases(body["bias"], level)
    for candidate, worth in body["worth"].items():
        _worth(candidate, worth)
    for warning in body["warnings"]:
        click.echo(f"  Note: {visible(warning)}")


def show_plan(body: Body) -> None:
    """Print a label plan."""
    for candidate, found in body["candidates"].items():
        times = f"one label is worth {found['multiplier']:.2f} without the judge{_words(found)}"
        if "splits" in found:
            _splits(candidate, found)
        elif "labels" in found:
            click.echo(
                f"{visible(candidate)}: {found['labels']} labels of {found['items']} items give "
                f"± {found['half_width_with_judge']:.4g} with the judge, "
                f"± {found['half_width_without']:.4g} without ({times})"
            )
            if "half_width_differing" in found:
                click.echo(
                    f"  drawn where answers differ ({100 * found['share_differing']:.0f} % of the "
                    f"items): ± {found['half_width_differing']:.4g} (label draw --differing)"
                )
        else:
            click.echo(f"{visible(candidate)}: {_needed(found)} ({times})")


def _splits(candidate: str, found: Body) -> None:
    click.echo(f"{visible(candidate)}: {found['ratings']} ratings of {found['items']} items give")
    for one in found["splits"]:
        people = "1 person" if one["raters"] == 1 else f"{one['raters']} people"
        narrowest = "  (narrowest)" if one == found["best"] else ""
        click.echo(f"  {one['labels']} items, {people} each: ± {one['half_width']:.4g}{narrowest}")


def _agreement(name: str, found: Body, level: str) -> None:
    click.echo(f"  {name}:")
    for key in ("alpha", "kappa", "ac1", "raw"):
        one = found[key]
        if one["value"] is None:
            click.echo(f"    {one['coefficient']}: cannot be told: {one['reason']}")
            continue
        click.echo(f"    {one['coefficient']}: {one['value']:.3f}{_ends(one, level)}")
    shares = ", ".join(f"{name} {share:.3f}" for name, share in found["base_rates"])
    click.echo(f"    base rates: {shares}")


def _errors(found: Body, level: str) -> None:
    if "reason" in found:
        click.echo(f"  sensitivity and specificity: {found['reason']}")
        return
    for name in ("sensitivity", "specificity"):
        one = found[name]
        click.echo(f"  {name}: {one['value']:.3f}{_ends(one, level)}, n = {one['n']}")


def _biases(found: Body, level: str) -> None:
    click.echo("  bias (judge − people):")
    rows = [("all", found["all"])]
    rows += [(f"arm {name}", one) for name, one in found["by_arm"].items()]
    for slice_name, values in found["by_slice"].items():
        rows += [(f"{slice_name} = {value}", one) for value, one in values.items()]
    length = found["by_length"]
    longer = " longer" if "by_position" in found else ""
    most = f"{length['median_characters']:g} characters{longer}"
    rows += [(f"up to {most}", length["up_to_median"]), (f"above {most}", length["longer"])]
    for name, one in rows:
        if one["n"] == 0:
            click.echo(f"    {visible(name)}: no labelled answers")
            continue
        interval = _ends(one, level) or f" (no interval: {one.get('reason', '')})"
        click.echo(f"    {visible(name)}: {one['value']:+.3f}{interval}, n = {one['n']}")

    if "by_position" in found:
        _position(found["by_position"])


def _position(found: Body) -> None:
    if not found["pairs"]:
        click.echo("    position: no pair has a score in both orders")
        return
    click.echo(
        f"    position: the first place is preferred by {found['first_place']:+.3f}; the orders "
        f"disagree on {100 * found['inconsistent']:.1f} % of {found['pairs']} pairs"
    )


def _worth(candidate: str, worth: Body) -> None:
    if "reason" in worth:
        click.echo(f"  labels of {visible(candidate)} − baseline: {worth['reason']}")
        return
    click.echo(
        f"  labels of {visible(candidate)} − baseline: {worth['labels']} with the judge count as "
        f"{worth['labels'] * worth['multiplier']:.0f} without "
        f"({worth['multiplier']:.2f} each{_words(worth)})"
    )
    click.echo(f"    next study: {_needed(worth['needed'])}")


def _words(found: Body) -> str:
    """Name the multiplier of the judge alone, where the answers' words help it."""
    without = found.get("multiplier_without_words")
    return "" if without is None else f"; {without:.2f} if the answers' words were not used"


def _needed(found: Body) -> str:
    told = []
    ways = {"with_judge": "with the judge", "without": "without"}
    ways |= {"differing": "drawn where answers differ"} if "differing" in found else {}
    for key, word in ways.items():
        count = found[key]
        told.append(f"{count} labels {word}" if count is not None else f"{word}: not by labels")
    reason = found.get("with_judge_reason", "")
    items = f"± {found['half_width']:.4g} on {found['items']} items needs "
    return items + ", ".join(told) + (f" ({reason})" if reason else "")


def _ends(one: Body, level: str) -> str:
    low, high = one.get("low"), one.get("high")
    if low is None or high is None:
        return ""
    return f" ({level}: {low:.3f} to {high:.3f})"
