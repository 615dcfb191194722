"""Proxies and TLS: the real command through a real tinyproxy, to servers with a CA of their own."""

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import Clair, Ran, answers, write_rows
from tests.serving import Endpoint

KEY = "sk-very-secret-0123456789"
PASSWORD = "hunter2secret"
needs_proxy = pytest.mark.skipif(
    not shutil.which("tinyproxy"), reason="needs tinyproxy (apt-get install tinyproxy)"
)

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")


@dataclass(frozen=True)
class Certificates:
    """The CA that a client must trust, and a server's certificate for `localhost` alone."""

    ca: Path
    server: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    """Make a CA, and a certificate that it signs."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    extended = "keyUsage=critical,keyCertSign"
    openssl("req", "-x509", *NEW_KEY, "-days", "2", "-subj", "/CN=our own CA",
            "-addext", extended, "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip
    openssl(
        "req", *NEW_KEY, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"
    )
    extensions = "subjectAltName=DNS:localhost\nauthorityKeyIdentifier=keyid\n"
    (folder / "extensions").write_text(extensions)
    signed_by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
    openssl("x509", "-req", "-in", "server.csr", *signed_by, "-days", "2",
            "-extfile", "extensions", "-out", "server.pem")  # fmt: skip
    return Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")


@contextmanager
def tls_before(port: int, certificates: Certificates) -> Iterator[int]:
    """Serve TLS on a port of its own, and pass what is inside on to `port`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server, certificates.key)
    loop = asyncio.new_event_loop()
    ports: list[int] = []
    started, stop = threading.Event(), asyncio.Event()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        both = (pump(reader, inner_writer), pump(inner_reader, writer))
        await asyncio.gather(*both, return_exceptions=True)

    async def serve() -> None:
        server = await asyncio.start_server(relay, "127.0.0.1", 0, ssl=context)
        ports.append(server.sockets[0].getsockname()[1])
        started.set()
        await stop.wait()
        server.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until something listens there."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    pytest.fail("nothing listens")


@dataclass
class Proxy:
    port: int
    log: Path

    def url(self, credentials: str = "") -> str:
        return f"http://{credentials}127.0.0.1:{self.port}"

    def seen(self) -> str:
        """What was asked of it."""
        return "\n".join(
            line for line in self.log.read_text().splitlines() if "Request (file" in line
        )


@contextmanager
def tinyproxy(folder: Path, *settings: str) -> Iterator[Proxy]:
    proxy = Proxy(free_port(), folder / "tinyproxy.log")
    lines = [f"Port {proxy.port}", "Listen 127.0.0.1", "Allow 127.0.0.1", "LogLevel Connect",
             f'LogFile "{proxy.log}"', *settings]  # fmt: skip
    file = folder / "tinyproxy.conf"
    file.write_text("\n".join(lines) + "\n")
    child = subprocess.Popen(["tinyproxy", "-d", "-c", file], stdout=subprocess.DEVNULL)
    try:
        wait_for(proxy.port)
        yield proxy
    finally:
        child.terminate()
        child.wait(10)


@pytest.fixture
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with tinyproxy(tmp_path_factory.mktemp("proxy")) as running:
        yield running


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(endpoint: Endpoint, certificates: Certificates) -> Iterator[str]:
    """The base URL of the endpoint behind TLS; its certificate is for `localhost`."""
    with tls_before(urlsplit(endpoint.base_url).port or 0, certificates) as port:
        yield f"https://localhost:{port}/v1"


@pytest.fixture
def revise(tmp_path: Path, clair: Clair, monkeypatch: pytest.MonkeyPatch) -> "Revise":
    """Without the tester's own proxies and certificates."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return Revise(tmp_path, clair)


class Revise:
    """Runs three rows against a base URL."""

    def __init__(self, folder: Path, clair: Clair) -> None:
        self.folder, self._clair = folder, clair

    def __call__(
        self, base_url: str, env: Mapping[str, str], name: str = "in", *options: object
    ) -> Ran:
        write_rows(self.folder / f"{name}.jsonl", answers(3))
        return self._clair(
            *("revise", f"{name}.jsonl", "-m", "x", "--base-url", base_url),
            *options,
            env={"OPENAI_API_KEY": KEY, **env},
        )

    def written(self) -> bytes:
        """All bytes in all files."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return b"".join(path.read_bytes() for path in files)


@needs_proxy
def test_http_goes_through_the_proxy(revise: Revise, endpoint: Endpoint, proxy: Proxy) -> None:
    done = revise(endpoint.base_url, {"HTTP_PROXY": proxy.url(), "HTTPS_PROXY": "http://x:1"})
    assert done.code == 0, done.err
    assert proxy.seen().count(f"POST {endpoint.base_url}/chat/completions") == 3
    assert endpoint.asked[0].headers["Authorization"] == f"Bearer {KEY}"


@needs_proxy
@needs_openssl
def test_https_goes_through_a_tunnel(
    revise: Revise, secure: str, endpoint: Endpoint, proxy: Proxy, certificates: Certificates
) -> None:
    env = {"HTTPS_PROXY": proxy.url(), "SSL_CERT_FILE": str(certificates.ca)}
    done = revise(secure, env)
    assert done.code == 0, done.err
    assert endpoint.count() == 3
    assert f"CONNECT {urlsplit(secure).netloc}" in proxy.seen()
    assert "POST" not in proxy.seen()


@pytest.mark.parametrize("excepted", [".0.0.1", "localhost, 127.0.0.1"])
def test_a_host_in_no_proxy_is_reached_directly(
    revise: Revise, endpoint: Endpoint, excepted: str
) -> None:
    down = f"http://127.0.0.1:{free_port()}"
    done = revise(endpoint.base_url, {"HTTP_PROXY": down, "NO_PROXY": excepted})
    assert done.code == 0, done.err
    assert endpoint.count() == 3


