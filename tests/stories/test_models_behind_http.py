"""A study of models behind HTTP: keys, kills, money and servers that fail on the way."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import threading
import time
import zlib
from collections import Counter

import duckdb
import pytest

from liftgate.testing import Act, StubServer
from liftgate.testing.world import World as Truth

KEY = "sk-planted-in-the-environment-42"
TRUTH = Truth(seed=1, size=200, clusters=50)


def right_more_often(asked):
    """The model ``new`` is right for seven questions in ten, ``old`` for five."""
    number = int(asked.text.split()[-1])
    right = TRUTH.lot("right", "any", number) < (0.7 if asked.body["model"] == "new" else 0.5)
    return Act("yes" if right else "no")


@pytest.fixture
def behind_http(world):
    """Return what writes a study whose arms are models of a server."""

    def write(server, *, items=100, **params):
        for name in ("old", "new"):
            made = world.study["arms"][name]
            made["system"] = f"openai:{name}"
            made["params"] = {"base_url": server.url, "prompt": "{text}", **params}
        world.study["claims"]["guardrails"] = []
        world.write(items=items)
        return world

    return write


def test_a_model_that_is_right_more_often_ships_and_its_key_is_nowhere(
    behind_http, monkeypatch
) -> None:
    monkeypatch.setenv("STUB_KEY", KEY)
    with StubServer(right_more_often, key=KEY) as server:
        world = behind_http(server, items=200, api_key_env="STUB_KEY", max_tokens=5)
        done = world.liftgate("run", "study.yaml")
    assert done.returncode == 0, done.stderr
    assert len(server.asked) == 400
    assert KEY not in done.stdout + done.stderr
    files = [path for path in world.folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".parquet" for path in files)
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


def test_an_expired_key_ends_the_run_and_another_one_goes_on(behind_http, monkeypatch) -> None:
    def expires(asked):
        # A server that says which key it does not take.
        return Act(status=401, body=b'{"error": {"message": "expired: %s"}}' % KEY.encode()) if (
            asked.number > 50 and asked.headers["authorization"].endswith(KEY)
        ) else right_more_often(asked)  # fmt: skip

    monkeypatch.setenv("STUB_KEY", KEY)
    with StubServer(expires) as server:
        world = behind_http(server, api_key_env="STUB_KEY")
        ended = world.liftgate("run", "study.yaml")
        assert ended.returncode == 2
        assert "HTTP 401: expired: [key removed]" in ended.stderr
        assert KEY not in ended.stdout + ended.stderr
        assert "goes on from there" in ended.stderr
        monkeypatch.setenv("STUB_KEY", f"{KEY}-new")
        assert "Known" not in world.liftgate("run", "study.yaml").stdout
    asked = Counter((one.body["model"], one.text) for one in server.asked[50:])
    assert sum(asked.values()) <= 150 + 2 * 16
    held = contents(world.folder)
    assert any("What is the answer" in text or "question" in text for text in held.values())
    assert [place for place, text in held.items() if KEY in text] == []


def contents(folder):
    """Return every file of a workspace as a reader would see it: packed bytes hide any text."""
    found = {}
    for path in (path for path in folder.rglob("*") if path.is_file()):
        found[path] = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            rows = duckdb.sql(f"SELECT t::VARCHAR FROM read_parquet('{path}') t").fetchall()
            found[path] = str(rows)
        elif path.suffix == ".db":
            with contextlib.closing(sqlite3.connect(path)) as connection:
                for (table,) in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                ).fetchall():
                    rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()
                    found[path, table] = " ".join(map(unpacked, rows))
    return found


def unpacked(row):
    values = [
        zlib.decompress(one) if isinstance(one, bytes) and one[:1] == b"\x78" else one
        for one in row
    ]
    return " ".join(
        v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_killed_halfway_repeats_at_most_what_was_in_flight(behind_http, how) -> None:
    killed = threading.Event()

    def stops_answering(asked):
        # From here on whatever is asked stays in flight, however slow the machine is.
        held = asked.number >= 100 and not killed.is_set()
        return Act(never=True) if held else right_more_often(asked)

    with StubServer(stops_answering, delay_s=0.1) as server:
        world = behind_http(server, items=100)
        process = world.start("run", "study.yaml")
        while len(server.asked) < 110:
            assert process.poll() is None, process.communicate()
            time.sleep(0.005)
        process.send_signal(how)
        _, said = process.communicate(timeout=60)
        killed.set()
        done = world.liftgate("run", "study.yaml")
    assert done.returncode in (0, 1, 4), done.stderr
    questions = Counter((one.body["model"], one.text) for one in server.asked)
    assert len(questions) == 200
    # 16 in flight, and those answered in the last 50 ms before the kill, of which there are fewer.
    assert len(server.asked) <= 200 + 2 * 16
    if how is signal.SIGINT:
        assert "calls were in flight; their answers are lost" in said
    else:
        assert "at most 16 calls were in flight" in done.stderr


def test_a_server_that_throttles_fails_and_stammers_changes_no_score(behind_http) -> None:
    def trouble(asked):
        lot = TRUTH.lot("trouble", "server", asked.number)
        if lot < 0.05:
            return Act(status=429, headers={"Retry-After": "0"}, body=b"{}")
        if lot < 0.1:
            return Act(status=500, body=b"oops")
        if lot < 0.13:
            return Act(body=b"garbage")
        if lot < 0.16:
            return Act("yes", cut_at=0.5)
        return right_more_often(asked)

    with StubServer(right_more_often) as server:
        smooth = behind_http(server).decision()
    world = behind_http(server)
    with StubServer(trouble, port=int(server.url.rpartition(":")[2].partition("/")[0])) as server:
        (world.folder / ".liftgate").rename(world.folder / "before")
        rough = world.decision()
    assert len(server.asked) > 200
    assert rough["means"] == smooth["means"]
    assert rough["failures"] == smooth["failures"] == {"old": {}, "new": {}}


PRICES = """
liftgate: 1
currency: USD
prices:
  - {model: old, from: 2020-01-01, input: 1000000, output: 1000000}
  - {model: new, from: 2020-01-01, input: 1000000, output: 1000000}
