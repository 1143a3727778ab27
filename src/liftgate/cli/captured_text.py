"""What was captured of a run, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WHOLE = "Everything was captured and kept."
_LISTED = 10


def captured_lines(manifest: Mapping[str, Any], now: str | None) -> Iterator[str]:
    """Yield a manifest for people, one line for each thing; ``now``: digest of the code now."""
    yield from _code(manifest.get("git"), now)
    for name, value in (
        ("packages", f"{len(manifest.get('installed') or {}):,}, each with a digest of its files"),
        ("python", manifest.get("python")),
        ("platform", manifest.get("platform")),
        ("processor", _pairs(manifest.get("cpu") or {})),
        ("memory", f"{manifest.get('memory_bytes')} bytes"),
        ("graphics", "; ".join(manifest.get("gpus") or ()) or "none"),
        ("determinism", _pairs(manifest.get("flags") or {}) or "no variable set"),
        ("threads", _pairs(manifest.get("threads") or {}) or "no variable set"),
        ("command", " ".join(manifest.get("command") or ())),
        ("seeds", _pairs(manifest.get("seeds") or {}) or "none"),
        ("concurrency", _pairs(manifest.get("concurrency") or {})),
        ("dataset", _pairs(manifest.get("dataset") or {}) or "not told"),
        ("prices", manifest.get("prices") or "no table"),
    ):
        yield f"{name}: {value}"
    for arm, said in (manifest.get("endpoints") or {}).items():
        if "not_captured" not in said:
            yield f"server of {arm}: {_pairs(said)}"


def _code(git: Mapping[str, Any] | None, now: str | None) -> Iterator[str]:
    if git is None:
        yield "code: not captured"
        return
    yield f"code: {git.get('code', 'no digest of the whole')}"
    yield f"  now: {'the same' if now == git.get('code') else now or 'no repository'}"
    yield f"  commit: {git['commit']}, {git['unpushed']} not pushed" + (
        ", kept as a bundle" if git.get("kept_bundle") else ""
    )
    yield f"  changes of tracked files: {git['diff'] or 'none'}"
    for title, value in (
        ("new files", git["untracked_files"]),
        ("links", git.get("links")),
        ("submodules", git.get("submodules")),
    ):
        yield f"  {title}: {_pairs(value or {}) or 'none'}"


def _pairs(values: Mapping[str, Any]) -> str:
    shown = [f"{name} {_value(value)}" for name, value in list(values.items())[:_LISTED]]
    if len(values) > _LISTED:
        shown.append(f"and {len(values) - _LISTED:,} more")
    return ", ".join(shown)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"({_pairs(value)})"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"({', '.join(map(str, value))})"
    return str(value)
