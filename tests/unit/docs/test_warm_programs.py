"""A program that is forked behaves as one whose interpreter was started for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from tools import warm


def run(*words, cwd, env=None, **more):
    return warm.run(list(words), cwd=cwd, env=dict(os.environ) if env is None else env, **more)


def both(*words, cwd):
    """Return what a program does as a fork, and what it does in an interpreter of its own."""
    env = {**os.environ, "ONLY": "here"}
    forked = run(*words, cwd=cwd, env=env)
    anew = subprocess.run(
        [sys.executable, *words], cwd=cwd, env=env, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return (
        (forked.returncode, forked.stdout, forked.stderr.splitlines()[-1:]),
        (anew.returncode, anew.stdout, anew.stderr.splitlines()[-1:]),
    )


SEEN = """
import atexit, os, sys, threading, time
atexit.register(print, "the end")
threading.Thread(target=lambda: (time.sleep(0.05), print("a thread"))).start()
print(__name__, sys.argv, sys.path[0], os.getcwd(), os.environ["ONLY"], sys.stdin.read())
print("aside", file=sys.stderr)
"""


@pytest.mark.parametrize(
    "ending",
    [
        "",
        "raise SystemExit(3)",
        "sys.exit('no luck')",
        "raise ValueError('bad')",
    ],
)
def test_text_does_the_same_as_a_fork_and_anew(tmp_path, ending) -> None:
    forked, anew = both("-c", SEEN + ending, "word", cwd=tmp_path)
    assert forked == anew
    assert forked[1].endswith("a thread\nthe end\n")


def test_a_file_and_a_module_do_the_same_as_a_fork_and_anew(tmp_path) -> None:
    (tmp_path / "told.py").write_text(SEEN)
    for words in (("told.py", "word"), ("-m", "told", "word")):
        forked, anew = both(*words, cwd=tmp_path)
        assert forked == anew
        assert forked[0] == 0


def test_a_signal_that_ends_a_program_is_its_code(tmp_path) -> None:
    forked, anew = both("-c", "import os; os.kill(os.getpid(), 9)", cwd=tmp_path)
    assert forked == anew
    assert forked[0] == -9


def test_nothing_that_a_program_does_reaches_the_next(tmp_path) -> None:
    bad = "import os, json, sys, liftgate.errors as e; json.dumps = None; del e.LiftgateError; "
    bad += "os.environ['LEFT'] = 'x'; os.chdir('/'); sys.path.insert(0, 'left'); import tabnanny"
    assert run("-c", bad, cwd=tmp_path).returncode == 0
    look = "import os, json, sys, liftgate.errors as e; print(json.dumps(1), e.LiftgateError, "
    look += "'LEFT' in os.environ, os.getcwd(), 'left' in sys.path, 'tabnanny' in sys.modules)"
    done = run("-c", look, cwd=tmp_path)
    told = f"1 <class 'liftgate.errors.LiftgateError'> False {tmp_path} False False\n"
    assert done.stdout == told, done.stderr


def test_output_and_errors_are_kept_apart_or_come_in_their_order(tmp_path) -> None:
    text = "import sys; print(1, flush=True); print(2, file=sys.stderr); print(3)"
    apart = run("-c", text, cwd=tmp_path)
    assert (apart.stdout, apart.stderr) == ("1\n3\n", "2\n")
    assert run("-c", text, cwd=tmp_path, together=True).stdout == "1\n2\n3\n"


def test_a_program_that_does_not_end_is_killed_and_the_next_one_runs(tmp_path) -> None:
    text = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    with pytest.raises(subprocess.TimeoutExpired):
        run("-c", text, cwd=tmp_path, timeout=0.5)
    assert run("-c", "print(1)", cwd=tmp_path).stdout == "1\n"
    pid = (tmp_path / "pid").read_text()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


def test_whoever_does_not_wait_for_an_end_leaves_no_answer_for_the_next(tmp_path) -> None:
    def stop(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, stop)
    try:
        run("-c", "", cwd=tmp_path)
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        with pytest.raises(KeyboardInterrupt):
            run("-c", "import time; time.sleep(60)", cwd=tmp_path)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert run("-c", "raise SystemExit(5)", cwd=tmp_path).returncode == 5


def test_an_option_of_the_interpreter_is_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match="got '-I'"):
        run("-I", "x.py", cwd=tmp_path)
