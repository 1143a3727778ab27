from __future__ import annotations

from typing import Any

import pytest

from liftgate.errors import DataError, NotEnoughData
from liftgate.failures.coding import Coding, codings
from liftgate.failures.report import failure_report
from liftgate.failures.taxonomy import load_taxonomy

WORDS = load_taxonomy()


def both(item: str, first: str, second: str | None = None) -> list[Coding]:
    return [Coding(item, "ann", first), Coding(item, "bob", second or first)]


def report(found: list[Coding], **changes: Any) -> dict[str, Any]:
    items = list(dict.fromkeys(one.item for one in found))
    return failure_report(found, items, WORDS, **{"failing": 100, "scored": 400, **changes})


def planted(count: int = 40) -> list[Coding]:
    """Half of the failures are secrets given away, a tenth a wrong style, a fifth wrong labels."""
    kinds = ["F6.4"] * 5 + ["F2.2", "F9.1", "F9.1", "F1.3", "F1.3"]
    return [one for n in range(count) for one in both(f"i{n}", kinds[n % 10])]


def row(found: dict[str, Any], code: str) -> dict[str, Any]:
    return next(one for one in found["codes"] if one["code"] == code)


def test_what_is_frequent_and_grave_comes_first_with_the_ranks_that_can_be_told() -> None:
    found = report(planted())

    assert [one["code"] for one in found["codes"]] == ["F6.4", "F1.3", "F2.2"]
    first = row(found, "F6.4")
    assert (first["least"], first["most"], first["of"]) == (20, 20, 32)
    assert first["rank"]["best"] == 1
    assert first["rank"]["worst"] < row(found, "F2.2")["rank"]["worst"]
    assert row(found, "F2.2")["rank"]["best"] > 1
    assert first["rank"]["of"] == 72


def test_a_failure_of_the_measurement_is_not_charged_to_the_system() -> None:
    found = report(planted())

    wrong = found["measurement"]
    assert (wrong["sure"], wrong["possible"]) == (8, 8)
    assert wrong["codes"] == {"F9.1": 8}
    assert not any(one["code"].startswith("F9") for one in found["codes"])
    rate = wrong["system_failure_rate"]
    assert rate["low"] < 0.25 * (1 - 8 / 40) < rate["high"] <= 0.25


def test_a_code_beside_a_measurement_failure_is_not_charged_either() -> None:
    coded = [
        Coding("a", "ann", "F9.1", ("F1.3",)),
        Coding("a", "bob", "F9.1"),
        *both("b", "F2.2"),
    ]

    found = report(coded)

    assert [one["code"] for one in found["codes"]] == ["F2.2"]
    assert row(found, "F2.2")["of"] == 1


def test_a_disputed_measurement_failure_leaves_the_codes_unsure() -> None:
    coded = [*both("a", "F1.3", "F9.2"), *both("b", "F1.3"), *both("c", "F1.3")]

    found = report(coded)

    assert (found["measurement"]["sure"], found["measurement"]["possible"]) == (0, 1)
    assert (row(found, "F1.3")["least"], row(found, "F1.3")["most"]) == (2, 3)


def test_coders_who_disagree_widen_the_limits() -> None:
    agreed = report(planted())
    disputed = [
        Coding(one.item, one.coder, "F1.1")
        if one.coder == "bob" and one.code == "F6.4" and int(one.item[1:]) < 20
        else one
        for one in planted()
    ]
    found = report(disputed)

    sure, unsure = row(agreed, "F6.4")["share"], row(found, "F6.4")["share"]
    assert unsure["low"] < sure["low"]
    assert unsure["high"] == sure["high"]
    assert row(found, "F1.1")["least"] == 0


def test_a_code_on_which_coders_agree_by_chance_only_may_not_gate() -> None:
    steady = planted()
    drifting = [
        Coding(one.item, one.coder, "F1.2")
        if one.code == "F1.3" and (int(one.item[1:]) // 10 + (one.coder == "bob")) % 2
        else one
        for one in steady
    ]

    found = report(drifting)

    assert row(report(steady), "F1.3")["may_gate"]
    assert row(found, "F6.4")["may_gate"]
    assert row(found, "F1.3")["alpha"]["value"] < 0.6
    assert not row(found, "F1.3")["may_gate"]
    assert found["agreement"]["value"] < report(steady)["agreement"]["value"] == 1.0


def test_one_coder_alone_gives_rates_and_no_gate() -> None:
    found = report([one for one in planted() if one.coder == "ann"])

    assert found["agreement"] is None
    assert found["double_coded"] == 0
    assert not any(one["may_gate"] for one in found["codes"])


def test_a_third_coder_may_have_read_a_part() -> None:
    found = report([*planted(), *(Coding(f"i{n}", "cat", "F6.4") for n in range(5))])

    assert found["coders"] == ["ann", "bob", "cat"]
    assert row(found, "F6.4")["alpha"]["value"] == 1.0


def test_what_nobody_coded_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="1 of 3 failures are not coded: c"):
        failure_report(
            [*both("a", "F1.1"), *both("b", "F1.1")], ["a", "b", "c"], WORDS, failing=3, scored=9
        )


def test_where_only_the_measurement_failed_there_is_nothing_to_rank() -> None:
    with pytest.raises(NotEnoughData, match="all 1 failures are the measurement's"):
        report(both("a", "F9.7"))


def rows(*given: Any) -> list[tuple[str, Any]]:
    return [(f"codes.csv:{n}", one) for n, one in enumerate(given, 2)]


def test_codes_are_read_and_an_empty_row_is_passed_over() -> None:
    found = codings(
        rows(
            {"item": "a", "coder": " ann ", "code": "F1.1", "also": "F2.2; F2.4"},
            {"item": "b", "coder": None, "code": None, "also": None},
            {"item": "b", "coder": "ann", "code": "F1.1", "also": ["F2.2"], "comment": "hm"},
        ),
        {"a", "b"},
        WORDS,
    )

    assert found[0] == Coding("a", "ann", "F1.1", ("F2.2", "F2.4"))
    assert found[1].codes == {"F1.1", "F2.2"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"item": "a", "coder": "ann", "code": "F1.11"}, "'F1.11' is not in the taxonomy liftgate"),
        ({"item": "a", "coder": "ann", "code": "F1.1", "also": "F1.l"}, "did you mean"),
        ({"item": "z", "coder": "ann", "code": "F1.1"}, "item: 'z' is not in the batch"),
        ({"item": "a", "coder": "", "code": "F1.1"}, "coder: got ''"),
        ({"item": "a", "coder": "ann", "code": None}, "code: got None"),
        ({"item": "a", "coder": "ann", "code": "F1.1", "also": 3}, "also: got 3"),
        ({"item": "a", "coder": "ann", "code": "F1.1", "severty": "S1"}, "unknown column"),
        (["a", "ann"], "got list, expected a mapping"),
        ({"item": "a", "coder": "\x1b[2J", "code": 7}, "code: got 7"),
    ],
)
def test_a_fault_of_a_row_names_its_place(row: Any, message: str) -> None:
    with pytest.raises(DataError, match=r"codes\.csv:2") as refused:
        codings(rows(row), {"a"}, WORDS)

    assert message in str(refused.value)


def test_one_coder_twice_on_an_item_is_refused_with_both_places() -> None:
    one = {"item": "a", "coder": "ann", "code": "F1.1"}

    with pytest.raises(DataError, match=r"csv:3: 'ann' has coded 'a' already, at codes\.csv:2"):
        codings(rows(one, {**one, "code": "F1.2"}), {"a"}, WORDS)
