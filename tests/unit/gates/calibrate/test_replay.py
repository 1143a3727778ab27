"""Replays: real rows with a known truth, put through the whole gate."""

from __future__ import annotations

import numpy as np
import pytest

from liftgate import plugins
from liftgate.errors import NotEnoughData
from liftgate.gates.calibrate import replayed
from liftgate.gates.calibrate.engine import HOLD, OPEN, SHIP
from liftgate.gates.calibrate.figures import exceeded, figure, lowest
from liftgate.gates.calibrate.quantities import asked_of
from liftgate.gates.calibrate.repeats import columns
from liftgate.gates.calibrate.replay import Harm, Kind, Material, harms, numbered, side_by_side
from liftgate.gates.calibrate.replayed import Gate, Replayed, replay
from liftgate.gates.foreign import collect
from liftgate.gates.sequence import looks_of
from liftgate.protocols import Row
from liftgate.records import Claim, Design, Item, Part
from tests.unit.gates.calibrate.pilots import SCALES, claim, pilot

PRIMARY, GUARD = Part.PRIMARY, Part.GUARDRAIL
CLAIMS = (
    claim("primary", PRIMARY, "right", "superior", by=0.0, target=0.1),
    claim("guardrails.0", GUARD, "quality", "non_inferior", margin=0.2),
)


def swapped(
    items: int = 120,
    *,
    clustered: bool = False,
    sides: int = 2,
    size: int = 1,
    metrics: tuple[str, ...] = ("right", "quality"),
    equal: bool = False,
) -> Material:
    """Return material of several columns, the first two being the pilot's arms."""
    pairs = pilot(items, clustered=clustered)
    some = pairs["right"]
    cluster = np.arange(items) // 4 if equal else numbered(some.cluster)
    rng = np.random.default_rng(3)
    scores = {}
    for metric in metrics:
        arms = [pairs[metric].baseline, pairs[metric].candidate]
        while len(arms) < sides * size:
            arms.append(rng.permutation(arms[0]))
        scores[metric] = np.stack(arms, axis=1)
    scales = {metric: SCALES[metric] for metric in metrics}
    return Material(
        Kind.LABEL_SWAP, "a and b", scores, scales, cluster, some.slices, sides, 1
    )  # fmt: skip


def gate_of(
    material: Material,
    claims: tuple[Claim, ...] = CLAIMS,
    design: Design = Design.FIXED,
    looks: int | None = None,
) -> Gate:
    cluster = material.cluster
    items = tuple(
        Item(str(n), {}, cluster=None if cluster is None else str(cluster[n]))
        for n in range(material.items)
    )
    rules = {c.id: plugins.load("rules", c.rule)(**c.params) for c in claims}
    asked = asked_of(claims, {"half": ("a", "b")})
    return Gate(claims, rules, asked, 0.05, 0.05, looks_of(design, items, looks))


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.mark.parametrize(
    ("shape", "design", "looks"),
    [
        ("single", Design.FIXED, None),
        ("clusters", Design.FIXED, None),
        ("three candidates", Design.FIXED, None),
        ("two repeats a side", Design.FIXED, None),
        ("single", Design.PLANNED_LOOKS, 3),
        ("clusters", Design.PLANNED_LOOKS, 3),
        ("few", Design.ANYTIME, None),
    ],
)
def test_run_by_run_the_engine_decides_replays_as_the_gate_does(
    shape: str, design: Design, looks: int | None
) -> None:
    material = {
        "single": swapped,
        "few": lambda: swapped(60),
        "clusters": lambda: swapped(clustered=True, equal=design is not Design.FIXED),
        "three candidates": lambda: swapped(sides=4),
        "two repeats a side": lambda: swapped(size=2),
    }[shape]()
    # Levels at which the words vary.
    gate = gate_of(material, design=design, looks=looks)
    gate = Gate(gate.claims, gate.rules, gate.asked, 0.3, 0.3, gate.looks)
    (harm,), _ = harms(gate.asked, material)
    fast = replayed._Shortcut.perhaps(gate, material, harm)
    assert fast is not None
    dealt = harm.plant(material.deal(6, rng()), material, rng())
    words, alone = fast.decided(dealt)
    expected, expected_alone = replayed._Itself(gate, material, harm).decided(dealt)
    assert words.tolist() == expected.tolist()
    assert alone.tolist() == expected_alone.tolist()
    assert design is Design.ANYTIME or len(np.unique(words)) > 1


