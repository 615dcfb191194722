"""The shapes that published datasets come in, with rows as they really look, to pairs."""

import copy
import re
import tracemalloc
from pathlib import Path
from typing import Any

import orjson
import pytest

from clair_cli.contrast.metrics import contrast
from clair_cli.records import Failure, Row, UsageError
from clair_cli.rows.columns import Columns
from clair_cli.rows.input import find_input
from clair_cli.rows.pairs import PairReader
from clair_cli.rows.raw import Raw
from clair_cli.rows.reader import read_rows
from tests.conftest import ROOT, Clair, write_rows
from tests.conftest import read_rows as records
from tests.serving import Endpoint

Cells = dict[str, Any]
Turns = list[dict[str, str]]


def turn(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def user(text: str) -> dict[str, Any]:
    return turn("user", text)


def says(text: str) -> dict[str, Any]:
    return turn("assistant", text)


def said(who: str, text: str, **more: Any) -> dict[str, Any]:
    return {"from": who, "value": text, **more}


QUESTION = "Name a tall mountain."
ASKED = [user(QUESTION)]
SYSTEM = turn("system", "Answer briefly.")
TALK = [user("Hello."), says("Hi! What is it?"), user("Name a tall mountain.")]

# UltraFeedback


def rated(rating: str, kind: list[str] | None = None) -> Cells:
    marks = {"Rating": rating, "Rationale": "Because."}
    return marks if kind is None else marks | {"Type": kind, "Rationale For Rating": "So."}


def completion(response: Any, score: Any, **more: Any) -> Cells:
    """One of the four answers of a row, as openbmb/UltraFeedback nests them."""
    return {
        "annotations": {
            "helpfulness": rated("4", ["1", "3"]),
            "honesty": rated("N/A"),
            "instruction_following": rated("5"),
            "truthfulness": rated("5", ["None"]),
        },
        "critique": "Your answer is good, but it could be more concise.",
        "custom_system_prompt": "As an AI assistant, be helpful.",
        "fine-grained_score": 4.25,
        "model": "alpaca-7b",
        "overall_score": score,
        "principle": "helpfulness",
        "response": response,
        **more,
    }


def ultrafeedback(*completions: Any) -> Cells:
    return {
        "source": "sharegpt",
        "instruction": "Name a tall mountain.",
        "models": ["alpaca-7b", "bard", "gpt-4", "ultralm-13b"],
        "completions": list(completions),
        "correct_answers": ["None"],
        "incorrect_answers": ["None"],
    }


BARE = {
    **completion("Bare.", 3.0),
    "annotations": None,
    "critique": None,
    "fine-grained_score": None,
}
GOOD, POOR = completion("K2 is tall.", 8.5), completion("Hill.", 2.0)
ULTRAFEEDBACK: dict[str, tuple[Cells, str]] = {
    "lowest of four": (
        ultrafeedback(GOOD, POOR, completion("Alp.", 7), completion("K.", 9)),
        "Hill.",
    ),
    "first of equals": (ultrafeedback(POOR, completion("Knoll.", 2)), "Hill."),
    "scores as text": (ultrafeedback(completion("A", "10"), completion("Hill.", "9.5")), "Hill."),
    "no score here and there": (
        ultrafeedback(
            completion("A", None), completion("B", "N/A"), completion("C", ""), GOOD, POOR
        ),
        "Hill.",
    ),
    "no score at all in one": (
        ultrafeedback({k: v for k, v in BARE.items() if k != "overall_score"}, GOOD, POOR),
        "Hill.",
    ),
    "a null among them": (ultrafeedback(None, GOOD, POOR), "Hill."),
    "nulls in it": (ultrafeedback(GOOD, BARE), "Bare."),
    "a score of 10 that should be 1": (ultrafeedback(GOOD, completion("Ten.", 1)), "Ten."),
}

# Preference rows

CHOSEN, REJECTED = "K2, 8,611 m.", "A hill."
BINARIZED = {
    "prompt": QUESTION,
    "prompt_id": "5b6c1f",
    "chosen": [*ASKED, says(CHOSEN)],
    "rejected": [*ASKED, says(REJECTED)],
    "messages": [*ASKED, says(CHOSEN)],
    "score_chosen": 8.5,
    "score_rejected": 4.0,
}
PUBLISHED = {
    "prompt": QUESTION,
    "chosen": [*ASKED, says(CHOSEN)],
    "rejected": [*ASKED, says(REJECTED)],
    "rational": "It names a real mountain.",
}
HH = {
    "chosen": f"\n\nHuman: Hello.\n\nAssistant: Hi! What is it?\n\nHuman: {ASKED[0]['content']}"
    f"\n\nAssistant: {CHOSEN}",
    "rejected": f"\n\nHuman: Hello.\n\nAssistant: Hi! What is it?\n\nHuman: {ASKED[0]['content']}"
    f"\n\nAssistant: {REJECTED}",
}
DPO = {
    "instruction": QUESTION,
    "generations": [CHOSEN, REJECTED],
    "generation_models": ["a", "b"],
    "ratings": [5, 1],
    "rationales": ["Good.", "Bad."],
    "distilabel_metadata": {"raw_output_ultra_feedback_0": "text", "raw_input": None},
    "model_name": "meta-llama/Llama-3.1-70B",
    "prompt": QUESTION,
    "prompt_id": "5b6c1f",
    "chosen": [*ASKED, says(CHOSEN)],
    "chosen_model": "a",
    "chosen_rating": 5,
    "rejected": [*ASKED, says(REJECTED)],
    "rejected_model": "b",
    "rejected_rating": 1,
}

SHAPES: dict[str, tuple[Cells, Turns, str]] = {
    # The command's own, and distilabel's CLAIR task with its outputs beside
    "task": ({"task": QUESTION, "student_solution": "Hill."}, ASKED, "Hill."),
    "distilabel CLAIR": (
        {
            "task": QUESTION,
            "student_solution": "Hill.",
            "revision": "K2.",
            "rational": "It is taller.",
            "model_name": "gpt-4o",
            "distilabel_metadata": {"raw_output_clair_0": "..."},
        },
        ASKED,
        "Hill.",
    ),
    # A column each
    **{
        f"prompt, {answer}": ({"prompt": QUESTION, answer: "Hill."}, ASKED, "Hill.")
        for answer in ("response", "completion", "output", "answer")
    },
    "question": (
        {"question": QUESTION, "answer": "Hill. #### 4", "id": 7},
        ASKED,
        "Hill. #### 4",
    ),
    "TRL prompt-completion": (
        {"prompt": TALK, "completion": [says("Hill.")]},
        TALK,
        "Hill.",
    ),
    # Alpaca and Dolly
    "alpaca": (
        {"instruction": "Sort.", "input": "b, a", "output": "a, b", "text": "Below is an ..."},
        [user("Sort.\n\nb, a")],
        "a, b",
    ),
    "alpaca without": (
        {"instruction": "Name a tall mountain.", "input": "", "output": "Hill.", "text": "..."},
        ASKED,
        "Hill.",
    ),
    "dolly": (
        {
            "instruction": "When did it open?",
            "context": "It opened in 1990.",
            "response": "In 1990.",
            "category": "closed_qa",
        },
        [user("When did it open?\n\nIt opened in 1990.")],
        "In 1990.",
    ),
    "dolly without": (
        {
            "instruction": "Name a tall mountain.",
            "context": "",
            "response": "Hill.",
            "category": "o",
        },
        ASKED,
        "Hill.",
    ),
    # A system prompt in a column of its own
    "OpenOrca": (
        {
            "id": "niv.242684",
            "system_prompt": "Answer briefly.",
            "question": QUESTION,
            "response": "Hill.",
        },
        [SYSTEM, *ASKED],
        "Hill.",
    ),
    "OpenOrca, blank system prompt": (
        {"id": "t0.1", "system_prompt": "", "question": QUESTION, "response": "Hill."},
        ASKED,
        "Hill.",
    ),
    "orca_dpo_pairs": (
        {
            "system": "Answer briefly.",
            "question": QUESTION,
            "chosen": "K2.",
            "rejected": "Hill.",
        },
        [SYSTEM, *ASKED],
        "Hill.",
    ),
    # Conversations
    "messages": (
        {"messages": [SYSTEM, *TALK, says("Hill.")], "source": "smoltalk", "prompt_id": "1"},
        [SYSTEM, *TALK],
        "Hill.",
    ),
    "ultrachat": (
        {"prompt": "Hello.", "prompt_id": "f", "messages": [*TALK, says("Hill.")]},
        TALK,
        "Hill.",
    ),
    "messages with spare keys": (
        {
            "messages": [
                turn("User", "Name a tall mountain.", name=None, weight=0, tool_calls=None),
                turn("assistant", "Hill.", name=None, weight=1, tool_calls=None),
            ]
        },
        ASKED,
        "Hill.",
    ),
    "messages as their JSON": (
        {"messages": orjson.dumps([*TALK, says("Hill.")]).decode()},
        TALK,
        "Hill.",
    ),
    "sharegpt": (
        {
            "id": "QWJhYvA_0",
            "conversations": [
                said("system", "Answer briefly.", weight=None),
                said("human", "Hello.", weight=0.0),
                said("gpt", "Hi! What is it?", weight=0.0),
                said("human", "Name a tall mountain.", weight=0.0),
                said("gpt", "Hill.", weight=1.0),
            ],
        },
        [SYSTEM, *TALK],
        "Hill.",
    ),
    "sharegpt that begins with gpt": (
        {
            "id": "x",
            "conversations": [
                said("gpt", "Hi! What is it?"),
                said("human", "Name a tall mountain."),
                said("gpt", "Hill."),
            ],
        },
        TALK[1:],
        "Hill.",
    ),
    "sharegpt with a tool": (
        {
            "conversations": [
                said("human", "Look it up."),
                said("function_call", '{"name": "look"}'),
                said("observation", "8,611"),
                said("human", "And?"),
                said("gpt", "Hill."),
            ],
            "system": "Answer briefly.",
            "tools": "[]",
        },
        [
            SYSTEM,
            user("Look it up."),
            turn("function_call", '{"name": "look"}'),
            turn("tool", "8,611"),
            user("And?"),
        ],
        "Hill.",
    ),
    "the same twice (Magpie)": (
        {
            "uuid": "u",
            "instruction": QUESTION,
            "response": "Hill.",
            "conversations": [said("human", QUESTION), said("gpt", "Hill.")],
            "task_category": "Information seeking",
        },
        ASKED,
        "Hill.",
    ),
    # Preferences
    "strings": (
        {"prompt": QUESTION, "chosen": "K2.", "rejected": "Hill."},
        ASKED,
        "Hill.",
    ),
    "message lists": (
        {"prompt": [SYSTEM, *ASKED], "chosen": [says("K2.")], "rejected": [says("Hill.")]},
        [SYSTEM, *ASKED],
        "Hill.",
    ),
    "implicit prompt": (
        {"chosen": [*TALK, says("K2.")], "rejected": [*TALK, says("Hill.")], "score": 1.5},
        TALK,
        "Hill.",
    ),
    "the published CLAIR shape": (PUBLISHED, ASKED, REJECTED),
    "the published CLAIR shape, multi-turn": (
        {
            "prompt": "Name a tall mountain. ",
            "chosen": [SYSTEM, *TALK, says(CHOSEN)],
            "rejected": [SYSTEM, *TALK, says(REJECTED)],
            "rational": "...",
        },
        [SYSTEM, *TALK],
        REJECTED,
    ),
    "the alignment handbook's": (BINARIZED, ASKED, REJECTED),
    "hh-rlhf": (HH, TALK, REJECTED),
    "input is the prompt (distilabel orca)": (
        {
            "system": "Answer briefly.",
            "input": QUESTION,
            "chosen": "K2.",
            "rejected": "Hill.",
            "generations": ["K2.", "Hill."],
            "order": ["c", "r"],
            "rating": [9, 1],
        },
        [SYSTEM, *ASKED],
        "Hill.",
    ),
    "a column of the same name that is no conversation (capybara)": (
        {
            "source": "Dove",
            "conversation": [{"input": "Name a tall mountain.", "output": "K2."}],
            "prompt": QUESTION,
            "chosen": [*TALK, says(CHOSEN)],
            "rejected": [*TALK, says(REJECTED)],
        },
        TALK,
        REJECTED,
    ),
    # Distilabel
    "TextGeneration": (
        {
            "instruction": QUESTION,
            "generation": "Hill.",
            "distilabel_metadata": {"raw_output_text_generation_0": "Hill."},
            "model_name": "m",
        },
        ASKED,
        "Hill.",
    ),
    "TextGeneration, system prompt": (
        {
            "instruction": QUESTION,
            "system_prompt": "Answer briefly.",
            "generation": "Hill.",
        },
        [SYSTEM, *ASKED],
        "Hill.",
    ),
    "FormatTextGenerationSFT": (
        {
            "instruction": QUESTION,
            "generation": "Hill.",
            "prompt": QUESTION,
            "prompt_id": "1",
            "messages": [*ASKED, says("Hill.")],
        },
        ASKED,
        "Hill.",
    ),
    "UltraFeedback task": (
        {
            "instruction": QUESTION,
            "generations": ["K2.", "Hill.", None],
            "ratings": [5, 1.0, None],
            "rationales": ["a", "b", None],
            "types": None,
        },
        ASKED,
        "Hill.",
    ),
    "one generation": (
        {"instruction": QUESTION, "generations": ["Hill."]},
        ASKED,
        "Hill.",
    ),
    "FormatTextGenerationDPO": (DPO, ASKED, REJECTED),
    "FormatChatGenerationDPO": (
        {key: DPO[key] for key in ("generations", "chosen", "rejected", "prompt", "prompt_id")}
        | {"messages": ASKED},
        ASKED,
        REJECTED,
    ),
    # Union schemas: what other rows have is null here, or an empty cell of a table
    "null columns": (
        {
            "prompt": None,
            "response": None,
            "chosen": None,
            "rejected": None,
            "messages": None,
            "instruction": QUESTION,
            "input": None,
            "output": "Hill.",
            "system": None,
        },
        ASKED,
        "Hill.",
    ),
    "empty columns": (
        {
            "prompt": QUESTION,
            "response": "Hill.",
            "chosen": "",
            "rejected": " ",
            "messages": [],
        },
        ASKED,
        "Hill.",
    ),
    "a preference among nulls": ({**BINARIZED, "messages": None, "answer": None}, ASKED, REJECTED),
    **{
        f"UltraFeedback, {name}": (cells, ASKED, answer)
        for name, (cells, answer) in ULTRAFEEDBACK.items()
    },
}

FAILING: dict[str, tuple[Cells, str, str]] = {
    "no completions": (ultrafeedback(), "no_completions", "'completions'"),
    "null completions": (
        {**ultrafeedback(), "completions": None},
        "no_completions",
        "'completions'",
    ),
    "no score": (
        ultrafeedback(completion("A", None), completion("B", "")),
        "no_completions",
        "score",
    ),
    "lowest is empty": (
        ultrafeedback(GOOD, completion(" ", 1.0)),
        "empty_response",
        "'completions'",
    ),
    "lowest is null": (ultrafeedback(GOOD, completion(None, 1.0)), "not_text", "null"),
    "ends with human": (
        {"conversations": [said("human", "A?"), said("gpt", "B."), said("human", "Thanks.")]},
        "not_text",
        "does not end with an assistant",
    ),
    "begins and ends with gpt": ({"conversations": [said("gpt", "B.")]}, "empty_prompt", "no turn"),
    "no turns": ({"conversations": []}, "not_text", "'conversations'"),
    "null turn": ({"messages": [None, says("B.")]}, "not_text", "without a role"),
    "a tool's turn last": (
        {"messages": [user("A?"), turn("tool", "1"), says("B.")]},
        "no_user_turn",
        "user",
    ),
    "null content": (
        {
            "messages": [
                user("A?"),
                turn("assistant", None, tool_calls=[{}]),
                user("C?"),
                says("B."),
            ]
        },
        "not_text",
        "null",
    ),
    "hh-rlhf without an answer": (
        {"chosen": "\n\nHuman: A?\n\nAssistant: B.", "rejected": "\n\nHuman: A?\n\nAssistant:"},
        "empty_response",
        "'rejected'",
    ),
    "preference without prompt": ({"chosen": "Yes.", "rejected": "No."}, "no_columns", "no prompt"),
    "unrated": (
        {"instruction": "A?", "generations": ["B", "C"], "ratings": [None, None]},
        "ambiguous_columns",
        "2 answers",
    ),
    "two answers": (
        {"prompt": "A?", "response": "B", "completion": "C"},
        "ambiguous_columns",
        "from 'completion' or prompt from 'prompt', answer from 'response'",
    ),
    "full-hh-rlhf": (
        {"prompt": "A?", "response": "B", "chosen": "B", "rejected": "C"},
        "ambiguous_columns",
        "'rejected' (a preference)",
    ),
    "messages that are neither side": (
        {**BINARIZED, "messages": [user("A?"), says("Other.")]},
        "ambiguous_columns",
        "'messages'",
    ),
    "answer is a number": ({"question": "A?", "answer": 42}, "not_text", "int"),
    "answer is a list of texts": ({"question": "A?", "answer": ["B"]}, "not_text", "'answer'"),
    "answer is an object": ({"question": "A?", "answer": {"text": ["B"]}}, "not_text", "dict"),
    "all null": ({"prompt": None, "response": None}, "not_text", "null"),
    "no columns": ({"review": "Fine.", "label": 1}, "no_columns", "no column"),
}


def in_process(path: Path, cells: Any, columns: Columns | None = None) -> Row | Failure:
    """What the readers make of one row."""
    found = find_input([str(write_rows(path / "row.jsonl", [cells]))])
    (row,) = read_rows(found, "row", columns or Columns(), lambda _: None)
    return row


def test_each_shape_becomes_a_pair_and_the_choice_is_told_once(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    write_rows(tmp_path / "in.jsonl", [cells for cells, _, _ in SHAPES.values()] * 2)
    ran = clair("revise", "in.jsonl", "--base-url", endpoint.base_url, "-m", "x")
    assert ran.code == 0, ran.err
    pairs = records(tmp_path / "in.clair" / "train.jsonl")
    expected = [(prompt, [says(answer)]) for _, prompt, answer in SHAPES.values()] * 2
    found = [(pair["prompt"], pair["rejected"]) for pair in pairs]
    for name, one, other in zip([*SHAPES] * 2, found, expected, strict=True):
        assert one == other, name
    told = [line for line in ran.err.splitlines() if line.startswith("columns: ")]
    assert len(told) == len(set(told))
    assert "columns: prompt from 'prompt', answer from 'rejected' (a preference)" in told
    assert ran.out == ""


def test_each_row_that_fits_none_fails_and_the_run_goes_on(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    good = {"prompt": "A?", "response": "B"}
    write_rows(tmp_path / "in.jsonl", [*(cells for cells, _, _ in FAILING.values()), good])
    ran = clair("revise", "in.jsonl", "--base-url", endpoint.base_url, "-m", "x")
    assert ran.code == 3, ran.err
    failures = records(tmp_path / "in.clair" / ".clair" / "failures.jsonl")
    for (name, (cells, reason, part)), failure in zip(FAILING.items(), failures, strict=True):
        assert (failure["reason"], failure["row"]) == (reason, cells), name
        assert part in failure["detail"], name
    assert len(records(tmp_path / "in.clair" / "train.jsonl")) == endpoint.count() == 1


def test_an_input_that_is_unclear_from_the_start_ends_the_run(clair: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "in.jsonl", [{"prompt": "A?", "response": "B", "completion": "C"}] * 3)
    ran = clair("revise", "in.jsonl", "--mock")
    assert ran.code == 2
    assert ran.last.startswith("clair: in.jsonl: none of the first 3 rows fits; line 1: could be ")
    assert ran.last.endswith("--prompt-column and --response-column")
    assert [each for each in ("'completion'", "'response'") if each not in ran.last] == []
    assert not (tmp_path / "in.clair" / "train.jsonl").exists()
    with pytest.raises(UsageError, match=r"no column of a prompt.*seen: 'review', 'label'"):
        in_process(tmp_path, {"review": "Fine.", "label": 1})


def test_each_example_of_the_manual_is_read(tmp_path: Path) -> None:
    page = (ROOT / "docs/data.md").read_text(encoding="utf-8")
    examples = [
        orjson.loads(found) for found in re.findall(r"\| `(\{.*\})` \|$", page, re.MULTILINE)
    ]
    assert len(examples) == 14
    for cells in examples:
        row = in_process(tmp_path, cells)
        assert isinstance(row, Row), row
        assert row.response in {"Como.", "lake", "It."}


# What the user chooses

SIDES = {
    name: SHAPES[name][0]
    for name in (
        "strings",
        "message lists",
        "implicit prompt",
        "hh-rlhf",
        "orca_dpo_pairs",
        "the published CLAIR shape",
        "the published CLAIR shape, multi-turn",
        "the alignment handbook's",
        "FormatTextGenerationDPO",
        "FormatChatGenerationDPO",
        "input is the prompt (distilabel orca)",
    )
}


@pytest.mark.parametrize("name", SIDES)
def test_either_side_of_a_preference_can_be_revised(name: str, tmp_path: Path) -> None:
    cells, prompt, rejected = SHAPES[name]
    for side, answer in (("rejected", {rejected}), ("chosen", {"K2.", CHOSEN})):
        row = in_process(tmp_path, cells, Columns(revise=side))
        assert isinstance(row, Row), row
        assert row.prompt == prompt
        assert row.response in answer


def test_the_chosen_side_is_revised_by_the_command_and_its_copy_stays_whole(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    write_rows(tmp_path / "in.jsonl", [BINARIZED, PUBLISHED, HH])
    ran = clair(
        "revise", "in.jsonl", "--base-url", endpoint.base_url, "-m", "x", "--revise", "chosen"
    )
    assert ran.code == 0, ran.err
    pairs = records(tmp_path / "in.clair" / "train.jsonl")
    assert [pair["rejected"] for pair in pairs] == [[says(CHOSEN)]] * 3
    assert "answer from 'chosen' (a preference)" in ran.err
    with pytest.raises(UsageError, match="--revise chosen: --response-column x names the answer"):
        Columns(response="x", revise="chosen")


NAMED: list[tuple[Cells, Columns, Turns, str]] = [
    ({"a": {"b": [{"c": "Q?"}]}, "d": "R"}, Columns("a.b.0.c", "d"), [user("Q?")], "R"),
    ({"q": "Q?", "turns": [["x"], ["R", "S"]]}, Columns("q", "turns.1.0"), [user("Q?")], "R"),
    ({"a.b": "Q?", "a": {"b": "no"}, "r": "R"}, Columns("a.b", "r"), [user("Q?")], "R"),
    (
        {"instruction": "Q?", "completions": [POOR]},
        Columns(response="completions.0.response"),
        [user("Q?")],
        "Hill.",
    ),
    (ultrafeedback(GOOD, POOR) | {"q": "Q?"}, Columns(prompt="q"), [user("Q?")], "Hill."),
    (ultrafeedback(GOOD, POOR), Columns(response="completions"), ASKED, "Hill."),
    (
        {"instruction": "I", "input": "X", "output": "R"},
        Columns(response="output"),
        [user("I\n\nX")],
        "R",
    ),
    (
        {"instruction": "I", "input": "X", "reply": "R"},
        Columns(response="reply"),
        [user("I\n\nX")],
        "R",
    ),
    (
        {"system": "S", "q": "Q?", "output": "R"},
        Columns(prompt="q"),
        [turn("system", "S"), user("Q?")],
        "R",
    ),
    (
        {"prompt": "Q?", "response": "R", "output": "S"},
        Columns(response="output"),
        [user("Q?")],
        "S",
    ),
    (
        {"prompt": "Q?", "chosen": [says("C")], "rejected": [says("R")]},
        Columns(response="chosen"),
        [user("Q?")],
        "C",
    ),
    (HH, Columns(response="chosen"), TALK, CHOSEN),
    ({"dialog": [*TALK, says("R")]}, Columns(response="dialog"), TALK, "R"),
    (
        {"my_prompt": [said("human", "Q?")], "chosen": "C", "rejected": "R"},
        Columns(prompt="my_prompt"),
        [user("Q?")],
        "R",
    ),
    (
        {"my_prompt": "Q?", "chosen": "C", "rejected": "R"},
        Columns(prompt="my_prompt", revise="chosen"),
        [user("Q?")],
        "C",
    ),
]


@pytest.mark.parametrize(("cells", "columns", "prompt", "answer"), NAMED)
def test_named_columns_are_read_by_their_paths(
    cells: Cells, columns: Columns, prompt: Turns, answer: str, tmp_path: Path
) -> None:
    row = in_process(tmp_path, cells, columns)
    assert isinstance(row, Row), row
    assert (row.prompt, row.response) == (prompt, answer)


@pytest.mark.parametrize("path", ["a.b.1.c", "a.b.-1.c", "a.b.0.d", "a.x", "a.b.0.c.d", "b", "a."])
def test_a_path_that_leads_nowhere_is_an_error_that_names_it(path: str, tmp_path: Path) -> None:
    cells = {"a": {"b": [{"c": "Q?"}]}, "d": "R"}
    with pytest.raises(UsageError, match="has no column") as found:
        in_process(tmp_path, cells, Columns(path, "d"))
    assert repr(path) in str(found.value)


def test_ids_are_taken_from_text_numbers_and_dates(tmp_path: Path) -> None:
    base = {"prompt": "A?", "response": "B"}
    for cell, expected in (("k", "k"), (7, "7"), (7.0, "7"), (-3, "-3"), (2**60, str(2**60))):
        for columns, key in ((Columns(), "id"), (Columns(id="meta.key"), "meta")):
            cells = base | ({"id": cell} if key == "id" else {"meta": {"key": cell}})
            row = in_process(tmp_path, cells, columns)
            assert isinstance(row, Row), row
            assert row.id == expected
    for cell in (None, "", True, [1], {"a": 1}, 1.5):
        with pytest.raises(UsageError, match="no text, number or date in 'key'"):
            in_process(tmp_path, base | {"key": cell}, Columns(id="key"))


def test_kept_columns_go_with_the_row(tmp_path: Path) -> None:
    cells = {"prompt": "A?", "response": "B", "n": 1, "x": None, "meta": {"tags": ["a", "b"]}}
    row = in_process(tmp_path, cells, Columns(keep=("n", "x", "meta.tags.1", "meta", "absent")))
    assert isinstance(row, Row), row
    assert row.extra == {
        "n": 1,
        "x": None,
        "meta.tags.1": "b",
        "meta": {"tags": ["a", "b"]},
        "absent": None,
    }


def test_reading_leaves_the_row_as_it_was(tmp_path: Path) -> None:
    for name, (cells, _, _) in SHAPES.items():
        row = in_process(tmp_path, copy.deepcopy(cells))
        assert row.original == cells, name


# One decision for an input


def asked(response: str | None, answer: str | None) -> Cells:
    return {"question": QUESTION, "response": response, "answer": answer}


def instructed(output: str | None, *messages: Turns | None) -> Cells:
    return {"instruction": output and QUESTION, "output": output, "messages": [*messages] or None}


INPUTS: dict[str, list[Cells]] = {
    "an answer is null": [asked("R", "A"), asked(None, "A"), asked("", "B"), asked("B", "B")],
    "other columns": [asked("R", "A"), {"question": QUESTION, "answer": "A"}],
    "two datasets in one": [
        instructed("O"),
        instructed(None, *ASKED, says("M")),
        instructed("P"),
    ],
}


@pytest.mark.parametrize("name", INPUTS)
def test_no_row_changes_how_another_is_read(name: str, tmp_path: Path) -> None:
    plain = {"prompt": "A?", "response": "B"}  # so that one row fits

    def read(cells: list[Cells]) -> list[str]:
        path = write_rows(tmp_path / "in.jsonl", [*cells, plain])
        rows = read_rows(find_input([str(path)]), "in", Columns(), lambda _: None)
        return [row.response if isinstance(row, Row) else row.reason for row in rows][:-1]

    alone = [read([each])[0] for each in INPUTS[name]]
    assert read(INPUTS[name]) == alone
    assert read(INPUTS[name][::-1]) == alone[::-1]


def test_an_empty_column_leaves_its_shape_out(tmp_path: Path) -> None:
    """Also beside rows in which two columns disagree."""
    base = {"instruction": QUESTION, "chosen": "C", "rejected": "R"}
    path = write_rows(tmp_path / "in.jsonl", [{**base, "input": "I"}, {**base, "input": ""}])
    first, second = read_rows(find_input([str(path)]), "in", Columns(), lambda _: None)
    assert (first.reason, second.response) == ("ambiguous_columns", "R")


def test_columns_that_differ_in_every_row_are_not_remembered() -> None:
    base = {"prompt": "A?", "response": "B", "chosen": None, "rejected": None}
    raws = (Raw("in", n, {**base, f"column {n}": n}, 100) for n in range(20_000))
    tracemalloc.start()
    try:
        read = sum(isinstance(row, Row) for row in read_rows(raws, "in", Columns(), lambda _: None))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert read == 20_000
    assert peak < 8 << 20


@pytest.mark.parametrize("name", SIDES)
def test_a_preference_is_the_same_for_all_commands(name: str, tmp_path: Path) -> None:
    row = in_process(tmp_path, SHAPES[name][0])
    (pair,) = PairReader(contrast).pairs_of(find_input([str(tmp_path / "row.jsonl")]))
    assert isinstance(row, Row), row
    assert (pair.prompt, pair.rejected) == (row.prompt, row.response)


@pytest.mark.parametrize(
    "cells",
    [
        {"prompt": None, "chosen": [*ASKED, says("A")], "rejected": None, "messages": None},
        {"prompt": "A?", "chosen": [says("A")], "rejected": [says("B")], "messages": 3},
        {"instruction": "A?", "completions": 3},
    ],
)
def test_a_cell_of_another_type_fails_its_row_alone(cells: Cells, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "in.jsonl", [cells, {"prompt": "A?", "response": "B"}])
    rows = list(read_rows(find_input([str(path)]), "in", Columns(), lambda _: None))
    assert [isinstance(row, Row) for row in rows] == [False, True]


# Conversations


def test_a_conversation_is_asked_readably_and_kept_whole(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    write_rows(tmp_path / "in.jsonl", [{"messages": [SYSTEM, *TALK, says("A hill.")]}])
    dry = clair("revise", "in.jsonl", "-m", "x", "--dry-run")
    assert dry.code == 0, dry.err
    asked = (
        "System: Answer briefly.\n\nUser: Hello.\n\nAssistant: Hi! What is it?\n\n"
        "User: Name a tall mountain."
    )
    assert "the first row, as it would be asked" in dry.err
    assert asked in dry.err
    assert "A hill." in dry.err
    assert endpoint.count() == 0
    assert clair("revise", "in.jsonl", "--base-url", endpoint.base_url, "-m", "x").code == 0
    assert asked in endpoint.asked[0].text
    (pair,) = records(tmp_path / "in.clair" / "train.jsonl")
    assert pair["prompt"] == [SYSTEM, *TALK]
    assert pair["chosen"] == [says("A hill. Indeed.")]
