"""What liftgate itself says of a golden file: its readers, and the check of built documents."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import jsonschema

from liftgate.documents.audit import Finding, Status, audit, record_of, same_lines
from liftgate.documents.binding import front_matter
from liftgate.documents.compiled import Document
from liftgate.documents.facts import Facts
from liftgate.documents.madr import from_markdown
from liftgate.importers.place import open_table
from liftgate.ledger import dsse, statements
from liftgate.records import Columns
from tests.golden import written

SCHEMAS = Path(__file__).parent / "schemas"
Judge = Callable[[Path, str], None]
"""(folder of files, file in it); raises when something is wrong."""


def all_hold(findings: Iterable[Finding]) -> None:
    found = [one for one in findings if one.status is not Status.SUPPORTED]
    assert not found, found


def evidence(facts: Facts, made: Document) -> Judge:
    """Judge a card as ``doc check`` does: by what the evidence makes of it now."""

    def judge(folder: Path, file: str) -> None:
        inside = file.partition("/")[2]
        content = folder.joinpath(file).read_text("utf-8")
        if inside != "README.md":
            all_hold(same_lines(content, made.companions[inside]))
            return
        about, _ = record_of(content, file)
        found = audit(content, about, facts, newest=facts)
        assert len(found) > 5
        all_hold(found)
        all_hold(same_lines(front_matter(content), front_matter(made.markdown)))

    return judge


def of_the_lock(folder: Path, file: str) -> None:
    all_hold(same_lines(folder.joinpath(file).read_text("utf-8"), written.osf()))


def envelope(folder: Path, file: str) -> None:
    read = dsse.read(json.loads(folder.joinpath(file).read_bytes()), statements.TYPE)
    assert dsse.signers(read, [written.key().public]) == [written.key().public]
    made = json.loads(read.payload)
    number, leaf, kind = statements.about(made)
    entry = written.entries()[number - 1]
    assert leaf == entry.leaf
    assert kind == made["predicateType"]


def junit(folder: Path, file: str) -> None:
    """Counts and cases agree, as a CI system adds them up."""
    for suite in ET.parse(folder / file).getroot():
        kinds = Counter(part.tag for case in suite.iter("testcase") for part in case)
        stated = {
            name: int(suite.get(name, -1)) for name in ("tests", "failures", "errors", "skipped")
        }
        assert stated == {
            "tests": len(suite.findall("testcase")),
            "failures": kinds["failure"],
            "errors": kinds["error"],
            "skipped": kinds["skipped"],
        }


def sarif(folder: Path, file: str) -> None:
    """By its schema, and each result by a rule that the run defines (SARIF 2.1.0, 3.27.5)."""
    body = json.loads(folder.joinpath(file).read_text("utf-8"))
    schema = json.loads(SCHEMAS.joinpath("sarif-2.1.0-rtm.5.json").read_text("utf-8"))
    jsonschema.Draft4Validator(schema).validate(body)
    for run in body["runs"]:
        rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
        assert {result["ruleId"] for result in run["results"]} <= rules


def log(folder: Path, file: str) -> None:
    """Read an exported side, from its aggregate and from its samples."""
    stem = folder.joinpath(file.removesuffix("_samples.jsonl").removesuffix(".json"))
    for place in (f"{stem}.json", f"{stem}_samples.jsonl"):
        table, _ = open_table(place, Columns())
        assert [one for one in table.checks if one.quantity == "score" and not one.equal] == []
        assert len(list(table.rows())) == 40


def record(folder: Path, file: str) -> None:
    from_markdown(folder.joinpath(file).read_text("utf-8"))


def judges() -> dict[str, Judge]:
    """Return the judge of each folder of golden files."""
    return {
        "model-card": evidence(*written.model_card()),
        "dataset-card": evidence(*written.dataset_card()),
        "osf": of_the_lock,
        "in-toto": envelope,
        "junit": junit,
        "sarif": sarif,
        "every_eval_ever": log,
        "madr": record,
    }
