"""Which page of the docs explains which method: docs/reference/methods/."""

from __future__ import annotations

from liftgate.stats.method import Method

_MEANS = ("paired ", "contrast ", "")
_OVER = ("", " over clusters")

NAMES: dict[str, tuple[str, ...]] = {
    "score-tests.md": ("paired score test",),
    "t.md": ("paired t with pseudo items", "paired t", "t with pseudo items", "t"),
    "clusters.md": (
        "paired CR2 with pseudo clusters",
        "paired CR2",
        "CR2 with pseudo clusters",
        "CR2",
    ),
    "contrasts.md": (
        "contrast t with pseudo items",
        "contrast t",
        "contrast CR2 with pseudo clusters",
        "contrast CR2",
    ),
    "exact.md": ("exact unconditional test", "Clopper–Pearson"),
    "betting-bound.md": tuple(f"{what}betting bound" for what in _MEANS),
    "e-process.md": tuple(f"{what}betting e-process{over}" for what in _MEANS for over in _OVER),
    "finite-set.md": tuple(f"finite-set betting test{over}" for over in _OVER),
    "order-statistics.md": ("order statistics", "sign test over passes"),
    "ratios.md": tuple(
        f"{name}{over}"
        for name in ("ratio by Fieller's contrast", "difference of ratios by jackknife")
        for over in _OVER
    ),
    "weights-and-strata.md": tuple(
        f"{what}{design} mean{pseudo}"
        for design in ("weighted", "stratified")
        for what in _MEANS
        for pseudo in (" with pseudo units", "")
    ),
    "set-metrics.md": tuple(
        f"{what}jackknife by {unit}" for what in ("", "paired ") for unit in ("item", "cluster")
    ),
    "judges.md": tuple(
        f"{what}cross-fitted PPI{suffix}"
        for what in ("", "paired ")
        for suffix in ("", " over clusters", " by stored chances")
    ),
    "corrected-rate.md": ("rate corrected for a detector's errors",),
}
"""Page -> what ``Estimate.method`` says."""

BESIDE = {
    "planned-looks.md": "planned looks, and history",
    "finite-set.md": "the finite-set test",
    "multiplicity.md": "several claims, candidates and slices",
    "tries.md": "several tries of a task: pass@k and pass^k",
    "pareto-front.md": "places on a Pareto front",
    "agreement.md": "agreement of raters",
    "bootstrap.md": "the bootstrap, for showing only",
}
"""Page -> what it is about, where that is no row of the table."""

_PAGE_OF = {name: page for page, names in NAMES.items() for name in names}


def page_of(row: Method) -> str:
    """Return the page of a row that has a method, as a path from docs/reference.

    Raises:
        KeyError: a method without a page.
    """
    return f"methods/{_PAGE_OF[row.name]}"
