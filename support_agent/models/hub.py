"""Model files from the Hugging Face hub, or a server that speaks as it does; one that does not answer costs seconds.

Own code over httpx, because huggingface_hub 2.4 keeps none of these promises (measured on a loopback server): a hub
that refuses the connection costs it 23 s and one that falls silent 65 s, in retries that cannot be switched off; a file
of another size is downloaded whole; and what an interrupted download brought is deleted, so that no later run resumes.
"""

from __future__ import annotations

import os
import queue
import tempfile
import threading
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from support_agent.models.folder import place_for, size_of
from support_agent.models.records import MirrorError, ModelFile, NotThereError, Report

if TYPE_CHECKING:
    import httpx

_TRIES = 20  # connections for one file; each but the first only if the one before it brought bytes


def why_unreachable(*, connect_s: float = 5.0, answer_s: float = 10.0) -> str:
    """Why the hub does not answer, "" where it does; to be asked before a library that would retry for minutes."""
    import httpx

    if _told_offline():
        return "HF_HUB_OFFLINE is set"
    try:
        with httpx.Client(timeout=httpx.Timeout(answer_s + connect_s, connect=connect_s)) as client:
            _answer_within(answer_s, client, client.build_request("GET", _root())).close()
    except (MirrorError, httpx.HTTPError, httpx.InvalidURL) as problem:
        return f"the model hub is not reachable: {problem or type(problem).__name__}"
    return ""


def why_refused(repo: str) -> str:
    """Why the hub does not give a model that is named by its repository, "" where it does; its config.json is asked."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            HubMirror(repo, "main").fetch(ModelFile("config.json"), Path(scratch), lambda *_: None)
        except MirrorError as problem:
            return str(problem).rstrip(".")
    return ""


@dataclass(frozen=True)
class HubMirror:
    """A repository of the Hugging Face hub, or of the server that ``$HF_ENDPOINT`` names."""

    repo: str
    revision: str
    gated: bool = False
    endpoint: str = ""
    connect_s: float = 5.0
    answer_s: float = 10.0
    stall_s: float = 15.0

    @property
    def label(self) -> str:
        """See Mirror."""
        return f"hub {self.repo}"

    def fetch(self, file: ModelFile, scratch: Path, report: Report) -> Path:
        """Download the file, by HTTP Range after a cut connection; see Mirror."""
        import httpx

        if _told_offline():
            raise MirrorError("not asked, because HF_HUB_OFFLINE is set")
        target = place_for(file, scratch / "hub")
        for _ in range(_TRIES):
            before = size_of(target)
            if before == file.size_bytes:
                return target
            try:
                self._download(file, target, report)
                return target
            except httpx.TransportError as problem:
                if size_of(target) <= before:
                    unmet = isinstance(problem, httpx.ConnectError | httpx.ConnectTimeout)
                    what = "not reachable" if unmet else "the connection broke"
                    raise MirrorError(f"{what} ({problem or type(problem).__name__})") from problem
            except (httpx.HTTPError, httpx.InvalidURL) as problem:
                raise MirrorError(f"cannot be asked ({problem})") from problem
        raise MirrorError(f"the connection was cut {_TRIES} times; what came is kept for the next pull")

    def _download(self, file: ModelFile, target: Path, report: Report) -> None:
        import httpx

        # Only what has a hash is resumed: bytes of two files joined are refused by it.
        have = size_of(target) if file.sha256 and size_of(target) < (file.size_bytes or 0) else 0
        limits = httpx.Timeout(self.stall_s, connect=self.connect_s)
        with httpx.Client(timeout=limits, follow_redirects=True, headers=_headers(have)) as client:
            response = _answer_within(self.answer_s, client, client.build_request("GET", self._url(file)))
            try:
                self._check(response, file)
                start = have if response.status_code == HTTPStatus.PARTIAL_CONTENT else 0
                length = response.headers.get("content-length", "")
                total = start + int(length) if length.isdigit() else file.size_bytes
                if total is not None:
                    file.check_size(total)
                with target.open("ab" if start else "wb") as writer:
                    # Pieces as they come: gathered into larger ones, a cut would lose the last that had come.
                    for piece in response.iter_raw():
                        writer.write(piece)
                        report(file.path, start + response.num_bytes_downloaded, total)
            finally:
                response.close()

    def _url(self, file: ModelFile) -> str:
        root = (self.endpoint or _root()).rstrip("/")
        return f"{root}/{self.repo}/resolve/{quote(self.revision, safe='')}/{quote(file.path)}"

    def _check(self, response: httpx.Response, file: ModelFile) -> None:
        """Raise unless the answer brings the file, and from a hub: a hotel's log-in page also answers 200."""
        status = response.status_code
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise MirrorError(f"HTTP {status}, " + self._how_to_get_access(response))
        if status == HTTPStatus.NOT_FOUND:
            raise NotThereError(f"HTTP 404, it has no {file.path} at revision {self.revision}")
        if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
            raise MirrorError(f"HTTP {status} for {file.path}")
        if not any("x-repo-commit" in answer.headers for answer in (*response.history, response)):
            raise MirrorError("what answers at its address is not a model hub")

    def _how_to_get_access(self, response: httpx.Response) -> str:
        if not self.gated and response.headers.get("x-error-code") != "GatedRepo":
            return "there is no such repository, or it is private and needs an `export HF_TOKEN=…` that may read it"
        page = f"https://huggingface.co/{self.repo}"
        if os.environ.get("HF_TOKEN"):
            return f"the HF_TOKEN given may not read it: accept the licence on {page} with the account of that token"
        return f"access has to be granted: open {page}, accept the licence, make a read token, `export HF_TOKEN=…`"


def _root() -> str:
    return os.environ.get("HF_ENDPOINT") or "https://huggingface.co"


def _told_offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def _headers(have_bytes: int) -> dict[str, str]:
    """No compression, so that byte positions are those of the file; httpx drops the token on another host."""
    token = os.environ.get("HF_TOKEN")
    return {
        "Accept-Encoding": "identity",
        **({"Authorization": f"Bearer {token}"} if token else {}),
        **({"Range": f"bytes={have_bytes}-"} if have_bytes else {}),
    }


def _answer_within(seconds: float, client: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Send ``request`` and return the response's head, or give up after ``seconds`` in all.

    httpx's connect limit holds for each address in turn and not for the name server: behind a firewall that drops
    packets, a host with eight addresses would take 40 s. Hence a thread that can be left behind.
    """
    import httpx

    answers: queue.Queue[httpx.Response | httpx.HTTPError] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(client.send(request, stream=True))
        except httpx.HTTPError as problem:
            answers.put(problem)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise MirrorError(f"no answer within {seconds:g} s") from None
    if isinstance(answer, httpx.HTTPError):
        raise answer
    return answer
