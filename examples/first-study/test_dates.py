"""What a test suite may claim about both readers of dates: docs/how-to/claim-in-a-test.md."""

import json
from pathlib import Path

import systems

ITEMS = [json.loads(line) for line in Path("items.jsonl").read_text("utf-8").splitlines()]


def ask(claim, read):
    for item in ITEMS:
        claim.score(item["id"], read({"text": item["input"]}) == item["target"])


def test_the_reader_in_use_is_right_in_four_of_ten(claim):
    ask(claim, systems.strict())
    claim.save("strict.csv")
    claim.at_least(0.4)


def test_the_candidate_is_better(claim):
    ask(claim, systems.lenient())
    claim.better_than("strict.csv")


def test_the_candidate_is_hardly_ever_wrong(claim):
    ask(claim, systems.lenient())
    claim.at_least(0.99)
