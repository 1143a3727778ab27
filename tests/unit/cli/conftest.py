"""A folder with tables for whoever compares."""

from __future__ import annotations

from tests.unit.cli.tables import folder

__all__ = ["folder"]
