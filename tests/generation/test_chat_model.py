"""Against a loopback server that speaks as OpenAI-compatible ones do."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from support_agent.config import Config
from support_agent.errors import ConfigError, GenerationError
from support_agent.generation.chat_model import ChatModelGenerator
from support_agent.generation.prompt import Prompt, write_prompt

KEY = "sk-very-secret-0123456789"


class Server(ThreadingHTTPServer):
    """Answers every request with the question in capitals, in the way ``behaviour`` says."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = "answers"
        self.requests: list[dict[str, Any]] = []
        self.released = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(request)
        getattr(self, f"_{self.server.behaviour}")(request)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answers(self, request: dict[str, Any]) -> None:
        text = request["messages"][-1]["content"].upper()
        self._streams(text) if request.get("stream") else self._completes(text, "stop")

    def _is_cut_off(self, request: dict[str, Any]) -> None:
        self._completes("CUT", "length")

    def _refuses(self, request: dict[str, Any]) -> None:
        self._send(401, {"error": {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}})

    def _fails_on_bad(self, request: dict[str, Any]) -> None:
        if request["messages"][-1]["content"] == "bad":
            self._send(400, {"error": {"message": f"bad request for {KEY}"}})
        else:
            self._answers(request)

    def _hangs(self, request: dict[str, Any]) -> None:
        self.server.released.wait(20)

    def _completes(self, text: str, reason: str) -> None:
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": reason,
            "logprobs": {"content": [_log_prob("A"), _log_prob("B")]},
        }
        usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
        self._send(200, {"id": "1", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage})

    def _streams(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for piece in text.split(" "):
            delta = {"delta": {"content": piece + " "}, "logprobs": {"content": [_log_prob(piece)]}}
            self._event({**delta, "index": 0, "finish_reason": None})
        self._event({"delta": {}, "index": 0, "finish_reason": "stop"})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, choice: dict[str, Any]) -> None:
        event = {"id": "1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())

    def _send(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _log_prob(token: str) -> dict[str, Any]:
    return {"token": token, "logprob": -0.25, "bytes": None, "top_logprobs": []}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.released.set()
        running.shutdown()
        thread.join(timeout=10)


def _open(address: str, **settings: Any) -> ChatModelGenerator:
    return ChatModelGenerator.open(
        Config(generator="chat_model", model="openai:m", base_url=address, **{"timeout_s": 10, **settings})
    )


def _prompts(*questions: str) -> list[Prompt]:
    return [write_prompt(question, []) for question in questions]


def test_writes_a_draft_for_each_prompt_in_order(server: Server) -> None:
    drafts = _open(server.address).generate(_prompts("one", "two", "three"))
    assert [draft.text for draft in drafts] == ["ONE", "TWO", "THREE"]


def test_sums_the_log_probabilities(server: Server) -> None:
    draft = _open(server.address).generate(_prompts("one"))[0]
    assert (draft.tokens, draft.sum_log_prob) == (2, -0.5)


def test_sends_the_messages_and_asks_for_the_likeliest_words(server: Server) -> None:
    _open(server.address).generate(_prompts("one"))
    request = server.requests[0]
    assert [message["role"] for message in request["messages"]] == ["system", "user"]
    assert request["temperature"] == 0


def test_says_when_a_draft_was_cut_off(server: Server) -> None:
    server.behaviour = "is_cut_off"
    assert _open(server.address).generate(_prompts("one"))[0].finish == "length"


def test_the_stream_joined_is_the_draft(server: Server, collector: tuple[list[str], Callable[[str], bool]]) -> None:
    pieces, on_text = collector
    draft = _open(server.address).generate(_prompts("one two three"), on_text=on_text)[0]
    assert "".join(pieces) == draft.text
    assert len(pieces) == 3


def test_sums_the_log_probabilities_of_a_stream(
    server: Server, collector: tuple[list[str], Callable[[str], bool]]
) -> None:
    draft = _open(server.address).generate(_prompts("one two three"), on_text=collector[1])[0]
    assert (draft.tokens, draft.sum_log_prob) == (3, -0.75)


def test_stops_the_stream_when_asked_to(server: Server) -> None:
    draft = _open(server.address).generate(_prompts("one two three"), on_text=lambda _: True)[0]
    assert (draft.text, draft.finish) == ("ONE ", "length")


def test_says_that_a_key_was_refused_without_showing_it(server: Server) -> None:
    server.behaviour = "refuses"
    with pytest.raises(GenerationError, match=r"refused the key \(HTTP 401\)") as caught:
        _open(server.address).generate(_prompts("one"))
    assert KEY not in str(caught.value)


def test_one_failure_of_a_batch_fails_the_call(server: Server) -> None:
    server.behaviour = "fails_on_bad"
    with pytest.raises(GenerationError, match="failed"):
        _open(server.address).generate(_prompts("one", "bad"))


def test_never_shows_a_key_that_the_server_sends_back(server: Server) -> None:
    server.behaviour = "fails_on_bad"
    with pytest.raises(GenerationError) as caught:
        _open(server.address).generate(_prompts("bad"))
    assert KEY not in str(caught.value)


def test_a_server_that_hangs_costs_the_time_out(server: Server) -> None:
    server.behaviour = "hangs"
    with pytest.raises(GenerationError, match="timeout_s"):
        _open(server.address, timeout_s=0.3).generate(_prompts("one"))


def test_names_the_address_of_a_server_that_is_not_there(server: Server) -> None:
    server.server_close()
    with pytest.raises(GenerationError, match=rf"127\.0\.0\.1:{server.server_port}/v1 cannot be reached"):
        _open(server.address).generate(_prompts("one"))


def test_names_the_package_of_a_provider_that_is_not_installed() -> None:
    with pytest.raises(ConfigError, match=r'pip install "\.\[chat\]"'):
        ChatModelGenerator.open(Config(generator="chat_model", model="groq:llama3"))


def test_explains_a_model_without_a_provider() -> None:
    with pytest.raises(ConfigError, match="PROVIDER:NAME"):
        ChatModelGenerator.open(Config(generator="chat_model", model="no-such-family"))


def test_explains_a_missing_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        ChatModelGenerator.open(Config(generator="chat_model", model="openai:m"))
