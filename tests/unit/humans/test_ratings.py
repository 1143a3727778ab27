"""What raters do: one row an act, done once, and what stands."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading

import pytest

from liftgate.errors import BrokenChain, DataError, LiftgateError, NotAllowed
from liftgate.humans.desk import MOST_COMMENT, REASONS
from liftgate.humans.ratings import Act, ActKind, Overtaken, Ratings
from tests.unit.humans.made import ARMS, Desks, answers, golds, pair_rubric, pairs


@pytest.fixture
def made(tmp_path):
    return Desks(tmp_path, gold=golds(2), overlap=4, repeats=2)


def test_rating_goes_on_and_undoing_goes_back_as_rows_of_their_own(made):
    desk = made.desk("ann")
    desk.rate(1, 4.0, **made.once(desk))
    desk.skip(2, REASONS[0], **made.once(desk))
    assert desk.place().task == 3
    desk.undo(**made.once(desk))
    assert desk.place().task == 2
    desk.undo(**made.once(desk))
    assert (desk.place().task, desk.place().undo) == (1, None)
    desk.rate(1, 2.0, **made.once(desk))
    kinds = [act.kind.value for act in made.ratings.acts("ann")]
    assert kinds == ["rated", "skipped", "undone", "undone", "rated"]
    with pytest.raises(DataError, match="nothing was rated yet"):
        made.desk("bob").undo(**made.once(made.desk("bob")))


def test_the_same_request_again_is_done_once(made):
    desk = made.desk("ann")
    once = made.once(desk)
    desk.rate(1, 4.0, **once)
    desk.rate(1, 4.0, **once)
    again = made.once(desk)
    desk.undo(**again)
    desk.undo(**again)
    assert [act.kind.value for act in made.ratings.acts()] == ["rated", "undone"]
    with pytest.raises(DataError, match="was another act before"):
        desk.rate(1, 5.0, **once)


def test_a_window_that_was_overtaken_is_refused_and_adds_nothing(made):
    desk = made.desk("ann")
    old = made.once(desk)
    desk.rate(1, 4.0, **made.once(desk))
    with pytest.raises(Overtaken, match="another window"):
        desk.rate(1, 5.0, **{**old, "request": "from-elsewhere"})
    with pytest.raises(DataError, match="task: got 1, expected 2"):
        desk.rate(1, 5.0, **made.once(desk))
    assert len(made.ratings.acts()) == 1


def test_raters_do_not_disturb_each_other(made):
    ann, bob = made.desk("ann"), made.desk("bob")
    first, second = made.once(ann), made.once(bob)
    ann.rate(1, 1.0, **first)
    bob.rate(1, 5.0, **second)
    assert ann.place().seen == bob.place().seen == 1


def test_what_the_rubric_does_not_know_is_refused(made):
    desk = made.desk("ann")
    with pytest.raises(DataError, match="value: got 6, expected one of 1, 2, 3, 4, 5"):
        desk.rate(1, 6.0, **made.once(desk))
    with pytest.raises(DataError, match="reason: got 'because'"):
        desk.skip(1, "because", **made.once(desk))
    with pytest.raises(DataError, match="comment: got 4,001 characters"):
        desk.rate(1, 5.0, comment="x" * (MOST_COMMENT + 1), **made.once(desk))
    with pytest.raises(DataError, match="category"):
        desk.refuse("violence", **made.once(desk))
    with pytest.raises(DataError, match="request: expected an id"):
        desk.rate(1, 5.0, request="x", seen=0)
    assert made.ratings.acts() == []


def test_a_refused_category_is_left_out_until_it_is_allowed_again(tmp_path):
    pool = answers(harm=lambda n: "violence" if n % 2 else "")
    made = Desks(tmp_path, pool=pool, items=30)
    desk = made.desk("ann")
    desk.refuse("violence", **made.once(desk))
    marked = sum(made.batch.subjects[t.subject].harm == "violence" for t in desk.tasks)
    assert 0 < marked == desk.place().left_out
    while (task := desk.place().task) is not None:
        assert not desk.view()["task"]["harm"]
        desk.rate(task, 3.0, **made.once(desk))
    assert desk.place().done == len(desk.tasks) - marked
    desk.refuse("violence", back=True, **made.once(desk))
    assert desk.view()["task"]["harm"] == "violence"


def test_an_unfinished_comment_is_kept_and_comes_back_with_an_undo(made):
    desk = made.desk("ann")
    desk.draft(1, "half a thou")
    assert desk.view()["task"]["draft"] == "half a thou"
    desk.rate(1, 3.0, comment="half a thought", **made.once(desk))
    assert desk.view()["task"]["draft"] == ""
    desk.draft(1, "too late, from another window")
    desk.undo(**made.once(desk))
    assert desk.view()["task"]["draft"] == "half a thought"
    desk.draft(1, "")
    assert desk.view()["task"]["draft"] == ""


def test_a_closed_batch_takes_nothing_more_and_its_page_ends(made):
    desk = made.desk("ann")
    desk.rate(1, 3.0, **made.once(desk))
    made.ratings.add(Act("close-it", "lead", ActKind.CLOSED), seen=None)
    assert made.ratings.add(Act("close-it", "lead", ActKind.CLOSED), seen=None).sequence == 2
    assert (desk.view()["task"], desk.view()["closed"], desk.place().undo) == (None, True, None)
    with pytest.raises(NotAllowed, match="the batch is closed"):
        desk.rate(2, 3.0, **made.once(desk))
    with pytest.raises(DataError, match="nothing"):
        desk.undo(**made.once(desk))


def test_no_row_can_be_changed_or_removed(made):
    desk = made.desk("ann")
    desk.rate(1, 3.0, **made.once(desk))
    other = sqlite3.connect(made.path)
    for sql in ("UPDATE act SET value = 5", "DELETE FROM act"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            other.execute(sql)
    other.execute("DROP TRIGGER act_is_never_changed")
    other.commit()
    other.close()
    with pytest.raises(BrokenChain, match="guards"):
        Ratings(made.path, made.batch.digest)


def test_a_file_of_another_batch_or_no_database_is_refused(made, tmp_path):
    with pytest.raises(BrokenChain, match="another batch"):
        Ratings(made.path, "sha256:other")
    (tmp_path / "noise.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(BrokenChain):
        Ratings(tmp_path / "noise.db", "sha256:x")
    with pytest.raises(LiftgateError):
        Ratings(tmp_path / "nowhere" / "x.db", "sha256:x")


def test_rows_are_on_disk_when_an_act_returns(made):
    opened = Ratings(made.path, made.batch.digest)
    assert opened._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert opened._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    opened.close()


def test_what_was_kept_survives_a_process_that_is_killed_at_once(made):
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from liftgate.humans.ratings import Act, ActKind, Ratings\n"
        "r = Ratings(Path(sys.argv[1]), sys.argv[2])\n"
        "for n in range(1, 6):\n"
        "    r.add(Act(f'killed-{n}', 'ann', ActKind.RATED, n, 's', 3.0), seen=n - 1)\n"
        "r.put_draft('ann', 6, 'unfinished')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    made.ratings.close()
    done = subprocess.run([sys.executable, "-c", code, made.path, made.batch.digest], check=False)
    assert done.returncode == -9
    found = Ratings(made.path, made.batch.digest)
    assert [act.task for act in found.acts("ann")] == [1, 2, 3, 4, 5]
    assert found.draft("ann", 6) == "unfinished"


def test_several_threads_write_each_act_once(made):
    def write(name):
        for n in range(20):
            made.ratings.add(
                Act(f"request-{n:03}", "ann", ActKind.RATED, n + 1, "s", 3.0), seen=None
            )

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [act.task for act in made.ratings.acts()] == list(range(1, 21))


def test_nothing_that_leaves_the_desk_says_where_a_text_comes_from(tmp_path):
    made = Desks(tmp_path, gold=golds(3), overlap=4, repeats=3)
    hidden = [*ARMS, "item-", "trial", "gold", "repeat", "shared", "plain", "probability"]
    for rater in ("ann", "bob"):
        desk = made.desk(rater)
        for number, task in enumerate(desk.tasks, 1):
            view = str(desk.view())
            texts = str([p["text"] for p in desk.view()["task"]["shown"]])
            if task.kind.value != "gold":
                assert not [word for word in hidden if word in view]
                assert task.subject not in view
            assert texts
            assert set(desk.view()["task"]) == {"number", "draft", "harm", "shown", "sides"}
            desk.rate(number, 3.0, **made.once(desk))


def test_the_sides_of_a_pair_are_shown_as_drawn(tmp_path):
    made = Desks(tmp_path, pool=pairs(), rubric_=pair_rubric(), items=12, overlap=12)
    for rater in ("ann", "bob"):
        desk = made.desk(rater)
        for number, task in enumerate(desk.tasks, 1):
            first, second = desk.view()["task"]["sides"]
            assert (first["name"], second["name"]) == ("First answer", "Second answer")
            assert first["text"].startswith("second" if task.swapped else "first")
            desk.rate(number, 0.5, **made.once(desk))


def test_hidden_characters_of_a_text_are_named(tmp_path):
    pool = answers()
    shown = {"Question": "a\u202eb\x00"}
    pool = [type(s)(s.key, s.item, shown, s.sides) for s in pool]
    view = Desks(tmp_path, pool=pool).desk("ann").view()
    assert view["task"]["shown"][0]["text"] == "a⟨U+202E⟩b⟨U+0000⟩"
