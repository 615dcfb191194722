"""The metrics against slow plain definitions, and what the checks flag and leave alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clair_cli.contrast import check, contrast, is_refusal, words
from clair_cli.records import Contrast, Row

REAL = Path(__file__).parents[2] / "shared" / "gpt4-revisions" / "replies.jsonl"
MANY = settings(deadline=None, database=None, max_examples=300)

RESPONSE = "Ants have eight legs."
PROMPT = "How many legs does an ant have, and why is that the number? Answer in a sentence or two."


def row(response: str = RESPONSE, *prompt: str) -> Row:
    turns = [{"role": "user", "content": text} for text in prompt or [PROMPT]]
    return Row("1", turns, response, 1, len(response), {})


def reason(revision: str, response: str = RESPONSE, *prompt: str) -> str | None:
    problem = check(row(response, *prompt), revision)
    return problem.reason if problem else None


# Metrics: the definitions, written down as plainly as they can be


def plain_words(text: str) -> list[str]:
    """Runs of letters, digits and underscores."""
    return "".join(c if c.isalnum() or c == "_" else " " for c in text.lower()).split(" ")


def plain_distance(a: str, b: str) -> int:
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        line = [i]
        for j, y in enumerate(b, start=1):
            line.append(min(above[j] + 1, line[-1] + 1, above[j - 1] + (x != y)))
        above = line
    return above[-1]


def plain_common(a: list[str], b: list[str]) -> int:
    """The length of the longest common subsequence."""
    above = [0] * (len(b) + 1)
    for x in a:
        line = [0]
        for j, y in enumerate(b, start=1):
            line.append(above[j - 1] + 1 if x == y else max(above[j], line[-1]))
        above = line
    return above[-1]


def plain_prefix(a: str, b: str) -> int:
    return next((i for i in range(min(len(a), len(b))) if a[i] != b[i]), min(len(a), len(b)))


def plain_contrast(response: str, revision: str) -> Contrast:
    distance = plain_distance(response, revision)
    longer = max(len(response), len(revision))
    old = [word for word in plain_words(response) if word]
    new = [word for word in plain_words(revision) if word]
    either = len(set(old) | set(new))
    return Contrast(
        levenshtein=distance,
        similarity=1 - distance / longer if longer else 1.0,
        jaccard=len(set(old) & set(new)) / either if either else 1.0,
        kept=plain_common(old, new) / len(old) if old else 1.0,
        length_ratio=len(revision) / len(response) if response else 1.0,
        first_change=plain_prefix(response, revision),
    )


WORDS = [
    "the",
    "The",
    "ant",
    "ants",
    "has",
    "six",
    "6",
    "legs",
    "a_b",
    "Ünï",
    "日本",
    "ß",
    "İ",
    "ﬁ",
]
GAPS = [" ", "  ", "\n", ", ", ".", "-", "'", "\t", "👍🏽", "\u0301", ""]
sentences = st.lists(st.sampled_from([*WORDS, *GAPS]), max_size=14).map("".join)
texts = st.one_of(sentences, st.text(max_size=12))


@given(texts, texts)
@MANY
def test_each_metric_is_what_its_definition_says(response: str, revision: str) -> None:
    found, expected = contrast(response, revision), plain_contrast(response, revision)
    assert found.levenshtein == expected.levenshtein
    assert found.first_change == expected.first_change
    for name in ("similarity", "jaccard", "kept", "length_ratio"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-6), name


@given(texts)
@MANY
def test_words_are_runs_of_letters_digits_and_underscores(text: str) -> None:
    assert words(text) == [word for word in plain_words(text) if word]


@given(texts, texts)
@MANY
def test_metrics_keep_their_bounds(response: str, revision: str) -> None:
    found = contrast(response, revision)
    shorter, longer = sorted([len(response), len(revision)])
    assert longer - shorter <= found.levenshtein <= longer
    assert 0 <= found.similarity <= 1
    assert 0 <= found.jaccard <= 1
    assert 0 <= found.kept <= 1
    assert found.length_ratio >= 0
    assert 0 <= found.first_change <= shorter
    assert found.first_change + found.levenshtein <= longer


@given(texts)
@MANY
def test_a_text_does_not_contrast_with_itself(text: str) -> None:
    assert contrast(text, text) == Contrast(0, 1.0, 1.0, 1.0, 1.0, len(text))


@given(texts, texts)
@MANY
def test_what_has_no_direction_is_symmetric(response: str, revision: str) -> None:
    there, back = contrast(response, revision), contrast(revision, response)
    for name in ("levenshtein", "similarity", "jaccard", "first_change"):
        assert getattr(there, name) == getattr(back, name), name
    if response and revision:
        assert there.length_ratio * back.length_ratio == pytest.approx(1, abs=1e-4)


@given(sentences, sentences)
@MANY
def test_words_only_added_behind_keep_all(response: str, more: str) -> None:
    found = contrast(response, f"{response} {more}")
    assert found.kept == 1
    assert found.first_change == len(response)
    assert found.levenshtein == len(more) + 1


@pytest.mark.parametrize(
    ("response", "revision", "expected"),
    [
        ("", "", Contrast(0, 1.0, 1.0, 1.0, 1.0, 0)),
        ("", "six", Contrast(3, 0.0, 0.0, 1.0, 1.0, 0)),
        ("six", "", Contrast(3, 0.0, 0.0, 0.0, 0.0, 0)),
        ("...", "!", Contrast(3, 0.0, 1.0, 1.0, 0.333333, 0)),
        ("kitten", "sitting", Contrast(3, 0.571429, 0.0, 0.0, 1.166667, 0)),
        ("One two three", "one TWO", Contrast(10, 0.230769, 0.666667, 0.666667, 0.538462, 0)),
        ("a b c d", "a c b d", Contrast(2, 0.714286, 1.0, 0.75, 1.0, 2)),
        ("a a a", "a", Contrast(4, 0.2, 1.0, 0.333333, 0.2, 1)),
        ("👍🏽", "👍", Contrast(1, 0.5, 1.0, 1.0, 0.5, 1)),
        ("it's", "its", Contrast(1, 0.75, 0.0, 0.0, 0.75, 2)),
        ("日本語です", "日本語だ", Contrast(2, 0.6, 0.0, 0.0, 0.8, 3)),
    ],
)
def test_metrics_of_small_pairs(response: str, revision: str, expected: Contrast) -> None:
    assert contrast(response, revision) == expected


def _real() -> list[dict[str, Any]]:
    if not REAL.exists():
        return []
    return [json.loads(line) for line in REAL.read_text(encoding="utf-8").splitlines()]


@pytest.mark.skipif(not REAL.exists(), reason="the real replies are not at hand")
def test_ten_real_revisions_lie_where_they_were_measured() -> None:
    found = []
    for call in _real():
        content = call["reply"]["choices"][0]["message"]["content"]
        revision = content.split("{corrected_student_solution}")[1].removeprefix(":").strip()
        assert check(row(call["student_solution"], call["task"]), revision) is None
        found.append(contrast(call["student_solution"], revision))
    assert len(found) == 10
    ranges = {
        "levenshtein": (828, 2260),
        "similarity": (0.169884, 0.571207),
        "jaccard": (0.195946, 0.559809),
        "kept": (0.211429, 0.641935),
        "length_ratio": (0.912545, 4.796296),
        "first_change": (0, 95),
    }
    for name, expected in ranges.items():
        values = [getattr(one, name) for one in found]
        assert (min(values), max(values)) == pytest.approx(expected, abs=1e-6), name


# Checks


@pytest.mark.parametrize(
    "revision",
    [RESPONSE, f" {RESPONSE}\n", f"\n\n{RESPONSE}", f"{RESPONSE}\r\n", f"{RESPONSE}\t"],
)
def test_the_same_answer_is_unchanged(revision: str) -> None:
    assert reason(revision) == "unchanged"


@pytest.mark.parametrize(
    "revision",
    [
        "Ants have six legs.",
        "ants have eight legs.",
        "Ants have eight legs",
        "Ants  have eight legs.",
        f"{RESPONSE} They are insects.",
        f"**{RESPONSE}**",
    ],
)
def test_a_small_change_is_a_change(revision: str) -> None:
    assert reason(revision) is None


REFUSALS = [
    "I'm sorry, but I can't assist with that.",
    "I’m sorry, but I can’t assist with that.",
    "I'm sorry, but I cannot fulfill that request.",
    "I am sorry, I am unable to revise this answer.",
    "I'm really sorry, but I can't help with that.",
    "Sorry, I can't help with this.",
    "Sorry, but I'm not able to help with that request.",
    "I apologize, but I cannot assist with that.",
    "I apologise, but I will not help with this.",
    "I cannot help with that. Is there anything else you need?",
    "I can’t help with that.",
    "I can not provide that.",
    "I won't assist with that.",
    "I'm unable to help with that.",
    "I’m unable to help with that.",
    "I am not able to discuss this.",
    "Unfortunately, I can't do that.",
    "As an AI language model, I cannot provide that.",
    "I'm sorry, but as an AI language model, I cannot create that.",
    "**I'm sorry, but I can't help with that.**",
    '"I can\'t assist with that request."',
]


@pytest.mark.parametrize("revision", REFUSALS)
def test_a_refusal_is_flagged(revision: str) -> None:
    assert is_refusal(revision)
    assert reason(revision) == "refused"


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry to hear that your parcel is late. I have sent a new one today.",
        "I apologize for the delay and have refunded the postage.",
        "Sorry I missed your call! I will ring again at six.",
        "I am sorry, but the shop is closed on Sunday.",
        "I'm sorry, but I can't come on Saturday.",
        "Unfortunately, ants have six legs and not eight.",
        "I can help with that: ants have six legs.",
        "I cannot stress this enough: count the legs.",
        "I can't wait to see the ants.",
        "I will not have my tea without milk.",
        "I won the race. It was hard.",
        "As an AI researcher, I read about ants every day.",
        "Ants can't help it: they follow the trail.",
        "You cannot provide a refund without a receipt.",
        "The agent says: I'm sorry, but I can't assist with that.",
        "Agent: I'm sorry, I can't help with that.",
        "Customer: Hello!\n\nAgent: I'm unable to help with that today, sorry.",
        "# I cannot find the file\nraise SystemExit",
        "Sorry",
        "I",
        "",
    ],
)
def test_an_apology_or_a_not_is_no_refusal(text: str) -> None:
    assert not is_refusal(text)
    assert reason(text) is None


def test_a_refusal_of_the_students_may_be_revised() -> None:
    response = "sorry i can't help with that"
    assert reason("I'm sorry, but I can't help with that.", response) is None


ALLUSIONS = [
    "Ants have six legs. In this revised version, the number is right.",
    "Ants have six legs. In this improved answer the number is right.",
    "Ants have six legs. In my corrected answer, the number is right.",
    "This revised answer gives the number: six.",
    "Here is the revised answer: ants have six legs.",
    "Here's the corrected solution:\n\nAnts have six legs.",
    "Here’s the corrected solution:\n\nAnts have six legs.",
    "Here is a revised version:\n\nAnts have six legs.",
    "Here is an improved version of the answer:\n\nAnts have six legs.",
    "Here's an updated version:\n\nAnts have six legs.",
    "Here is your revised response:\n\nAnts have six legs.",
    "Below is a revised version.\n\nAnts have six legs.",
    "Here is the revised student answer: ants have six legs.",
    "Ants have six legs.\n\nNote: I have corrected the student's answer.",
    "Ants have six legs. I revised your answer.",
    "I've improved the original answer: ants have six legs.",
    "I’ve improved the original answer: ants have six legs.",
    "The corrected student solution: ants have six legs.",
    "The student's original answer said eight, but ants have six legs.",
    "Ants have six legs, where the student's answer has eight.",
    "Ants have six legs, where the student’s answer has eight.",
    "Ants have six legs.\n\n**Changes made:**\n- the number",
    "Ants have six legs.\n\nCorrections made:\n1. the number",
    "Ants have six legs.\n\n### Improvements made\n- the number",
    "**Revised Answer:**\n\nAnts have six legs.",
    "Revised solution: ants have six legs.",
]


@pytest.mark.parametrize("revision", ALLUSIONS)
def test_a_revision_that_speaks_of_itself_is_flagged(revision: str) -> None:
    assert reason(revision) == "alludes"


@pytest.mark.parametrize("revision", ALLUSIONS)
def test_what_the_prompt_or_the_response_says_may_be_said(revision: str) -> None:
    assert reason(revision, f"{RESPONSE} {revision}") is None
    assert reason(revision, RESPONSE, f"Please say: {revision} Thank you.") is None
    assert reason(revision, RESPONSE, f"Begin: {revision} Please.", "Now say it again.") is None


@pytest.mark.parametrize(
    "revision",
    [
        "The revised edition of 1831 is the one most people read.",
        "Frankenstein was revised and corrected by its author.",
        "The corrected proof of the theorem appeared in 1995.",
        "An editor reads the corrected proofs twice and signs them.",
        "Dilute the corrected solution to 0.1 mol/l and stir.",
        "Titrate again with the corrected solution and note the volume.",
        "# corrected: an off-by-one\nfor leg in range(6):\n    count(leg)",
        "// updated version check\nif (version < 2) { update(); }",
        "The Revised Version of 1885 is a translation of the Bible.",
        "In the revised text of Article 5, shall is replaced by must.",
        "The bill passed with the revised text of section 2.",
        "The faults were mended in the updated version of the app.",
        "Install the updated version of the package.",
        "The improved solution of the knapsack problem runs in pseudo-polynomial time.",
        "I'm sorry to hear that. I have updated your address in our system.",
        "Your order was corrected and is on its way; I apologize for the mistake.",
        "Changes made to the file are lost when you close it.",
        "Improvements made by Watt doubled the power of the engine.",
        "Changes in the weather made the ants move.",
        "Students' answers vary: some say six legs and some eight.",
        "A student's answer is graded by two people.",
        "She gave a revised answer in court.",
        "This edition is revised every year, and this version is the tenth.",
        "Here is the answer: six.",
        "Here's a story about a corrected map.",
        "I corrected the map before we left.",
        "We edited the film in a week.",
    ],
)
def test_a_text_about_revising_is_no_allusion(revision: str) -> None:
    assert reason(revision) is None


def test_the_whole_prompt_in_the_revision_is_an_echo() -> None:
    assert reason(f"{PROMPT}\n\nAnts have six legs.") == "echo"
    assert reason(f"Ants have six legs.\n\n{PROMPT}") == "echo"
    assert reason(f"Six legs. {PROMPT} Six.", RESPONSE, "Hello, ant friend.", PROMPT) == "echo"


@pytest.mark.parametrize(
    ("revision", "response", "prompt"),
    [
        ("Why six? Ants are insects.", RESPONSE, "Why six?"),
        (f"{PROMPT} Six.", f"{PROMPT} Eight.", PROMPT),
        (f"{PROMPT[:60]}... Six.", RESPONSE, PROMPT),
        (f"{PROMPT.upper()} Six.", RESPONSE, PROMPT),
        ("Six legs.", RESPONSE, PROMPT),
    ],
)
def test_a_quotation_is_no_echo(revision: str, response: str, prompt: str) -> None:
    assert reason(revision, response, prompt) is None
