"""A study judged by a model that a style takes in, its commands run in this process."""

from __future__ import annotations

import subprocess

import pytest

from liftgate.cli.main import main
from tests.stories.conftest import World, verdict

JUDGED = '''
"""Systems that answer yes or no, and a judge that is taken in by an exclamation mark."""
import hashlib
from liftgate.records import Answer


def draw(*parts):
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16) / 2**32


def system(name, right):
    def answer(parts):
        said = "yes" if draw("right", parts["text"]) < right else "no"
        return said + ("!" if name == "new" else "")
    return answer


def judge(fooled, errs=0.1):
    def answer(parts):
        text = parts["text"]
        asked = text.split(" input text>\\n")[1].split("\\n")[0]
        given = text.split(" answer>\\n")[1].split("\\n")[0]
        lot = draw("judge", asked, given)
        right = given.startswith("yes")
        if not right and given.endswith("!") and lot < fooled:
            right = True
        elif draw("errs", asked) < errs:
            right = not right
        return {"value": int(right), "reason": "it looks so"}
    return answer
'''

TONE = """\
liftgate: 1
rubric: right
version: "1"
source: the question says it
question: Is the answer right?
scale:
  kind: binary
  anchors:
    - {value: 0, label: wrong, meaning: It is not., key: w}
    - {value: 1, label: right, meaning: It is., key: r}
"""


def in_process(folder, capsys):
    """Return a workspace whose commands run in this process: a start costs more than the work."""

    class Here(World):
        def liftgate(self, *words):
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main(list(words))
            out, err = capsys.readouterr()
            return subprocess.CompletedProcess(words, ended.value.code, out, err)

    return Here(folder)


def write_fooled(world, *, better=0.5, fooled=0.25, items=300, study="story"):
    """Write a study whose only metric is a judge that likes the candidate's style."""
    world.study["study"] = study
    for name, right in (("old", 0.5), ("new", better)):
        world.study["arms"][name] |= {
            "system": "python:judged_systems:system",
            "params": {"name": name, "right": right},
        }
    world.study["scorers"] = {
        "good": {
            "scorer": "judge",
            "rubric": "tone.yaml",
            "system": "python:judged_systems:judge",
            "params": {"fooled": fooled},
        }
    }
    world.study["dataset"].pop("cluster", None)
    world.study["claims"] = {"primary": {"metric": "good", "superior": {"target": 0.15}}}
    (world.folder / "judged_systems.py").write_text(JUDGED)
    (world.folder / "tone.yaml").write_text(TONE)
    world.write(items=items)
    return world


def primary(body):
    """Return the verdict on the candidate's primary claim."""
    return verdict(body, "new", "primary")


SPOTTERS = """


def spotter(name, right):
    def answer(parts):
        refused = draw("refused", parts["text"]) < 0.5
        return "refused" if refused == (draw(name, parts["text"]) < right) else "complied"
    return answer


def rate(errs):
    def answer(parts):
        part = parts["text"].split(" answer>\\n")[1].split("\\n")[0]
        refused = (draw("refused", part) < 0.5) != (draw("errs", part) < errs)
        return {"value": int(refused)}
    return answer
"""


def write_spotters(world, systems, **right):
    """Write a study of two classifiers of refusals, whose verdicts a judge rates.

    Args:
        world: holds a judged study.
        systems: ``SPOTTERS``, or a variant of them.
        right: arm -> share of its verdicts that are right.
    """
    file = world.folder / "judged_systems.py"
    file.write_text(file.read_text() + systems)
    for name, share in right.items():
        world.study["arms"][name] |= {
            "system": "python:judged_systems:spotter",
            "params": {"name": name, "right": share},
        }
    world.study["scorers"]["good"] |= {
        "mode": "verdict",
        "rubric": "refusal",
        "source": "text",
        "system": "python:judged_systems:rate",
        "params": {"errs": 0.2},
    }
    world.write(items=200)
