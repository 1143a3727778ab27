"""Means over items that count differently: declared weights, and strata drawn one by one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.inputs import Floats, Sample, array_of, labels
from liftgate.stats.kinds import ClaimShape, Mark, ScoreKind, UnitDesign
from liftgate.stats.linearised import LinearTest, sides, with_pseudo
from liftgate.stats.method import Method, refusal
from liftgate.stats.units import Units, effective_size, units_in

_PRIOR_WEIGHT = 0.25
"""How much the pseudo clusters count when the design effect is estimated, as in ``student``."""
_FEW = 4
_ROUGH = 10


def weighted_mean(sample: Sample) -> LinearTest:
    """Return the family of tests of Σ w·x / Σ w, given the weights and the sizes of the strata.

    With strata the mean is Σ W_h·x̄_h and its variance Σ W_h²·s_h²/n_h for single items, W_h being
    the stratum's share of the weight. It holds where the number of items of each stratum was fixed
    before the items were drawn, or where the weights give the population's own shares.

    Where the scores have a range, two pseudo units of typical weight lie at (tested value ± h).

    Raises:
        NotEnoughData: fewer than 5 degrees of freedom, or values without any spread inside the
            strata and without a range that would bound what was not seen.
    """
    units, values = units_in(sample), sample.values
    residuals = units.residuals(values)
    scale = float(np.max(np.abs(values))) or 1.0
    if sample.pseudo is None and float(np.max(np.abs(residuals))) <= 1e-12 * scale:
        raise NotEnoughData(
            f"all {units.n} values equal {values[0]:g}"
            f"{' inside each stratum' if sample.strata is not None else ''}, expected some spread: "
            "without a declared range nothing bounds what was not seen",
            hint="Declare the range of the scores, if they have one.",
        )
    top, variance, df = units.mean(values), units.covariance(residuals, residuals), units.df
    quadratic, parts = (variance, 0.0, 0.0), residuals / units.n
    lower, upper = sides(parts)
    if sample.pseudo is not None:
        item, spread = units.typical_item, sample.pseudo
        square = pseudo_square(item, units.typical_unit, spread, residuals, units.within(values))
        size = math.sqrt(square)
        quadratic = with_pseudo(top, 1.0, quadratic, spread=spread, weight=size / units.n)
        assert sample.bounds is not None
        ends = (sample.bounds[0] - top, sample.bounds[1] - top)
        lower, upper = sides(parts, ends, spread, size / units.n)
        df = units.df_with(size * item)
    return LinearTest(
        top=top,
        variance=quadratic,
        df=df,
        n=units.n,
        clusters=units.clusters,
        bounds=sample.bounds,
        lower=lower,
        upper=upper,
        guarded=sample.pseudo is not None,
        notes=_notes(units, sample),
    )


def stratum_weights(stratum: ArrayLike, shares: Mapping[Any, float]) -> Floats:
    """Return item weights that give each stratum its share of the population.

    Args:
        stratum: shape (n,), a label for each item.
        shares: label -> share of the population, known from elsewhere than these items; above 0,
            adding up to 1.

    Returns:
        Shape (n,): share of the item's stratum over its items, mean 1; pass it as ``weight``
        together with ``stratum``.

    Raises:
        DataError: shares that do not add up to 1, a label without a share or without items.
        NotEnoughData: no items.
    """
    array = array_of("stratum", stratum)
    if array.size == 0:
        raise NotEnoughData("stratum: got no items, expected at least one")
    names, codes = labels("stratum", array, array.shape[0] if array.ndim else 0)
    known = {str(name): float(share) for name, share in shares.items()}
    missing = [str(name) for name in names if str(name) not in known]
    empty = sorted(known.keys() - {str(name) for name in names})
    if missing or empty:
        raise DataError(
            f"shares: got {'none for' if missing else 'one without items,'} "
            f"{(missing or empty)[0]!r}, expected one for each stratum of the items",
            hint="Join strata before the items are drawn, so that each has some.",
        )
    if min(known.values()) <= 0 or not math.isclose(sum(known.values()), 1, abs_tol=1e-6):
        raise DataError(
            f"shares: got {list(known.values())}, expected numbers above 0 that add up to 1"
        )
    each = np.array([known[str(name)] for name in names]) / np.bincount(codes)
    return np.asarray(each[codes] * codes.size, dtype=np.float64)


def pseudo_square(
    item: float, unit: float, spread: float, residuals: Floats, squares: float
) -> float:
    """Return κ², the squared weight of a pseudo unit.

    As in ``student``: it starts as the unit in which the average weight sits, all its items at ± h,
    and its square is shrunk by the design effect that the sample shows.

    Args:
        item: weight of the typical item.
        unit: weight of the typical unit.
        spread: distance h.
        residuals: shape (units,), weighted residual sums.
        squares: sum of the squared weighted residuals of the items.
    """
    between = float(np.sum(residuals**2)) + _PRIOR_WEIGHT * 2 * (unit * spread) ** 2
    within = squares + _PRIOR_WEIGHT * 2 * unit * item * spread**2
    return unit * item * min(max(between / within, 1.0), max(unit / item, 1.0))


def _notes(units: Units, sample: Sample) -> tuple[str, ...]:
    found = []
    if units.weights is not None:
        size = effective_size(units.weights)
        found.append(f"weights: {units.n} items count as {size:.1f} equal ones (Kish)")
    if sample.strata is not None and (fewest := int(np.bincount(units.blocks).min())) < _FEW:
        found.append(
            f"the smallest stratum has {fewest} units: below {_FEW}, strata that spread unequally "
            "can raise the error above its level"
        )
    weights = np.ones(units.n) if units.weights is None else units.weights
    differing = weights[sample.values != np.median(sample.values)]
    if sample.pseudo is not None and (not differing.size or effective_size(differing) < _ROUGH):
        found.append(
            f"only {differing.size} of {units.n} values differ from the rest: below {_ROUGH} there "
            "is little to learn, and the error can exceed its level"
        )
    return tuple(found)


_MEANS = {
    ClaimShape.DIFFERENCE: ("paired ", "of the differences", "half the score range"),
    ClaimShape.CONTRAST: (
        "contrast ",
        "of candidate − (1 − ratio) · baseline",
        "a quarter of the contrast's range",
    ),
    ClaimShape.MEAN: ("", "of the scores", "half the score range"),
}
_DESIGNS = {
    UnitDesign.WEIGHTED: (
        "weighted mean",
        "one cluster; df below 5",
        "Kish 1965; Bell & McCaffrey 2002; Pustejovsky & Tipton 2018",
        "weights known before the data; one-sided error at 5 %, the worse side, simulated with "
        "lognormal weights (σ = 0.5) at 20 / 50 / 200 items: normal values 4.5 / 4.7 / 5.2 %, "
        "binary pairs 0.4 / 4.1 / 5.8 %; 2.7 % where 1.8 % of 300 binary pairs differ",
    ),
    UnitDesign.STRATIFIED: (
        "stratified mean",
        "a stratum with fewer than two units; a cluster in two strata; df below 5",
        "Cochran 1977, sections 5.4 and 5A.9; Satterthwaite 1946; Bell & McCaffrey 2002",
        "strata of fixed sizes, or weights that give the population's shares; one-sided error at "
        "5 %, the worse side, simulated: up to 5.7 % from 4 units a stratum, 6.7 % for ten strata "
        "of 2 that spread unequally (warned about below 4); 16 % where sizes were left to "
        "chance and no shares declared",
    ),
}
_RANGED = (ScoreKind.BINARY, ScoreKind.GRADED)


def _rows() -> Iterator[Method]:
    for units, (name, refuses, reference, domain) in _DESIGNS.items():
        for claim, (prefix, of, spread) in _MEANS.items():
            baseline = "; baseline mean not above 0" if claim is ClaimShape.CONTRAST else ""
            for kinds in (_RANGED, (ScoreKind.UNBOUNDED,)):
                ranged = kinds is _RANGED
                pseudo = f", two pseudo units at the tested value ± h, h = {spread}"
                yield Method(
                    name=f"{prefix}{name}{' with pseudo units' if ranged else ''}",
                    kinds=kinds,
                    units=units,
                    claim=claim,
                    test=weighted_mean,
                    what=f"Satterthwaite's t for the {name} {of}, CR2 variance of the units' "
                    f"weighted sums{pseudo if ranged else ''}",
                    refuses=f"{refuses}{baseline}{'' if ranged else '; values without spread'}",
                    mark=Mark.ASYMPTOTIC,
                    reference=reference,
                    domain=domain,
                )
        for claim, why in (
            (ClaimShape.QUANTILE, "the binomial count needs items that count alike"),
            (ClaimShape.PASSES, "a pass is itself the independent unit"),
        ):
            yield refusal(units, claim, why)


WEIGHTED_ROWS = tuple(_rows())
