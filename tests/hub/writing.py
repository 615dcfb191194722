"""The answers to those who write: each method is named after its kind in `tests.hub.routes`."""

import base64
import hashlib
import json
from collections.abc import Iterator

from aiohttp import web

from tests.hub.access import Access, Refused
from tests.hub.repos import ATTRIBUTES, Blob, Commit, Repo


class Writing(Access):
    """New repositories, branches, large files and commits."""

    async def create(self, request: web.Request) -> web.Response:
        user, role = self.user(request)
        asked = await request.json()
        owner = asked.get("organization") or user
        name = f"{owner}/{asked['name']}"
        if not user:
            raise Refused(401, "Invalid username or password.")
        if owner != user or role != "write":
            text = f'You don\'t have the rights to create a dataset under the namespace "{owner}"'
            raise Refused(403, text)
        if asked.get("type") != "dataset":
            raise Refused(400, "only datasets live here")
        address = f"{request.url.origin()}/datasets/{name}"
        if name in self.repos:
            raise Refused(409, "You already created this dataset repo", url=address)
        hidden = asked.get("visibility") == "private" or bool(asked.get("private"))
        self.repos[name] = Repo(name, private=hidden)
        self.repos[name].commit("main", "initial commit", {".gitattributes": Blob(ATTRIBUTES)})
        return web.json_response({"url": address, "name": name})

    async def branch(self, request: web.Request, repo: str, rev: str) -> web.Response:
        found = self.writable(request, repo)
        if rev in found.heads:
            raise Refused(409, f"Reference already exists: {rev}")
        start = (await request.json() if request.can_read_body else {}).get("startingPoint", "main")
        found.heads[rev] = self.at(found, start).oid
        return web.json_response({}, status=201)

    async def yaml(self, request: web.Request) -> web.Response:
        content = (await request.json())["content"]
        errors = [] if content.startswith("---\n") else [{"message": "no YAML at the top"}]
        return web.json_response({"errors": errors, "warnings": []}, status=400 if errors else 200)

    async def preupload(self, request: web.Request, repo: str, rev: str) -> web.Response:
        commit = self.at(self.writable(request, repo), rev)
        answers = []
        for asked in (await request.json())["files"]:
            large = asked["size"] > self.regular or asked["path"].endswith(".parquet")
            old = commit.files.get(asked["path"])
            answers.append(
                {"path": asked["path"], "uploadMode": "lfs" if large else "regular",
                 "shouldIgnore": False, **({"oid": old.etag} if old else {})}
            )  # fmt: skip
        return web.json_response({"files": answers})

    async def batch(self, request: web.Request, repo: str) -> web.Response:
        self.writable(request, repo)
        origin, answers = request.url.origin(), []
        for asked in (await request.json())["objects"]:
            steps = {
                "upload": {"href": f"{origin}/lfs/{asked['oid']}"},
                "verify": {"href": f"{origin}/lfs/verify"},
            }
            known = asked["oid"] in self.stored
            answers.append({**asked, **({} if known else {"actions": steps})})
        return web.json_response({"transfer": "basic", "objects": answers})

    async def put(self, request: web.Request, file: str) -> web.Response:
        if "Authorization" in request.headers:
            raise Refused(400, "a token was sent to the storage, which signs its own addresses")
        data = await request.read()
        if hashlib.sha256(data).hexdigest() != file:
            raise Refused(400, "the content is not what its name says")
        self.stored[file] = data
        return web.Response()

    async def verify(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if len(self.stored.get(asked["oid"], b"")) != asked["size"]:
            raise Refused(404, "was not uploaded")
        return web.json_response({})

    async def commit(self, request: web.Request, repo: str, rev: str) -> web.Response:
        found = self.writable(request, repo)
        lines = [json.loads(line) for line in (await request.read()).splitlines()]
        head = lines[0]["value"]
        parent = self.at(found, rev)
        if rev not in found.heads:
            raise Refused(400, f"{rev} is no branch")
        if head.get("parentCommit") not in {None, parent.oid}:
            raise Refused(412, "A commit has happened since. Please refresh and try again.")
        changes = dict(self.changes(parent, lines[1:]))
        made = found.commit(rev, head["summary"], changes)
        address = f"{request.url.origin()}/datasets/{repo}/commit/{made.oid}"
        return web.json_response(
            {"success": True, "commitOid": made.oid, "commitUrl": address, "hookOutput": ""}
        )

    def changes(self, parent: Commit, lines: list[dict]) -> Iterator[tuple[str, Blob | None]]:
        """What the lines of a commit change."""
        for line in lines:
            key, value = line["key"], line["value"]
            if key == "file":
                yield value["path"], Blob(base64.b64decode(value["content"]))
            elif key == "lfsFile":
                if value["oid"] not in self.stored:
                    raise Refused(400, f"LFS pointer to a missing object: {value['path']}")
                yield value["path"], Blob(self.stored[value["oid"]], lfs=True)
            elif key == "deletedFile" and value["path"] in parent.files:
                yield value["path"], None
            elif key == "deletedFolder":
                folder = value["path"].rstrip("/") + "/"
                yield from ((path, None) for path in parent.files if path.startswith(folder))
            else:
                raise Refused(404, "A file with this name doesn't exist", "EntryNotFound")
