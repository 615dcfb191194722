"""A run in which everything that others may write tries to be more than text."""

from pathlib import Path
from typing import Any

import orjson

from tests.conftest import write_rows

RUN = "window.hostile=1;alert(1)"
FILE = "train-<img src=x onerror=alert(1)>.jsonl"
HOSTILE = [
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"<!--<script>{RUN}",
    f"--></style><img src=x onerror='{RUN}'>",
    f'"><svg onload="{RUN}">',
    f"' onmouseover='{RUN}' autofocus onfocus='{RUN}' x='",
    f"<iframe src='javascript:{RUN}'></iframe><iframe srcdoc='<script>parent.{RUN}</script>'>",
    f"<a href='javascript:{RUN}'>x</a><base href='http://127.0.0.1:9/'>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "<img src='http://127.0.0.1:9/pixel.png'><link rel=stylesheet href='http://127.0.0.1:9/a.css'>",
    "{{ 7 * 7 }} {% for x in [1] %}x{% endfor %} {# gone #} ${7*7} <%= 7*7 %>",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x00 \x7f \x9b31m \x08",
    "\u202egnp.exe\u202c \u2066isolate\u2069 \u200f mark",
    "&lt;script&gt;&#60;script&#62; &amp; \\u003cscript\\u003e",
    "]]><![CDATA[<script>alert(1)</script>",
]


def hostile_run(folder: Path) -> Path:
    """Write a finished run to `folder`/out; each id is one of `HOSTILE`."""
    out = folder / "out"
    (out / ".clair").mkdir(parents=True)
    write_rows(out / FILE, [_pair(each) for each in HOSTILE])
    write_rows(out / ".clair/failures.jsonl", [_failure(each) for each in HOSTILE])
    (out / ".clair/run.json").write_bytes(orjson.dumps(_record(" ".join(HOSTILE))))
    return out


def _pair(text: str) -> dict[str, Any]:
    return {
        "id": text,
        "prompt": [{"role": text, "content": text}, {"role": "user", "content": text}],
        "chosen": [{"role": "assistant", "content": f"new {text}"}],
        "rejected": [{"role": "assistant", "content": f"old {text}"}],
        "rationale": text,
        "model": text,
        text: text,
    }


def _failure(text: str) -> dict[str, Any]:
    return {"id": text, "line": 1, "reason": text, "detail": text, "attempts": 1, "row": text}


def _record(text: str) -> dict[str, Any]:
    return {
        "clair": text,
        "command": text,
        "input": text,
        "template": {"name": text, "direction": text, "text": text},
        "parameters": {"model": text, text: text},
        "format": text,
        "options": {text: text},
        "counts": {"rows": 30, "failures": 15, "retries_by_reason": {text: 1}, "adapted": [text]},
        "files": [FILE],
        "replicas": [{"endpoint": text}],
        "finished": text,
        text: text,
    }
