"""Questions about installed functions, and the passages that answer them: signatures, real ones.

A passage is the signature of a function of numpy or scipy with the summary line of its docstring. A
question gives the words that follow that line, which the passage does not hold, and asks for the
default of a parameter. Both packages are pinned (constraints/base.txt): another version is another
dataset, and the lock notices.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from examples.summarise.docstrings import documented
from liftgate import Item

ITEMS = 72
OF_ONE_MODULE = 6
PARAMETERS = range(2, 9)
"""How many parameters a function may have: a small model reads short signatures."""
_KEPT = (bool, int, float, str)


@dataclass(frozen=True)
class Function:
    """A function with a default to ask for."""

    name: str
    module: str
    signature: str
    summary: str
    described: str
    """The words after the summary."""
    parameter: str
    default: str

    @property
    def passage(self) -> str:
        """Return what a retriever may find."""
        return f"{self.name}{self.signature}: {self.summary}"


def functions() -> list[Function]:
    """Return every documented function whose signature has a literal default, by name."""
    return sorted(_functions(), key=lambda one: one.name)


def _functions() -> Iterator[Function]:
    for item in documented():
        module, _, short = item.id.rpartition(".")
        made = _signature(getattr(importlib.import_module(module), short, None))
        if made is None:
            continue
        defaults = {
            parameter.name: repr(parameter.default)
            for parameter in made.parameters.values()
            if type(parameter.default) in _KEPT
        }
        if not defaults or len(made.parameters) not in PARAMETERS or "casting" in made.parameters:
            continue  # A ufunc's parameters are those of every other.
        if "<" in str(made):
            continue  # What has no literal is shown with its address, another one in every process.
        asked = min(defaults, key=lambda name: _lot(f"{item.id} {name}"))
        yield Function(
            name=item.id,
            module=str(item.cluster),
            signature=str(made),
            summary=str(item.target),
            described=str(item.input["text"]),
            parameter=asked,
            default=defaults[asked],
        )


def _signature(function: object) -> inspect.Signature | None:
    """Return a function's signature without annotations; None: it tells none."""
    try:
        found = inspect.signature(function)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in found.parameters.values()]
    return inspect.Signature(plain)


def items() -> list[Item]:
    """Return the questions: a draw, at most six of one module, the same every time."""
    taken: dict[str, int] = {}
    drawn: list[Function] = []
    for one in sorted(functions(), key=lambda one: _lot(one.name)):
        if taken.get(one.module, 0) < OF_ONE_MODULE and len(drawn) < ITEMS:
            taken[one.module] = taken.get(one.module, 0) + 1
            drawn.append(one)
    return [
        Item(
            id=one.name,
            input={
                "query": f"{one.parameter} {one.described}",
                "parameter": one.parameter,
            },
            target={
                "answer": f"{one.parameter}={one.default}",
                "documents": [one.name],
                "context": one.passage,
            },
            cluster=one.module,
            slices={"package": one.name.partition(".")[0]},
        )
        for one in sorted(drawn, key=lambda one: one.name)
    ]


def _lot(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
