"""The workflow of examples/ci: its commands, run in order, as CI would."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from tests.conftest import ROOT, answers, environment, write_rows
from tests.hubserver import hub_environment, hub_serving
from tests.serving import Asked, Endpoint, completion, revised, serving

WORKFLOW = ROOT / "examples/ci/regenerate.yml"
KEPT = "pairs.clair/.clair"


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    """The workflow's one job."""
    workflow = yaml.safe_load(WORKFLOW.read_text())
    (job,) = workflow["jobs"].values()
    return dict(job)


class Ci:
    """Runs the workflow's steps as CI does: a fresh checkout, a cache that outlives it."""

    def __init__(self, job: dict[str, Any], place: Path, variables: dict[str, str]) -> None:
        self._job = job
        self._place = place
        self._cache = place / "cache"
        self._programs = place / "bin"
        self._programs.mkdir()
        self._variables = variables
        program = self._programs / "clair"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m clair_cli "$@"\n')
        program.chmod(0o755)
        self.checkout = place / "checkout"
        self.said = ""

    def run(self, rows: list[dict[str, Any]]) -> str:
        """Run all steps on `rows`: the name of the step that failed with its code, or ""."""
        shutil.rmtree(self.checkout, ignore_errors=True)
        (self.checkout / "data").mkdir(parents=True)
        write_rows(self.checkout / "data/answers.jsonl", rows)
        failed = self.said = ""
        for step in self._job["steps"]:
            if failed and step.get("if") != "always()":
                continue
            self._cached(step)
            if "run" in step and step["name"] != "Install":
                code = self._shell(step["run"])
                failed = failed or (f"{step['name']}: {code}" if code else "")
        return failed

    def _cached(self, step: dict[str, Any]) -> None:
        source, target = self._cache, self.checkout / KEPT
        if step.get("uses", "").startswith("actions/cache/save"):
            source, target = target, source
        elif not step.get("uses", "").startswith("actions/cache/restore"):
            return
        assert step["with"]["path"] == KEPT
        if source.exists():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target)

    def _shell(self, command: str) -> int:
        env = {name: str(value) for name, value in self._job["env"].items()}
        assert not any("${{" in value for name, value in env.items() if name not in SECRETS)
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", command],
            cwd=self.checkout,
            env={
                **environment(),
                **env,
                **self._variables,
                "PATH": f"{self._programs}{os.pathsep}{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        self.said += done.stdout + done.stderr
        return done.returncode


SECRETS = ("OPENAI_API_KEY", "HF_TOKEN")


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """An endpoint that cannot revise what it is told not to."""

    def script(asked: Asked) -> dict[str, Any]:
        cannot = "impossible" in asked.answer
        return completion("No." if cannot else revised(f"{asked.answer} Indeed."))

    with serving(script) as server:
        yield server


def test_the_workflow_pays_for_changed_rows_alone_and_fails_by_exit_code(
    job: dict[str, Any], endpoint: Endpoint, tmp_path: Path
) -> None:
    with hub_serving() as hub:
        variables = hub_environment(hub, tmp_path, token=hub.token)
        variables |= {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "none"}
        ci = Ci(job, tmp_path, variables)
        rows = answers(20)

        assert ci.run(rows) == "", ci.said
        assert endpoint.count() == 20
        # The Hub makes a first commit of its own.
        assert len(hub.commits("user/name")) == 1 + 1
        published = hub.files("user/name")["train.jsonl"]
        assert published == (ci.checkout / "pairs.clair/train.jsonl").read_bytes()

        assert ci.run(rows) == "", ci.said
        assert endpoint.count() == 20
        assert len(hub.commits("user/name")) == 1 + 1

        changed = [*rows[:-1], {"prompt": "What is new?", "response": "This is new."}]
        assert ci.run(changed) == "", ci.said
        assert endpoint.count() == 21
        assert len(hub.commits("user/name")) == 1 + 2

        broken = [*changed, {"prompt": "And this?", "response": "It is impossible."}]
        assert ci.run(broken) == "Revise: 3"
        assert len(hub.commits("user/name")) == 1 + 2
        summary = orjson.loads((ci.checkout / "summary.json").read_bytes())
        assert (summary["exit_code"], summary["counts"]["failures"]) == (3, 1)


def test_the_workflow_names_every_secret_and_no_key(job: dict[str, Any]) -> None:
    for name in SECRETS:
        assert re.fullmatch(r"\$\{\{ secrets\.\w+ \}\}", job["env"][name])
    assert not re.search(r"\b(sk-|hf_)\w", WORKFLOW.read_text())
