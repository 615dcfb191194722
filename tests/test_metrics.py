"""The metrics against slow plain definitions, in many scripts; words, diffs and long texts."""

import asyncio
import json
import re
import threading
from pathlib import Path
from typing import Any
from unicodedata import category, normalize
from unicodedata import name as name_of

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clair_cli.contrast.checks import check
from clair_cli.contrast.metrics import contrast, is_long
from clair_cli.contrast.word_diff import word_diff
from clair_cli.contrast.words import pieces, words
from clair_cli.records import Completion, Contrast, Pair, Request, Row, RunError, Usage
from clair_cli.run.engine import Branch, Engine, Window, World

REAL = Path(__file__).parents[2] / "shared" / "gpt4-revisions" / "replies.jsonl"
MANY = settings(deadline=None, database=None, max_examples=120)


# The definitions, written down as plainly as they can be

SPACELESS = (
    *("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "IDEOGRAPHIC NUMBER ZERO", "HANGZHOU NUMERAL"),
    *("IDEOGRAPHIC ITERATION MARK", "IDEOGRAPHIC CLOSING MARK", "MASU MARK", "VERTICAL KANA"),
    *("VERTICAL IDEOGRAPHIC ITERATION", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA"),
    *("THAI", "LAO", "KHMER", "MYANMAR"),
    *("TAI LE", "NEW TAI LUE", "TAI THAM", "TAI VIET", "JAVANESE", "BALINESE"),
)
"""How the names begin that Unicode gives to the letters of these scripts."""
TAILS = "\u0e33\u0eb3\uff9e\uff9f"
JOINERS = "\u200c\u200d"
STACKING = "\u17d2\u1039\u1a60"


def is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def is_spaceless(char: str) -> bool:
    is_letter = category(char)[0] == "L" or category(char) == "Nl"
    return is_letter and char not in TAILS and name_of(char, "").startswith(SPACELESS)


def plain_words(text: str) -> list[str]:
    """Words, character by character."""
    text = normalize("NFC", text.lower())
    found, at = [], 0
    while at < len(text):
        if is_word(text[at]):
            end = plain_end(text, at)
            found.append(text[at:end])
            at = end
        else:
            at += 1
    return found


def plain_end(text: str, start: int) -> int:
    """Where the word ends that begins at `start`."""
    alone = is_spaceless(text[start]) or text[start] in TAILS
    at = start + 1
    while at < len(text):
        char = text[at]
        joined = len(text[at:]) - len(text[at:].lstrip(JOINERS))
        after = text[at + joined : at + joined + 1]
        apart = is_spaceless(after) or after in TAILS if after else True
        stacked = alone and is_spaceless(char) and text[at - 1] in STACKING
        running = not alone and is_word(char) and not is_spaceless(char)
        if category(char)[0] == "M" or char in TAILS or stacked or running:
            at += 1
        elif joined and after and is_word(after) and (alone or not apart):
            at += joined
        else:
            break
    return at


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
    old, new = plain_words(response), plain_words(revision)
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
    *("the", "The", "ant", "has", "six", "6", "a_b", "Ünï", "ß", "İ", "ﬁ", "Ant’s", "élève"),
    *("日本語", "です", "カメラ", "ｶﾞｷﾞ", "한국어", "我喜欢", "葛󠄀"),
    *("น้ำ", "ภาษาไทย", "ພາສາ", "កម្ពុជា", "မြန်မာ", "သတ္တဝါ"),
    *("हिन्दी", "क्‍ष", "می‌خواهم", "كَتَبَ", "שָׁלוֹם", "Ελλάς", "ёлка", "தமிழ்"),
]
GAPS = [
    " ",
    "  ",
    "\n",
    ", ",
    ".",
    "-",
    "'",
    "\t",
    "👍🏽",
    "👨‍👩‍👧",
    "🇫🇷",
    "\u0301",
    "\u200d",
    "。",
    "",
    "",
]
BLOCKS = [
    *((0x20, 0x17F), (0x300, 0x36F), (0x390, 0x3FF), (0x400, 0x45F), (0x5B0, 0x5EA)),
    *((0x620, 0x670), (0x900, 0x97F), (0xB80, 0xBFF), (0xE01, 0xE5B), (0xE81, 0xEDF)),
    *((0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17F9), (0x1A20, 0x1A7F), (0x200B, 0x2010)),
    *((0x3001, 0x30FF), (0x4E00, 0x4E20), (0xAC00, 0xAC20), (0xF900, 0xF920), (0xFF60, 0xFFA0)),
    *((0x1F3F0, 0x1F480), (0x20000, 0x20010), (0xE0100, 0xE0103)),
]
"""Scripts of many kinds, with their marks and digits."""
letters = st.one_of(*(st.characters(min_codepoint=a, max_codepoint=b) for a, b in BLOCKS))
sentences = st.lists(st.sampled_from([*WORDS, *GAPS]), max_size=14).map("".join)
texts = st.one_of(sentences, st.text(letters, max_size=14), st.text(max_size=12))


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
def test_words_are_what_their_definition_says(text: str) -> None:
    assert words(text) == plain_words(text)


@given(texts)
@example("İ")
@example("\u1e9e\u0301")
@MANY
def test_the_way_a_letter_is_encoded_makes_no_other_word(text: str) -> None:
    assert words(normalize("NFC", text)) == words(normalize("NFD", text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's 2 a_b, Straße!", ["it", "s", "2", "a_b", "straße"]),
        ("cafe\u0301 déjà", ["café", "déjà"]),
        ("我喜欢AI。", ["我", "喜", "欢", "ai"]),
        ("カメラで撮る 3枚", ["カ", "メ", "ラ", "で", "撮", "る", "3", "枚"]),
        ("น้ำมาก 42 ๔๒", ["น้ำ", "ม", "า", "ก", "42", "๔๒"]),
        ("ນ້ຳ", ["ນ້ຳ"]),
        ("កម្ពុជា", ["ក", "ម្ពុ", "ជា"]),
        ("မြန်မာ သတ္တဝါ", ["မြ", "န်", "မာ", "သ", "တ္တ", "ဝါ"]),
        ("हिन्दी सीखना", ["हिन्दी", "सीखना"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("한국어를 배워요", ["한국어를", "배워요"]),
        ("كَتَبَ", ["كَتَبَ"]),
        ("👨‍👩‍👧 👍🏽 …", []),
    ],
)
def test_words_of_small_texts(text: str, expected: list[str]) -> None:
    assert words(text) == [normalize("NFC", word) for word in expected]


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
        ("cafe\u0301", "café", Contrast(2, 0.6, 1.0, 1.0, 0.8, 3)),
        ("it's", "its", Contrast(1, 0.75, 0.0, 0.0, 0.75, 2)),
        ("日本語です", "日本語だ", Contrast(2, 0.6, 0.5, 0.6, 0.8, 3)),
        ("น้ำใส", "น้ำเย็น", Contrast(4, 0.428571, 0.166667, 0.333333, 1.4, 3)),
    ],
)
def test_metrics_of_small_pairs(response: str, revision: str, expected: Contrast) -> None:
    assert contrast(response, revision) == expected


def revision_of(call: dict[str, Any]) -> str:
    content: str = call["reply"]["choices"][0]["message"]["content"]
    return content.split("{corrected_student_solution}")[1].removeprefix(":").strip()


def _real() -> list[dict[str, Any]]:
    if not REAL.exists():
        return []
    return [json.loads(line) for line in REAL.read_text(encoding="utf-8").splitlines()]


@pytest.mark.skipif(not REAL.exists(), reason="the real replies are not at hand")
def test_ten_real_revisions_lie_where_they_were_measured() -> None:
    found = []
    for call in _real():
        row = Row(
            "1", [{"role": "user", "content": call["task"]}], call["student_solution"], 1, 1, {}
        )
        assert check(row, revision_of(call)) is None
        found.append(contrast(call["student_solution"], revision_of(call)))
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


def test_the_ten_are_part_of_what_is_told_of_the_twenty() -> None:
    """Over twenty, of which these are ten: mean Jaccard 0.35, Levenshtein 1,318, ratio 1.27."""
    if not REAL.exists():
        pytest.skip("the real replies are not at hand")
    found = [contrast(call["student_solution"], revision_of(call)) for call in _real()]
    told = {"jaccard": (0.195, 0.565), "levenshtein": (126, 2581), "length_ratio": (0.505, 4.805)}
    for metric, (least, most) in told.items():
        values = [getattr(one, metric) for one in found]
        assert least <= min(values) <= max(values) <= most, metric
    assert sum(one.jaccard for one in found) / 10 == pytest.approx(0.35, abs=0.05)
    assert sum(one.levenshtein for one in found) / 10 == pytest.approx(1318, rel=0.25)


# Diffs


@given(texts, texts)
@MANY
def test_a_diff_holds_both_texts_and_cuts_nothing_apart(old: str, new: str) -> None:
    diff = list(word_diff(old, new))
    assert "".join(text for kind, text in diff if kind != "new") == old
    assert "".join(text for kind, text in diff if kind != "gone") == new
    assert all(text for _, text in diff)
    for kind in ("gone", "new"):
        side = [text for its, text in diff if its in {"same", kind}]
        assert sum(len(pieces(text)) for text in side) == len(pieces("".join(side)))


@given(texts, texts)
@example("a an the a of", "the a an of")
@example("a _ b", "c _ d")
@MANY
def test_a_diff_keeps_the_words_that_the_metric_counts(old: str, new: str) -> None:
    """But for a word that is written in another way, or drags a joiner: it is shown as changed."""
    old, new = (normalize("NFC", text.lower()) for text in (old, new))
    stayed = sum(len(words(text)) for kind, text in word_diff(old, new) if kind == "same")
    counted = plain_common(words(old), words(new))
    are_plain = (words(text) == [*filter(words, pieces(text))] for text in (old, new))
    assert stayed == counted if all(are_plain) else stayed <= counted


@given(texts, texts)
@MANY
def test_a_diff_tells_what_went_then_what_came_between_two_stretches(old: str, new: str) -> None:
    kinds = "".join(f"{kind} " for kind, _ in word_diff(old, new))
    assert re.fullmatch(r"(same )?((gone )?(new )?same )*(gone )?(new )?", kinds)
    assert "same same" not in kinds


@given(st.text(st.one_of(letters, st.characters(max_codepoint=0x2FF)), max_size=14))
@MANY
def test_usual_characters_make_the_same_pieces_without_and_beside_unusual_ones(text: str) -> None:
    assert pieces(f"{text}我")[:-1] == pieces(text)[: len(pieces(f"{text}我")) - 1]


@given(texts)
@MANY
def test_pieces_are_the_text_and_begin_where_characters_do(text: str) -> None:
    found = pieces(text)
    assert "".join(found) == text
    assert not any(category(piece[0])[0] == "M" for piece in found[1:])
    assert not any(piece[0] in JOINERS for piece in found[1:])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Ants have eight legs.", "Ants have six legs.", "Ants have [eight]{six} legs."),
        ("the big red ant", "one small green ant", "[the big red]{one small green} ant"),
        ("我有三只猫。", "我有两只猫。", "我有[三]{两}只猫。"),
        ("a 👍🏽 b", "a 👍🏿 b", "a [👍🏽]{👍🏿} b"),
        ("🇫🇷🇩🇪", "🇫🇷🇩🇰", "🇫🇷[🇩🇪]{🇩🇰}"),
        ("one\n\ntwo", "1\n\n2", "[one]{1}\n\n[two]{2}"),
        ("The ant. Eats.", "the ant eats", "[The]{the} ant[. Eats.]{ eats}"),
        ("a an the a of", "the a an of", "{the }a an [the a ]of"),
        ("same", "same", "same"),
        ("", "new", "{new}"),
    ],
)
def test_a_diff_is_easy_to_read(old: str, new: str, expected: str) -> None:
    marks = {"same": "", "gone": "[]", "new": "{}"}
    shown = (f"{marks[kind][:1]}{text}{marks[kind][1:]}" for kind, text in word_diff(old, new))
    assert "".join(shown) == expected


