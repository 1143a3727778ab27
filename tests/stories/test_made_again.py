"""What a command makes again replaces what it made before, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from liftgate.cli.main import main
from tests.stories.offices import Office

TABLES = Path(__file__).resolve().parents[2] / "examples" / "compare"
COMPARE = (
    f"compare {TABLES / 'bm25.csv'} {TABLES / 'fusion.csv'} --metric recall_at_5 --cluster page"
)
MADE = [
    f"{COMPARE} --html made.html",
    f"{COMPARE} --junit made.xml",
    f"{COMPARE} --picture made.svg",
    f"{COMPARE} --picture made.png",
    f"{COMPARE} --picture made.html",
    "report story --out made.html",
    "report story --picture made.svg",
    "gate status study.yaml --junit made.xml",
    "gate simulate study.yaml --runs 100 --pilots 0 --quiet --picture made.svg",
    "study lint study.yaml --sarif made.sarif",
    "doc build decision-memo study.yaml --out made.md",
]


@pytest.mark.parametrize("line", MADE)
def test_the_same_command_makes_its_file_again(office: Office, line: str) -> None:
    made = office.folder / line.rsplit(maxsplit=1)[-1]
    first = office(*line.split())
    assert made.stat().st_size, office.said
    before = made.stat().st_ino
    assert office(*line.split()) == first, office.said
    assert made.stat().st_ino != before


@pytest.mark.parametrize("line", MADE)
def test_a_file_that_liftgate_did_not_make_is_left_as_it_is(office: Office, line: str) -> None:
    made = office.folder / line.rsplit(maxsplit=1)[-1]
    made.write_text("mine")
    assert office(*line.split()) == 2
    assert f"{made.name}: exists already, is no " in office.said
    assert made.read_text() == "mine"


@pytest.mark.parametrize(
    "line",
    [
        "study lint study.yaml --sarif study.yaml",
        "study lint study.yaml --summary study.yaml",
        "gate status study.yaml --junit study.yaml",
        "report story --out study.yaml",
        f"{COMPARE} --html study.yaml",
        f"{COMPARE} --html .liftgate/ledger.db",
        f"{COMPARE} --summary .liftgate/ledger.db",
        "report story --out .liftgate/ledger.db",
        "report story --out a.html --picture a.html",
        "study lint study.yaml --sarif a --summary a",
    ],
)
def test_an_input_or_the_ledger_is_no_place_for_an_output(office: Office, line: str) -> None:
    study, ledger = office.folder / "study.yaml", office.home / "ledger.db"
    before = study.read_bytes(), len(office.entries())
    assert ledger.is_file()
    assert office(*line.split()) == 2
    assert (study.read_bytes(), len(office.entries())) == before


def test_a_page_of_another_command_is_left_as_it_is(office: Office) -> None:
    assert office("report", "story", "--out", "a.html") == 0, office.said
    before = (office.folder / "a.html").read_bytes()
    for line in (
        f"{COMPARE} --html a.html",
        f"{COMPARE} --picture a.html",
        "doc build decision-memo study.yaml --out a.md",
    ):
        assert office(*line.split()) == 2, office.said
        assert "a.html: exists already, is no " in office.said
    assert (office.folder / "a.html").read_bytes() == before
    assert not (office.folder / "a.md").exists()


def test_no_picture_is_drawn_where_a_further_one_has_no_place(office: Office) -> None:
    (office.folder / "a-2.svg").write_text("mine")
    assert office("report", "story", "--picture", "a.svg") == 2
    assert "a-2.svg: exists already" in office.said
    assert not (office.folder / "a.svg").exists()


ABOUT = """liftgate: 1
dataset:
  name: Stories
  description: Short questions.
  license: https://creativecommons.org/publicdomain/zero/1.0/
  url: https://example.org/stories
  version: 1.0.0
  published: 2026-11-27
  creators: [{name: A team}]
  cite: A team, 2026.
"""


def test_a_dataset_card_does_not_write_over_the_items(office: Office) -> None:
    items = office.folder / "items.jsonl"
    items.write_text("".join(f"{line} \n" for line in items.read_text().splitlines()))
    before = items.read_bytes()
    assert office("doc", "build", "experiment-design", "study.yaml", "--out", "plan.md") == 0
    (office.folder / "about.yaml").write_text(ABOUT)
    card = ["doc", "build", "dataset-card", "study.yaml", "--about", "about.yaml", "--out"]
    assert office(*card, "card.md") == 2
    assert "items.jsonl: exists already, is not beside a document" in office.said
    assert items.read_bytes() == before
    assert not (office.folder / "card.md").exists()
    for _ in range(2):
        assert office(*card, "card/README.md") == 0, office.said
    (office.folder / "card" / "items.jsonl").write_text("{}")
    assert office(*card, "card/README.md") == 0, office.said
    assert (office.folder / "card" / "items.jsonl").read_text() != "{}"


def test_a_report_whose_disk_is_full_leaves_the_last_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert office("report", "story", "--out", "a.html") == 0, office.said
    before = (office.folder / "a.html").read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SystemExit) as stopped:
        main(["report", "story", "--out", "a.html"])
    assert stopped.value.code == 2
    assert (office.folder / "a.html").read_bytes() == before
    assert not list(office.folder.glob(".*.part"))
