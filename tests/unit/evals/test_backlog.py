"""Systems that answer faster than the disk writes: they wait, so that no kill loses much."""

from __future__ import annotations

import time

from liftgate.evals import shares
from liftgate.evals.limits import Limits
from liftgate.store import active


def test_calls_wait_for_the_disk_instead_of_filling_the_memory(bench, monkeypatch) -> None:
    monkeypatch.setattr(active, "GROUP_ROWS", 10)
    waiting = []
    add, commit = active.Committer.add, active.Committer._commit

    def counted(self, table, row):
        add(self, table, row)
        waiting.append(len(self._waiting))

    def slow(self, connection, group):
        time.sleep(0.002)
        commit(self, connection, group)

    monkeypatch.setattr(active.Committer, "add", counted)
    monkeypatch.setattr(active.Committer, "_commit", slow)
    system = bench.system("a", lambda text, number: "yes", concurrency=4)
    done = bench.run(bench.plan(system, items=200))
    assert (done.called, done.scored) == (200, 200)
    # Two groups, and the rows of those calls that were under way when they were full.
    assert 10 < max(waiting) <= 2 * 10 + 2 * 4 + 2


def test_shares_never_exceed_what_there_is() -> None:
    for total in range(1, 20):
        for parts in range(1, 9):
            found = shares.split(total, parts)
            assert sum(found) == total
            assert len(found) == parts
            assert max(found) - min(found) <= 1


def test_a_part_of_the_rates_is_what_all_parts_together_may_take() -> None:
    part = Limits(60.0, None).among(4)
    assert (part.requests_per_minute, part.tokens_per_minute) == (15.0, None)


def test_several_workers_take_as_many_each_unless_they_share_an_endpoint(bench) -> None:
    class Called(bench.system):
        endpoint, model = "http://one", "m"

        def use(self, budget):
            self.budget = budget

        def expect(self, parts):
            raise AssertionError

    class Judge(Called):
        pass

    own = bench.system("own", lambda text, number: "yes", concurrency=2)
    called = Called("called", lambda text, number: "yes", concurrency=5)
    plan = bench.plan(own, called, scorers={})
    found = shares.shares(plan, 3)
    assert found["sha256:own"] == (6, [2, 2, 2])
    assert found["sha256:called"] == (5, [2, 2, 1])
    asked = Judge("judge", lambda text, number: "yes")
    assert shares.callers(plan, found, []) == {"http://one": 3}
    assert shares.callers(plan, found, [asked]) == {"http://one": 4}
    stated = bench.plan(own, called, scorers={}, concurrency=4)
    assert shares.shares(stated, 3)["sha256:own"] == (4, [2, 1, 1])
