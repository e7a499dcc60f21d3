"""Route, reason and language → the customer's text where no passage answers, and the notice before a first reply.

The text is chosen here and nowhere else; a model never words a hand-off. The shipped texts stand in
``templates/<language>.toml``; an owner's folder puts its own over them.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.artefacts import sha256_bytes
from support_agent.errors import ConfigError
from support_agent.records import Passage, Route
from support_agent.triage.readable import clean
from support_agent.wording import content_words

if TYPE_CHECKING:
    from support_agent.config import Config

_TEMPLATES = Path(__file__).parent / "templates"
_FALLBACK = "en"
_DEFAULT = "default"
_OPTIONS = "{options}"
_REPLY_TIME = "{reply_time}"
_FIRST_MESSAGE, _WHEN = "notice.first_message", "notice.reply_time"
# An owner may send neither.
_MAY_BE_EMPTY = {_FIRST_MESSAGE, _WHEN}
# Beside a danger no time is named: it is read at once.
_NO_TIME = {"danger_self_harm", "danger_violence", "danger_product", "danger_third_person", "minor"}
_MAX_OPTIONS = 3
_OPTION_CHARS = 120
_PLACEHOLDER = re.compile(r"\{[^{}]*\}|[{}]")
_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")


@dataclass(frozen=True)
class Text:
    """What a customer is sent, and the file it stands in. ``words`` may hold ``{options}`` or ``{reply_time}``."""

    words: str
    file: Path


@dataclass(frozen=True)
class ReplyTime:
    """When a person replies ("within one working day"), and the language of these words; empty where nobody says."""

    words: str = ""
    language: str = _FALLBACK

    @classmethod
    def of(cls, config: Config) -> ReplyTime:
        """What the settings say."""
        return cls(config.reply_time.strip(), next(iter(config.languages), _FALLBACK))


@dataclass(frozen=True)
class Texts:
    """Language code → "route.reason" → text. English has every key; another language may lack some."""

    by_language: Mapping[str, Mapping[str, Text]]
    reply_time: ReplyTime = ReplyTime()

    def find(self, route: str, reason: str, language: str) -> Text:
        """The text for a reason, else that of its route; each in the language, its base ("pt-BR" → "pt") or English."""
        for key in (f"{route}.{reason}", f"{route}.{_DEFAULT}"):
            for code in _fallbacks(language):
                if text := self.by_language.get(code, {}).get(key):
                    return text
        raise KeyError(f"no customer text for the route {route}")

    def in_force(self, language: str) -> dict[str, Text]:
        """Every text that a customer of this language is sent, by "route.reason"."""
        keys = [key.split(".", 1) for key in self.by_language[_FALLBACK]]
        return {f"{route}.{reason}": self.find(route, reason, language) for route, reason in keys}

    def named(self, key: str, language: str) -> str:
        """The words of a text by its key, such as "notice.first_message"."""
        route, _, reason = key.partition(".")
        return self.find(route, reason, language).words

    def time_in(self, language: str) -> str:
        """When a person replies, where that was said in the language whose texts this customer is sent; else empty."""
        sent_in = next(code for code in _fallbacks(language) if code in self.by_language)
        return self.reply_time.words if self.reply_time.language in (sent_in, sent_in.partition("-")[0]) else ""

    def serves(self, language: str) -> bool:
        """Whether a customer of this language is sent more than the English texts."""
        return any(code in self.by_language for code in list(_fallbacks(language))[:-1])

    @property
    def version(self) -> str:
        """A short hash of every text; where the files lie does not count."""
        words = {code: {key: text.words for key, text in texts.items()} for code, texts in self.by_language.items()}
        return sha256_bytes(json.dumps(words, sort_keys=True).encode())[:12]


def customer_text(
    route: Route,
    reasons: Sequence[str],
    passages: Sequence[Passage] = (),
    *,
    asked: str = "",
    language: str = _FALLBACK,
    texts: Texts | None = None,
) -> str:
    """The text for a route that sends no knowledge, chosen by the first reason.

    Args:
        passages: what retrieval found, best first; their titles are offered where the question fits several.
        asked: what the customer wrote; a title is offered only if it shares a content word with it.
        language: ISO 639-1 code, with or without a region.
        texts: what ``load_texts`` gave; without it the shipped texts.
    """
    texts = texts or shipped_texts()
    reason = reasons[0] if reasons else _DEFAULT
    words = texts.find(route, reason, language).words
    if _OPTIONS in words:
        options = _options(passages, asked)
        words = words.replace(_OPTIONS, options) if options else texts.find(route, _DEFAULT, language).words
    return words if route is not Route.HUMAN or reason in _NO_TIME else _with_time(words, texts, language)


def first_message(texts: Texts, language: str) -> str:
    """What stands before the first reply of a conversation: that a machine answers (EU AI Act, Article 50)."""
    return texts.named(_FIRST_MESSAGE, language)


def _with_time(words: str, texts: Texts, language: str) -> str:
    """The text with the time of the reply: where it names its place, else in a sentence at its end."""
    time = texts.time_in(language)
    if _REPLY_TIME in words:
        return words.replace(_REPLY_TIME, time)
    sentence = texts.named(_WHEN, language)
    if not sentence or (_REPLY_TIME in sentence and not time):
        return words
    return f"{words} {sentence.replace(_REPLY_TIME, time)}"


def load_texts(folder: Path | None, reply_time: ReplyTime | None = None) -> Texts:
    """The shipped texts, and over them those of the owner's folder: ``<language>.toml``, whole or a few keys.

    Raises:
        ConfigError: the folder is not there, or a file in it does not fit.
    """
    shipped = replace(shipped_texts(), reply_time=reply_time or ReplyTime())
    if folder is None:
        return shipped
    if not folder.is_dir():
        raise ConfigError(
            f"The folder of customer texts {folder} is not there. `support-agent config texts --export {folder}` makes "
            "one; or leave the setting 'texts' out."
        )
    merged = dict(shipped.by_language)
    files = [file for file in sorted(folder.iterdir()) if file.suffix.lower() == ".toml"]
    languages = [_language_of(file) for file in files]
    for file, language in zip(files, languages, strict=True):
        if languages.count(language) > 1:
            raise ConfigError(f"{folder} holds two files for the language {language!r}. Delete one of them.")
        own = _read(file)
        merged[language] = {**merged.get(language, {}), **own}
        _check(own, shipped.by_language[_FALLBACK], replace(shipped, by_language=merged).time_in(language))
    return replace(shipped, by_language=merged)


@cache
def shipped_texts() -> Texts:
    """The texts that come with the package."""
    return Texts({file.stem: _read(file) for file in shipped_files()})


def shipped_files() -> list[Path]:
    """One TOML file a language."""
    return sorted(_TEMPLATES.glob("*.toml"))


def _fallbacks(language: str) -> Iterator[str]:
    code = language.lower().replace("_", "-")
    while code:
        yield code
        code = code.rpartition("-")[0]
    yield _FALLBACK


def _options(passages: Sequence[Passage], asked: str) -> str:
    """The first different titles, one a line; a title is data from documents and may hold anything."""
    words = set(content_words(asked))
    titles = dict.fromkeys(title for passage in passages if (title := " ".join(clean(passage.title).split())))
    if words:
        titles = dict.fromkeys(title for title in titles if words & set(content_words(title)))
    return "\n".join(f"- {_cut(title)}" for title in list(titles)[:_MAX_OPTIONS])


def _cut(title: str) -> str:
    return title if len(title) <= _OPTION_CHARS else f"{title[: _OPTION_CHARS - 1].rstrip()}…"


def _language_of(file: Path) -> str:
    language = file.stem.lower()
    if not _LANGUAGE_CODE.fullmatch(language):
        raise ConfigError(f"{file} is not named for a language. Name it by its ISO 639-1 code, such as de.toml.")
    return language


def _read(file: Path) -> dict[str, Text]:
    """The texts of one file by "route.reason"; what is not a text in quotes is refused."""
    try:
        tables = tomllib.loads(file.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError, RecursionError) as problem:
        raise ConfigError(f"{file} is not a readable TOML file: {problem}. Mend it at that place.") from problem
    texts = {}
    for route, entries in tables.items():
        if not isinstance(entries, dict):
            raise ConfigError(f"{file}: {route!r} stands outside a table. Put it below [human] or [clarify].")
        for reason, words in entries.items():
            if not isinstance(words, str) or not (clean(words) or f"{route}.{reason}" in _MAY_BE_EMPTY):
                raise ConfigError(
                    f"{file}: '{route}.{reason}' must be a text in quotes, not {words!r}. Write one, or delete the key "
                    "to keep the shipped text."
                )
            texts[f"{route}.{reason}"] = Text(words.strip(), file)
    return texts


def _check(own: Mapping[str, Text], shipped: Mapping[str, Text], reply_time: str) -> None:
    """Hold an owner's texts against the shipped ones: only known keys, each with the placeholders it has there.

    A text of the route human may also hold ``{reply_time}``, where that is set for its language.
    """
    for key, text in own.items():
        if key not in shipped:
            close = difflib.get_close_matches(key, shipped, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else "`support-agent config texts en` lists them all."
            raise ConfigError(f"{text.file}: there is no text {key!r}. {hint}")
        wanted = _PLACEHOLDER.findall(shipped[key].words)
        found = _PLACEHOLDER.findall(text.words)
        if key in _MAY_BE_EMPTY and not (text.words and found):
            continue  # the owner's own sentence, or none
        if found == [_REPLY_TIME] and key.startswith(f"{Route.HUMAN}."):
            if reply_time:
                continue
            raise ConfigError(
                f"{text.file}: {key!r} holds {_REPLY_TIME}, and the setting reply_time says nothing in this language. "
                "Set it, write the time out, or take the placeholder away."
            )
        if found != wanted:
            raise ConfigError(
                f"{text.file}: {key!r} must hold {' '.join(wanted) or 'no placeholder'}, not "
                f"{' '.join(found) or 'none'}. Words in braces are filled in; write no other braces."
            )
