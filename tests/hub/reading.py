"""The answers to those who read: each method is named after its kind in `tests.hub.routes`."""

import hashlib
import re
from collections.abc import Iterator

from aiohttp import web

from tests.hub.access import Access, Refused
from tests.hub.repos import Blob, Commit

DATE = "2026-01-01T00:00:00.000Z"


class Reading(Access):
    """Listings, files and what is known of a repository."""

    async def info(self, request: web.Request, repo: str, rev: str = "main") -> web.Response:
        found = self.repo(request, repo)
        commit = self.at(found, rev)
        siblings = [
            {"rfilename": path, **(_described(path, blob) if "blobs" in request.query else {})}
            for path, blob in sorted(commit.files.items())
        ]
        return web.json_response(
            {"_id": "0" * 24, "id": repo, "author": found.owner, "sha": commit.oid,
             "lastModified": DATE, "createdAt": DATE, "private": found.private,
             "gated": "manual" if found.gated else False, "disabled": False, "tags": [],
             "downloads": 0, "likes": 0, "siblings": siblings}
        )  # fmt: skip

    async def moved(self, request: web.Request, old: str, rest: str = "") -> web.Response:
        if old not in self.moved_to:
            return await self.nothing(request)
        return web.Response(
            status=307, headers={"Location": f"/api/datasets/{self.moved_to[old]}{rest}"}
        )

    async def tree(self, request: web.Request, repo: str, rev: str, file: str = "") -> web.Response:
        commit = self.at(self.repo(request, repo), rev)
        deep = request.query.get("recursive", "").lower() in {"true", "1"}
        entries = list(_entries(commit, file.strip("/"), deep=deep))
        if file and not entries:
            raise Refused(404, f"{file} does not exist on {rev}", "EntryNotFound")
        start = int(request.query.get("cursor", 0))
        end = start + min(self.page, int(request.query.get("limit", self.page)))
        headers = {}
        if end < len(entries):
            following = request.url.update_query(cursor=str(end))
            headers["Link"] = f'<{following}>; rel="next"'
        return web.json_response(entries[start:end], headers=headers)

    async def paths(self, request: web.Request, repo: str, rev: str) -> web.Response:
        commit = self.at(self.repo(request, repo), rev)
        asked = set((await request.post()).getall("paths", []))
        everything = {each["path"]: each for each in _entries(commit, "", deep=True)}
        return web.json_response([everything[path] for path in sorted(asked & everything.keys())])

    async def refs(self, request: web.Request, repo: str) -> web.Response:
        heads = self.repo(request, repo).heads
        branches = [
            {"name": name, "ref": f"refs/heads/{name}", "targetCommit": oid}
            for name, oid in heads.items()
        ]
        return web.json_response({"branches": branches, "converts": [], "tags": []})

    async def commits(self, request: web.Request, repo: str, rev: str) -> web.Response:
        found = self.repo(request, repo)
        self.at(found, rev)
        return web.json_response(
            [
                {"id": each.oid, "title": each.message, "message": "", "date": DATE, "authors": []}
                for each in found.history(rev)
            ]
        )

    async def check(self, request: web.Request, repo: str) -> web.Response:
        self.open(request, repo)
        return web.json_response({})

    async def whoami(self, request: web.Request) -> web.Response:
        name, role = self.user(request)
        if not name:
            raise Refused(401, "Invalid username or password.")
        auth = {"type": "access_token", "accessToken": {"displayName": "test", "role": role}}
        return web.json_response({"type": "user", "name": name, "orgs": [], "auth": auth})

    async def head(
        self, request: web.Request, repo: str, rev: str, file: str
    ) -> web.StreamResponse:
        return self.file(request, repo, rev, file)[0]

    def file(
        self, request: web.Request, repo: str, rev: str, file: str
    ) -> tuple[web.StreamResponse, bytes]:
        """The head of an answer with a file or a range of it, and its body."""
        commit = self.at(self.open(request, repo), rev)
        blob = commit.files.get(file)
        if blob is None:
            raise Refused(404, "Entry not found", "EntryNotFound")
        response = web.StreamResponse()
        response.headers.update(
            {"ETag": f'"{blob.etag}"', "X-Repo-Commit": commit.oid, "Accept-Ranges": "bytes"}
        )
        if blob.lfs:
            linked = {"X-Linked-ETag": f'"{blob.etag}"', "X-Linked-Size": str(len(blob.data))}
            response.headers.update(linked)
        body = blob.data
        if wanted := request.headers.get("Range", ""):
            body = _cut(response, body, wanted)
        response.content_type = "application/octet-stream"
        response.content_length = len(body)
        return response, body


def _described(path: str, blob: Blob) -> dict[str, object]:
    lfs = {"oid": blob.sha256, "sha256": blob.sha256, "size": len(blob.data), "pointerSize": 134}
    return {"type": "file", "path": path, "oid": blob.oid, "blobId": blob.oid,
            "size": len(blob.data), **({"lfs": lfs} if blob.lfs else {})}  # fmt: skip


def _entries(commit: Commit, folder: str, *, deep: bool) -> Iterator[dict[str, object]]:
    """The files and folders below `folder`, each once."""
    seen: set[str] = set()
    start = f"{folder}/" if folder else ""
    for path, blob in sorted(commit.files.items()):
        if not path.startswith(start):
            continue
        parts = path[len(start) :].split("/")
        shown = len(parts) if deep else min(len(parts), 2)
        for depth in range(1, shown):
            name = start + "/".join(parts[:depth])
            if name not in seen:
                seen.add(name)
                oid = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
                yield {"type": "directory", "path": name, "oid": oid, "size": 0}
        if deep or len(parts) == 1:
            yield _described(path, blob)


def _cut(response: web.StreamResponse, body: bytes, wanted: str) -> bytes:
    """The range of `body` that a `Range` header asks for (RFC 9110, section 14)."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
    first, last = match.groups() if match else ("", "")
    if first:
        start, end = int(first), min(int(last or len(body)), len(body) - 1)
    else:
        start, end = max(len(body) - int(last or 0), 0), len(body) - 1
    if start > end:
        raise Refused(416, f"the file has {len(body)} bytes")
    response.set_status(206)
    response.headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
    return body[start : end + 1]
