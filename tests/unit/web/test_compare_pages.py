"""The pages on which two systems are looked at side by side."""

from __future__ import annotations

import csv
import json
from urllib.parse import urlencode

import pytest

from liftgate.errors import DataError
from liftgate.flow.flip_view import filter_of, item_view
from liftgate.flow.side_by_side import open_side_by_side
from liftgate.records import Columns, Question
from liftgate.web.compare_app import make_compare_app
from liftgate.web.guard import LOOPBACK
from tests.unit.web.asking import Client

ATTACK = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
TRACE = {
    "steps": [
        {"kind": "retrieval", "name": ATTACK, "output": [{"id": "d1"}, {"id": ATTACK}]},
        {"kind": "tool", "name": "search", "input": {"q": ATTACK}},
    ]
}


def table(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "topic", "question", "answer", "reason", "correct", "length"])
        writer.writerows(rows)
    return path


def rows(side, n=130):
    """Half of the items of law get worse, one of maths gets better."""
    for i in range(n):
        law = i % 2 == 0
        right = 1 if law else 0
        if side == "after":
            right = 0 if law and i % 4 == 0 else 1 if i == 1 else right
        name = f"item {i} {ATTACK}" if i == 4 else f"item {i}"
        answer = f"The answer is {i if right else 'unknown'} & {ATTACK}"
        topic = "law" if law else "maths"
        yield [name, topic, f"Question {i} {ATTACK}", answer, ATTACK, right, i + right]


@pytest.fixture(scope="module")
def look(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    before = table(folder / f"before-{'<b>'}.csv", rows("before"))
    after = table(folder / "after.csv", rows("after"))
    asked = Question(columns=Columns(metrics=("correct", "length"), slices=("topic",)))
    return open_side_by_side(before, after, asked)


@pytest.fixture(scope="module")
def client(look):
    return Client(make_compare_app(look, hosts=LOOPBACK, token=None))


def test_only_what_changed_is_listed_at_first_the_largest_change_first(client):
    view = client.get("/flips.json?metric=correct").json()
    assert view["items"] == 34
    assert {row["move"] for row in view["rows"]} == {"worse", "better"}
    sizes = [abs(row["delta"]) for row in view["rows"]]
    assert sizes == sorted(sizes, reverse=True)


def test_the_estimate_follows_the_slices_and_never_the_moves(client):
    whole = client.get("/flips.json?metric=correct").json()["estimate"]
    worse = client.get("/flips.json?metric=correct&move=worse").json()["estimate"]
    law = client.get("/flips.json?metric=correct&slice.topic=law").json()["estimate"]
    assert whole["n"] == worse["n"] == 130
    assert whole["estimate"] == worse["estimate"]
    assert whole["estimate"]["value"] == pytest.approx(-32 / 130)
    assert (law["n"], law["estimate"]["value"]) == (65, pytest.approx(-33 / 65))
    assert "exploratory" in client.get("/?metric=correct&slice.topic=law").text


def test_a_search_looks_into_names_and_texts_whatever_the_capitals(client):
    view = client.get("/flips.json?metric=correct&move=all&q=QUESTION%2012%20").json()
    assert [row["item"] for row in view["rows"]] == ["item 12"]
    assert client.get("/flips.json?move=all&q=nowhere").json()["rows"] == []


def test_a_page_holds_a_hundred_items_and_keeps_to_its_bytes(client):
    first = client.get("/?metric=correct&move=all")
    assert len(first.text.encode()) < 300_000
    view = client.get("/flips.json?metric=correct&move=all").json()
    second = client.get(f"/flips.json?{view['next']}").json()
    assert (len(view["rows"]), len(second["rows"]), second["next"]) == (100, 30, None)
    assert not {r["item"] for r in view["rows"]} & {r["item"] for r in second["rows"]}


def test_an_item_shows_both_outputs_with_the_words_that_differ(client):
    text = client.get("/item?metric=correct&id=item+8").text
    assert "The answer is <del>8</del> &amp; " in text
    assert "The answer is <ins>unknown</ins> &amp; " in text
    plain = client.get("/item?metric=correct&diff=off&id=item+8").text
    assert "<del>" not in plain


def test_hostile_names_texts_reasons_and_searches_stay_text(client, look):
    (item,) = [name for name in look.items if name.startswith("item 4 ")]
    asked = urlencode({"metric": "correct", "id": item, "flag": ATTACK, "q": ATTACK})
    for path in (
        "/?move=all",
        f"/?{asked}",
        f"/item?{asked}",
        f"/?metric={ATTACK}",
        f"/item?id={ATTACK}",
    ):
        text = client.get(path.replace(" ", "%20")).text
        assert "<script>document" not in text
        assert "<img" not in text
        assert "<b>.csv" not in text
        assert "style=" not in text


def test_every_answer_carries_the_policy_and_another_host_none(client, look):
    for path in ("/", "/item?id=item+8", "/flips.json", "/nowhere", "/?move=sideways"):
        policy = client.get(path).headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in policy
    stranger = Client(client.app, host="evil.example")
    assert stranger.get("/").status == 421


def test_beyond_this_machine_nothing_is_told_without_the_link(look):
    app = make_compare_app(look, hosts=None, token="secret-1234567890")
    visitor = Client(app, host="server.example")
    for path in ("/", "/flips.json", "/comparison.json", "/item?id=item+8", "/enter/wrong"):
        assert visitor.get(path).status == 403
    answer = visitor.get("/enter/secret-1234567890")
    assert answer.status == 303
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert visitor.get("/").status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/?metric=colour", 404),
        ("/?move=sideways", 404),
        ("/?slice.colour=red", 404),
        ("/?page=0", 400),
        ("/?page=-1", 400),
        ("/?page=1e3", 400),
        ("/item?id=nobody", 404),
        ("/item", 404),
    ],
)
def test_an_address_that_cannot_be_read_says_so(client, path, status):
    assert client.get(path).status == status


