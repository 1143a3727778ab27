"""Files for others: what is written now is the golden file, and a changed one is refused.

The tools and schemas of those whose formats they are judge them in ``tests/interop``.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from xml.etree.ElementTree import ParseError

import pytest
from jsonschema import ValidationError

from liftgate.errors import BrokenChain, DataError
from tests.golden.judges import SCHEMAS, judges
from tests.golden.mutations import HOUSE, MUTATIONS
from tests.golden.written import FILES, written

GOLDEN = sorted(path.relative_to(FILES).as_posix() for path in FILES.rglob("*") if path.is_file())
REFUSALS = (AssertionError, DataError, BrokenChain, ValidationError, ParseError)
_NUMBER = re.compile(rb"-?\d+\.\d+(?:e-?\d+)?")
"""The last digits of a computed float differ between processors."""


@pytest.fixture(scope="module")
def now():
    return written()


@pytest.fixture(scope="module")
def judge():
    return judges()


def rounded(content):
    return _NUMBER.sub(lambda m: b"%.12g" % float(m[0]), content)


def test_no_golden_file_is_left_over_and_none_is_missing(now) -> None:
    assert sorted(now) == GOLDEN


@pytest.mark.parametrize("file", GOLDEN)
def test_what_is_written_is_the_golden_file(now, file) -> None:
    again = "python -m tests.golden.written writes it anew; say why it changed"
    assert rounded(now[file]) == rounded(FILES.joinpath(file).read_bytes()), again


@pytest.mark.parametrize("file", [f for f in GOLDEN if not f.startswith("mlflow/")])
def test_every_golden_file_is_accepted_by_what_reads_or_checks_it_here(judge, file) -> None:
    judge[file.partition("/")[0]](FILES, file)


@pytest.mark.parametrize("mutation", [m for m in MUTATIONS if HOUSE in m.by], ids=lambda m: m.id)
def test_a_changed_golden_file_is_refused_here(judge, tmp_path, mutation) -> None:
    folder = mutation.file.partition("/")[0]
    shutil.copytree(FILES / folder, tmp_path / folder)
    path = tmp_path / mutation.file
    old = path.read_text("utf-8")
    path.write_text(mutation.change(old), encoding="utf-8")
    assert path.read_text("utf-8") != old
    with pytest.raises(REFUSALS):
        judge[folder](tmp_path, mutation.file)


def test_every_golden_file_is_mutated_in_two_ways_or_more() -> None:
    for file in GOLDEN:
        kinds = {m.name for m in MUTATIONS if m.file == file}
        same = file.startswith(("mlflow/", "every_eval_ever/data/t/lab/old"))
        assert len(kinds) >= 2 or same, file


def test_the_schemas_of_others_are_as_they_came() -> None:
    lines = SCHEMAS.joinpath("SHA256SUMS").read_text("utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split() for line in lines)}
    assert set(sums) == {p.name for p in SCHEMAS.iterdir()} - {"README.md", "SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256(SCHEMAS.joinpath(name).read_bytes()).hexdigest() == digest
    assert "MIT" in SCHEMAS.joinpath("README.md").read_text("utf-8")
    assert json.loads(SCHEMAS.joinpath("sarif-2.1.0-rtm.5.json").read_text("utf-8"))["title"]
