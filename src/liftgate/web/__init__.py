"""Pages for people: served on this machine, without anything from anywhere else."""

from __future__ import annotations
