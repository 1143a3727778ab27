"""What is done before the first visitor comes, so that nobody waits for it."""

from __future__ import annotations

import contextlib
import threading
from importlib import import_module

from liftgate.errors import LiftgateError
from liftgate.flow.report import entry_page
from liftgate.store import Store
from liftgate.web.ui.shell import Site

_MODULES = ("duckdb", "markdown_it", "rfc8785", "liftgate.documents.compiled")
"""Imported by pages when they need them."""


def warm(site: Site) -> None:
    """Import what pages import, print one report, and hash the files of runs in a thread.

    What is unsound is said by the pages that need it.
    """
    for name in _MODULES:
        import_module(name)
    decided = [one.decision.sequence for one in site.index.now().values() if one.decision]
    with contextlib.suppress(LiftgateError):
        for entry in decided[-1:]:
            entry_page(site.workspace, entry)
    threading.Thread(target=_hash, args=(site,), daemon=True).start()


def _hash(site: Site) -> None:
    with (
        contextlib.suppress(LiftgateError),
        Store.open(site.workspace.home, read_only=True, seen=site.index.seen) as store,
    ):
        for file, digest in store.files().items():
            store.file_state(file, digest)
