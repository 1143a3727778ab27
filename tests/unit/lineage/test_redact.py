"""Secrets on a command line never reach the ledger; ordinary words do."""

from __future__ import annotations

import pytest

from liftgate.lineage.redact import CUT, cut_diff, redacted

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
        ["TOKENIZER = Path()", "tokenizer=bpe", "tokenised: yes", "--tokenizer", "x"],
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


DIFF = """diff --git a/conf.py b/conf.py
--- a/conf.py
+++ b/conf.py
@@ -1,2 +1,3 @@
 name = "a"
+{line}
 other = 1
"""


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("api_key = x", f"api_key = {CUT}"),
        ('    api_key="some words here"  # why', f"    api_key={CUT}"),
        ("password: hunter2 and more", f"password: {CUT}"),
        ("client = Client(x, api_key=settings.key)", f"client = Client(x, api_key={CUT}"),
        ("max_tokens = 4", "max_tokens = 4"),
    ],
)
def test_what_an_added_line_assigns_to_a_secret_name_is_cut_to_the_end_of_the_line(line, kept):
    assert cut_diff(DIFF.format(line=line)) == DIFF.format(line=kept)


@pytest.mark.parametrize(
    "line",
    [
        "api_key = (",
        'api_key = """',
        "api_key = 'one",
        "api_key = one + \\",
        "secret: |",
        "api_key = sk-abcdefgh12345678",
        "x = 'sk-abcdefgh12345678'",
        "url = https://user:pw@host.example/",
    ],
)
def test_a_diff_whose_secret_may_go_on_or_has_a_secret_s_own_shape_is_not_kept(line):
    assert cut_diff(DIFF.format(line=line)) is None


def test_a_diff_with_a_secret_name_on_a_line_that_it_does_not_add_is_not_kept():
    for mark in " -":
        assert cut_diff(DIFF.replace("+{line}", mark + "api_key = x")) is None
