"""The addresses of the Hub for dataset repositories, as `huggingface_hub` and `datasets` ask."""

import re
from urllib.parse import unquote

from aiohttp import web

from tests.hub.reading import Reading
from tests.hub.writing import Writing

REPO, REV, FILE = r"(?P<repo>[^/]+/[^/]+)", r"(?P<rev>[^/]+)", r"(?P<file>.+)"
API = f"/api/datasets/{REPO}"
ROUTES = [
    (method, re.compile(pattern), kind)
    for method, pattern, kind in (
        ("HEAD", f"/datasets/{REPO}/resolve/{REV}/{FILE}", "head"),
        ("GET", f"/datasets/{REPO}/resolve/{REV}/{FILE}", "get"),
        ("POST", rf"/datasets/{REPO}\.git/info/lfs/objects/batch", "batch"),
        ("PUT", "/lfs/(?P<file>[0-9a-f]{64})", "put"),
        ("POST", "/lfs/verify", "verify"),
        ("GET", f"{API}/tree/{REV}(?:/{FILE})?", "tree"),
        ("POST", f"{API}/paths-info/{REV}", "paths"),
        ("GET", f"{API}/refs", "refs"),
        ("GET", f"{API}/commits/{REV}", "commits"),
        ("GET", f"{API}/auth-check", "check"),
        ("POST", f"{API}/branch/{REV}", "branch"),
        ("POST", f"{API}/preupload/{REV}", "preupload"),
        ("POST", f"{API}/commit/{REV}", "commit"),
        ("GET", f"{API}/revision/{REV}", "info"),
        ("GET", API, "info"),
        ("GET", "/api/datasets/(?P<old>[^/]+)(?P<rest>/revision/[^/]+)?", "moved"),
        ("POST", "/api/repos/create", "create"),
        ("POST", "/api/validate-yaml", "yaml"),
        ("GET", "/api/whoami-v2", "whoami"),
    )
]


class Routes(Reading, Writing):
    """All answers."""


def find(request: web.Request) -> tuple[str, dict[str, str]]:
    """The kind of a request, and the parts of its address."""
    for method, pattern, kind in ROUTES:
        match = pattern.fullmatch(request.rel_url.raw_path)
        if match and method == request.method:
            return kind, {k: unquote(v) for k, v in match.groupdict().items() if v is not None}
    return "", {}
