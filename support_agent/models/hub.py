"""Model files from the Hugging Face hub, or a server that speaks as it does.

Comes in: one file of a model. Goes out: that file, gone on from where an interrupted download ended. A hub that does
not answer costs seconds. Knows no cache and trusts nothing: the file's hash is checked by who asked.
"""

from __future__ import annotations

import os
import re
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from support_agent.models.sources import NotThereError, Report, SourceError, check_size, place, size_of

if TYPE_CHECKING:
    import httpx

    from support_agent.models.registry import ModelFile

_TRIES = 20  # connections for one file; each but the first only if the one before it brought bytes


def why_unreachable(*, connect_s: float = 5.0, answer_s: float = 10.0) -> str:
    """Why the hub does not answer, "" where it does; to be asked before a library that would retry for minutes."""
    import httpx

    if _told_offline():
        return "HF_HUB_OFFLINE is set"
    try:
        with httpx.Client(timeout=httpx.Timeout(answer_s + connect_s, connect=connect_s)) as client:
            _answer_within(answer_s, client, client.build_request("GET", _root())).close()
    except (SourceError, httpx.HTTPError, httpx.InvalidURL) as problem:
        return f"the model hub is not reachable: {problem or type(problem).__name__}"
    return ""


@dataclass(frozen=True)
class HubSource:
    """A repository of the Hugging Face hub, or of the server that ``$HF_ENDPOINT`` names.

    Own code over httpx instead of huggingface_hub's download: that one has no limit for a name server or a chain of
    addresses that never answers, retries for minutes, and resumes only inside its own cache layout.
    """

    repo: str
    revision: str
    prefix: str = ""
    gated: bool = False
    endpoint: str = ""
    connect_s: float = 5.0
    answer_s: float = 10.0
    stall_s: float = 15.0

    @property
    def label(self) -> str:
        """See Source."""
        return f"hub {self.repo}"

    def fetch(self, file: ModelFile, scratch: Path, report: Report) -> Path:
        """Download the file, by HTTP Range after a cut connection; see Source."""
        import httpx

        if _told_offline():
            raise SourceError("not asked, because HF_HUB_OFFLINE is set")
        target = place(scratch, "hub", file)
        if file.size_bytes is not None and size_of(target) == file.size_bytes:
            return target
        for _ in range(_TRIES):
            before = size_of(target)
            try:
                self._download(file, target, report)
                return target
            except httpx.TransportError as problem:
                if size_of(target) <= before:
                    unmet = isinstance(problem, httpx.ConnectError | httpx.ConnectTimeout)
                    what = "not reachable" if unmet else "the connection broke"
                    raise SourceError(f"{what} ({problem or type(problem).__name__})") from problem
            except (httpx.HTTPError, httpx.InvalidURL) as problem:
                raise SourceError(f"cannot be asked ({problem})") from problem
        raise SourceError(f"the connection was cut {_TRIES} times; what came is kept and gone on from")

    def _download(self, file: ModelFile, target: Path, report: Report) -> None:
        import httpx

        tag = target.with_name(target.name + ".etag")
        resume = _resume_headers(target, tag)
        limits = httpx.Timeout(self.stall_s, connect=self.connect_s)
        with httpx.Client(timeout=limits, follow_redirects=True, headers={**_headers(), **resume}) as client:
            response = _answer_within(self.answer_s, client, client.build_request("GET", self._url(file)))
            try:
                if resume and response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    target.unlink()
                    return self._download(file, target, report)
                self._check(response, file)
                start = _start_of(response, size_of(target))
                total = _check_length(response, start, file)
                if start == 0:
                    tag.write_text(response.headers.get("etag", ""), "utf-8")
                with target.open("ab" if start else "wb") as writer:
                    # Pieces as they come: gathered into larger ones, a cut would lose the last that had come.
                    for piece in response.iter_raw():
                        writer.write(piece)
                        report(file.path, start + response.num_bytes_downloaded, total)
            finally:
                response.close()
        return None

    def _url(self, file: ModelFile) -> str:
        root = (self.endpoint or _root()).rstrip("/")
        return f"{root}/{self.repo}/resolve/{quote(self.revision, safe='')}/{quote(self.prefix + file.path)}"

    def _check(self, response: httpx.Response, file: ModelFile) -> None:
        """Raise unless the answer brings the file, and from a hub: a hotel's log-in page also answers 200."""
        status = response.status_code
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise SourceError(f"HTTP {status}, " + self._how_to_get_access(response))
        if status == HTTPStatus.NOT_FOUND:
            raise NotThereError(f"HTTP 404, it has no {self.prefix}{file.path} at revision {self.revision}")
        if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
            raise SourceError(f"HTTP {status} for {file.path}")
        if not any("x-repo-commit" in answer.headers for answer in (*response.history, response)):
            raise SourceError("what answers at its address is not a model hub")

    def _how_to_get_access(self, response: httpx.Response) -> str:
        gated = self.gated or response.headers.get("x-error-code") == "GatedRepo"
        if not gated:
            return "there is no such repository, or it is private and needs an `export HF_TOKEN=…` that may read it"
        page = f"https://huggingface.co/{self.repo}"
        if os.environ.get("HF_TOKEN"):
            return f"the HF_TOKEN given may not read it: accept the licence on {page} with the account of that token"
        return f"access has to be granted: open {page}, accept the licence, make a read token, `export HF_TOKEN=…`"


