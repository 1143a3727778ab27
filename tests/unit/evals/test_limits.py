"""The budget of an endpoint, on a clock that jumps instead of waiting."""

from __future__ import annotations

import asyncio
import selectors
from itertools import pairwise

import pytest

from liftgate.errors import SystemFailed
from liftgate.evals import limits
from liftgate.evals.limits import EndpointBudget, Limits
from liftgate.protocols import Sent, TryAgain


class _Jumping(selectors.SelectSelector):
    """Never waits: tells the loop that the time is over."""

    now = 0.0

    def select(self, timeout=None):
        if timeout is not None and timeout > 0:
            self.now += timeout
        return super().select(0)


class Clock(asyncio.SelectorEventLoop):
    """An event loop in which time passes only when all wait."""

    def __init__(self) -> None:
        self.jumping = _Jumping()
        super().__init__(self.jumping)

    def time(self):
        return self.jumping.now


@pytest.fixture
def clock(monkeypatch):
    loop = Clock()
    monkeypatch.setattr(limits, "monotonic", loop.time)
    yield loop
    loop.close()


def run(clock, budget, requests, *, tokens=0):
    """Send all at once; return what came back, in the order of sending."""

    async def go():
        sends = (budget.send(request, tokens=tokens) for request in requests)
        return await asyncio.gather(*sends, return_exceptions=True)

    return clock.run_until_complete(go())


def test_requests_a_minute_are_kept_whatever_is_asked_at_once(clock) -> None:
    times = []

    async def request():
        times.append(clock.time())
        return Sent(None)

    run(clock, EndpointBudget(Limits(requests_per_minute=60), 500), [request] * 120)
    assert len(times) == 120
    for start in times:
        assert sum(start <= t < start + 60 for t in times) <= 61
    assert max(times) == pytest.approx(119, abs=1.5)


def test_tokens_a_minute_are_kept_and_what_was_not_needed_is_given_back(clock) -> None:
    times = []

    async def request():
        times.append(clock.time())
        await asyncio.sleep(0.01)
        return Sent(None, tokens=100)

    budget = EndpointBudget(Limits(tokens_per_minute=6000), 1)
    run(clock, budget, [request] * 60, tokens=400)
    # 60 answers of 100 tokens are one minute's budget, though 400 were expected of each.
    assert max(times) == pytest.approx(59, rel=0.1)


def test_retry_after_holds_back_every_arm_that_shares_the_endpoint(clock) -> None:
    times = []

    async def throttled():
        times.append(clock.time())
        if len(times) == 1:
            raise TryAgain("429", after_s=30, throttled=True)
        return Sent("late")

    async def other():
        await asyncio.sleep(0)
        times.append(clock.time())
        return Sent("other")

    async def go(budget):
        first = asyncio.ensure_future(budget.send(throttled, tokens=0))
        await asyncio.sleep(1)
        second = await budget.send(other, tokens=0)
        return await first, second

    found = clock.run_until_complete(go(EndpointBudget(Limits(), 4)))
    assert found == ("late", "other")
    assert times[0] == 0
    assert all(30 <= t <= 31.5 for t in times[1:])


def test_waits_grow_with_full_jitter_and_end_with_a_crash(clock) -> None:
    times = []

    async def broken():
        times.append(clock.time())
        raise TryAgain("HTTP 500")

    waits = []
    for seed in range(200):
        times.clear()
        made = Limits(tries=4, first_wait_s=1.0, longest_wait_s=3.0)
        (error,) = run(clock, EndpointBudget(made, 4, seed=seed), [broken])
        assert isinstance(error, SystemFailed)
        assert (error.kind, str(error)) == ("crash", "HTTP 500 (4 tries)")
        waits.append([b - a for a, b in pairwise(times)])
    for number, cap in enumerate((1.0, 2.0, 3.0)):
        drawn = [wait[number] for wait in waits]
        assert 0 <= min(drawn) < 0.1 * cap
        assert 0.9 * cap < max(drawn) <= cap + 1e-9


def test_a_server_that_takes_so_many_at_once_is_given_about_as_many(clock) -> None:
    inside = most = 0
    seen = []

    async def request():
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        seen.append(inside)
        try:
            if inside > 8:
                raise TryAgain("429", after_s=0.1, throttled=True)
            await asyncio.sleep(0.1)
            return Sent("ok")
        finally:
            inside -= 1

    budget = EndpointBudget(Limits(tries=50), 64, seed=1)
    assert run(clock, budget, [request] * 600) == ["ok"] * 600
    assert budget.throttled > 0
    late = seen[-300:]
    assert max(late) <= 10
    assert sum(late) / len(late) > 3
    assert budget.at_once <= 12


def test_requests_that_time_out_make_it_ask_less_at_once(clock) -> None:
    async def never():
        await asyncio.Event().wait()

    async def go(budget):
        tasks = [asyncio.ensure_future(budget.send(never, tokens=0)) for _ in range(8)]
        await asyncio.sleep(1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return budget.at_once

    assert clock.run_until_complete(go(EndpointBudget(Limits(), 8))) == 4


def test_a_wait_that_is_given_up_keeps_no_place(clock) -> None:
    async def quick():
        return Sent("ok")

    async def slow():
        await asyncio.sleep(5)
        return Sent("ok")

    async def go():
        budget = EndpointBudget(Limits(), 1)
        first = asyncio.ensure_future(budget.send(slow, tokens=0))
        await asyncio.sleep(0)
        waiting = [asyncio.ensure_future(budget.send(quick, tokens=0)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await first
        return await asyncio.gather(*waiting[1:])

    assert clock.run_until_complete(go()) == ["ok", "ok"]


def test_another_error_comes_through_at_once(clock) -> None:
    async def wrong():
        raise ValueError("mine")

    (error,) = run(clock, EndpointBudget(Limits(), 1), [wrong])
    assert isinstance(error, ValueError)