def test_flags_stand_in_the_address_and_can_be_listed(client):
    view = client.get("/item.json?metric=correct&id=item+8").json()
    flagged = client.get(f"/flips.json?{view['other_flag']}&flagged=1").json()
    assert [row["item"] for row in flagged["rows"]] == ["item 8"]
    again = client.get(f"/item.json?{view['other_flag']}&id=item+8").json()
    assert again["flagged"]
    assert "flag=" not in again["other_flag"]


def test_traces_are_aligned_and_retrieved_documents_are_sets(look):
    keep = look.texts._keep
    keep(0, "item 8", "", "trace", json.dumps(TRACE))
    keep(1, "item 8", "", "trace", json.dumps({"steps": [TRACE["steps"][0]]}))
    view = item_view(look, filter_of(look, [("metric", "correct")]), "item 8", 1000)
    (one,) = view["tries"]
    assert one["documents"] == {"both": ["d1", ATTACK], "baseline": [], "candidate": []}
    steps = [[side and side["kind"] for side in step["sides"]] for step in one["steps"]]
    assert steps == [["retrieval", "retrieval"], ["tool", None]]
    text = Client(make_compare_app(look, hosts=None, token=None)).get("/item?id=item+8").text
    assert "<script>document" not in text


def test_a_call_of_one_model_stands_beside_that_of_the_other(look):
    keep = look.texts._keep
    for side, name in enumerate(("old", "new")):
        model = {"kind": "model", "name": name, "output": {"said": name}}
        tools = [{"kind": "tool", "name": "search"}] * side
        keep(side, "item 12", "", "trace", json.dumps({"steps": [model, *tools, {**model}]}))
    view = item_view(look, filter_of(look, [("metric", "correct")]), "item 12", 1000)
    steps = [
        [side and side["name"] for side in step["sides"]] for step in view["tries"][0]["steps"]
    ]
    assert steps == [["old", "new"], [None, "search"], ["old", "new"]]
    assert view["tries"][0]["steps"][0]["sides"][0]["output"] == '{"said": "old"}'


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_documents_that_a_table_names_are_sets_too(tmp_path, form):
    sides = []
    for name, right, found in (("a", 1, ["d1", {"id": ATTACK}]), ("b", 0, ["d1", "d2"])):
        rows = [{"id": "x", "answer": name, "contexts": found, "correct": right},
                {"id": "y", "answer": name, "contexts": [], "correct": 1}]  # fmt: skip
        path = tmp_path / f"{name}.{form}"
        if form == "csv":
            with path.open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(rows[0])
                writer.writerows([*(v if k != "contexts" else json.dumps(v) for k, v in r.items())]
                                 for r in rows)  # fmt: skip
        else:
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        sides.append(path)
    look = open_side_by_side(*sides, Question(columns=Columns(metrics=("correct",))))
    client = Client(make_compare_app(look, hosts=None, token=None))
    (one,) = client.get("/item.json?id=x").json()["tries"]
    assert one["documents"] == {"both": ["d1"], "baseline": [ATTACK], "candidate": ["d2"]}
    assert client.get("/item.json?id=y").json()["tries"][0]["documents"] is None
    page = client.get("/item?id=x").text
    assert "Retrieved documents" in page
    assert "<img" not in page


def test_a_step_without_a_name_is_shown(look):
    look.texts._keep(0, "item 16", "", "trace", json.dumps({"steps": [{"kind": "tool"}]}))
    page = Client(make_compare_app(look, hosts=None, token=None)).get("/item?id=item+16")
    assert page.status == 200


def test_a_huge_hostile_output_still_makes_a_page_of_bounded_size(tmp_path):
    second = ["b", "x", "q", "r", "", 1, 2]
    made = [
        table(tmp_path / f"{n}.csv", [["a", "x", "q", n + '<"&' * 90_000, "", k, 1], second])
        for k, n in enumerate("ab")
    ]
    look = open_side_by_side(*made, Question(columns=Columns(metrics=("length",))))
    answer = Client(make_compare_app(look, hosts=None, token=None)).get("/item?id=a")
    assert answer.status == 200
    assert len(answer.text.encode()) <= 300_000
    assert "characters shown]" in answer.text


def test_the_twin_of_an_item_with_many_long_answers_is_of_bounded_size(tmp_path):
    made = []
    for k, name in enumerate("ab"):
        path = tmp_path / f"{name}.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "repeat", "answer", "score"])
            for repeat in range(20):
                writer.writerow(["a", repeat, f'{name}{repeat} "\u00e9' * 5_000, k])
                writer.writerow(["b", repeat, "q", 1])
        made.append(path)
    look = open_side_by_side(*made, Question(columns=Columns(repeat="repeat", metrics=("score",))))
    answer = Client(make_compare_app(look, hosts=None, token=None)).get("/item.json?id=a")
    assert answer.status == 200
    assert len(answer.json()["tries"]) == 20
    assert len(answer.text.encode()) <= 300_000
    assert "characters shown]" in answer.text


def test_a_page_number_that_is_no_number_is_named(look):
    with pytest.raises(DataError, match="page: got 'x'"):
        filter_of(look, [("page", "x")])
