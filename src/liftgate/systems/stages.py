"""Opening the systems that a system is made of: by name, through the door by which all come in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from liftgate import plugins
from liftgate.errors import DataError, UnknownName
from liftgate.protocols import Identified, Metered, System
from liftgate.records import Answer, Json
from liftgate.study.params import BadParams

_KEYS = frozenset({"system", "params", "files", "packages"})


def check_stage(name: str, stage: Mapping[str, Any]) -> None:
    """Check the form of a stage's parameters: ``system``, and perhaps the rest of an arm.

    Raises:
        ValueError: names the parameter.
    """
    system = stage.get("system")
    if not isinstance(system, str) or not all(system.partition(":")[::2]):
        raise ValueError(f"{name}: system: got {system!r}, expected plugin:rest")
    if unknown := sorted(set(stage) - _KEYS):
        raise ValueError(f"{name}: got the key {unknown[0]!r}, expected {', '.join(sorted(_KEYS))}")


def open_stage(plugin: str, name: str, stage: Mapping[str, Any], root: Path) -> System:
    """Open a stage of a system.

    Args:
        plugin: the name of the plug-in that it is a stage of, for messages.
        name: the parameter that holds it.
        stage: as ``check_stage`` wants it.
        root: the folder from which files and modules are looked up.

    Raises:
        BadParams: the stage's own parameters are wrong; placed under its name.
        DataError: it cannot be opened.
    """
    inner, _, rest = str(stage["system"]).partition(":")
    try:
        factory = plugins.load("systems", inner)
        system: System = factory(
            rest,
            params=dict(stage.get("params") or {}),
            files=list(stage.get("files") or ()),
            packages=list(stage.get("packages") or ()),
            root=root,
        )
    except BadParams as error:
        problems = [problem.under(name, "params") for problem in error.problems]
        raise BadParams("systems", plugin, problems) from error
    except (DataError, UnknownName) as error:
        raise DataError(f"{name}: {error}", hint=error.hint) from error
    return system


def identity_of(system: System) -> Json:
    """Return what a stage's fingerprint is made of, where it says so, else the fingerprint."""
    return dict(system.identity) if isinstance(system, Identified) else system.fingerprint


def paid_calls(stage: str, name: str, system: System, answer: Answer) -> list[dict[str, Json]]:
    """Return the calls of a stage that may have a price, with what was reported of each.

    A stage that is itself made of systems reports their calls. One without tokens, cost or endpoint
    (a plain function) made none.

    Args:
        stage: the stage's name.
        name: its system, ``plugin:rest``, by which prices are looked up.
        system: the stage.
        answer: of the stage.
    """
    inner = (answer.reported or {}).get("calls")
    if isinstance(inner, (list, tuple)):
        return [{**call, "stage": stage} for call in inner if isinstance(call, Mapping)]
    counts = (answer.cost, answer.tokens_in, answer.tokens_out)
    if not isinstance(system, Metered) and all(one is None for one in counts):
        return []
    return [
        {
            "stage": stage,
            "system": name,
            "cost": answer.cost,
            "tokens_in": answer.tokens_in,
            "tokens_out": answer.tokens_out,
            "usage": (answer.reported or {}).get("usage"),
        }
    ]
