"""A new study file that passes lint, with a comment for every choice left to its author."""

from __future__ import annotations

import math
from dataclasses import dataclass
from string import Template

from liftgate.errors import DataError
from liftgate.study.lint import check
from liftgate.study.load import loads

_TEMPLATE = Template("""\
# What each key means: docs/reference/study-file.md. Check the file with: liftgate study lint FILE
liftgate: 1
study: $name
# One sentence that the results can contradict.
hypothesis: $hypothesis
owner: $owner

dataset:
  # JSONL, CSV or Parquet with id, input and target; or python:package.module:name.
  source: $dataset
  # cluster: source_file   # items that share it are not independent of each other
  # slices: [language]     # results are also shown for each of its values

arms:
  # A factory that takes the params and returns answer(parts); parts is an item's input.
  baseline: {role: baseline, system: $baseline}
  candidate: {role: candidate, system: $candidate}

scorers:
  # liftgate plugins lists the others.
  exact: {scorer: exact}

# Every outcome has a rule. A failure of the system is an answer with a score; what could not be
# measured is missing and counts worst for the claim and arm concerned.
outcomes:
  timeout: {score: worst, retries: 1, after_s: 60}
  crash: {score: worst, retries: 1}
  refusal: {score: worst}
  unparsable: {score: worst}
  scorer_failed: missing
  missing_label: missing

claims:
  # target is the smallest gain worth having, in the units of the score; power is asked for it.
  primary: {metric: exact, superior: {by: 0.0, target: $worthwhile}}
  guardrails:
    # In milliseconds, from $passes separate passes over the items.
    - {metric: latency_p95_ms, within: {limit: 10000, passes: $passes}}
  watch: []
  secondary: []

# alpha: the largest chance of shipping something bad, for the whole study.
decision: {alpha: 0.05, alpha_hold: 0.05, population: new-items}
# Five looks on the way, alpha spent over them; the run stops when every candidate is settled.
# {plan: fixed} looks once, at the end; {plan: anytime} after every hundredth of the items.
stopping: {plan: planned-looks, looks: 5}
repeats: 1
seed: 1
""")


@dataclass(frozen=True)
class Answers:
    """What only the author of a study knows."""

    name: str
    worthwhile: float
    """The smallest gain worth having, in the units of the score."""
    hypothesis: str = "The candidate answers more items correctly than the baseline."
    owner: str = ""
    dataset: str = "items.jsonl"
    baseline: str = "python:systems:baseline"
    candidate: str = "python:systems:candidate"


def scaffold(answers: Answers, *, passes: int = 7) -> str:
    """Return the text of a study file without lint faults.

    Args:
        answers: the author's.
        passes: separate passes for the latency claim.

    Raises:
        DataError: the smallest worthwhile gain is not above 0.
        StudyError: an answer does not fit into a study, e.g. its name.
    """
    if not (math.isfinite(answers.worthwhile) and answers.worthwhile > 0):
        raise DataError(
            f"worthwhile: got {answers.worthwhile:g}, expected a gain above 0",
            hint="how much better must the candidate be before the change is worth its cost?",
        )
    text = _TEMPLATE.substitute(
        name=_quoted(answers.name),
        hypothesis=_quoted(answers.hypothesis),
        owner=_quoted(answers.owner),
        dataset=_quoted(answers.dataset),
        baseline=_quoted(answers.baseline),
        candidate=_quoted(answers.candidate),
        worthwhile=repr(float(answers.worthwhile)),
        passes=passes,
    )
    check(loads(text, "the new study"))
    return text


def _quoted(text: str) -> str:
    """Return a text as a YAML string, whatever it holds."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"
