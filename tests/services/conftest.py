"""A PostgreSQL server for the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.postgres_server import server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Return the URL of a server of the tests' own."""
    # No test pulls the plug, so nothing need wait for the disk.
    with server(fsync=False) as url:
        yield url