def _root() -> str:
    return os.environ.get("HF_ENDPOINT") or "https://huggingface.co"


def _told_offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def _headers() -> dict[str, str]:
    """No compression, so that byte positions are those of the file; httpx drops the token on another host."""
    token = os.environ.get("HF_TOKEN")
    return {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {token}"} if token else {})}


def _resume_headers(target: Path, tag: Path) -> dict[str, str]:
    """Ask for the rest only, on condition that the file is still the one begun (a strong ETag, RFC 9110, 13.1.5)."""
    etag = tag.read_text("utf-8") if tag.is_file() else ""
    if not size_of(target) or not etag or etag.startswith("W/"):
        return {}
    return {"Range": f"bytes={size_of(target)}-", "If-Range": etag}


def _start_of(response: httpx.Response, have: int) -> int:
    """The position of the answer's first byte: 0 for a whole file, else where ours ends."""
    if response.status_code == HTTPStatus.OK:
        return 0
    stated = re.match(r"bytes (\d+)-", response.headers.get("content-range", ""))
    if stated is None or int(stated[1]) != have:
        raise SourceError("it answers with another part of the file than was asked for")
    return have


def _check_length(response: httpx.Response, start: int, file: ModelFile) -> int | None:
    """The file's size as the server states it; refused before the download where it is not the pinned one."""
    length = response.headers.get("content-length", "")
    total = start + int(length) if length.isdigit() else None
    if total is not None:
        check_size(total, file)
    return total or file.size_bytes


def _answer_within(seconds: float, client: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Send ``request`` and return the response's head, or give up after ``seconds`` in all.

    httpx's connect limit holds for each address in turn and not for the name server: behind a firewall that drops
    packets, a host with eight addresses would take 40 s. Hence a thread that can be left behind.
    """
    import httpx

    future: Future[httpx.Response] = Future()

    def ask() -> None:
        try:
            response = client.send(request, stream=True)
        except httpx.HTTPError as problem:
            if future.set_running_or_notify_cancel():
                future.set_exception(problem)
        else:
            if future.set_running_or_notify_cancel():
                future.set_result(response)
            else:
                response.close()

    threading.Thread(target=ask, daemon=True).start()
    try:
        return future.result(timeout=seconds)
    except TimeoutError:
        if future.cancel():
            raise SourceError(f"no answer within {seconds:g} s") from None
        return future.result()
