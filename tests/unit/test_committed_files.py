"""No committed file names a package registry, or a folder of somebody's machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Written in pieces, so that this file passes its own test.
HOSTS = ("pypi" + ".org", "python" + "hosted.org", "registry." + "npmjs", "deb." + "debian.org")
FOLDERS = re.compile(r"(?<![\w.<])/(?:work|root|home|Users)/[\w.-]+|(?<![\w.<])/tmp/[\w-]+")
PINS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("constraints/*.txt", "examples/*/requirements.txt", "examples/*/downloads.txt")
    for path in ROOT.glob(pattern)
)


def committed() -> dict[str, str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    found = {}
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file():
            found[name] = path.read_bytes().decode("utf-8", errors="ignore")
    return found


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return committed()


def test_no_committed_file_names_a_registry(texts) -> None:
    assert len(texts) > 50
    assert [name for name, text in texts.items() if any(host in text for host in HOSTS)] == []


def test_no_committed_file_holds_a_path_of_a_machine(texts) -> None:
    found = {name: FOLDERS.findall(text) for name, text in texts.items()}
    assert {name: paths for name, paths in found.items() if paths} == {}


@pytest.mark.parametrize("name", PINS)
def test_every_pin_is_exact_and_hashed_and_holds_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    pins = [part for part in re.split(r"\n(?=\S)", text.strip()) if not part.startswith("--")]
    assert pins
    for pin in pins:
        assert re.match(r"[a-z0-9.-]+==\S+", pin), pin
        assert "--hash=sha256:" in pin, pin
    assert "://" not in text


def test_the_pins_of_the_environments_agree() -> None:
    """One environment may be made of several of these files, each version pinned once."""
    pinned: dict[tuple[str, str], set[str]] = {}
    for name in PINS:
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if match := re.match(r"([a-z0-9.-]+)==([^ ;\\]+)(?: ; (.*?))?(?: \\)?$", line):
                package, version, marker = match.groups()
                pinned.setdefault((package, _versions(marker)), set()).add(version)
    assert {key: found for key, found in pinned.items() if len(found) > 1} == {}


def _versions(marker: str | None) -> str:
    """The part of a marker that tells Pythons apart."""
    return " and ".join(re.findall(r"python_full_version [<>=]+ '[\d.]+'", marker or ""))
