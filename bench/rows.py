"""Made-up rows in which the offline copy editor always finds something to mend."""

import random
from pathlib import Path

import orjson

from clair_cli.prompts.asking import Asker
from clair_cli.prompts.shipped import load_template
from clair_cli.records import Row
from clair_cli.rows.columns import Columns
from clair_cli.rows.input import find_input
from clair_cli.rows.reader import read_rows

WORDS = [
    *("the", "of", "a", "model", "answer", "value", "because", "learning", "data", "quick"),
    *("brown", "fox", "over", "lazy", "dog", "number", "function", "return", "loop", "every"),
    *("some", "people", "water", "light", "plant", "energy", "simple", "question", "first"),
]


def write_rows(path: Path, number: int, *, words: int = 60) -> Path:
    """Write `number` rows whose answers have about `words` words; the same ones every time."""
    draw = random.Random(0)
    with path.open("wb") as file:
        for n in range(number):
            prompt = " ".join(draw.choices(WORDS, k=20))
            answer = " ".join(draw.choices(WORDS, k=words))
            row = {"prompt": f"Question {n}: {prompt}?", "response": f"The the {answer} no {n}."}
            file.write(orjson.dumps(row) + b"\n")
    return path


def write_bodies(rows: Path, path: Path) -> Path:
    """Write the requests that clair makes of `rows`, one body a line."""
    ask = Asker(load_template("clair"), {"model": "x"}, lambda _: 0)
    with path.open("wb") as file:
        for row in read_rows(find_input([str(rows)]), rows.name, Columns(), lambda _: None):
            assert isinstance(row, Row)
            file.write(ask(row, None, None).body + b"\n")
    return path
