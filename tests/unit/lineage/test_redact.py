"""Secrets on a command line never reach the ledger; ordinary words do."""

from __future__ import annotations

import pytest

from liftgate.lineage.redact import CUT, redacted

SECRET = "s3cr3t-Value/42"


@pytest.mark.parametrize(
    "words",
    [
        ["--api-key", SECRET],
        ["--api_key=" + SECRET],
        ["--openai-token", SECRET],
        ["-token", SECRET],
        ["OPENAI_API_KEY=" + SECRET],
        ["env", "DB_PASSWORD=" + SECRET],
        ["https://user:" + SECRET.replace("/", "") + "@host.example/path"],
        ["https://host.example/?q=1&access_token=" + SECRET],
        ["--header", "Authorization: Bearer " + SECRET],
        ['{"api_key": "' + SECRET + '"}'],
        ["--client-secret", SECRET],
    ],
)
def test_a_secret_is_cut(words):
    text = " ".join(redacted(["liftgate", "run", *words]))
    assert SECRET not in text
    assert SECRET.replace("/", "") not in text
    assert CUT in text


@pytest.mark.parametrize(
    "word",
    [
        "sk-abcdefgh12345678",
        "ghp_abcdefgh12345678",
        "hf_abcdefgh12345678",
        "xoxb-1234567890-abc",
        "AKIAABCDEFGHIJKLMNOP",
        "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln",
    ],
)
def test_a_word_of_a_known_secret_shape_is_cut_wherever_it_stands(word):
    assert redacted(["run", word]) == ["run", CUT]


@pytest.mark.parametrize(
    "words",
    [
        ["liftgate", "run", "examples/docsearch/study.yaml", "--concurrency", "4"],
        ["--metric", "token_f1", "--margin", "token_f1=0.02", "max_tokens=512"],
        ["--author", "Ada", "--max-tokens", "9"],
        ["compare", "a.csv", "b.csv@system", "--json"],
        ["https://host.example/path?page=2"],
        ["task-key-1.jsonl", "--item", "key"],
    ],
)
def test_an_ordinary_command_stays_as_it_was(words):
    assert redacted(words) == words


def test_an_option_after_a_secret_option_is_kept():
    assert redacted(["--use-token", "--json"]) == ["--use-token", "--json"]


def test_words_that_are_no_unicode_are_kept_as_escapes():
    assert redacted(["a\udcff"]) == ["a\\udcff"]
