"""What the Hub holds, who may do what with it, and how it says no."""

from aiohttp import web

from tests.hub.repos import Commit, Repo


class Refused(Exception):  # noqa: N818 - an answer of the Hub
    """An error answer, with the header by which the clients know it."""

    def __init__(self, status: int, message: str, code: str = "", **fields: str) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.fields = status, message, code, fields

    def answer(self) -> web.Response:
        headers = {
            "X-Error-Message": " ".join(self.message.split()),
            **({"X-Error-Code": self.code} if self.code else {}),
        }
        body = {"error": self.message, **self.fields}
        return web.json_response(body, status=self.status, headers=headers)


class Access:
    """What the Hub holds, and who may do what with it.

    Attributes:
        repos: By name.
        moved_to: The names of repositories by their old ones, which had no owner.
        tokens: The user and the role ("read" or "write") of each token.
        regular: Files up to so many bytes are committed as they are, larger ones as LFS.
        page: Entries of one page of a listing.
        stored: The large file storage, by SHA-256.
    """

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.moved_to: dict[str, str] = {}
        self.tokens: dict[str, tuple[str, str]] = {}
        self.regular = 10_000_000
        self.page = 1000
        self.stored: dict[str, bytes] = {}

    def user(self, request: web.Request) -> tuple[str, str]:
        """The name and the role of who asks: both "" without a token."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return "", ""
        if token not in self.tokens:
            raise Refused(401, "Invalid credentials in Authorization header")
        return self.tokens[token]

    def repo(self, request: web.Request, name: str) -> Repo:
        """A repository that the one who asks may know of.

        The Hub answers 401 to strangers, so that nobody learns which private names exist. Its
        clients take that for a missing repository on https only; the code tells them on http.
        """
        user, _ = self.user(request)
        repo = self.repos.get(name)
        if repo is None or (repo.private and user not in {repo.owner, *repo.readers}):
            if user:
                raise Refused(404, "Repository not found", "RepoNotFound")
            raise Refused(401, "Invalid username or password.", "RepoNotFound")
        return repo

    def open(self, request: web.Request, name: str) -> Repo:
        """A repository whose files the one who asks may read."""
        repo, (user, _) = self.repo(request, name), self.user(request)
        if repo.gated and user not in {repo.owner, *repo.readers}:
            text = f"Access to dataset {name} is restricted. You must have access to it to use it."
            raise Refused(403 if user else 401, text, "GatedRepo")
        return repo

    def writable(self, request: web.Request, name: str) -> Repo:
        """A repository that the one who asks may change."""
        repo, (user, role) = self.repo(request, name), self.user(request)
        if not user:
            raise Refused(401, "Invalid username or password.")
        if user != repo.owner or role != "write":
            raise Refused(403, "Forbidden: you must have write access to this repository")
        return repo

    def at(self, repo: Repo, revision: str) -> Commit:
        commit = repo.find(revision)
        if commit is None:
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return commit

    async def nothing(self, request: web.Request) -> web.Response:
        """An address that is none: a dataset without an owner's name, or nothing of the Hub's."""
        missing = request.path.startswith(("/api/datasets/", "/datasets/"))
        raise Refused(404, "Not found", "RepoNotFound" if missing else "")
