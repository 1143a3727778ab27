"""A realistic decision and a realistic comparison, and a reader of pages."""

import copy
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from liftgate.documents.comparison import render_comparison
from liftgate.documents.report import render

DATA = Path(__file__).parents[2] / "data"
VOID = {"meta", "link", "br", "col", "img", "input", "hr", "wbr"}


class Page(HTMLParser):
    """Checks that every element is closed, in order, and remembers what a reader would see."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.source = text
        self.stack = []
        self.tags = []
        self.rows = {}
        self.texts = []
        self._row = None
        self.feed(text)
        self.close()
        assert self.stack == [], f"not closed: {self.stack}"

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        assert len(found) == len(attributes), f"an attribute twice in {tag}: {attributes}"
        self.tags.append((tag, found))
        if tag in VOID:
            return
        self.stack.append(tag)
        if tag == "tr" and "id" in found:
            self._row = found["id"]
            assert self._row not in self.rows, f"two rows for {self._row}"
            self.rows[self._row] = ""

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack[-1] == tag, f"</{tag}> while <{self.stack[-1]}> is open"
        self.stack.pop()
        if tag == "tr":
            self._row = None

    def handle_data(self, data):
        if "style" in self.stack:
            return
        self.texts.append(data)
        if self._row is not None:
            self.rows[self._row] += f" {data}"

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


@pytest.fixture
def decision():
    return copy.deepcopy(json.loads((DATA / "decision.json").read_text("utf-8"))["body"])


@pytest.fixture
def texts():
    return json.loads((DATA / "decision.json").read_text("utf-8"))["texts"].get


@pytest.fixture
def comparison():
    return json.loads((DATA / "comparison.json").read_text("utf-8"))


@pytest.fixture
def report(texts):
    def make(body, **changes):
        given = {
            "entry": 4,
            "leaf": "sha256:" + "ab" * 32,
            "time": "2026-11-23T11:20:31+00:00",
            "texts": texts,
            "verified": "chain verified: 4 entries",
        }
        return Page(render(body, **{**given, **changes}))

    return make


@pytest.fixture
def compared():
    return lambda comparison: Page(render_comparison(comparison))
