"""What is built and what is imported: the wheel is whole, and the command line starts light."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "liftgate"
HEAVY = (
    *("aiohttp", "duckdb", "jinja2", "numpy", "pydantic", "rich", "scipy", "starlette", "uvicorn"),
    "yaml",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_every_file_of_the_package(wheel) -> None:
    inside = {name for name in wheel.namelist() if name.startswith("liftgate/")}
    there = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == there


def test_the_wheel_holds_types_templates_and_styles(wheel) -> None:
    names = set(wheel.namelist())
    assert "liftgate/py.typed" in names
    for ending in (".html.j2", ".css"):
        for place in ("documents", "web"):
            assert any(n.startswith(f"liftgate/{place}/") and n.endswith(ending) for n in names)
    assert "liftgate/web/static/rate.js" in names
    assert {
        f"liftgate/web/static/vendor/{name}"
        for name in ("htmx-2.0.11.min.js", "htmx-LICENSE", "SHA256SUMS")
    } <= names


def test_the_wheel_brings_the_command_the_plug_ins_and_the_licence(wheel) -> None:
    (entry_points,) = (n for n in wheel.namelist() if n.endswith("entry_points.txt"))
    text = wheel.read(entry_points).decode()
    for line in ("liftgate = liftgate.cli.main:main", "[liftgate.scorers]", "[liftgate.rules]"):
        assert line in text
    assert any(n.endswith("licenses/LICENSE") for n in wheel.namelist())


def _imported(code: str) -> set[str]:
    ending = "\nimport sys, json; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code + ending], check=True, capture_output=True, text=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_imports_nothing_heavy() -> None:
    imported = _imported(
        "from liftgate.cli.main import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
    )
    assert "click" in imported
    assert imported.isdisjoint(HEAVY)


@pytest.mark.parametrize("module", ["liftgate", "liftgate.records", "liftgate.stats"])
def test_importing_the_package_imports_nothing_heavy(module: str) -> None:
    assert _imported(f"import {module}").isdisjoint({*HEAVY, "click"})
