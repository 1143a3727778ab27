"""Makes decision_looks.json with the real commands; never run by the tests.

A study of two candidates and five planned looks: one that knows the names of months, one that reads
day and month the wrong way round.

    python tests/data/decision_looks.py tests/data/decision_looks.json
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from liftgate.documents.sections import readable
from liftgate.store import Store

EXAMPLE = Path(__file__).parents[2] / "examples" / "first-study"
TEXTS = ("input", "target", "baseline_output", "candidate_output")
SWAPPED = '''

def swapped() -> Reader:
    """Return a candidate that takes the month for the day where it can."""

    def answer(parts: Mapping[str, str]) -> str:
        found = re.fullmatch(r"(\\d{1,2})[./](\\d{1,2})[./](\\d{4})", parts["text"])
        return iso(found[3], found[1], found[2]) if found else numeric(parts["text"]) or "?"

    return answer
'''


def main() -> None:
    """Run the study in a folder of its own and write its decision with the texts of its items."""
    with TemporaryDirectory() as folder:
        here = Path(folder) / "dates"
        shutil.copytree(EXAMPLE, here)
        with (here / "systems.py").open("a") as file:
            file.write(SWAPPED)
        study = (here / "study.yaml").read_text()
        arms = '  lenient: {role: candidate, system: "python:systems:lenient"}\n'
        more = '  swapped: {role: candidate, system: "python:systems:swapped"}\n'
        study = study.replace(arms, arms + more)
        # Asked for so much that one look does not settle it.
        study = study.replace("superior: {target: 0.05}", "superior: {by: 0.3, target: 0.45}")
        guard = "  guardrails:\n"
        study = study.replace(guard, guard + "    - {metric: exact, non_inferior: {margin: 2%}}\n")
        study += "stopping: {plan: planned-looks, looks: 5}\n"
        (here / "study.yaml").write_text(study)
        done = subprocess.run(
            [sys.executable, "-m", "liftgate", "run", "study.yaml", "--json", "--quiet"],
            cwd=here,
            env={**os.environ, "LIFTGATE_HOME": str(here / ".liftgate")},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        body = json.loads(done.stdout)
        body.pop("entry")
        with Store.open(here / ".liftgate", read_only=True) as store:
            rows = [
                row for found in body["items"].values() for row in found["gains"] + found["losses"]
            ]
            digests = {row[key] for row in rows for key in TEXTS if row[key] is not None}
            texts = {digest: readable(store.output(digest)) for digest in sorted(digests)}
    out = json.dumps({"body": body, "texts": texts}, ensure_ascii=False, indent=1, sort_keys=True)
    Path(sys.argv[1]).write_text(out + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
