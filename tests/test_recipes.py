"""The command lines of docs/endpoints.md, each run against a server like the provider's own."""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from tests.conftest import ROOT, Clair, Ran, answers, read_rows, write_rows
from tests.serving import Asked, Reply, completion, refuse, revised
from tests.test_check import Site, site

PAGE = (ROOT / "docs/endpoints.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n?)*)", PAGE, re.MULTILINE))
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
SECRET = "key-of-the-provider-0123456789"
ROWS = 60
OK_USAGE = {"prompt_tokens": 300, "completion_tokens": 80, "total_tokens": 380}


def good(asked: Asked, **fields: Any) -> dict[str, Any]:
    """A revision, as `fields` decorate it; or what a check wants."""
    if "response_format" in asked.body:
        return completion(json.dumps({"teacher_reasoning": "a", "corrected_student_solution": "b"}))
    fields.setdefault("usage", OK_USAGE)
    return completion(revised(f"{asked.answer} Indeed."), **fields)


def is_row(asked: Asked, number: int) -> bool:
    return asked.answer == f"It is {number}."


def reply_with(headers: Mapping[str, str], body: Any, status: int = 200) -> web.Response:
    return web.json_response(body, headers=dict(headers), status=status)


def bearer(asked: Asked) -> bool:
    return asked.headers.get("Authorization") == f"Bearer {SECRET}"


@dataclass
class Provider:
    """How one provider behaves; `seen` counts its one-off troubles."""

    seen: set[str] = field(default_factory=set)

    def first(self, what: str) -> bool:
        """Whether this happens for the first time."""
        is_new = what not in self.seen
        self.seen.add(what)
        return is_new


class OpenAI(Provider):
    def __call__(self, asked: Asked) -> Reply:
        if not bearer(asked):
            return refuse(401, error={"code": "invalid_api_key"})
        for name, code in (("max_tokens", "unsupported_parameter"),
                           ("temperature", "unsupported_value")):  # fmt: skip
            if name in asked.body:
                return refuse(400, error={"param": name, "code": code})
        if is_row(asked, 7) and self.first("busy"):
            return refuse(
                429, error={"code": "rate_limit_exceeded"}, headers={"retry-after-ms": "50"}
            )
        headers = {
            "x-ratelimit-limit-requests": "30000", "x-ratelimit-remaining-requests": "29999",
            "x-ratelimit-reset-requests": "2ms", "x-ratelimit-limit-tokens": "150000000",
            "x-ratelimit-remaining-tokens": "149999984", "x-ratelimit-reset-tokens": "6m0s",
        }  # fmt: skip
        usage = {**OK_USAGE, "completion_tokens_details": {"reasoning_tokens": 64}}
        return reply_with(headers, good(asked, usage=usage, model="gpt-5-mini-2025-08-07"))


class Azure(Provider):
    def __call__(self, asked: Asked) -> Reply:
        if asked.headers.get("api-key") != SECRET or "Authorization" in asked.headers:
            return refuse(401, error={"code": "401"})
        if is_row(asked, 3):
            error = {"code": "content_filter", "param": "prompt", "type": None, "status": 400}
            return refuse(400, error=error)
        if is_row(asked, 7) and self.first("busy"):
            return refuse(429, error={"code": "429"}, headers={"retry-after-ms": "50"})
        headers = {
            "x-ratelimit-limit-tokens": "-1", "x-ratelimit-remaining-tokens": "-1",
            "x-ratelimit-reset-tokens": "0",
        }  # fmt: skip
        return reply_with(headers, good(asked, prompt_filter_results=[]))


class OpenRouter(Provider):
    def __call__(self, asked: Asked) -> Reply:
        if not bearer(asked):
            return refuse(401)
        if is_row(asked, 3):
            metadata = {"reasons": ["violence"], "flagged_input": "It is", "provider_name": "p"}
            return refuse(403, error={"code": 403, "metadata": metadata})
        if is_row(asked, 7) and self.first("provider"):
            return {"error": {"code": 502, "message": "Provider returned error"}}
        return good(asked, message={"reasoning": "I think {corrected_student_solution}: no"})