def test_every_run_that_the_engine_decides_is_checked_against_the_gate_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    material = swapped()
    gate = gate_of(material)
    found = replay(gate, material, 30, rng())
    assert (found.by_engine, found.checked) == (True, replayed.CHECKED)

    def wrong(self: object, dealt: replayed.Dealt) -> object:
        runs = next(iter(dealt.values())).shape[0]
        return np.full((runs, 1), SHIP), np.zeros(runs, dtype=np.bool_)

    monkeypatch.setattr(replayed._Shortcut, "decided", wrong)
    fallen = replay(gate, material, 30, rng())
    assert (fallen.by_engine, fallen.checked) == (False, 0)
    assert fallen.words.tolist() == found.words.tolist()


def test_what_the_engine_does_not_know_is_left_to_the_gate() -> None:
    whole = swapped()
    gaps = {m: s.copy() for m, s in whole.scores.items()}
    gaps["right"][:3, 1] = np.nan
    missing = Material(Kind.LABEL_SWAP, "a", gaps, whole.scales, None, whole.slices, 2, 1)
    uneven = swapped(clustered=True)
    for material, gate in (
        (missing, gate_of(missing)),
        (uneven, gate_of(uneven, design=Design.PLANNED_LOOKS, looks=3)),
    ):
        assert replayed._Shortcut.perhaps(gate, material, None) is None
        assert not replay(gate, material, 4, rng()).by_engine


def test_exchanging_arms_keeps_clusters_together_and_every_mean_at_no_difference() -> None:
    material = swapped(clustered=True)
    dealt = material.deal(4000, rng())
    for metric, scores in dealt.items():
        shift = scores[..., 1].mean(axis=1) - scores[..., 0].mean(axis=1)
        assert abs(shift.mean()) < 4 * shift.std() / np.sqrt(4000), metric
    moved = dealt["quality"][0, :, 1] == material.scores["quality"][:, 1]
    differs = material.scores["quality"][:, 0] != material.scores["quality"][:, 1]
    for code in np.unique(material.codes):
        inside = (material.codes == code) & differs
        assert len(np.unique(moved[inside])) <= 1


@pytest.mark.parametrize(
    ("tested", "expected"),
    [
        (claim("g", GUARD, "right", "non_inferior", margin=0.1), -0.1),
        (claim("g", GUARD, "wrong", "non_inferior", margin=0.1), 0.1),
        (claim("g", GUARD, "quality", "non_inferior", margin=0.3), -0.3),
        (claim("g", GUARD, "quality", "equivalent", margin=0.3), -0.3),
    ],
)
def test_planted_harm_puts_the_claim_at_its_margin(tested: Claim, expected: float) -> None:
    material = swapped(200, metrics=("right", "quality", "wrong"))
    asked = asked_of((CLAIMS[0], tested), {})
    (harm,), _ = harms(asked, material)
    dealt = harm.plant(material.deal(4000, rng()), material, rng())[tested.metric]
    shift = (dealt[..., 1] - dealt[..., 0]).mean(axis=1)
    assert shift.mean() == pytest.approx(expected, abs=4 * shift.std() / np.sqrt(4000))
    assert set(np.unique(dealt)) <= set(np.unique(material.scores[tested.metric])) | {harm.worst}


def test_harm_is_planted_in_one_slice_at_a_time_and_as_a_share_of_the_baseline() -> None:
    material = swapped(300)
    over = claim("g", GUARD, "right", "each_non_inferior", "half", margin=0.1)
    relative = claim("h", GUARD, "quality", "non_inferior", margin="10%")
    asked = asked_of((CLAIMS[0], over, relative), {"half": ("a", "b")})
    found, _ = harms(asked, material)
    assert [h.title for h in found] == [
        "right each-non-inferior by half = a",
        "right each-non-inferior by half = b",
        "quality non-inferior",
    ]
    inside = material.slices["half"] == "a"
    dealt = found[0].plant(material.deal(3000, rng()), material, rng())["right"]
    shift = dealt[..., 1] - dealt[..., 0]
    assert shift[:, inside].mean() == pytest.approx(-0.1, abs=0.01)
    assert shift[:, ~inside].mean() == pytest.approx(0, abs=0.01)
    dealt = found[2].plant(material.deal(3000, rng()), material, rng())["quality"]
    assert dealt[..., 1].mean() / dealt[..., 0].mean() == pytest.approx(0.9, abs=0.005)


