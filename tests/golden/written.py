"""What liftgate writes for others, by its own code from fixed facts: the files in ``files/``.

python -m tests.golden.written      write them anew
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from liftgate.canon import canonical
from liftgate.documents.about import read_about
from liftgate.documents.beside import Source
from liftgate.documents.compiled import SHIPPED, Document, compile_document
from liftgate.documents.croissant import dataset_table
from liftgate.documents.design import companions as osf_files
from liftgate.documents.design import design_table
from liftgate.documents.facts import Facts
from liftgate.documents.gate_junit import gate_xml
from liftgate.documents.madr import Head, to_markdown
from liftgate.documents.sarif import sarif
from liftgate.errors import Fault, StudyError
from liftgate.flow.compare import compare_tables, junit, read_tables, together
from liftgate.flow.export import exported
from liftgate.flow.registry import tags_of
from liftgate.gates.condition import Condition, State, cannot_tell, met, not_met
from liftgate.ledger import dsse, statements
from liftgate.ledger.chain import seal, unseal
from liftgate.ledger.keys import Key, PublicKey
from liftgate.lineage.reference import targets
from liftgate.records import Dataset, Entry, Item, Margin, Question, Want
from liftgate.records.decision_record import Choice, DecisionRecord, Dissent, Expectation
from liftgate.study import lock
from liftgate.study.load import loads
from tests.fixtures.capitals import about
from tests.fixtures.logs.by_format import Row, inspect_json, table
from tests.stories.desks import DECISION, LOCK

FILES = Path(__file__).parent / "files"
DATA = Path(__file__).parents[1] / "data"
TIME = datetime(2026, 11, 27, 10, tzinfo=UTC)
SECONDS = int(TIME.timestamp())
VERSION = "0.0.0"
"""Stands for liftgate's own, so that a release does not change the files."""
ARM = "dense"
DIGEST = "sha256:" + "ab" * 32

ITEMS = Dataset(
    "items.jsonl",
    tuple(
        Item(
            f"q{n}",
            {"text": f"What is the capital of land {n}? €"},
            target=f"town {n}",
            cluster=f"page {n // 2}",
            slices={"part of world": "north" if n % 3 else "south"},
        )
        for n in range(6)
    ),
)
_OUTCOME = {"score": "worst"}
STUDY = {
    "liftgate": 1,
    "study": "capitals",
    "hypothesis": "The new prompt names more capitals.",
    "owner": "ada",
    "dataset": {"source": "items.jsonl", "cluster": "page", "slices": ["part of world"]},
    "arms": {
        "old": {"role": "baseline", "system": "python:systems:ask", "params": {"prompt": "a"}},
        "new": {"role": "candidate", "system": "python:systems:ask", "params": {"prompt": "b"}},
    },
    "scorers": {"right": {"scorer": "exact"}},
    "outcomes": {
        **dict.fromkeys(("timeout", "crash", "refusal", "unparsable"), _OUTCOME),
        "scorer_failed": "missing",
        "missing_label": "missing",
    },
    "claims": {
        "primary": {"metric": "right", "superior": {"target": 0.05}},
        "guardrails": [{"measure": "mb", "within": {"limit": 3}}],
    },
}
RECORD = DecisionRecord(
    "What becomes of the new prompt?",
    "capitals",
    8,
    "Two prompts.\n\n## Not a heading\nThe old one is slow.",
    (Choice("ship new", "better"), Choice("keep the baseline", "# safer")),
    "ship new",
    "It names more capitals,\nand costs the same.",
    Expectation(0.7, 0.1, (-0.01, 0.0, 0.02, 0.03, 0.1)),
    (Dissent("bob", "Too soon."),),
)
HEAD = Head("accepted", TIME.date(), ("ada",), ("cleo (product)", "bob (dissent)"), ("search",))
GATE = (
    met("decision", "entry 8 ships new"),
    Condition("approvals", State.NOT_MET, "1 of 2", (not_met("product", "nobody signed"),)),
    cannot_tell("items", "the policy asks for 200 <items> & the entry names none"),
    not_met("forecast", "there is none").waived(12, "a trial of the gate"),
)


