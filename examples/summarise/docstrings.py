"""The items: docstrings of the installed numpy and scipy, without their summary lines.

A docstring of theirs begins with a one-line summary (PEP 257, numpydoc). A system sees the name of
the function and the beginning of what follows that line; the line is the reference. Both packages
are pinned (constraints/llm.txt): other versions of them are another dataset, and the lock notices.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from liftgate import Item

MODULES = (
    "numpy",
    "numpy.char",
    "numpy.fft",
    "numpy.lib.stride_tricks",
    "numpy.linalg",
    "numpy.ma",
    "numpy.polynomial.chebyshev",
    "numpy.polynomial.polynomial",
    "numpy.random",
    "numpy.testing",
    "scipy.cluster.hierarchy",
    "scipy.cluster.vq",
    "scipy.constants",
    "scipy.fft",
    "scipy.integrate",
    "scipy.interpolate",
    "scipy.io",
    "scipy.linalg",
    "scipy.ndimage",
    "scipy.optimize",
    "scipy.signal",
    "scipy.signal.windows",
    "scipy.sparse",
    "scipy.sparse.csgraph",
    "scipy.sparse.linalg",
    "scipy.spatial",
    "scipy.spatial.distance",
    "scipy.special",
    "scipy.stats",
    "scipy.stats.mstats",
    "scipy.stats.qmc",
)
ITEMS = 100
PILOT_ITEMS = 80
OF_ONE_MODULE = 2
"""Or numpy, with its 352, would be most of what is measured."""
SUMMARY_WORDS = range(4, 21)
LEAST_WORDS = 15
MOST_WORDS = 20
_GENERATED = re.compile(
    r"wrapper for |a %\(name\)s|continuous random variable|discrete random variable|"
    r"same as|alias|deprecated|see also|convenience function",
    re.IGNORECASE,
)
"""Lines that a program wrote, or that only point elsewhere."""
_RULES = re.compile(r"^-{3,}$", re.MULTILINE)
_SIGNATURES = re.compile(r"\A(?:[\w.]+\([^\n]*\)(?: -> [^\n]+)?\n+)+")
_FOOTNOTE = re.compile(r"\s*\[\d+\]_")
_ROLE = re.compile(r":(?:\w+:)*\w+:`~?\.?([^`<]*?)(?: <[^`]*>)?`")


def items() -> list[Item]:
    """Return the dataset of the study: items of the modules that the pilot did not use."""
    return _drawn(ITEMS, pilot=False)


def pilot_items() -> list[Item]:
    """Return the items on which the prompt was written and the size was planned."""
    return _drawn(PILOT_ITEMS, pilot=True)


def _drawn(count: int, *, pilot: bool) -> list[Item]:
    """Return a draw among the modules of one side, the same one every time.

    Every module gives one item before any gives a second: the more modules, the more is known.
    """
    taken: Counter[str] = Counter()
    places: dict[str, tuple[int, bytes]] = {}
    chosen = {}
    for item in sorted(documented(), key=lambda item: _lot(item.id)):
        module = str(item.cluster)
        if (_lot(module)[0] % 4 == 0) == pilot and taken[module] < OF_ONE_MODULE:
            places[item.id] = taken[module], _lot(item.id)
            taken[module] += 1
            chosen[item.id] = item
    drawn = sorted(chosen, key=places.__getitem__)[:count]
    return [chosen[name] for name in sorted(drawn)]


def _lot(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def documented() -> list[Item]:
    """Return every docstring that serves; what several modules show counts once."""
    found: dict[str, Item] = {}
    for name, thing in _public():
        parts = split(inspect.getdoc(thing) or "")
        if parts is not None:
            summary, text = parts
            item = Item(
                id=name,
                input={"name": name, "text": text},
                target=summary,
                cluster=_module(thing, name),
                slices={"package": name.partition(".")[0]},
            )
            found.setdefault(text, item)
    return list(found.values())


def split(doc: str) -> tuple[str, str] | None:
    """Return a docstring's summary and the beginning of what follows; None: it does not serve.

    Args:
        doc: as ``inspect.getdoc`` gives it.
    """
    head, _, rest = _SIGNATURES.sub("", doc.strip() + "\n").strip().partition("\n\n")
    summary, text = clean(head), clean(_RULES.sub("", rest))
    if _GENERATED.search(summary) or len(summary.split()) not in SUMMARY_WORDS:
        return None
    words = text.split()
    if len(words) < LEAST_WORDS:
        return None
    return summary, " ".join(words[:MOST_WORDS])


def clean(text: str) -> str:
    """Return a text on one line without the marks of reST."""
    return " ".join(_ROLE.sub(r"\1", _FOOTNOTE.sub("", text)).replace("`", "").split())


def _public() -> Iterator[tuple[str, Any]]:
    """Yield what the modules make public and is written for people: functions and classes."""
    seen: set[int] = set()
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        for name in sorted(getattr(module, "__all__", None) or dir(module)):
            thing = getattr(module, name, None)
            if name.startswith("_") or inspect.ismodule(thing) or not callable(thing):
                continue
            if id(thing) not in seen:
                seen.add(id(thing))
                yield f"{module_name}.{name}", thing


def _module(thing: Any, name: str) -> str:
    """Return where it is defined; what is written in C says only where it is shown."""
    found = getattr(thing, "__module__", None)
    return found if isinstance(found, str) else name.rpartition(".")[0]