class Groq(Provider):
    def __call__(self, asked: Asked) -> Reply:
        if not bearer(asked):
            return refuse(401)
        if is_row(asked, 7) and self.first("capacity"):
            return refuse(498)
        headers = {
            "x-ratelimit-limit-requests": "144000", "x-ratelimit-remaining-requests": "143700",
            "x-ratelimit-reset-requests": "2m59.56s", "x-ratelimit-limit-tokens": "18000000",
            "x-ratelimit-remaining-tokens": "17999000", "x-ratelimit-reset-tokens": "7.66s",
        }  # fmt: skip
        return reply_with(headers, good(asked, message={"reasoning": "hm"}, x_groq={"id": "r"}))


class Mistral(Provider):
    def __call__(self, asked: Asked) -> Reply:
        if not bearer(asked):
            return web.json_response({"detail": "Unauthorized"}, status=401)
        known = {"model", "messages", "random_seed", "temperature", "max_tokens"}
        if unknown := asked.body.keys() - known:
            details = [{"type": "extra_forbidden", "loc": ["body", name]} for name in unknown]
            return web.json_response(
                {"object": "error", "message": {"detail": details}}, status=422
            )
        reply = good(asked)
        thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
        text = {"type": "text", "text": reply["choices"][0]["message"]["content"]}
        reply["choices"][0]["message"]["content"] = [thinking, text]
        return reply


class DeepSeek(Provider):
    def __call__(self, asked: Asked) -> Reply:
        if not bearer(asked):
            return refuse(401)
        if is_row(asked, 7) and self.first("cut"):
            return good(asked, finish_reason="insufficient_system_resource")
        blank_lines = "\n" * 50
        return blank_lines + json.dumps(good(asked, message={"reasoning_content": "hm"}))


class Gemini(Provider):
    def __call__(self, asked: Asked) -> Reply:
        if not bearer(asked):
            details = [{"reason": "API_KEY_INVALID"}]
            error = {"code": 400, "status": "INVALID_ARGUMENT", "details": details}
            return web.json_response([{"error": error}], status=400)
        if is_row(asked, 7) and self.first("busy"):
            error = {"code": 429, "message": "exhausted", "status": "RESOURCE_EXHAUSTED"}
            return web.json_response([{"error": error}], status=429)
        return good(asked)


class VLLM(Provider):
    def __call__(self, asked: Asked) -> Reply:
        if is_row(asked, 3):
            message = "This model's maximum context length is 2048 tokens."
            error = {"object": "error", "message": message, "type": "BadRequestError",
                     "param": None, "code": 400}  # fmt: skip
            kwargs = asked.body.get("chat_template_kwargs")
            return good(asked) if kwargs else web.json_response(error, status=400)
        if is_row(asked, 7):
            reply = good(asked)
            content = f"<think>\nhm\n</think>\n\n{reply['choices'][0]['message']['content']}"
            return good(asked, message={"content": content})
        return good(asked, message={"reasoning": "hm", "reasoning_content": None})


class Ollama(Provider):
    def __call__(self, asked: Asked) -> Reply:
        if is_row(asked, 7) and self.first("queue"):
            return refuse(503, error={"message": "server busy, please try again."})
        return good(asked, message={"reasoning": "hm"}, system_fingerprint="fp_ollama", usage=None)


class LlamaCpp(Provider):
    def __call__(self, asked: Asked) -> Reply:
        if self.first("loading"):
            error = {"code": 503, "message": "Loading model", "type": "unavailable_error"}
            return refuse(503, error=error)
        if is_row(asked, 3):
            error = {"code": 400, "type": "exceed_context_size_error", "n_ctx": 256}
            return refuse(400, error=error)
        return good(asked, message={"reasoning_content": "hm"}, timings={"predicted_ms": 1.0})


@dataclass(frozen=True)
class Recipe:
    """A section of the page, and what its commands lead to."""

    provider: Callable[[], Callable[[Asked], Reply]]
    failed: tuple[str, ...] = ()
    err: str = ""


RECIPES = {
    "OpenAI": Recipe(OpenAI, err="does not take max_tokens: it is sent as max_completion_tokens"),
    "Azure OpenAI": Recipe(Azure, ("content_filter",)),
    "OpenRouter": Recipe(OpenRouter, ("content_filter",)),
    "Groq": Recipe(Groq),
    "Mistral": Recipe(Mistral),
    "DeepSeek": Recipe(DeepSeek),
    "Gemini": Recipe(Gemini),
    "vLLM": Recipe(VLLM, ("rejected_request",)),
    "Ollama": Recipe(Ollama),
    "llama.cpp": Recipe(LlamaCpp, ("rejected_request",)),
}


