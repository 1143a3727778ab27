"""Pages that take long: they are made in a thread, and who waits is told how far they are.

A page that is ready within ``WAIT_S`` is answered at once. Of any other the visitor gets a short
page that says what is being done and asks again by itself, with or without scripts. What was made
is given once and not kept: asked anew, it is made anew. So it is where nobody came for it in time:
a page that says "now" must not be of an hour ago.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.responses import Response

WAIT_S = 0.15
_MOST = 32
"""Pages that were made and not fetched; whoever asks for an older one has it made again."""
_MOST_GOING = 64
"""Pages that may be waiting for their turn; whoever asks for one more waits for it himself."""
_KEPT_S = 90.0
"""How long a page waits for who asked for it: browsers ask once a minute from a hidden window."""
_AT_ONCE = 4
"""Pages of one address that are made at a time; those of another do not wait for them."""

Key = tuple[str, ...]


@dataclass
class Going:
    """A page that is being made."""

    said: str = ""
    made: Future[Response] = field(default_factory=Future)
    ready: float | None = None
    """When it was made, on the monotonic clock; None: it is not yet."""


class Later:
    """The pages that are being made."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._going: dict[Key, Going] = {}
        self._turns: defaultdict[str, threading.Semaphore] = defaultdict(
            lambda: threading.Semaphore(_AT_ONCE)
        )

    def answer(
        self, key: Key, make: Callable[[], Response], waiting: Callable[[str], Response]
    ) -> Response:
        """Return a page, or what is shown while it is being made.

        Args:
            key: which page, its address first, and whose: another visitor's is another one.
            make: makes it; what it raises is raised here. It may say how far it is, by ``tell``.
            waiting: makes the page for whoever waits, told what was said last.
        """
        going = self._begun(key, make)
        if going is None:
            return make()
        try:
            found = going.made.result(WAIT_S)
        except NotYet:
            if not going.made.done():
                return waiting(going.said)
            found = going.made.result()
        finally:
            if going.made.done():
                with self._guard:
                    if self._going.get(key) is going:
                        del self._going[key]
        return found

    def _begun(self, key: Key, make: Callable[[], Response]) -> Going | None:
        """Return the page as it is being made; None: too many are."""
        with self._guard:
            self._drop()
            going = self._going.get(key)
            if going is None and len(self._going) >= _MOST_GOING:
                return None
            if going is None:
                going = self._going[key] = Going()
                given = make, going, self._turns[key[0]]
                threading.Thread(target=self._make, args=given, daemon=True).start()
            return going

    def _drop(self) -> None:
        """Forget pages that were made and that nobody came for: old ones, and too many."""
        made = [(key, one.ready) for key, one in self._going.items() if one.ready is not None]
        oldest = monotonic() - _KEPT_S
        for place, (key, ready) in enumerate(made):
            if ready < oldest or place < len(made) - _MOST:
                del self._going[key]

    def _make(self, make: Callable[[], Response], going: Going, turns: threading.Semaphore) -> None:
        with turns:
            _OWN.going = going
            try:
                found = make()
            except BaseException as error:  # noqa: BLE001 - whoever waits is told
                going.ready = monotonic()
                going.made.set_exception(error)
            else:
                going.ready = monotonic()
                going.made.set_result(found)


_OWN = threading.local()


def tell(said: str) -> None:
    """Say how far the page is that this thread makes; elsewhere nobody hears it."""
    going = getattr(_OWN, "going", None)
    if going is not None:
        going.said = said
