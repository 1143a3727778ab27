"""People who rate: batches drawn at random and blinded, their ratings, and how far they agree."""

from __future__ import annotations