# Long texts


def test_long_texts_are_compared_exactly() -> None:
    """Beyond the length from which another function of the library does it."""
    common = "".join(f"w{n} " for n in range(6000))
    old, new = f"abc {common}", f"{common}xyz"
    assert is_long(old, new)
    assert not is_long("a" * 1000, "b" * 1000)
    found = contrast(old, new)
    assert found.levenshtein == 7
    assert found.kept == round(6000 / 6001, 6)
    shorter = [old.split()[:6000:40], new.split()[:6000:40]]
    assert contrast(*map(" ".join, shorter)).levenshtein == plain_distance(*map(" ".join, shorter))


def test_long_texts_have_a_diff_too() -> None:
    """Of more words than a longest common subsequence has memory for."""
    common = "".join(f" w{n}" for n in range(20_500))
    assert list(word_diff(f"a b{common} c", f"b{common} d")) == [
        *(("gone", "a "), ("same", f"b{common} "), ("gone", "c"), ("new", "d")),
    ]


class Open:
    """A gate that is always open."""

    async def demand(self) -> None:
        """At once."""

    def close(self, error: RunError) -> None:
        """Nothing waits."""


def test_a_long_pair_does_not_hold_up_the_others() -> None:
    """The long one is read until the short one behind it has been."""
    behind = threading.Event()

    def read(row: Row, completion: Completion) -> Pair:
        if row.id == "long":
            assert behind.wait(timeout=60)
        else:
            behind.set()
        return Pair(row.id, row.prompt, "c", row.response, "", "", contrast("", ""))

    async def complete(request: Request) -> Completion:
        return Completion("c" * 6000, "", "", "stop", "m", Usage(), b"")

    async def ids() -> list[str]:
        branch = Branch(lambda row, last, problem: Request.of({"id": row.id}), read)
        engine = Engine(World([branch], complete, 1), Open(), Window(10), lambda event: None)
        rows = [Row(i, [], "r" * size, 1, 1, {}) for i, size in (("long", 6000), ("short", 6))]
        return [outcome.id async for outcome in engine.outcomes(rows)]

    assert asyncio.run(ids()) == ["long", "short"]
