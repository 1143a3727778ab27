"""What a batch shows: labels, agreement, drift, what is to be settled, sheets."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from liftgate.errors import BrokenChain, DataError, UnknownName
from liftgate.humans import results, sheets
from liftgate.humans.draw import TaskKind
from liftgate.humans.settling import find_subject, lead_swapped, settle, settle_view
from tests.unit.humans.made import ARMS, Desks, answers, golds, pair_rubric, pairs

RATERS = ("ann", "bob", "cem")


def labels(made):
    return results.labels(made.batch, made.ratings.acts())


def test_a_pairs_value_is_about_its_first_side_however_it_was_shown(tmp_path):
    made = Desks(tmp_path, pool=pairs(), rubric_=pair_rubric(), items=12, overlap=12, repeats=2)
    for rater in ("ann", "bob"):
        desk = made.desk(rater)
        for number in range(1, len(desk.tasks) + 1):
            first = desk.view()["task"]["sides"][0]["text"]
            desk.rate(number, 1.0 if first.startswith("first") else 0.0, **made.once(desk))
    found = labels(made)
    assert {label.swapped for label in found} == {True, False}
    assert {label.value for label in found} == {1.0}
    paces = results.paces(made.batch, made.ratings.acts(), found)
    assert [(pace.repeats, pace.consistent) for pace in paces] == [(2, 2), (2, 2)]


def test_agreement_is_taken_from_what_everybody_rates_and_from_nothing_else(tmp_path):
    made = Desks(tmp_path, gold=golds(8), raters=RATERS, items=20, overlap=8, repeats=2)

    def grade(subject, n):
        return 1.0 + int(subject.key[-1], 16) % 5 if subject.probability else 3.0

    for rater in RATERS:
        made.rate_all(rater, grade)
    agreed = results.agreement(made.batch, labels(made))
    assert agreed.subjects == 16
    assert agreed.report.alpha.coefficient == "Krippendorff's alpha, ordinal"
    assert (agreed.report.alpha.value, agreed.report.alpha.items) == (1.0, 16)
    assert agreed.report.alpha.ratings == 48


def test_without_two_ratings_of_anything_agreement_says_so(tmp_path):
    made = Desks(tmp_path, overlap=4)
    made.rate_all("ann")
    agreed = results.agreement(made.batch, labels(made))
    assert (agreed.report, agreed.reason) == (None, "Nothing was rated by two raters yet")


def test_a_planted_drifting_rater_is_found_first_and_a_strict_one_is_not_drifting(tmp_path):
    raters = ("ann", "bob", "cem", "dan", "eve")
    made = Desks(tmp_path, gold=golds(16), raters=raters, items=30, overlap=0)

    def steady(subject, n):
        return 3.0 if hash_of(subject.key, n) < 12 else 2.0

    def drifting(subject, n):
        return 3.0 if n < len(made.batch.tasks["dan"]) / 2 else 5.0

    for rater in raters:
        rule = {"dan": drifting, "eve": lambda subject, n: 1.0}.get(rater, steady)
        made.rate_all(rater, rule)
    found = results.drift(made.batch, labels(made))
    assert found[0].rater == "dan"
    assert found[0].adjusted < 0.05 < min(one.adjusted or 1 for one in found[1:])
    assert 6 <= found[0].after <= 10
    eve = next(one for one in found if one.rater == "eve")
    assert (eve.mean_error, eve.adjusted, eve.reason) == (
        -2.0, None, "all errors are alike: nothing has changed",
    )  # fmt: skip


def hash_of(key, n):
    return sum(map(ord, key)) * (n + 7) % 16


def test_disputes_come_widest_first_and_leave_the_queue_when_settled(tmp_path):
    made = Desks(tmp_path, items=10, overlap=4)
    keys = sorted({t.subject for t in made.batch.tasks["ann"] if t.kind is TaskKind.SHARED})
    made.rate_all("ann")
    made.rate_all("bob", lambda s, n: {keys[0]: 4.0, keys[1]: 1.0}.get(s.key, 3.0))

    def queue():
        acts = made.ratings.acts()
        return results.disputes(made.batch, results.labels(made.batch, acts), acts)

    assert [(d.subject, d.spread) for d in queue()] == [(keys[1], 2.0), (keys[0], 1.0)]
    settle(
        made.batch, keys[1], made.ratings, value=2.0, reason="the source says so", request="r" * 9
    )
    assert [d.subject for d in queue()] == [keys[0]]
    rows = sheets.label_rows(made.batch, labels(made), made.ratings.acts())
    last = rows[-1]
    assert (last["rater"], last["value"], last["kind"]) == ("lead", 2.0, "adjudicated")
    assert {row["value"] for row in rows if row["subject"] == keys[1]} == {1.0, 2.0, 3.0}


def test_what_all_of_its_raters_skip_is_to_be_settled_too(tmp_path):
    made = Desks(tmp_path, items=10, overlap=0)
    desk = made.desk("ann")
    desk.skip(1, "I can't tell", **made.once(desk))
    acts = made.ratings.acts()
    (one,) = results.disputes(made.batch, results.labels(made.batch, acts), acts)
    assert one.values == {"ann": None}


def test_the_lead_is_as_blind_as_the_raters_and_sees_sides_in_an_order_of_their_own(tmp_path):
    made = Desks(tmp_path, pool=pairs(), rubric_=pair_rubric(), items=12, overlap=12)
    made.rate_all("ann", lambda s, n: 1.0)
    made.rate_all("bob", lambda s, n: 0.0)
    acts = made.ratings.acts()
    seen = set()
    for dispute in results.disputes(made.batch, results.labels(made.batch, acts), acts):
        view = settle_view(made.batch, dispute.subject, made.ratings, made.texts.__getitem__)
        swapped = lead_swapped(made.batch, dispute.subject)
        first = view["screen"]["sides"][0]["text"]
        assert first.startswith("second" if swapped else "first")
        act = settle(made.batch, dispute.subject, made.ratings, value=1.0, reason="it is",
                     request=view["request"], as_shown=True)  # fmt: skip
        assert act.value == (0.0 if swapped else 1.0)
        seen.add(swapped)
    assert seen == {True, False}


def test_settling_needs_a_reason_a_value_and_a_subject_that_is_not_gold(tmp_path):
    made = Desks(tmp_path, gold=golds(1))
    key = made.batch.order[0]
    for subject, value, reason, message in [
        (key, 3.0, " ", "reason: got none"),
        (key, 9.0, "so", "value: got 9"),
        ("gold-0", 3.0, "so", "is gold"),
        ("nobody", 3.0, "so", "no subject named 'nobody'"),
    ]:
        with pytest.raises((DataError, UnknownName), match=message):
            settle(made.batch, subject, made.ratings, value=value, reason=reason, request="x" * 9)
    with pytest.raises(UnknownName, match="disputed"):
        settle_view(made.batch, key, made.ratings, made.texts.__getitem__)


def test_a_subject_is_found_by_the_beginning_of_its_key_or_by_an_item_that_has_one(tmp_path):
    made = Desks(tmp_path, pool=pairs(), rubric_=pair_rubric())
    key = made.batch.order[3]
    assert find_subject(made.batch, key.removeprefix("sha256:")[:10]) == key
    assert find_subject(made.batch, made.batch.subjects[key].item) == key
    with pytest.raises(UnknownName):
        find_subject(Desks(tmp_path / "..", pool=answers()).batch, "item-1")


def test_labels_name_trials_and_raters_and_no_arm(tmp_path):
    made = Desks(tmp_path, gold=golds(2), overlap=4, repeats=2)
    made.rate_all("ann")
    desk = made.desk("bob")
    desk.skip(1, "I can't tell", comment="too short", **made.once(desk))
    acts = made.ratings.acts()
    assert len(sheets.label_rows(made.batch, labels(made), acts)) < len(made.batch.tasks["ann"])
    rows = sheets.label_rows(made.batch, labels(made), acts, everything=True)
    assert len(rows) == len(made.batch.tasks["ann"]) + 1
    skipped = rows[-1]
    assert (skipped["value"], skipped["abstained"]) == (None, "I can't tell")
    text = sheets.write(rows, "jsonl")
    assert not [arm for arm in ARMS if arm in text]
    one = json.loads(text.split("\n")[0])
    subject = made.batch.subjects[one["subject"]]
    assert one["trial"] == subject.origins[0].get("trial")
    assert sheets.read(text, "jsonl") == rows


@pytest.mark.parametrize("form", sheets.FORMATS)
def test_a_sheet_goes_out_is_filled_in_and_comes_back_once(tmp_path, form):
    made = Desks(tmp_path, pool=hostile(), gold=golds(2))
    texts = made.texts.__getitem__
    out = sheets.read(sheets.write(sheets.sheet(made.batch, "ann", texts), form), form)
    out[0]["value"], out[1]["value"] = "grade 4", "2"
    out[2]["reason"] = "the text is in Dutch"
    back = sheets.read(sheets.write(out, form), form)
    assert sheets.take_in(made.batch, back, made.ratings, texts) == (3, len(out) - 3)
    assert sheets.take_in(made.batch, back, made.ratings, texts) == (0, len(out) - 3)
    found = labels(made)
    assert [label.value for label in found] == [4.0, 2.0, None]
    assert found[2].comment == "the text is in Dutch"
    out[0]["value"] = "5"
    assert sheets.take_in(made.batch, out, made.ratings, texts)[0] == 1
    out[0]["value"] = "grade 4"
    assert sheets.take_in(made.batch, out, made.ratings, texts)[0] == 1
    assert labels(made)[0].value == 4.0


def hostile():
    return [
        replace(s, shown={"Question": text})
        for s, text in zip(answers(), ["=cmd|' /C calc'!A0", "'tis", "-1\r\n+2"] * 20, strict=True)
    ]


def test_no_cell_of_a_csv_can_be_taken_for_a_formula(tmp_path):
    rows = [{"comment": "=1+1", "reason": "@x", "value": -1.0, "rater": "ann"}]
    assert sheets.write(rows, "csv") == "comment,reason,value,rater\n'=1+1,'@x,-1.0,ann\n"


def edit(name, value):
    def change(rows):
        rows[0][name] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        edit("texts", "something kinder"),
        edit("check", "0" * 16),
        edit("task", "2"),
        edit("rater", "bob"),
        edit("rater", "mallory"),
        edit("batch", "0123456789"),
        edit("task", "99"),
    ],
)
def test_a_sheet_that_was_edited_beyond_its_answers_is_refused_whole(tmp_path, change):
    made = Desks(tmp_path)
    texts = made.texts.__getitem__
    rows = sheets.sheet(made.batch, "ann", texts)
    for row in rows:
        row["value"] = "3"
    change(rows)
    with pytest.raises(BrokenChain, match="row 1"):
        sheets.take_in(made.batch, rows, made.ratings, texts)
    assert made.ratings.acts() == []


def test_all_wrong_values_of_a_sheet_are_named_at_once_and_nothing_is_kept(tmp_path):
    made = Desks(tmp_path)
    texts = made.texts.__getitem__
    rows = sheets.sheet(made.batch, "ann", texts)
    rows[0]["value"], rows[1]["value"], rows[2]["value"] = "3", "9", "great"
    rows[3]["value"], rows[3]["reason"] = "3", "and a reason"
    with pytest.raises(DataError) as caught:
        sheets.take_in(made.batch, [*rows, rows[0]], made.ratings, texts)
    for part in ("row 2: value: got '9'", "row 3: value: got 'great'", "row 4", "there twice"):
        assert part in str(caught.value)
    assert made.ratings.acts() == []
