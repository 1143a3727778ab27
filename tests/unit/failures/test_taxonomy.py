from __future__ import annotations

import pytest

from liftgate.errors import StudyError, UnknownName
from liftgate.failures.taxonomy import default_text, load_taxonomy, read_taxonomy

SMALL = """
liftgate: 1
taxonomy: small
version: 2
severities: {low: 1, high: 10}
groups:
  A:
    is: the answer
    codes:
      A1: {is: wrong, severity: high}
      A2: {is: ugly, severity: low}
  M:
    is: the label
    measurement: true
    codes:
      M1: {is: wrong label, severity: low}
"""


def test_the_shipped_one_has_nine_groups_and_only_the_last_is_the_measurements() -> None:
    found = load_taxonomy()

    groups = {code.group for code in found.codes.values()}
    assert groups == {f"F{n}" for n in range(1, 10)}
    assert {c.group for c in found.codes.values() if c.measurement} == {"F9"}
    assert len(found.codes) == 79
    assert found.weight("F3.9") > found.weight("F1.1") > found.weight("F2.2") > 0


def test_comments_and_order_do_not_change_the_digest_and_meaning_does() -> None:
    text = default_text()

    assert read_taxonomy("# mine\n" + text, "t").digest == load_taxonomy().digest
    other = text.replace("severity: S1", "severity: S2", 1)
    assert read_taxonomy(other, "t").digest != load_taxonomy().digest


def test_an_unknown_code_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean"):
        load_taxonomy().code("F1.l")


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        ("liftgate: 1", "liftgate: 2", "liftgate", "got 2, expected 1"),
        ("version: 2", "version: two", "version", "expected a whole number"),
        ("low: 1", "low: -1", "severities.low", "a weight of at least 0"),
        ("low: 1", "low: much", "severities.low", "a weight of at least 0"),
        ("severity: high", "severity: hihg", "groups.A.codes.A1.severity", "got 'hihg'"),
        ("is: the answer", "says: it", "groups.A.says", "unknown key 'says'"),
        ("M1:", "A1:", "groups.M.codes.A1", "stands in two groups"),
        ("measurement: true", "measurement: 1", "groups.M.measurement", "true or false"),
        ("taxonomy: small\n", "", "taxonomy", "not given"),
        ("{is: wrong label, severity: low}", "wrong", "groups.M.codes.M1", "expected a mapping"),
    ],
)
def test_a_fault_is_told_with_its_place(old: str, new: str, path: str, message: str) -> None:
    with pytest.raises(StudyError) as refused:
        read_taxonomy(SMALL.replace(old, new, 1), "t.yaml")

    fault = next(f for f in refused.value.faults if f.path == path)
    assert message in fault.message
    assert fault.line > 0


def test_a_file_that_is_not_there_is_refused(tmp_path) -> None:
    with pytest.raises(StudyError, match="cannot be read"):
        load_taxonomy(tmp_path / "none.yaml")
