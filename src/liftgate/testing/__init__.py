"""A simulated world with known truth: for liftgate's tests and for yours.

Write a module beside a study, and name its parts there (``python:world:items`` and so on)::

    from liftgate.testing import Faults, World

    world = World(seed=1, size=300, clusters=60)
    items = world.items
    before = world.system("before")
    after = world.system("after", effect=0.1, faults=Faults(crash=0.05))
"""

from __future__ import annotations

from liftgate.testing.stub import Act, Asked, StubServer
from liftgate.testing.world import Faults, World

__all__ = ["Act", "Asked", "Faults", "StubServer", "World"]
