"""What an endpoint takes: one budget of requests and tokens for all arms that call it.

Transport faults are tried again with exponential backoff and full jitter (M. Brooker, "Exponential
backoff and jitter", AWS Architecture Blog 2015: a uniform draw between 0 and the cap); the server's
own Retry-After is obeyed and holds back every arm. How many requests are in flight follows additive
increase and multiplicative decrease (Chiu & Jain 1989): one more for each round of answers, half as
many when the server is given too much or does not answer in time.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from liftgate.errors import SystemFailed
from liftgate.evals.watch import reading, standing_still
from liftgate.protocols import Composed, Metered, Sent, System, TryAgain

MINUTE_S = 60.0
_BURST_S = 1.0
"""How much of a minute's budget may be spent at once."""


@dataclass(frozen=True)
class Limits:
    """What the user says of endpoints, and how transport faults are tried again."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    tries: int = 8
    """Requests for one answer, at most, as long as only the transport fails."""
    first_wait_s: float = 0.5
    """Cap of the first wait; it doubles each time."""
    longest_wait_s: float = 60.0

    def among(self, parts: int) -> Limits:
        """Return what one of several may take that each keep to their part."""

        def part(rate: float | None) -> float | None:
            return None if rate is None else rate / parts

        return replace(
            self,
            requests_per_minute=part(self.requests_per_minute),
            tokens_per_minute=part(self.tokens_per_minute),
        )


class EndpointBudget:
    """The budget of one endpoint; see ``protocols.Budget``."""

    def __init__(self, limits: Limits, concurrency: int, *, seed: int | None = None) -> None:
        self._limits = limits
        self._requests = _Bucket(limits.requests_per_minute)
        self._tokens = _Bucket(limits.tokens_per_minute)
        self._gate = _Gate(concurrency)
        self._random = random.Random(seed)  # noqa: S311 - spreads waits, hides nothing
        self._held_until = 0.0
        self.repeated = 0
        """Requests that were sent again."""
        self.throttled = 0
        """Answers by which the server said that it gets too much."""

    @property
    def at_once(self) -> int:
        """Requests that may be in flight now."""
        return self._gate.limit

    async def send(self, request: Callable[[], Awaitable[Sent]], *, tokens: int) -> object:
        """Send a request when it fits in, and again as long as only the transport fails."""
        began = reading()
        for number in range(1, self._limits.tries + 1):
            if not self._fits_at_once():
                with standing_still():
                    await self._let_in(tokens)
            try:
                return await self._once(request, tokens)
            except TryAgain as fault:
                if number == self._limits.tries:
                    raise SystemFailed(f"{fault} ({number} tries)") from fault
                self.repeated += 1
                with standing_still(back_to=began):
                    await self._back_off(fault, number)
        raise AssertionError("tries is at least 1")

    def _fits_at_once(self) -> bool:
        """Let a request in if nothing that could keep it back is in use; as most are not."""
        if self._requests.limits or self._tokens.limits or self._held_until > monotonic():
            return False
        return self._gate.enter_at_once()

    async def _let_in(self, tokens: int) -> None:
        await self._gate.enter()
        try:
            # Whoever is told to wait longer meanwhile holds the others back for longer, too.
            while (left := self._held_until - monotonic()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(left)
            await self._requests.take(1)
            await self._tokens.take(tokens)
        except BaseException:
            self._gate.leave()
            raise

    async def _once(self, request: Callable[[], Awaitable[Sent]], tokens: int) -> object:
        began = monotonic()
        try:
            sent = await request()
        except TryAgain as fault:
            if fault.throttled:
                self.throttled += 1
                self._gate.shrink(began)
            raise
        except asyncio.CancelledError:
            # The study's time-out, mostly: a server that does not answer is given too much.
            self._gate.shrink(began)
            raise
        else:
            self._gate.grow()
            if sent.tokens is not None:
                self._tokens.correct(tokens - sent.tokens)
            return sent.value
        finally:
            self._gate.leave()

    async def _back_off(self, fault: TryAgain, number: int) -> None:
        cap = min(self._limits.longest_wait_s, self._limits.first_wait_s * 2 ** (number - 1))
        wait = self._random.uniform(0, cap)
        if fault.after_s is not None:
            until = monotonic() + fault.after_s
            if fault.throttled:
                self._held_until = max(self._held_until, until)
            # A little later each, or all that waited would come back at one moment.
            wait = fault.after_s + min(wait, 1.0)
        await asyncio.sleep(wait)


def share_budgets(
    callers: Sequence[tuple[System, int]],
    limits: Limits,
    parts: Mapping[str, int] | None = None,
) -> None:
    """Give every system that calls an endpoint the budget that all its callers share.

    Args:
        callers: systems, each with how many of its calls may be in flight.
        limits: of every endpoint.
        parts: endpoint -> in how many processes its callers are, each with its part of the rates;
            one that is not named is called from this process alone.
    """
    sharing: dict[str, list[tuple[Metered, int]]] = {}
    for caller, at_once in callers:
        for system in metered(caller):
            sharing.setdefault(system.endpoint, []).append((system, at_once))
    for endpoint, sharers in sharing.items():
        part = limits.among((parts or {}).get(endpoint, 1))
        budget = EndpointBudget(part, max(1, *(at_once for _, at_once in sharers)))
        for sharer, _ in sharers:
            sharer.use(budget)


def metered(system: System) -> Iterator[Metered]:
    """Yield what calls an endpoint: the system itself, or those that it is made of."""
    if isinstance(system, Metered):
        yield system
    elif isinstance(system, Composed):
        for stage in system.stages.values():
            yield from metered(stage)


class _Bucket:
    """A rate a minute: filled steadily, emptied by whoever takes; larger takes wait longer."""

    def __init__(self, per_minute: float | None) -> None:
        self._rate = None if per_minute is None else per_minute / MINUTE_S
        self._most = 0.0 if self._rate is None else max(self._rate * _BURST_S, 1.0)
        self._left = self._most
        self._at = monotonic()

    @property
    def limits(self) -> bool:
        """Whether there is a rate."""
        return self._rate is not None

    async def take(self, amount: float) -> None:
        """Take now and go into debt; wait until the debt is paid, so that the order is kept."""
        if self._rate is None:
            return
        self._accrue(self._rate)
        self._left -= amount
        if self._left < 0:
            await asyncio.sleep(-self._left / self._rate)

    def correct(self, amount: float) -> None:
        """Give back what was not needed, or take what was needed beyond."""
        if self._rate is not None:
            self._accrue(self._rate)
            self._left += amount

    def _accrue(self, rate: float) -> None:
        now = monotonic()
        earned = (now - self._at) * rate
        self._at = now
        # What was given back beyond the burst is not lost.
        self._left = max(self._left, min(self._most, self._left + earned))


class _Gate:
    """How many may be inside at once: it grows by one a round, and halves once a round at most."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._shrunk_at = -1.0

    @property
    def limit(self) -> int:
        return max(1, int(self._limit))

    def enter_at_once(self) -> bool:
        free = self._inside < self.limit and not self._waiting
        self._inside += free
        return free

    async def enter(self) -> None:
        if self.enter_at_once():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        self._inside -= 1
        self._let_in()

    def grow(self) -> None:
        if self._limit < self._most:
            self._limit = min(float(self._most), self._limit + 1 / self._limit)
            self._let_in()

    def shrink(self, began: float) -> None:
        """Halve, unless that was done since the request began that gives the reason."""
        if began >= self._shrunk_at:
            self._limit = max(1.0, self._limit / 2)
            self._shrunk_at = monotonic()

    def _let_in(self) -> None:
        while self._waiting and self._inside < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._inside += 1
                turn.set_result(None)
