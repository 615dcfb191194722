"""A small Hugging Face Hub on a real socket: datasets, read and written by real clients.

    with hub_serving() as hub:
        hub.add("user/name", {"train.jsonl": b"..."})         # one commit; private=, gated=
        subprocess.run(..., env=hub_environment(hub, tmp_path, token=hub.token))
        hub.files("user/name")        # {path: bytes} at the head of main, or of revision=
        hub.commits("user/name")      # the newest first: .oid, .message, .files
        hub.requests                  # everything that was asked, see `tests.hub.faults.Asked`
        hub.asked("get", "train.jsonl")

Three users have tokens: `hub.token` may write to `user/...`, `hub.reader` is of the same user but
may only read, `hub.stranger` is a user called `other`, who may write to `other/...`.

Things go wrong as scripted, for requests of a kind (the names in `tests.hub.routes.ROUTES`: info,
tree, paths, head, get, create, branch, preupload, batch, put, verify, commit, whoami, ...):

    hub.fault("info", status=503, times=2)
    hub.fault("commit", status=429, headers={"Retry-After": "1"})
    hub.fault("get", "train.jsonl", drop=1000, times=3)     # 1,000 bytes, then the end: three times
    hub.fault("get", "train.jsonl", drop=1000, skip=1)      # only the second GET
    hub.fault("put", reset=True)                            # closed before anything is done
    hub.fault("commit", lost=True)                          # done, but closed without an answer
    hub.fault("tree", delay=0.5, times=ALWAYS)              # half a second late
    hub.fault("commit", before=meddle)                      # after `meddle()`
"""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.hub.access import Refused
from tests.hub.faults import ALWAYS, Asked, Fault
from tests.hub.repos import Blob, Commit, Repo
from tests.hub.routes import Routes, find

__all__ = ["ALWAYS", "Asked", "Hub", "hub_environment", "hub_serving"]


class Hub:
    """A running Hub: where it is, what it holds, what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.token, self.reader, self.stranger = "hf_writes", "hf_reads", "hf_stranger"
        self.clear()

    def clear(self) -> None:
        """Forget everything but the address: one server for many tests."""
        self.routes = Routes()
        self.requests: list[Asked] = []
        self.faults: list[Fault] = []
        self.routes.tokens = {
            self.token: ("user", "write"),
            self.reader: ("user", "read"),
            self.stranger: ("other", "write"),
        }

    def add(
        self,
        name: str,
        files: Mapping[str, bytes | None],
        *,
        private: bool = False,
        gated: bool = False,
        revision: str = "main",
        lfs: bool = False,
    ) -> str:
        """Commit `files` (None takes one away) to a repository, made if missing: the new id."""
        repo = self.routes.repos.setdefault(name, Repo(name, private=private, gated=gated))
        if repo.heads and revision not in repo.heads:
            repo.heads[revision] = repo.heads["main"]
        blobs = {
            path: None if data is None else Blob(data, lfs=lfs) for path, data in files.items()
        }
        return repo.commit(revision, "added by hand", blobs).oid

    def grant(self, name: str, user: str) -> None:
        """Let a user read a private or gated repository."""
        self.routes.repos[name].readers.add(user)

    def rename(self, old: str, name: str) -> None:
        """Let an old name without an owner lead to a repository."""
        self.routes.moved_to[old] = name

    def fault(self, kind: str, file: str = "", **what: Any) -> Fault:
        """Let something go wrong for requests of a kind (of a file): see the module's text."""
        fault = Fault(kind, file, **what)
        self.faults.append(fault)
        return fault

    def repo(self, name: str) -> Repo:
        """A repository, with `private`, `gated` and `heads` (the branches)."""
        return self.routes.repos[name]

    def files(self, name: str, revision: str = "main") -> dict[str, bytes]:
        """The files at a revision."""
        commit = self.repo(name).find(revision)
        assert commit is not None, revision
        return {path: blob.data for path, blob in commit.files.items()}

    def commits(self, name: str, revision: str = "main") -> list[Commit]:
        """The commits of a branch, the newest first."""
        return list(self.repo(name).history(revision))

    def asked(self, kind: str, file: str = "") -> list[Asked]:
        """The requests of a kind (for a file)."""
        return [each for each in self.requests if each.kind == kind and file in {"", each.file}]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, or do what a fault says."""
        kind, parts = find(request)
        asked = Asked(
            kind, request.method, request.path, dict(request.query), dict(request.headers),
            parts.get("repo", ""), parts.get("file", ""), request.headers.get("Range", ""),
        )  # fmt: skip
        self.requests.append(asked)
        fault = next((each for each in self.faults if each.meets(asked)), Fault(""))
        await asyncio.sleep(fault.delay)
        fault.before()
        if fault.reset:
            return _hang_up(request)
        if fault.status:
            await request.read()
            refused = Refused(fault.status, fault.message).answer()
            refused.headers.update(fault.headers)
            asked.status = fault.status
            return refused
        response = await self._answer(request, kind, parts, fault)
        if fault.lost:
            return _hang_up(request)
        asked.status = 0 if fault.drop is not None else response.status
        return response

    async def _answer(
        self, request: web.Request, kind: str, parts: dict[str, str], fault: Fault
    ) -> web.StreamResponse:
        try:
            if kind == "get":
                return await self._send(request, parts, fault)
            return await getattr(self.routes, kind or "nothing")(request, **parts)
        except Refused as refused:
            return refused.answer()

    async def _send(
        self, request: web.Request, parts: dict[str, str], fault: Fault
    ) -> web.StreamResponse:
        response, body = self.routes.file(request, **parts)
        await response.prepare(request)
        await response.write(body[: fault.drop])
        if fault.drop is not None:
            return _hang_up(request, response)
        return response


def _hang_up(
    request: web.Request, response: web.StreamResponse | None = None
) -> web.StreamResponse:
    if request.transport:
        request.transport.close()  # what was written is still sent
    return response or web.Response()


@contextmanager
def hub_serving(*, port: int = 0) -> Iterator[Hub]:
    """Serve an empty Hub on 127.0.0.1 until the block ends."""
    hub, started, stop = Hub(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", hub.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        hub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        started.set()
        await stop.wait()
        await runner.cleanup()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield hub
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def hub_environment(hub: Hub, home: Path, *, token: str = "") -> dict[str, str]:
    """The variables for a process that is to use `hub`, with its caches below `home`.

    They stand above the tester's own: HF_TOKEN is empty, which is no token, unless one is given.
    """
    return {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(home / "hf"),
        "HF_DATASETS_CACHE": str(home / "hf" / "datasets"),
        "HF_HUB_CACHE": str(home / "hf" / "hub"),
        "HF_TOKEN_PATH": str(home / "hf" / "token"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "0",
        "HF_TOKEN": token,
        "HUGGING_FACE_HUB_TOKEN": "",
    }
