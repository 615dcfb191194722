"""Loaded by a forker: looks at a pair once, so that no fork has to load what that takes."""

import contextlib
import io
import json
import tempfile
from pathlib import Path

from clair_cli.cli.main import run

with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
    pairs = Path(folder, "pairs.jsonl")
    pairs.write_text(json.dumps({"prompt": "q", "chosen": "é 我", "rejected": "b"}))
    for command in ("show", "stats"):
        run([command, str(pairs)])
