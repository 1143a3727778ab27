"""liftgate stats verify: exit codes, and what it says of cells that miss."""

from __future__ import annotations

import json
import time

import pytest

from liftgate.cli.main import main
from liftgate.flow import verify as flow
from liftgate.stats.kinds import Mark
from liftgate.stats.verify.cell import Cell, Experiment, Found, What


def experiment(name, value, *, gap="", runs=0, needs="", measure=None):
    return Experiment(
        methods=("a method",),
        world="a world",
        n="10",
        mark=Mark.EXACT,
        cells=(Cell(name=name, high=0.05, gap=gap),),
        measure=measure or (lambda _bench: [Found(value, runs)]),
        needs=needs,
    )


GOOD, BAD = experiment("good", 0.05), experiment("bad", 0.051)
KNOWN = experiment("explained", 0.08, gap="no better method is known")
CLOSED = experiment("closed", 0.04, gap="no better method is known")


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    def once(listed, *words):
        monkeypatch.delenv("LIFTGATE_DATA", raising=False)
        monkeypatch.setattr(flow, "experiments", lambda _real: listed)
        monkeypatch.setattr(flow, "real_data", lambda _folder: flow.RealData())
        with pytest.raises(SystemExit) as ended:
            main(["stats", "verify", "--quiet", *words])
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return once


def test_all_in_their_bands_exits_0(run):
    code, out, _ = run([GOOD])
    assert code == 0
    assert "1 of 1 measured cells in their bands" in out


def test_a_miss_exits_1_and_is_named(run):
    code, out, _ = run([GOOD, BAD], "--accept-known")
    assert code == 1
    assert "outside its band: bad: 5.10 %, ≤ 5 %" in out


def test_three_monte_carlo_errors_are_allowed_and_no_more(run):
    # s.e. 0.154 points: 5.45 % is within three of them, 5.48 % is not.
    assert run([experiment("near", 0.0545, runs=20_000)])[0] == 0
    assert run([experiment("far", 0.0548, runs=20_000)])[0] == 1


def test_coverage_is_bounded_from_below(run):
    cell = Cell(name="coverage", what=What.COVERAGE, low=0.935, nominal=0.95)
    low = experiment("x", 0)
    for value, code in ((0.936, 0), (0.934, 1)):
        one = Experiment(
            methods=low.methods,
            world="w",
            n="",
            mark=Mark.EXACT,
            cells=(cell,),
            measure=lambda _bench, value=value: [Found(value, 0)],
        )
        assert run([one])[0] == code


def test_a_known_miss_exits_1_unless_it_is_accepted(run):
    code, out, _ = run([GOOD, KNOWN])
    assert code == 1
    assert "no better method is known" in out
    assert run([GOOD, KNOWN], "--accept-known")[0] == 0


def test_a_gap_that_has_closed_exits_1_in_the_long_form(run):
    assert run([CLOSED], "--accept-known")[0] == 0
    code, out, _ = run([CLOSED], "--accept-known", "--long")
    assert code == 1
    assert "though a reason for missing it is written down: closed" in out


def test_an_interruption_keeps_what_is_done_and_says_so(run):
    def stop(_bench):
        raise KeyboardInterrupt

    code, out, _ = run([GOOD, experiment("slow", 0, measure=stop), BAD])
    assert code == 130
    assert "1 of 1 measured cells" in out
    assert "2 cells were not measured" in out


def test_only_picks_cells_by_name_or_method_and_refuses_unknown_ones(run):
    code, out, _ = run([GOOD, BAD], "--only", "GOOD")
    assert code == 0
    assert "bad" not in out
    code, _, err = run([GOOD, BAD], "--only", "zzz")
    assert code == 2
    assert "no cell or method named 'zzz'" in err


def test_what_needs_absent_data_is_not_measured_and_said(run):
    code, out, _ = run([GOOD, experiment("real", 0, needs="AlpacaEval")])
    assert code == 0
    assert "1 cells were not measured: AlpacaEval is not at hand" in out


def test_list_measures_nothing(run):
    def never(_bench):
        raise AssertionError

    code, out, _ = run([experiment("cell", 0, measure=never)], "--list")
    assert code == 0
    assert "cell: one-sided error ≤ 5 %" in out


def test_json_holds_every_field_and_the_time(run):
    def busy(_bench):
        # The time is told in tenths of a second: less would be rounded away.
        end = time.process_time() + 0.06
        while time.process_time() < end:
            pass
        return [Found(0.051, 0)]

    code, out, _ = run([experiment("bad", 0.051, measure=busy)], "--json")
    found = json.loads(out)
    assert code == 1
    assert found["form"] == "short"
    assert found["cpu_seconds"] > 0
    (cell,) = found["cells"]
    assert (cell["name"], cell["outcome"], cell["measured"]) == ("bad", "miss", 0.051)


def test_a_named_folder_without_data_is_refused(capsys, tmp_path):
    with pytest.raises(SystemExit) as ended:
        main(["stats", "verify", "--only", "holm", "--data", str(tmp_path)])
    assert ended.value.code == 2
    assert "holds neither" in capsys.readouterr().err