def test_a_margin_that_nothing_can_lose_is_named() -> None:
    material = swapped()
    wide = claim("guardrails.0", GUARD, "right", "non_inferior", margin=0.9)
    found, refused = harms(asked_of((CLAIMS[0], wide), {}), material)
    assert found == ()
    assert "the claim cannot fail on these items" in refused["guardrails.0"]


def test_a_deterministic_system_proves_nothing() -> None:
    scores = {"right": np.ones((20, 2))}
    with pytest.raises(NotEnoughData, match="deterministic system from itself is 0"):
        Material(Kind.REPEAT_AA, "old", scores, {"right": SCALES["right"]}, None, {}, 2, 1)
    with pytest.raises(NotEnoughData, match="exchanging them changes nothing"):
        Material(Kind.LABEL_SWAP, "a, b", scores, {"right": SCALES["right"]}, None, {}, 2, 1)


def test_rates_at_the_exact_null_are_near_what_is_declared_and_bare_means_ship_every_other() -> (
    None
):
    material = swapped(300)
    gate = gate_of(material)
    found = replay(gate, material, 2000, rng())
    one = figure(Kind.LABEL_SWAP, material, None, found, gate)
    # Given one data set the score test may err by half a point more than over all of them.
    assert 0 < one.ship.value < 0.065
    assert one.ship.count + one.hold.count + one.open.count == 2000
    assert not exceeded([one])
    assert 0.3 < one.naive.value < 0.7


def test_a_gate_that_ships_too_often_is_seen() -> None:
    material = swapped()
    gate = gate_of(material)
    runs = 1000
    words = np.full((runs, 1), OPEN)
    words[:90] = SHIP
    words[90:100] = HOLD
    nothing = np.zeros(runs, dtype=np.bool_)
    broken = figure(
        Kind.LABEL_SWAP, material, None, Replayed(words, None, nothing, True, 0), gate
    )  # fmt: skip
    assert exceeded([broken])
    assert lowest(broken.ship, 0.025) > 0.05
    words[60:90] = OPEN
    fine = figure(Kind.LABEL_SWAP, material, None, Replayed(words, None, nothing, True, 0), gate)
    assert not exceeded([fine])


def test_the_harmed_claim_passes_about_as_often_as_alpha_allows() -> None:
    material = swapped(400)
    gate = gate_of(material)
    (harm,), _ = harms(gate.asked, material)
    assert isinstance(harm, Harm)
    found = replay(gate, material, 2000, rng(), harm)
    assert found.alone is not None
    assert 0.01 < found.alone.mean() < 0.065
    assert found.words.tolist().count([SHIP]) < found.alone.sum()


def test_items_of_a_cluster_stand_side_by_side_in_a_seeded_order() -> None:
    cluster = np.array([0, 1, 0, 2, 1, 0])
    order = side_by_side(cluster, 6, seed=4)
    assert sorted(order.tolist()) == list(range(6))
    assert len([1 for a, b in zip(cluster[order], cluster[order][1:], strict=False) if a != b]) == 2
    assert side_by_side(cluster, 6, seed=4).tolist() == order.tolist()
    assert numbered(np.array([7, 7, 2, 9, 2])).tolist() == [0, 0, 1, 2, 1]  # type: ignore[union-attr]


def test_a_tables_repeats_become_columns() -> None:
    rows = [
        Row("a", {"right": 1.0}, repeat="1"),
        Row("b", {"right": None}, repeat="1"),
        Row("a", {"right": 0.0}, repeat="2", error="time-out"),
        Row("b", {"right": 1.0}, repeat="2"),
        Row("b", {"right": 0.0}, repeat="3"),
    ]
    side = collect(rows, metrics=["right"], place="t", has_repeats=True)
    found = columns(side, np.array([1, 0]), "right", 0.0)
    assert found[1].tolist() == [1.0, 0.0]
    assert np.isnan(found[0, 0])
    assert found[0, 1] == 1.0