class Block:
    """One code block: its exports and its commands, with the address of a local server."""

    def __init__(self, text: str) -> None:
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        self.exports = [line.split()[1].partition("=")[0] for line in lines if "export" in line]
        self.commands = [shlex.split(line) for line in lines if line.startswith("clair ")]
        assert len(self.commands) + len(self.exports) == len(lines), lines

    def prefix(self) -> str:
        """The path of the base URL; the default one's where none is given."""
        found = [word for word in self.commands[0] if word.startswith("http")]
        return urlsplit(found[0]).path if found else "/v1"

    def local(self, command: list[str], server: Site) -> list[str]:
        origin = server.base_url.partition("//")[2].partition("/")[0]
        return [re.sub(r"^https?://[^/]+", f"http://{origin}", word) for word in command[1:]]


def blocks() -> list[tuple[str, int]]:
    return [
        (name, number) for name in RECIPES for number, _ in enumerate(BLOCK.findall(SECTIONS[name]))
    ]


def test_every_recipe_of_the_page_is_tested() -> None:
    with_commands = {name for name, text in SECTIONS.items() if "clair revise" in text}
    assert with_commands == set(RECIPES)


@pytest.mark.parametrize(("name", "number"), blocks())
def test_a_recipe_works_as_it_is_written(
    name: str, number: int, clair: Clair, tmp_path: Path
) -> None:
    recipe, block = RECIPES[name], Block(BLOCK.findall(SECTIONS[name])[number])
    write_rows(tmp_path / "input.jsonl", answers(ROWS))
    with site(recipe.provider(), "some-model", prefix=block.prefix()) as server:
        env = dict.fromkeys(block.exports, SECRET)
        if name == "OpenAI":
            env["OPENAI_BASE_URL"] = server.base_url
        runs = [clair(*block.local(command, server), env=env) for command in block.commands]
    for done in runs:
        assert done.code == 0, done.err
        assert SECRET not in done.out + done.err
    check_pairs(tmp_path, runs[-1], recipe, is_second=name == "vLLM" and number == 1)
    check_bodies(name, server)


def check_pairs(folder: Path, done: Ran, recipe: Recipe, *, is_second: bool) -> None:
    """All rows have their pairs, but for those that the provider turns down."""
    reasons = () if is_second else recipe.failed
    failures = read_rows(folder / "input.clair/.clair/failures.jsonl")
    assert tuple(failure["reason"] for failure in failures) == reasons
    pairs = read_rows(folder / "input.clair/train.jsonl")
    assert len(pairs) == ROWS - len(reasons)
    for pair in pairs:
        rejected, chosen = pair["rejected"][0]["content"], pair["chosen"][0]["content"]
        assert chosen == f"{rejected} Indeed."
        assert pair["rationale"] == "It needed a little more."
    assert recipe.err in done.err


def check_bodies(name: str, server: Site) -> None:
    """What the provider got to see in the end."""
    body, headers = server.asked[-1].body, server.headers[-1]
    if name == "OpenAI":
        assert body["max_completion_tokens"] == 8192
        assert body["reasoning_effort"] == "low"
        assert "max_tokens" not in body
    if name == "Azure OpenAI":
        assert body["model"] == "DEPLOYMENT"
        posts = {path for path in server.paths if path.startswith("POST")}
        assert posts < {
            "POST /openai/v1/chat/completions",
            "POST /openai/deployments/DEPLOYMENT/chat/completions?api-version=2024-10-21",
        }
    if name == "OpenRouter":
        assert body["provider"] == {"require_parameters": True}
        assert headers["X-Title"] == "my data job"
    if name == "Mistral":
        assert body["random_seed"] == 7
    if name in {"vLLM", "Ollama", "llama.cpp"}:
        assert "Authorization" not in headers


WRONG_KEYS = {"Mistral": Mistral, "Gemini": Gemini}


@pytest.mark.parametrize("name", WRONG_KEYS)
def test_a_wrong_key_ends_the_run_in_every_shape(name: str, clair: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "input.jsonl", answers(2))
    with site(WRONG_KEYS[name]()) as server:
        env = {"OPENAI_API_KEY": "wrong-key-0123456789"}
        done = clair("revise", "input.jsonl", "-m", "x", "--base-url", server.base_url, env=env)
    assert done.code == 4, done.err
    assert "the endpoint refused the API key" in done.last
    assert "wrong-key" not in done.err
    assert server.count() <= 2
