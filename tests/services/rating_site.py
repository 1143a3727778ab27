"""A study with two arms, batches of it, and the rating server in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "first-study"
ARMS = {"strict": "zeppelin", "lenient": "quagga"}
ATTACK = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


def liftgate(folder, *words):
    done = subprocess.run(
        [sys.executable, "-m", "liftgate", *words],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in words else done.stdout


def object_of(stream):
    """Read the object that a command prints before it goes on."""
    text = ""
    for line in stream:
        text += line
        if line.startswith("}") or (line.rstrip().endswith("}") and line.startswith("{")):
            return json.loads(text)
    raise AssertionError(f"no object in {text!r}")


def study(folder):
    """Run the first study under arm names that stand nowhere else."""
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    text = (folder / "study.yaml").read_text("utf-8")
    for old, new in ARMS.items():
        text = text.replace(f"  {old}:", f"  {new}:")
    (folder / "study.yaml").write_text(text, "utf-8")
    liftgate(folder, "run", "study.yaml", "--no-report")
    return folder


def secrets_of(folder):
    """Everything that would tell an arm, a model or a run."""
    lock, run = (
        next(json.loads(line) for line in _bodies(folder) if key in json.loads(line))
        for key in ("arms", "files")
    )
    names = [*ARMS.values(), "systems:", "superior", run["id"], "dates"]
    return [*names, *lock["arms"].values(), *run["files"].values()]


def _bodies(folder):
    with sqlite3.connect(folder / ".liftgate" / "ledger.db") as ledger:
        for (data,) in ledger.execute("SELECT data FROM entry ORDER BY sequence"):
            yield json.dumps(json.loads(data)["body"])


def subjects_file(folder):
    """Write things to rate that are no trials: some marked, one hostile, one long."""
    rows = [
        {
            "id": f"s{n}",
            "input": f"Question {n}",
            "answer": [f"Answer {n}", ATTACK, "word " * 900, f"{'x' * 300} {n}"][n % 4],
            "harm": "violence" if n in (2, 5) else "",
        }
        for n in range(8)
    ]
    path = folder / "subjects.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


class Server:
    """``liftgate rate serve``, which can be killed and started again at its port."""

    def __init__(self, folder, batch):
        self.folder, self.batch, self.port = folder, batch, 0
        self.links = {}
        self.start()

    def start(self):
        words = ["rate", "serve", self.batch, "--port", str(self.port), "--json"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "liftgate", *words],
            cwd=self.folder, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.links = object_of(self.process.stdout)["links"]
        self.origin = self.links["lead"].split("/enter/")[0]
        self.port = int(self.origin.rpartition(":")[2])

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(20)
        self.process.stdout.close()
        assert code in (0, 130, -signal.SIGINT)

    def acts(self):
        path = self.folder / ".liftgate" / "ratings" / self.batch / "ratings.db"
        with sqlite3.connect(path) as ratings:
            return ratings.execute(
                "SELECT rater, kind, task, value, comment FROM act ORDER BY sequence"
            ).fetchall()


class Chromium:
    """A browser that is a process of its own, so that it can be killed."""

    def __init__(self, playwright, folder, arguments):
        shutil.rmtree(folder, ignore_errors=True)
        self._process = subprocess.Popen(
            [
                os.environ["CHROMIUM"], "--headless=new", "--remote-debugging-port=0",
                f"--user-data-dir={folder}", *arguments, "about:blank",
            ],
            stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        for line in self._process.stderr:
            if "DevTools listening on" in line:
                address = line.split()[-1]
                break
        self.browser = playwright.chromium.connect_over_cdp(address)

    def kill(self):
        """Kill the browser and what it started, as the end of power would."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process.stderr.close()