@needs_proxy
def test_no_proxy_excepts_by_whole_labels_alone(
    revise: Revise, endpoint: Endpoint, proxy: Proxy
) -> None:
    env = {"HTTP_PROXY": proxy.url(), "NO_PROXY": "7.0.0.1,27.0.0.1,example.org"}
    assert revise(endpoint.base_url, env).code == 0
    assert proxy.seen().count("POST") == 3


@needs_proxy
@needs_openssl
def test_credentials_of_a_proxy_are_used_and_never_shown(
    revise: Revise, secure: str, endpoint: Endpoint, certificates: Certificates,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("proxy")
    with tinyproxy(folder, f"BasicAuth bob {PASSWORD}") as proxy:
        url = proxy.url(f"bob:{PASSWORD}@")
        plain = revise(endpoint.base_url, {"HTTP_PROXY": url}, "plain")
        env = {"HTTPS_PROXY": url, "SSL_CERT_FILE": str(certificates.ca)}
        tunnel = revise(secure, env, "tunnel")
        seen = proxy.seen()
    assert (plain.code, tunnel.code) == (0, 0), plain.err + tunnel.err
    assert seen.count("POST") == 3
    assert "CONNECT" in seen
    assert PASSWORD not in plain.err + plain.out + tunnel.err + tunnel.out
    assert PASSWORD.encode() not in revise.written()
    assert all("Proxy-Authorization" not in asked.headers for asked in endpoint.asked)


@needs_proxy
@pytest.mark.parametrize(
    ("scheme", "credentials", "status"),
    [("http", "", 407), ("https", "", 407), ("https", f"bob:{PASSWORD}x@", 401)],
)
def test_wrong_credentials_of_a_proxy_end_the_run_at_once(
    revise: Revise, tmp_path_factory: pytest.TempPathFactory, scheme: str, credentials: str,
    status: int,
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("proxy")
    began = time.monotonic()
    with tinyproxy(folder, f"BasicAuth bob {PASSWORD}") as proxy:
        env = {f"{scheme.upper()}_PROXY": proxy.url(credentials)}
        done = revise(f"{scheme}://127.0.0.1:{free_port()}/v1", env)
    assert time.monotonic() - began < 5
    assert done.code == 4, done.err
    assert f"the proxy {proxy.url()} refuses its credentials (HTTP {status})" in done.last
    assert PASSWORD not in done.err + done.out


@pytest.mark.heavy
def test_a_proxy_that_is_down_ends_the_run_and_is_named(revise: Revise) -> None:
    down = f"127.0.0.1:{free_port()}"
    env = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), f"http://bob:{PASSWORD}@{down}")
    with ThreadPoolExecutor() as pool:
        runs = list(
            pool.map(
                lambda scheme: revise(f"{scheme}://10.1.2.3/v1", env, scheme, "--give-up-after", 0),
                ("http", "https"),
            )
        )
    for done in runs:
        assert done.code == 4, done.err
        assert f"the proxy http://{down} cannot be reached" in done.last
        assert PASSWORD not in done.err + done.out


@pytest.mark.heavy
@needs_proxy
def test_a_proxy_that_does_not_reach_the_endpoint_is_named(revise: Revise, proxy: Proxy) -> None:
    env = {"HTTPS_PROXY": proxy.url()}
    done = revise(f"https://127.0.0.1:{free_port()}/v1", env, "in", "--give-up-after", 0)
    assert done.code == 4, done.err
    assert f"the proxy {proxy.url()} does not connect to this host" in done.last


@pytest.mark.parametrize("url", [f"socks5://bob:{PASSWORD}@x:1080", f"http://[bob:{PASSWORD}"])
def test_an_unusable_proxy_is_wrong_usage(revise: Revise, url: str) -> None:
    done = revise("https://127.0.0.1/v1", {"HTTPS_PROXY": url})
    assert done.code == 2, done.err
    assert done.last.startswith("clair: HTTPS_PROXY: is not an http or https address")
    assert PASSWORD not in done.err


@needs_openssl
def test_a_ca_of_ones_own_is_taken_from_ssl_cert_file(
    revise: Revise, secure: str, endpoint: Endpoint, certificates: Certificates
) -> None:
    done = revise(secure, {"SSL_CERT_FILE": str(certificates.ca)})
    assert done.code == 0, done.err
    assert endpoint.count() == 3


@needs_openssl
@pytest.mark.parametrize("fault", ["unknown CA", "other host"])
def test_a_certificate_that_cannot_be_verified_ends_the_run_within_seconds(
    revise: Revise, secure: str, endpoint: Endpoint, certificates: Certificates, fault: str
) -> None:
    env = {"SSL_CERT_FILE": str(certificates.ca)} if fault == "other host" else {}
    url = secure.replace("localhost", "127.0.0.1") if fault == "other host" else secure
    began = time.monotonic()
    done = revise(url, env)
    assert time.monotonic() - began < 8
    assert done.code == 4, done.err
    assert "the endpoint's certificate cannot be verified" in done.last
    assert "set SSL_CERT_FILE to the CA that signed it, or check --base-url" in done.last
    assert endpoint.count() == 0


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_an_unusable_ssl_cert_file_is_wrong_usage(revise: Revise, content: bytes | None) -> None:
    file = revise.folder / "ca.pem"
    if content:
        file.write_bytes(content)
    done = revise("https://127.0.0.1/v1", {"SSL_CERT_FILE": str(file)})
    assert done.code == 2, done.err
    assert done.last == f"clair: SSL_CERT_FILE: {file} holds no CA certificates that can be read"
