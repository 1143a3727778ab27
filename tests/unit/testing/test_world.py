from __future__ import annotations

import pytest

from liftgate.errors import DataError, SystemFailed
from liftgate.testing import Faults, World


def rate(world, name, effect, agreement=0.5):
    hits = [world.succeeds(name, n, effect=effect, agreement=agreement) for n in range(world.size)]
    return sum(hits) / world.size


def test_everything_follows_from_the_seed() -> None:
    assert World(seed=1).items() == World(seed=1).items()
    assert World(seed=1).items() != World(seed=2).items()
    assert rate(World(seed=1), "a", 0.0) == rate(World(seed=1), "a", 0.0)


def test_systems_succeed_as_often_as_was_set() -> None:
    world = World(seed=4, size=20_000, success=0.5, spread=0.3)
    assert rate(world, "a", 0.0) == pytest.approx(0.5, abs=0.015)
    assert rate(world, "b", 0.1) == pytest.approx(0.6, abs=0.015)


def test_systems_that_agree_differ_only_where_they_must() -> None:
    world = World(seed=4, size=5000)
    pairs = {
        agreement: [
            (
                world.succeeds("a", n, effect=0.0, agreement=agreement),
                world.succeeds("b", n, effect=0.1, agreement=agreement),
            )
            for n in range(world.size)
        ]
        for agreement in (0.0, 1.0)
    }
    assert not any(before and not after for before, after in pairs[1.0])
    lost = sum(before and not after for before, after in pairs[0.0]) / world.size
    assert lost == pytest.approx(0.6 * 0.3, abs=0.03)


def test_items_of_a_cluster_resemble_each_other() -> None:
    world = World(seed=4, size=6000, clusters=30, spread=0.4, success=0.5)
    by_cluster = [
        [world.succeeds("a", n, effect=0.0, agreement=0.0) for n in range(c, 6000, 30)]
        for c in range(30)
    ]
    means = [sum(hits) / len(hits) for hits in by_cluster]
    spread = sum((mean - 0.5) ** 2 for mean in means) / 30
    assert spread > 2 * 0.25 / 200
    clusters = {item.cluster for item in world.items()}
    assert len(clusters) == 30
    topics = {(item.cluster, item.slices["topic"]) for item in world.items()}
    assert len(topics) == 30


def test_the_answers_show_the_truth() -> None:
    world = World(seed=9, size=50)
    answer = world.system("a", effect=0.05, measures={"size": 3.0})()
    for n, item in enumerate(world.items()):
        right = world.succeeds("a", n, effect=0.05, agreement=0.5)
        assert answer(item.input) == ("right" if right else "wrong")
    assert answer.measure() == {"size": 3.0}


def test_faults_hit_the_same_items_each_time_at_the_rates_that_were_set() -> None:
    world = World(seed=9, size=4000)
    faults = Faults(crash=0.05, refusal=0.1, wrong_type=0.05, hang=0.02, hang_s=0.0)
    kinds = [faults.of(world.lot("fault", "a", n)) for n in range(world.size)]
    for kind, share in (("crash", 0.05), ("refusal", 0.1), ("wrong_type", 0.05), ("hang", 0.02)):
        assert kinds.count(kind) / world.size == pytest.approx(share, abs=0.015)
    answer = world.system("a", faults=faults)()
    items = world.items()
    with pytest.raises(RuntimeError, match="planned crash"):
        answer(items[kinds.index("crash")].input)
    with pytest.raises(SystemFailed, match="planned refusal"):
        answer(items[kinds.index("refusal")].input)
    assert type(answer(items[kinds.index("wrong_type")].input)) is object
    assert type(answer(items[kinds.index("hang")].input)) is object


@pytest.mark.parametrize(
    "make",
    [
        lambda: World(seed=1, success=0.9, spread=0.2),
        lambda: World(seed=1).system("a", effect=0.3),
        lambda: Faults(crash=0.6, hang=0.6),
        lambda: Faults(crash=-0.1),
    ],
)
def test_a_world_that_cannot_be_is_refused(make) -> None:
    with pytest.raises(DataError, match="expected"):
        make()