"""


def test_a_run_stops_before_it_costs_too_much_decides_nothing_and_goes_on_later(
    behind_http,
) -> None:
    with StubServer(right_more_often) as server:
        world = behind_http(server, items=100, max_tokens=1)
        (world.folder / "prices.yaml").write_text(PRICES, encoding="utf-8")
        cut = world.liftgate("run", "study.yaml", "--prices", "prices.yaml", "--max-cost", "200")
        made = len(server.asked)
        assert cut.returncode == 4, cut.stderr
        assert "Cost of old: at most " in cut.stderr
        assert "could bring the cost above 200 USD" in cut.stderr
        assert "INCONCLUSIVE" in cut.stdout
        # An answer costs 4: 3 tokens in, 1 out; the prompt was guessed as more.
        assert made * 4 <= 200
        assert made * 4 + 12 > 200
        for word in ("points", "0.5", "0.7"):
            assert word not in cut.stdout
        body = world.decision("--prices", "prices.yaml")
    assert len(server.asked) == 200
    assert body["cost"]["old"]["total"] == pytest.approx(100 * 4)
    assert body["prices"]["currency"] == "USD"


def test_no_score_is_shown_of_a_run_that_was_cut_short_before_its_first_look(behind_http) -> None:
    """Before a look, what a part of the rows says is neither told nor put at its worst."""

    def almost_never_right(asked):
        return Act("no" if asked.body["model"] == "new" else "yes")

    with StubServer(almost_never_right) as server:
        world = behind_http(server, items=100, max_tokens=1)
        world.study["stopping"] = {"plan": "planned-looks", "looks": 4}
        world.write(items=100)
        (world.folder / "prices.yaml").write_text(PRICES, encoding="utf-8")
        words = ("run", "study.yaml", "--prices", "prices.yaml", "--max-cost", "80")
        cut = world.liftgate(*words)
        assert cut.returncode == 4, cut.stderr
        assert len(server.asked) > 10
        body = json.loads(world.liftgate(*words, "--json").stdout)
    assert "No look was reached" in cut.stdout
    assert body["looks"]["taken"] == 0
    assert body["means"] == {arm: {"right": None} for arm in ("old", "new")}
    assert body["rows"]["count"] == 0
    (decision,) = body["decisions"]
    (verdict,) = decision["verdicts"]
    assert (verdict["estimate"], verdict["descriptive"]) == (None, None)
    assert verdict["reason"] == "not assessed: there is no evidence for it"
    told = [one for row in slices(body) for one in row]
    assert told
    assert all(one["estimate"] is None for one in told)
    report = next(path for path in world.folder.rglob("*.html")).read_text("utf-8")
    for shown in ("points (90", "−100", "−78"):
        assert shown not in report + cut.stdout


def slices(body):
    """Yield the parts of every exploratory slice of a decision."""
    for found in body["slices"].values():
        for metrics in found.values():
            yield from metrics.values() if isinstance(metrics, dict) else [metrics]


def test_a_cost_limit_without_a_price_is_refused_before_the_first_call(behind_http) -> None:
    with StubServer(right_more_often) as server:
        world = behind_http(server)
        done = world.liftgate("run", "study.yaml", "--max-cost", "1")
    assert done.returncode == 2
    assert "there is no price of 'openai:" in done.stderr
    assert server.asked == []


def test_an_executor_that_is_not_installed_is_refused_before_the_first_call(behind_http) -> None:
    with StubServer(right_more_often) as server:
        done = behind_http(server).liftgate("run", "study.yaml", "--executor", "asynkio")
    assert done.returncode == 2
    assert "no executor named 'asynkio'" in done.stderr
    assert server.asked == []


def test_wrong_parameters_are_faults_with_their_place_in_the_file(behind_http) -> None:
    with StubServer() as server:
        world = behind_http(server, temprature=1.0)
        done = world.liftgate("run", "study.yaml", "--json")
    faults = json.loads(done.stdout)["faults"]
    assert [fault["path"] for fault in faults] == [
        "arms.old.params.temprature",
        "arms.new.params.temprature",
    ]
    assert all(fault["line"] > 1 for fault in faults)


def test_costs_of_a_study_that_stops_early_are_printed_recomputed_and_traced(behind_http) -> None:
    def far_better(asked):
        number = int(asked.text.split()[-1])
        new = asked.body["model"] == "new"
        return Act("yes" if TRUTH.lot("right", "any", number) < (0.95 if new else 0.3) else "no")

    with StubServer(far_better) as server:
        world = behind_http(server, items=160, max_tokens=1)
        world.study["stopping"] = {"plan": "planned-looks", "looks": 4}
        world.write(items=160)
        unpriced = world.liftgate("run", "study.yaml")
        made = len(server.asked)
        told = world.liftgate("study", "show", "study.yaml")
        table = world.folder / ".liftgate" / "prices.yaml"
        table.write_text(PRICES, encoding="utf-8")
        body = world.decision()
        table.write_text(PRICES.replace("1000000", "2000000"), encoding="utf-8")
        dearer = world.decision()
    assert unpriced.returncode == 0, unpriced.stderr
    assert "Cost of" not in unpriced.stdout
    assert "Cost of old, new: not known, which is not zero" in told.stdout
    assert made < 320
    assert len(server.asked) == made
    new = body["money"]["arms"]["new"]
    successes = body["means"]["new"]["right"]["value"] * body["looks"]["items"]
    assert new["per_success"]["value"] * successes == pytest.approx(body["cost"]["new"]["total"])
    saved = body["money"]["saved"]
    assert saved["calls"] == body["looks"]["trials_saved"] == 320 - made
    assert saved["currency"] == "USD"
    for one, two in zip(_costs(body), _costs(dearer), strict=True):
        assert two == pytest.approx(2 * one)
    written = world.liftgate("report")
    assert "USD a success (right)" in written.stdout
    assert "Stopping early saved about" in written.stdout
    page = next((world.folder / ".liftgate" / "reports").glob(f"story-{dearer['entry']}.html"))
    reference = f"{dearer['entry']}:new.cost_per_success_difference"
    assert reference in page.read_text(encoding="utf-8").replace("<wbr>", "")
    traced = json.loads(world.liftgate("trace", reference, "--json").stdout)
    assert traced["notes"] == []
    costs = [row["cells"]["new"]["value"] for row in traced["rows"]]
    assert sum(costs) == pytest.approx(dearer["cost"]["new"]["total"])
    table.unlink()
    gone = world.liftgate("trace", reference)
    assert "price table" in gone.stdout
    assert "cost not known" in gone.stdout


def _costs(body):
    money = body["money"]
    yield from (
        money["arms"][arm][key]["value"] for arm in ("old", "new") for key in money["arms"][arm]
    )
    yield money["saved"]["about"]


def test_a_cost_limit_counts_the_calls_of_a_stage_and_needs_its_price(behind_http) -> None:
    (old, new) = ({"system": f"openai:{name}", "params": {}} for name in ("old", "new"))
    with StubServer(right_more_often) as server:
        world = behind_http(server, items=100)
        (world.folder / "story_find.py").write_text(
            "def find():\n    return lambda parts: ['a passage']\n", encoding="utf-8"
        )
        for name, generator in (("old", old), ("new", new)):
            generator["params"] = {"base_url": server.url, "max_tokens": 1, "prompt": "{text}"}
            world.study["arms"][name] |= {
                "system": "rag:story",
                "params": {
                    "retriever": {"system": "python:story_find:find"},
                    "generator": generator,
                },
            }
        world.write(items=100)
        refused = world.liftgate("run", "study.yaml", "--max-cost", "50")
        assert server.asked == []
        (world.folder / "prices.yaml").write_text(PRICES, encoding="utf-8")
        cut = world.liftgate("run", "study.yaml", "--prices", "prices.yaml", "--max-cost", "50")
    assert refused.returncode == 2
    assert "there is no price of 'openai:" in refused.stderr
    assert "could bring the cost above 50 USD" in cut.stderr, cut.stderr
    # The first calls of an arm are not known to cost anything: at most one of each is over.
    assert 40 <= len(server.asked) * 4 <= 50 + 8
