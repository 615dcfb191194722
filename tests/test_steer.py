"""Bounds on the contrast, several revisions of an answer, both directions, and thinking."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clair_cli.contrast.bounds import Bounds
from clair_cli.contrast.metrics import contrast
from tests.conftest import ROOT, Clair, Ran, answers, read_rows, write_rows
from tests.serving import Asked, Endpoint, completion, revised, serving
from tests.test_mock_faults import command

ANSWER = "Water boils at ninety degrees in the mountains and at hundred degrees by the sea."
LITTLE = ANSWER.replace("hundred", "a hundred")
MUCH = "Altitude matters: the higher you are, the lower the boiling point of any liquid becomes."
Revise = Callable[..., Ran]


def pairs_of(folder: Path) -> list[dict[str, Any]]:
    return read_rows(folder / "train.jsonl")


@pytest.fixture
def over_editing() -> Iterator[Endpoint]:
    """An endpoint that changes too much until it is told so."""

    def script(asked: Asked) -> dict[str, Any]:
        told = "[Note on your last reply: you " in asked.text
        return completion(revised(LITTLE if told else MUCH))

    with serving(script) as server:
        yield server


@pytest.fixture
def revise(clair: Clair, tmp_path: Path) -> Revise:
    """Revise one answer."""
    write_rows(tmp_path / "in.jsonl", [{"id": "w", "prompt": "When?", "response": ANSWER}])

    def run(endpoint: Endpoint, *options: object) -> Ran:
        return clair("revise", "in.jsonl", "-o", "out", "-m", "x", "--base-url",
                     endpoint.base_url, *options)  # fmt: skip

    return run


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        (("--min-kept", "0.8"), "of the answer's words; change only what must change"),
        (("--min-similarity", "0.8"), "and at most 20 % may change"),
        (("--max-levenshtein", "5"), "and at most 5 may be edited"),
    ],
)
def test_outside_a_bound_the_reply_is_asked_again_with_what_was_wrong(
    bound: tuple[str, str], said: str, over_editing: Endpoint, revise: Revise, tmp_path: Path
) -> None:
    ran = revise(over_editing, *bound)
    assert ran.code == 0, ran.err
    (pair,) = pairs_of(tmp_path / "out")
    assert pair["chosen"][0]["content"] == LITTLE
    assert over_editing.count() == 2
    assert said in over_editing.asked[1].text
    assert "asked again" in ran.err
    again = revise(over_editing, *bound)
    assert (again.code, over_editing.count()) == (0, 2)


@pytest.mark.parametrize(
    ("bound", "value", "reply", "reason"),
    [
        ("--max-length-ratio", "1.2", f"{ANSWER} {ANSWER}", "above_length_ratio"),
        ("--min-length-ratio", "0.8", ANSWER[:20], "below_length_ratio"),
        ("--min-similarity", "0.9", MUCH, "below_similarity"),
        ("--min-kept", "0.9", MUCH, "below_kept"),
        ("--max-levenshtein", "3", MUCH, "above_levenshtein"),
    ],
)
def test_a_revision_that_stays_outside_is_a_failure_with_its_reason(
    bound: str, value: str, reply: str, reason: str, revise: Revise, tmp_path: Path
) -> None:
    with serving(lambda asked: completion(revised(reply))) as endpoint:
        ran = revise(endpoint, bound, value, "--attempts", "2")
        assert (ran.code, endpoint.count()) == (3, 2)
    (failure,) = read_rows(tmp_path / "out/.clair/failures.jsonl")
    assert (failure["reason"], failure["attempts"]) == (reason, 2)


def test_the_closest_attempt_is_kept_and_flagged_where_that_is_wanted(
    revise: Revise, tmp_path: Path
) -> None:
    replies = [MUCH, ANSWER.replace("ninety", "about 90"), "Something else."]
    left = [completion(revised(text)) for text in replies]
    with serving(lambda asked: left.pop(0)) as endpoint:
        ran = revise(endpoint, "--min-similarity", "0.99", "--keep-best")
    assert ran.code == 0, ran.err
    (pair,) = pairs_of(tmp_path / "out")
    assert pair["chosen"][0]["content"] == replies[1]
    assert pair["flag"] == "below_similarity"
    assert not left


@pytest.fixture
def varied() -> Iterator[Endpoint]:
    """An endpoint whose every reply to the same request is another, the second the closest."""

    def script(asked: Asked) -> dict[str, Any]:
        texts = [f"{asked.answer} Indeed it is, and more so.", f"{asked.answer}!", "It differs."]
        return completion(revised(texts[asked.time % 3]))

    with serving(script) as server:
        yield server


def test_samples_are_all_written_with_ids_of_their_own(
    varied: Endpoint, clair: Clair, tmp_path: Path
) -> None:
    write_rows(tmp_path / "in.jsonl", [{**r, "id": f"r{n}"} for n, r in enumerate(answers(4))])
    command = ("revise", "in.jsonl", "-m", "x", "--base-url", varied.base_url, "-n", "3")
    ran = clair(*command, "--param", "seed=7", "-o", "out")
    assert ran.code == 0, ran.err
    ids = [pair["id"] for pair in pairs_of(tmp_path / "out")]
    assert ids == [f"r{n}{end}" for n in range(4) for end in ("", "#2", "#3")]
    assert {asked.body["seed"] for asked in varied.asked} == {7, 8, 9}
    assert varied.count() == 12
    more = clair(*command[:-1], "4", "--param", "seed=7", "-o", "out")
    assert (more.code, varied.count()) == (0, 16)
    split = clair(*command, "--param", "seed=7", "-o", "split", "--split-test", "0.5",
                  "--store", "out/.clair/store.sqlite3", "--offline")  # fmt: skip
    assert split.code == 0, split.err
    train, test = (read_rows(tmp_path / f"split/{each}.jsonl") for each in ("train", "test"))
    rows = [{pair["id"].partition("#")[0] for pair in each} for each in (train, test)]
    assert not rows[0] & rows[1]
    assert rows[0] | rows[1] == {"r0", "r1", "r2", "r3"}


@pytest.mark.parametrize("metric", ["similarity", "kept", "levenshtein"])
def test_the_most_minimal_of_several_samples_is_written(
    metric: str, varied: Endpoint, clair: Clair, tmp_path: Path
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(2))
    command = ("revise", "in.jsonl", "-m", "x", "--base-url", varied.base_url, "-o", "out")
    ran = clair(*command, "-n", "3", "--best-by", metric)
    assert ran.code == 0, ran.err
    chosen = [pair["chosen"][0]["content"] for pair in pairs_of(tmp_path / "out")]
    assert len(chosen) == 2
    assert all(text.endswith(("!", "more so.")) for text in chosen)
    if metric != "kept":  # both keep every word
        assert all(text.endswith("!") for text in chosen)
    assert varied.count() == 6


@pytest.fixture
def both_ways() -> Iterator[Endpoint]:
    """An endpoint that improves or worsens, as it is asked."""

    def script(asked: Asked) -> dict[str, Any]:
        if "worsened_student_solution" in asked.text:
            worse = revised(f"{asked.answer} Not.", "An error.")
            return completion(worse.replace("corrected_student", "worsened_student"))
        return completion(revised(f"{asked.answer} Indeed."))

    with serving(script) as server:
        yield server


def test_both_directions_of_one_answer_are_pairs_of_neighbours(
    both_ways: Endpoint, clair: Clair, tmp_path: Path
) -> None:
    write_rows(tmp_path / "in.jsonl", [{"id": "a", "prompt": "Q?", "response": "It is."}])
    command = ("revise", "in.jsonl", "-m", "x", "--base-url", both_ways.base_url)
    assert clair(*command, "-o", "out", "--prompt", "minimal", "--also", "worsen").code == 0
    better, worse = pairs_of(tmp_path / "out")
    sides = [(p["id"], p["chosen"][0]["content"], p["rejected"][0]["content"]) for p in
             (better, worse)]  # fmt: skip
    assert sides == [("a", "It is. Indeed.", "It is."), ("a#worsen", "It is.", "It is. Not.")]
    counts = orjson.loads((tmp_path / "out/.clair/run.json").read_bytes())["counts"]
    assert (counts["rows"], counts["pairs"], counts["failures"]) == (1, 2, 0)
    assert clair("lint", "out").code == 0

    ranked = clair("export", "out", "--format", "ranked", "-o", "ranked.jsonl")
    assert ranked.code == 0, ranked.err
    (row,) = read_rows(tmp_path / "ranked.jsonl")
    texts = [answer[0]["content"] for answer in row["completions"]]
    assert texts == ["It is. Indeed.", "It is.", "It is. Not."]
    assert (row["worsened_rationale"], both_ways.count()) == ("An error.", 2)


def test_thinking_has_a_column_of_its_own_only_where_it_is_wanted(
    revise: Revise, tmp_path: Path
) -> None:
    def script(asked: Asked) -> dict[str, Any]:
        return completion(f"<think>\nHm, the sea.\n</think>\n{revised(LITTLE)}")

    with serving(script) as endpoint:
        assert revise(endpoint).code == 0
        (pair,) = pairs_of(tmp_path / "out")
        assert "thinking" not in pair
        assert "sea" not in pair["rationale"]
        assert revise(endpoint, "--keep-thinking").code == 0
        (pair,) = pairs_of(tmp_path / "out")
        assert (pair["thinking"], endpoint.count()) == ("Hm, the sea.", 1)


def test_with_an_endpoint_that_over_edits_the_bounds_bring_every_pair_inside(
    clair: Clair, tmp_path: Path
) -> None:
    examples = ROOT / "examples/answers.jsonl"
    with command("--fault", "over-edit=0.4", "--seed", "5") as (_, base_url):
        asked = ("revise", examples, "-o", "out", "-m", "x", "--base-url", base_url)
        ran = clair(*asked, "--min-similarity", "0.6", "--max-length-ratio", "1.3")
        assert ran.code == 0, ran.err
        counts = orjson.loads((tmp_path / "out/.clair/run.json").read_bytes())["counts"]
        again = clair(*asked, "--min-similarity", "0.6", "--max-length-ratio", "1.3")
    pairs = pairs_of(tmp_path / "out")
    assert len(pairs) == 32
    assert all(pair["similarity"] >= 0.6 and pair["length_ratio"] <= 1.3 for pair in pairs)
    extra = sum(counts["asked_again_by_reason"].values())
    assert extra > 3
    assert counts["replies_paid"] == 32 + extra
    assert re.search(rf"^asked again +{extra} \(", ran.err, re.MULTILINE)
    assert "0 paid" in again.err


@settings(deadline=None)
@given(
    old=st.text(min_size=1, max_size=60),
    new=st.text(min_size=1, max_size=60),
    bounds=st.builds(
        Bounds,
        st.none() | st.floats(0, 1),
        st.none() | st.floats(0.1, 3),
        st.none() | st.floats(0, 2),
        st.none() | st.integers(1, 60),
        st.none() | st.floats(0, 1),
    ),
)
def test_a_bound_is_broken_exactly_where_its_metric_is_beyond_it(
    old: str, new: str, bounds: Bounds
) -> None:
    found = contrast(old, new)
    broken = {
        "below_similarity": (bounds.min_similarity or 0) > found.similarity,
        "below_kept": (bounds.min_kept or 0) > found.kept,
        "above_levenshtein": found.levenshtein > (bounds.max_levenshtein or 1000),
        "above_length_ratio": found.length_ratio > (bounds.max_length_ratio or 1000),
        "below_length_ratio": (bounds.min_length_ratio or 0) > found.length_ratio,
    }
    problem = bounds.problem(found)
    assert (problem is not None) == any(broken.values())
    assert problem is None or broken[problem.reason]


def test_what_makes_no_sense_together_is_refused(clair: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "in.jsonl", answers(1))
    for options, said in (
        (("--keep-best",), "--min-kept"),
        (("--best-by", "kept"), "-n"),
        (("--also", "minimal"), "other direction"),
        (("--format", "ranked"), "--also"),
        (("--format", "ranked", "--also", "worsen", "-n", "2"), "--best-by"),
        (("--also", "nowhere"), "nowhere"),
    ):
        ran = clair("revise", "in.jsonl", "--mock", *options)
        assert (ran.code, said in ran.last) == (2, True), ran.err


def test_a_dry_run_counts_every_revision_that_is_asked(clair: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "in.jsonl", answers(3))
    told = []
    for options in ((), ("-n", "2", "--also", "worsen")):
        ran = clair("revise", "in.jsonl", "--mock", "--dry-run", "--summary", "s.json", *options)
        assert ran.code == 0, ran.err
        told.append(orjson.loads((tmp_path / "s.json").read_bytes()))
    assert [(each["rows_to_ask"], each["requests"]) for each in told] == [(3, 3), (3, 12)]
    low, high = (each["completion_tokens"][0] for each in told)
    assert high == pytest.approx(4 * low, rel=0.01)


def test_a_kept_column_cannot_have_the_name_of_one_that_options_add(
    clair: Clair, tmp_path: Path
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(1))
    ran = clair("revise", "in.jsonl", "--mock", "--keep-columns", "thinking")
    assert (ran.code, "--keep-columns thinking" in ran.last) == (2, True)
