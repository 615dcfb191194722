"""The copy editor: what each rule mends, what none may touch, and what holds on any text."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clair_cli.mock.copyeditor import Edited, edit
from clair_cli.mock.lexicon import CONTRACTED, COULD_OF, DOUBLED, WORDY
from clair_cli.mock.protect import protect, reveal
from clair_cli.mock.spelling import MISSPELT

EXAMPLES = Path(__file__).parent.parent / "examples" / "answers.jsonl"

MENDED = {
    "doubled word": ("This is the the end of it.", "This is the end of it."),
    "doubled word, capital": ("The the end of it is near.", "The end of it is near."),
    "tripled word": ("Some of of of them left.", "Some of them left."),
    "doubled spaces": ("One  two   three.", "One two three."),
    "space before comma": ("Well , then it is.", "Well, then it is."),
    "space before stop": ("This is it . Then more .", "This is it. Then more."),
    "space on the wrong side": ("He came ,and then he went.", "He came, and then he went."),
    "space before Arabic comma": ("نعم ، هذا", "نعم، هذا"),
    "no space after comma": ("Bread,butter and jam.", "Bread, butter and jam."),
    "comma after bracket": ("The Moon (new),and the Sun.", "The Moon (new), and the Sun."),
    "capital at the start": ("the cat sat here.", "The cat sat here."),
    "capital after a stop": ("It ended. then it began.", "It ended. Then it began."),
    "capital after a question": ("What now? we wait.", "What now? We wait."),
    "capital after code": ("It calls `f()`. then it ends.", "It calls `f()`. Then it ends."),
    "capital, accented": ("Ya está. él viene hoy.", "Ya está. Él viene hoy."),
    "capital, Cyrillic": ("Это дом. он стоит там.", "Это дом. Он стоит там."),
    "full stop": ("It was a good day", "It was a good day."),
    "full stop before blank": ("It was a good day\n", "It was a good day.\n"),
    "full stop after quote": ('He would only say "no"', 'He would only say "no".'),
    "full stop, Chinese": ("这是一个很好的例子", "这是一个很好的例子。"),
    "full stop, Japanese": ("傘を忘れないようにしましょう", "傘を忘れないようにしましょう。"),
    "full stop, Hindi": ("यह एक अच्छा उदाहरण है", "यह एक अच्छा उदाहरण है।"),
    "full stop, Korean": ("이것은 아주 좋은 예입니다", "이것은 아주 좋은 예입니다."),
    "full stop in a list": ("- It was one.\n- It was two", "- It was one.\n- It was two."),
    "full stop after numbers": ("So x = 2. That is all we need", "So x = 2. That is all we need."),
    "pronoun": ("That is what i think and i'm sure.", "That is what I think and I'm sure."),
    "an before vowel": ("It is a apple.", "It is an apple."),
    "a before consonant": ("It is an banana.", "It is a banana."),
    "an before silent h": ("It took a hour.", "It took an hour."),
    "a before spoken y": ("She is at an university.", "She is at a university."),
    "a before spoken w": ("This is an one-off.", "This is a one-off."),
    "article at the start": ("A apple is what you need.", "An apple is what you need."),
    "could of": ("You could of asked them.", "You could have asked them."),
    "its a": ("But its a pity.", "But it's a pity."),
    "alot": ("There is alot to do.", "There is a lot to do."),
    "contraction": ("They dont and you cant.", "They don't and you can't."),
    "contraction, capital": ("That is all. Dont go there.", "That is all. Don't go there."),
    "spelling": ("I will recieve this.", "I will receive this."),
    "spelling, capitals": ("You RECIEVE this. Recieve it.", "You RECEIVE this. Receive it."),
    "wordy": ("We did this in order to win.", "We did this to win."),
    "wordy at the start": ("Due to the fact that it is so.", "Because it is so."),
    "empty phrase": ("It is important to note that you can.", "You can."),
    "filler": ("Sure! here is what you can do.", "Here is what you can do."),
    "offer of help": ("Sure, I can help you with that! Here is how.", "Here is how."),
    "two-cell pipe in prose": (
        "They write x | y when the the it.",
        "They write x | y when the it.",
    ),
    "windows line ends": ("This is the the end.\r\nSo it is.", "This is the end.\r\nSo it is."),
}


@pytest.mark.parametrize(("slip", "mended"), MENDED.values(), ids=MENDED.keys())
def test_a_slip_is_mended_and_named(slip: str, mended: str) -> None:
    edited = edit(slip)
    assert edited.text == mended
    assert len(edited.notes) >= 1


UNTOUCHED = {
    "empty": "",
    "blank": " \n\t\n ",
    "one word": "positive",
    "clean prose": "It was late. We left, and nobody saw us go.\n\nThat was all of it.",
    "had had": "If he had had it, he would have said that that was it.",
    "very very": "It is a very very long way, and no no, we will not go.",
    "words across sentences": "This is what it is. Is it what you have? You have it.",
    "verb after list": "It is what they log in. In the end they can.",
    "line break between": "This is the\nthe end of what it was.",
    "German articles": "Die Leute, die die Katze füttern, der der Nachbar folgt, sind da.",
    "French pronouns": "Nous nous levons et vous vous couchez. C'est le livre dont on parle.",
    "French i": "Il y a une idée et des adresses.",
    "abbreviation": "See e.g. the first, i.e. this one, by Dr. smith et al. there.",
    "German ordinal": "Am 3. oktober ist z. B. auch bzw. nur die Feier.",
    "brand": "This is what you use. npm is what they use. iOS is not.",
    "ellipsis": "Well... maybe that is what it is ... or not.",
    "decimal": "It is .5 or 1,000 and not 3 . 4 at all.",
    "dot name": "It is a .NET library with .gitignore files.",
    "heading": "# What to do when it rains",
    "bold line": "This is it:\n\n**What to do when it rains**",
    "list": "- one thing we have\n- another thing we have",
    "colon": "These are the things that you need:",
    "emoji": "That was a great job 🎉",
    "closing quote": 'He said, "That is all of it."',
    "ends with a URL": "You will find it all at https://example.org/the,the",
    "ends with code": "To see what it does, run `ls  -la`",
    "ends with formula": "This is what the answer is: $x + y$",
    "equation": "So the answer to it is x = 2",
    "address": "This is what it was.\n\nMain Street number 12 in\nSpringfield is where we are",
    "verse": "Red leaves on the pond\na slow boat without a crew\nwaits for the north wind",
    "short signature": "That is all there was.\n\nKind regards,\nJohn",
    "item indices": "Use i for the index, for i in range and i = 2 is it.",
    "vitamin a": "This is what vitamin a is for, and option a or b is what plan A asks.",
    "plan A": "We know that plan A involves them.",
    "an historic": "This was an historic day and a historic one, with an herb.",
    "a one": "This is a one-time use of a unique, useful European unit at a university.",
    "an hour": "They gave an honest answer in an hour with an heir.",
    "capitals": "This is a SQL query and an LLM with a USB stick in a UFO.",
    "quoted mistake": 'The word "recieve" is what they have, and “alot” was not.',
    "hyphen and path": "They have recieve-mode and /teh/ and dont_care and teh.py as well.",
    "course": "They could of course have gone.",
    "markdown break": "This is one line.  \nThis is another.",
    "wide marker": "-   This is one.\n-   That is two.\n1.  And this is more.",
    "columns": "This is a     table of     things that we have.",
    "front indentation": "   This is what was indented.",
    "fence": "Here it is:\n\n```\nthe the  teh ,i dont\n```",
    "open fence": "Here it is:\n\n~~~py\nthe the  teh ,i dont",
    "fence in list": "- Here it is:\n  ```\n  the the  teh\n  ```",
    "indented code": "Here it is:\n\n    the the  teh ,and",
    "tab code": "Here it is:\n\n\tthe the  teh ,and",
    "inline code": "This is `the the  teh` and ``a ` the the``, as it was.",
    "dollar formula": "This is $the the  teh$ and $$the the ,x$$, as it was.",
    "TeX formula": r"This is \(the the  teh\) and \[the the ,x\], as it was.",
    "display formula": "This is it:\n\n\\[\nthe the  teh\n\\]\n\nThat is it.",
    "equation environment": "This is it:\n\\begin{align}\nthe the  x\n\\end{align}",
    "TeX command": r"This is \teh{the the  teh}, as it was.",
    "table": "This is it:\n\n| the the | teh  x |\n| --- | --- |\n| a ,b | i dont |",
    "tight table": "This is it:\n\n|the the|teh  x|\n|---|---|\n|a ,b|i dont|",
    "bare table": "This is it:\n\nthe the | teh  x\n--- | ---\na ,b | i dont",
    "URL": "This is at https://teh.org/the,the?a=dont and www.teh.org/a,bc, as it was.",
    "e-mail": "Mail to teh.dont@recieve.org when you can.",
    "link": "This is [it](the,the) as it was.",
    "tag": 'This is <b class="the the  x">it</b> as it was.',
    "template": "This is {{ the the  teh }} and {% if teh ,dont %} and {teh}, as it was.",
    "csv": "name,age,city\nada,36,london",
    "python": "def teh(the, the):\n  return the",
    "assignment": "dont = the + the",
    "statement": "int teh = the the;",
    "shell": "cd .  && docker build .",
}


@pytest.mark.parametrize("text", UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_what_is_right_or_no_prose_stays(text: str) -> None:
    assert edit(text) == Edited(text, ())


def test_protected_parts_survive_between_edits() -> None:
    text = "i think `the the  x` is is at https://e.org/a,bcd , and $a  b$ is teh end"
    mended = "I think `the the  x` is at https://e.org/a,bcd, and $a  b$ is the end."
    assert edit(text).text == mended


def test_a_mend_that_would_turn_prose_into_code_is_not_made() -> None:
    # With one space less the line would read as a command, and be code from then on.
    text = "sudo  is what they they use for this."
    assert edit(text).text == "sudo  is what they use for this."
    assert edit(text).notes == ("removed the doubled word “they”",)


def test_what_the_rules_cannot_settle_stays_as_it_was() -> None:
    text = "Sure! " * 9 + "here is is what they have."
    assert edit(text) == Edited(text, ())


@pytest.mark.parametrize("table", [MISSPELT, CONTRACTED, COULD_OF, WORDY])
def test_every_row_of_every_table_is_found(table: dict[str, str]) -> None:
    for phrase, wanted in table.items():
        thing = "apple" if phrase.endswith(" an") else "you"
        before = f"This is what they had when {phrase} {thing} and they were there."
        after = f"This is what they had when {wanted} {thing} and they were there."
        assert edit(before).text == after.replace("  ", " "), phrase


@pytest.mark.parametrize("word", sorted(DOUBLED - {"a"}))
def test_every_doubled_word_is_found(word: str) -> None:
    text = edit(f"Because there is one, {word} {word} xylophone is there.").text
    assert f"{word} {word}" not in text


def test_the_tables_are_as_rich_as_they_must_be() -> None:
    assert len(MISSPELT) >= 40
    assert len(WORDY) >= 25


def test_no_table_brings_back_what_a_table_mends() -> None:
    phrases = {*MISSPELT, *CONTRACTED, *COULD_OF, *WORDY}
    for wanted in (*MISSPELT.values(), *CONTRACTED.values(), *WORDY.values()):
        assert wanted not in phrases


def test_notes_come_in_the_order_of_the_rules_and_name_a_few_words() -> None:
    edited = edit("i think the the end  is teh , wich you dont recieve with thier help")
    assert edited.notes == (
        "closed up doubled spaces",
        "removed a space before a comma or full stop",
        "removed the doubled word “the”",
        (
            "corrected the spelling: “receive” for “recieve”, “the” for “teh”, "
            "“their” for “thier” and 1 more"
        ),
        "restored an apostrophe: “don't” for “dont”",
        "wrote the pronoun “I” as a capital",
        "ended the last sentence with a full stop",
    )


PIECES = st.sampled_from(
    [
        *("the", "The", "a", "an", "apple", "hour", "i", "i'm", "dont", "its a", "could of"),
        *("in order to", "it is important to note that", "recieve", "Sure!", "is", "you"),
        *(" ", "  ", "\n", "\n\n", "\r\n", "\t", "    ", "\u2028", "\x00", "\x01"),
        *(",", ".", "!", "?", " ,", " .", ":", '"', "“", "(", ")", "*", "#", "=", "|", " | "),
        *("`", "``", "```", "~~~", "$", "$$", "\\(", "\\)", "\\[", "\\]", "\\frac{a}"),
        *("{", "}", "{{", "}}", "{%", "%}", "<b>", "<", "<!--", "-->", "- ", "1. "),
        *("cd", "sudo", "import", "print(", ";", "def f", "for"),
        *("http://x.y", "www.x.y", "a@b.c", "和", "है", "ß", "é", "🎉", "red,green"),
    ]
)
SLOPPY = st.lists(PIECES, max_size=40).map("".join) | st.lists(PIECES, max_size=40).map(" ".join)
ANY = st.text(max_size=200) | SLOPPY


@settings(max_examples=400, deadline=None)
@given(ANY)
def test_editing_twice_is_editing_once(text: str) -> None:
    once = edit(text)
    assert edit(once.text) == Edited(once.text, ())


@settings(max_examples=400, deadline=None)
@given(ANY)
def test_protected_parts_and_line_breaks_stay_in_any_text(text: str) -> None:
    edited = edit(text)
    assert protect(edited.text).layers == protect(text).layers
    assert edited.text.count("\n") == text.count("\n")
    assert bool(edited.notes) == (edited.text != text)


@settings(max_examples=300, deadline=None)
@given(ANY)
def test_what_is_hidden_comes_back(text: str) -> None:
    assert reveal(protect(text)) == text


GUARDED = st.text(st.characters(exclude_characters="`$\n\r\x00\x01", exclude_categories=["Cs"]))


@settings(max_examples=200, deadline=None)
@given(GUARDED.filter(str.strip), SLOPPY.map(lambda text: text.replace("`", "")))
def test_code_is_kept_whatever_stands_beside_it(code: str, beside: str) -> None:
    assert f"`{code}`" in edit(f"{beside} `{code}` the the end").text
    assert f"```\n{code}\n```" in edit(f"the the end\n```\n{code}\n```\n{beside}").text


LONG = ["a ", " ", "the ", "\n", "`a ", "$a ", "\\(", "<a ", ",a", "aa,", ". a", "and and ", "é"]
LONG += ["a@", "http://,", "a | ", "- a\n", "x_", "(", "{{", "=", "\x00", "a  ", "    \n", "a an "]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", LONG)
def test_a_megabyte_takes_no_more_than_its_share(piece: str) -> None:
    # Anything quadratic would need minutes here, and run into the timeout.
    text = piece * (1_000_000 // len(piece))
    assert edit(text).text.count("\n") == text.count("\n")


ROWS = [json.loads(line) for line in EXAMPLES.read_text("utf-8").splitlines()]


def test_the_examples_are_of_many_kinds() -> None:
    assert 28 <= len(ROWS) <= 32
    assert all(list(row) == ["id", "prompt", "response"] for row in ROWS)
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    turns = [[turn["role"] for turn in r["prompt"]] for r in ROWS if isinstance(r["prompt"], list)]
    assert turns == [["system", "user", "assistant", "user"]]
    for mark in ("{{", "{%", "**", "<b>", "```", "\n- ", "\n1. ", "| --- |", "$"):
        assert sum(mark in row["response"] for row in ROWS) >= 1, mark
    assert max(len(row["response"]) for row in ROWS) > 1900


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_every_example_has_something_to_mend_and_keeps_its_lines(row: dict[str, str]) -> None:
    edited = edit(row["response"])
    assert edited.text != row["response"]
    assert edited.notes
    assert edited.text.count("\n") == row["response"].count("\n")
