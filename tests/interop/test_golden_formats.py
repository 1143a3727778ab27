"""The golden files by the tools and schemas of those whose formats they are; changed ones fail.

``tests/contracts/test_interop_formats.py`` shows that they are what liftgate writes now.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import mlcroissant as mlc
import pytest
import xmlschema
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf import json_format
from huggingface_hub import ModelCard, parse_eval_result_entries
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.predicates.vsa.v1 import vsa_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from junitparser import JUnitXml
from securesystemslib import dsse
from securesystemslib.signer import SSlibKey

from tests.golden.judges import SCHEMAS
from tests.golden.judges import sarif as by_the_schema
from tests.golden.mutations import MUTATIONS, OFFICIAL
from tests.golden.written import FILES, key
from tests.interop.test_every_eval_ever_peer import judged

# mlcroissant's own parser of JSON-LD uses what its library has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
PREDICATES = {
    "https://in-toto.io/attestation/test-result/v0.1": test_result_pb2.TestResult,
    "https://slsa.dev/verification_summary/v1": vsa_pb2.VerificationSummary,
}


def head_of_a_card(path: Path) -> None:
    card = ModelCard(path.read_text("utf-8"), ignore_metadata_errors=False)
    assert card.data.model_name == "dense"
    assert len(card.data.eval_results) == 6


def results_of_a_model(path: Path) -> None:
    entries = parse_eval_result_entries(yaml.safe_load(path.read_text("utf-8")))
    assert len(entries) == 6


def bill_of_materials(path: Path) -> None:
    found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(path.read_text("utf-8"))
    assert found is None, found


def dataset(path: Path) -> None:
    found = mlc.Dataset(path.with_name("croissant.json"))
    assert not found.metadata.ctx.issues.errors
    assert not found.metadata.ctx.issues.warnings
    assert len(list(found.records("items"))) == 6


def attestation(path: Path) -> None:
    public = Ed25519PublicKey.from_public_bytes(key().public.public)
    signed = dsse.Envelope.from_dict(json.loads(path.read_bytes()))
    assert signed.verify([SSlibKey.from_crypto(public, keyid=key().public.id)], 1)
    statement(json.loads(signed.payload))


def statement(body: dict) -> None:
    """Check the statement, and the predicate where it is one of in-toto's own."""
    made = json_format.ParseDict(body, statement_pb2.Statement())
    Statement.copy_from_pb(made).validate()
    if body["predicateType"] in PREDICATES:
        said = dict(body["predicate"])
        if "verifiedLevels" in said:
            # SLSA 1.0 says a list; the last package of in-toto's (2023) holds one text only.
            (said["verifiedLevels"],) = said["verifiedLevels"]
        json_format.ParseDict(said, PREDICATES[body["predicateType"]]())


def test_results(path: Path) -> None:
    xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd").validate(path)
    for suite in JUnitXml.fromfile(str(path)):
        stated = (suite.tests, suite.failures, suite.errors, suite.skipped)
        suite.update_statistics()
        assert stated == (suite.tests, suite.failures, suite.errors, suite.skipped)


test_results.__test__ = False


def samples(path: Path) -> None:
    root = path.parents[4]
    stem = path.name.removesuffix("_samples.jsonl").removesuffix(".json")
    for name in (f"{stem}.json", f"{stem}_samples.jsonl"):
        report = judged(root, path.with_name(name))
        assert (report.errors, report.warnings) == ([], [])


OFFICIALS: dict[str, Callable[[Path], None]] = {
    "model-card/README.md": head_of_a_card,
    "model-card/.eval_results/": results_of_a_model,
    "model-card/model.cdx.json": bill_of_materials,
    "dataset-card/": dataset,
    "in-toto/": attestation,
    "junit/": test_results,
    "sarif/": lambda path: by_the_schema(path.parent, path.name),
    "every_eval_ever/": samples,
}
NO_TOOL = ("osf/", "madr/", "mlflow/", "dataset-card/README.md")
"""OSF's form and MADR have no tool that checks a file; MLflow's is a server: tests/mlflow."""
FOUND = sorted(path.relative_to(FILES).as_posix() for path in FILES.rglob("*") if path.is_file())


def official(file: str) -> Callable[[Path], None]:
    (found,) = (judge for start, judge in OFFICIALS.items() if file.startswith(start))
    return found


@pytest.mark.parametrize("file", [one for one in FOUND if not one.startswith(NO_TOOL)])
def test_the_tool_of_its_format_accepts_every_golden_file(file) -> None:
    official(file)(FILES / file)


@pytest.mark.parametrize("mutation", [m for m in MUTATIONS if OFFICIAL in m.by], ids=lambda m: m.id)
def test_the_tool_of_its_format_refuses_a_changed_golden_file(tmp_path, mutation) -> None:
    folder = mutation.file.partition("/")[0]
    shutil.copytree(FILES / folder, tmp_path / folder)
    path = tmp_path / mutation.file
    path.write_text(mutation.change(path.read_text("utf-8")), encoding="utf-8")
    with pytest.raises(Exception) as refused:  # noqa: PT011 - each tool has errors of its own
        official(mutation.file)(path)
    assert not isinstance(refused.value, (NameError, ImportError, FileNotFoundError))


WRONG = {
    "no type": lambda body: body.pop("_type"),
    "another type": lambda body: body.update(_type="https://in-toto.io/Statement/v0.1"),
    "no subject": lambda body: body.update(subject=[]),
    "a subject without a digest": lambda body: body["subject"][0].update(digest={}),
    "no type of predicate": lambda body: body.pop("predicateType"),
    "an empty predicate": lambda body: body.update(predicate={}),
}
WRONG_INSIDE = {
    "vsa": {
        "a time that is none": lambda said: said.update(timeVerified="yesterday"),
        "a level that is no text": lambda said: said.update(verifiedLevels=[1]),
        "a field that there is not": lambda said: said.update(verdict="PASSED"),
    },
    "test-result": {
        "tests that are no list": lambda said: said.update(passedTests="all"),
        "a configuration without a form": lambda said: said.update(configuration=["x"]),
        "a field that there is not": lambda said: said.update(unsureTests=[]),
    },
}
CASES = [(name, what, None) for name in ("protocol", "vsa") for what in WRONG]
CASES += [(name, what, name) for name, changes in WRONG_INSIDE.items() for what in changes]


@pytest.mark.parametrize(("name", "what", "inside"), CASES)
def test_in_toto_refuses_a_statement_of_another_form_whoever_signed_it(name, what, inside) -> None:
    envelope = json.loads(FILES.joinpath(f"in-toto/{name}.json").read_bytes())
    body = json.loads(base64.b64decode(envelope["payload"]))
    statement(body)
    if inside is None:
        WRONG[what](body)
    else:
        WRONG_INSIDE[inside][what](body["predicate"])
    with pytest.raises((ValueError, json_format.ParseError, KeyError)):
        statement(body)


def test_junitparser_reads_the_estimate_with_its_interval() -> None:
    suite = next(iter(JUnitXml.fromfile(str(FILES / "junit/compare.xml"))))
    told = {one.name: float(one.value) for one in suite.properties()}
    assert told["acc: difference"] == pytest.approx(0.3)
    assert told["acc: low"] < told["acc: difference"] < told["acc: high"]
    assert (told["acc: level"], told["acc: n"]) == (0.95, 40)
