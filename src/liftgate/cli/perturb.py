"""``liftgate perturb``: a data set of pairs, each item clean and the same item perturbed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from liftgate.cli import options
from liftgate.cli.result import print_json, prints

if TYPE_CHECKING:
    from liftgate.perturbations.dataset import Perturbed


def _families(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _rates(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in value:
        name, sign, share = one.partition("=")
        try:
            found[name] = float(share)
        except ValueError:
            raise click.BadParameter(
                f"got {one!r}, expected FAMILY=SHARE, e.g. typos=0.1"
            ) from None
        if not sign:
            raise click.BadParameter(f"got {one!r}, expected FAMILY=SHARE, e.g. typos=0.1")
    return found


@click.command()
@click.argument("data")
@click.option(
    "--family",
    "families",
    required=True,
    callback=_families,
    help="Families with commas between: typos, casing, confusables, context, order. identity, the "
    "noise floor, is always there.",
)
@options.seed("Decides every change.", 0)
@click.option(
    "--variants",
    metavar="N",
    type=click.IntRange(1, 20),
    default=1,
    show_default=True,
    help="Perturbed items for each item in each family.",
)
@click.option(
    "--rate",
    "rates",
    multiple=True,
    callback=_rates,
    help="FAMILY=SHARE of words or letters that is changed, above 0 and at most 1.",
)
@click.option(
    "--part", "parts", multiple=True, help="Change only this part of the input; repeatable."
)
@click.option("--cluster", help="Column of items that are not independent of each other.")
@click.option(
    "--slice", "slices", multiple=True, help="Column that is kept as a slice; repeatable."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The JSON Lines file to write; an existing one is not overwritten.",
)
@prints("file", "digest", "items", "left_out")
def perturb(
    *,
    data: str,
    families: tuple[str, ...],
    seed: int,
    variants: int,
    rates: dict[str, float],
    parts: tuple[str, ...],
    cluster: str | None,
    slices: tuple[str, ...],
    out: Path,
    as_json: bool,
) -> int:
    """Write a data set in which each item stands clean and perturbed.

    DATA is a file or python:module:name, as in a study. What must not change is protected: numbers,
    code, addresses, options' letters, the target's own text. The same items, families and seed give
    the same bytes on every machine. A study names the file with cluster: cluster and slices:
    [family]; its arms say reads: clean and reads: perturbed.

    Exit codes: 0 written, 2 wrong use or a bad file, 4 a family fits none of the items.
    """
    from liftgate.flow.perturb import perturb_file
    from liftgate.perturbations.dataset import Perturbing

    plan = Perturbing(families, seed, variants, rates, parts)
    made = perturb_file(data, plan, out, root=Path.cwd(), cluster=cluster, slices=slices)
    if as_json:
        print_json(_json(made, out))
    else:
        for line in _text(made, out):
            click.echo(line)
    return 0


def _json(made: Perturbed, out: Path) -> dict[str, object]:
    return {
        "file": str(out),
        "digest": made.dataset.digest,
        "items": dict(made.counts),
        "left_out": {name: dict(reasons) for name, reasons in made.left_out.items()},
    }


def _text(made: Perturbed, out: Path) -> Iterator[str]:
    from liftgate.cli.text import visible

    yield f"Wrote {out}: {len(made.dataset.items):,} items, digest {made.dataset.digest}"
    for name, count in made.counts.items():
        yield f"  {name}: {count:,}"
        for reason, left in made.left_out.get(name, {}).items():
            yield visible(f"    left out {left:,}: {reason}")