def key() -> Key:
    """Return a key that everybody knows: it signs nothing but these files."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = bytes(range(32))
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    return Key(PublicKey("golden", public, TIME, TIME.replace(year=2027)), secret)


def entries() -> tuple[Entry, Entry]:
    """Return a lock and a decision as a ledger holds them."""
    first = seal(None, "study.locked", LOCK, refs={}, author="ada", time=TIME)
    second = seal(first, "decision", DECISION, refs={}, author="ada", time=TIME)
    return unseal(first), unseal(second)


def model_card() -> tuple[Facts, Document]:
    """Return the card of one arm of the documentation search study, with the facts behind it."""
    body = json.loads((DATA / "decision.json").read_text("utf-8"))["body"]
    facts = Facts(4, body, targets(body, 4))
    source = Source(DIGEST, TIME.isoformat())
    return facts, compile_document(SHIPPED / "model-card.md.j2", facts, source, arm=ARM)


def dataset_card() -> tuple[Facts, Document]:
    """Return the card of a small set of items, which lie beside it, with the facts behind it."""
    said = read_about(about("items"), "about.yaml")
    tables = {"dataset": dataset_table(ITEMS, 0, "items")}
    facts = Facts(1, {"name": "capitals", "dataset": {}}, {}, tables.__getitem__)
    source = Source(DIGEST, TIME.isoformat(), 1, said)
    return facts, compile_document(SHIPPED / "dataset-card.md.j2", facts, source)


def osf() -> str:
    """Return the answers of the OSF form for a small locked study."""
    study = loads(json.dumps(STUDY, indent=2), "study.yaml")
    body = lock.body(study, ITEMS, dict.fromkeys(("old", "new"), DIGEST))
    sealed = seal(None, lock.LOCKED, body, refs={}, author="ada", time=TIME)
    (text,) = osf_files(design_table(lock.first(unseal(sealed)))).values()
    return text


def _envelopes() -> Iterator[tuple[str, bytes]]:
    locked, decided = entries()
    for name in statements.PREDICATES:
        entry = locked if name == "protocol" else decided
        made = statements.statement(entry, name, origin="liftgate/golden")
        envelope = dsse.sign(statements.TYPE, canonical(made), [key()]).as_json()
        yield f"in-toto/{name}.json", f"{json.dumps(envelope, indent=2)}\n".encode()


def _rows(right: int, *, failed: int = 0) -> list[Row]:
    return [
        Row(f"q{n:02}", float(n < right), text=f"Question {n}: <b>", failed=n >= 40 - failed)
        for n in range(40)
    ]


def _junit() -> str:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        sides = []
        for name, right in (("old", 20), ("new", 32), ("same", 21), ("bad", 8)):
            sides.append(str(table(Path(), _rows(right), name).rename(f"{name}.jsonl")))
        question = Question(require=Want.NOT_WORSE, margins={"acc": Margin(value=0.05)})
        found = [compare_tables(sides[0], side, question) for side in sides[1:]]
    return junit(together(found, question))


def _sarif() -> str:
    broken = {**STUDY, "guardrial": 1, "claims": {"primary": {"metric": "right"}}}
    try:
        loads(json.dumps(broken, indent=2), "study.yaml")
    except StudyError as error:
        warnings = [Fault("dataset", "no slices", 6, 3), Fault("", "of the file as a whole")]
        return sarif("studies/a study.yaml", error.faults, warnings, VERSION)
    raise AssertionError("the study has a key that nobody knows")


def _every_eval_ever() -> Iterator[tuple[str, bytes]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        mock.patch("liftgate.flow.export.__version__", VERSION),
    ):
        sides = []
        for name, right in (("lab/old", 20), ("lab/new", 32)):
            path = Path(name).name + ".json"
            sides.append(str(inspect_json(Path(), _rows(right, failed=2), name).rename(path)))
        tables = read_tables(*sides)
        for name, pieces in exported(tables, tables.answered(), "every_eval_ever", seconds=SECONDS):
            yield f"every_eval_ever/{name}", b"".join(pieces)


def written() -> dict[str, bytes]:
    """Return every golden file as it is written now, path below ``files/`` -> content."""
    texts = {
        "osf/osf.json": osf(),
        "junit/compare.xml": _junit(),
        "junit/gate-status.xml": gate_xml("capitals", {"parts": [c.as_json() for c in GATE]}),
        "sarif/lint.sarif": _sarif(),
        "madr/decision.md": to_markdown(RECORD, HEAD),
        "mlflow/tags.json": json.dumps(tags_of({"decision": 8, "evidence": DIGEST})) + "\n",
    }
    for name, make in (("model-card", model_card), ("dataset-card", dataset_card)):
        _, card = make()
        texts[f"{name}/README.md"] = card.markdown
        texts |= {f"{name}/{file}": text for file, text in card.companions.items()}
    found = {name: text.encode() for name, text in texts.items()}
    return found | dict(_envelopes()) | dict(_every_eval_ever())


def main() -> None:
    """Write the files; one that nobody writes any more stays, and a test names it."""
    for name, content in written().items():
        path = FILES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
