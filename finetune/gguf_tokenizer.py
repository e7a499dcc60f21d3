"""A Hugging Face folder's tokenizer → the same tokenizer in the header of a GGUF file.

Comes in: tokenizer.json and tokenizer_config.json. Goes out: the keys tokenizer.*. Knows two kinds: SentencePiece's BPE
as Llama-2 and Mistral have it, and byte-level BPE as GPT-2 and SmolLM2 have it. Knows no weights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.errors import ModelFileError
from support_agent.generation.prompt import PLAIN_TEMPLATE

if TYPE_CHECKING:
    import gguf

OTHERWISE = "Write the other format, --format safetensors, and run llama.cpp's convert_hf_to_gguf.py on that folder."

# How a byte-level tokenizer cuts a text into words → llama.cpp's name for it.
_CUTS = {("Digits", "ByteLevel"): "smollm", ("ByteLevel",): "gpt-2"}
_REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
_PREPEND = {"type": "Prepend", "prepend": "▁"}
_NOT_BY_MERGES = ("ignore_merges", "dropout", "continuing_subword_prefix", "end_of_word_suffix")

Pair = tuple[str, str]


def add_tokenizer(writer: gguf.GGUFWriter, folder: Path, rows: int) -> None:
    """Add every key that llama.cpp needs to cut a text into the tokens that ``tokenizer.json`` does.

    Args:
        rows: of the embedding; the vocabulary is filled up to as many.

    Raises:
        ModelFileError: the tokenizer is of another kind, is damaged, or has more tokens than the embedding has rows.
    """
    path = folder / "tokenizer.json"
    try:
        stored = json.loads(path.read_text("utf-8"))
        model = stored["model"]
        merges: list[Pair] = [tuple(m.split(" ") if isinstance(m, str) else m) for m in model["merges"]]
        texts, kinds = _tokens(stored, rows, path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ModelFileError(f"{path} is no BPE tokenizer that can be read ({problem!r}). {OTHERWISE}") from problem
    if not merges or any(model.get(key) for key in _NOT_BY_MERGES):
        raise ModelFileError(f"{path} does not cut words by its merges alone. {OTHERWISE}")
    if model.get("byte_fallback"):
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        writer.add_token_scores(_scores(texts, kinds, merges, path))
        writer.add_add_space_prefix(_begins_with_space(stored, path))
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(_cut(stored, path))
        writer.add_token_merges([" ".join(pair) for pair in merges])
        writer.add_add_space_prefix(False)
    writer.add_token_list(texts)
    writer.add_token_types(kinds)
    _add_special(writer, folder, stored, texts)


def _add_special(writer: gguf.GGUFWriter, folder: Path, stored: Mapping[str, Any], texts: list[str]) -> None:
    """Numbers of the tokens with a meaning, whether a text begins and ends with one, and the chat template."""
    settings, config = _read(folder / "tokenizer_config.json"), _read(folder / "config.json")
    numbers = {text: at for at, text in enumerate(texts)}
    special: dict[str, str] = {}
    for name in ("bos", "eos", "unk", "pad"):
        token = settings.get(f"{name}_token")
        text = token["content"] if isinstance(token, dict) else token
        at = numbers.get(text or "", config.get(f"{name}_token_id"))
        if isinstance(at, int) and 0 <= at < len(texts):
            getattr(writer, f"add_{name}_token_id")(at)
            special[name] = texts[at]
    added: dict[str, bool] = {}
    for name, token in zip(("bos", "eos"), _around(stored), strict=True):
        said = settings.get(f"add_{name}_token")
        added[name] = said if isinstance(said, bool) else special.get(name, "") == token
    writer.add_add_bos_token(added["bos"])
    writer.add_add_eos_token(added["eos"])
    template = folder / "chat_template.jinja"
    written = template.read_text("utf-8") if template.is_file() else settings.get("chat_template")
    # The template writes the start token where the tokenizer would: who fills in a template adds none.
    writer.add_chat_template(written or ("{{ bos_token }}" if added["bos"] else "") + PLAIN_TEMPLATE)


def _read(path: Path) -> dict[str, Any]:
    try:
        settings: dict[str, Any] = dict(json.loads(path.read_text("utf-8")) if path.is_file() else {})
    except (OSError, ValueError, TypeError) as problem:
        raise ModelFileError(f"{path} cannot be read ({problem!r}). Fetch it again.") from problem
    return settings


def _tokens(stored: Mapping[str, Any], rows: int, path: Path) -> tuple[list[str], list[int]]:
    """Text and kind of each row of the embedding."""
    import gguf

    kinds, model = gguf.TokenType, stored["model"]
    found = {at: (text, kinds.NORMAL) for text, at in model["vocab"].items()}
    if model.get("byte_fallback"):
        bytes_ = {f"<0x{byte:02X}>" for byte in range(256)}
        found |= {at: (text, kinds.BYTE) for at, (text, _) in found.items() if text in bytes_}
    for token in stored.get("added_tokens") or []:
        text = token["content"]
        # llama.cpp looks for these in the text as it was typed, before spaces become ▁.
        own = (text, kinds.CONTROL) if token["special"] else (text.replace("▁", " "), kinds.USER_DEFINED)
        found[token["id"]] = own
    unknown = model["vocab"].get(model.get("unk_token") or "")
    if model.get("byte_fallback") and unknown is not None:
        found[unknown] = (found[unknown][0], kinds.UNKNOWN)
    if max(found) >= rows:
        raise ModelFileError(
            f"{path} has a token of the number {max(found):,}, and the model's embedding has {rows:,} rows. Fetch the "
            "model again, or enlarge its embedding to its tokenizer."
        )
    filled = [found.get(at, (f"[PAD{at}]", kinds.UNUSED)) for at in range(rows)]
    return [text for text, _ in filled], [int(kind) for _, kind in filled]


def _scores(texts: list[str], kinds: list[int], merges: list[Pair], path: Path) -> list[float]:
    """One score a token: llama.cpp joins the two neighbours whose joint token has the highest.

    tokenizer.json joins the pair that stands first in its list. Both do the same if each token's score falls with the
    place of its first pair, and every pair that makes a token of the vocabulary is listed, as SentencePiece has it.
    """
    import gguf

    listed, ranks = set(merges), dict[str, int]()
    for at, (left, right) in enumerate(merges):
        ranks.setdefault(left + right, at)
    learned = {text for text, kind in zip(texts, kinds, strict=True) if kind == gguf.TokenType.NORMAL}
    for text in learned:
        for pair in ((text[:cut], text[cut:]) for cut in range(1, len(text))):
            if pair not in listed and learned.issuperset(pair):
                raise ModelFileError(
                    f"{path} does not make {text!r} of {' + '.join(pair)}, which GGUF cannot say. {OTHERWISE}"
                )
    lowest = -float(len(merges))
    return [-float(ranks[text]) if text in ranks else lowest for text in texts]


def _begins_with_space(stored: Mapping[str, Any], path: Path) -> bool:
    """Whether a text is read as if a space stood before it.

    Metaspace with "first" puts none after a special token within the text, and llama.cpp does; its converter takes
    no notice of that either.
    """
    steps = _steps(stored, "normalizer", "normalizers")
    cuts = _steps(stored, "pre_tokenizer", "pretokenizers")
    if not cuts and steps in ([_PREPEND, _REPLACE], [_REPLACE]):
        return steps[0] == _PREPEND
    if not steps and len(cuts) == 1 and cuts[0].get("replacement") == "▁" and cuts[0].get("split") is False:
        return bool(cuts[0].get("prepend_scheme") != "never")
    raise ModelFileError(f"{path} prepares a text in another way than Llama-2 and Mistral. {OTHERWISE}")


def _cut(stored: Mapping[str, Any], path: Path) -> str:
    cuts = tuple(_named(step) for step in _steps(stored, "pre_tokenizer", "pretokenizers"))
    if cuts not in _CUTS or _steps(stored, "normalizer", "normalizers"):
        raise ModelFileError(
            f"{path} prepares a text or cuts it into words ({', '.join(cuts) or 'not at all'}) in another way than "
            f"GPT-2 and SmolLM2. {OTHERWISE}"
        )
    return _CUTS[cuts]


def _named(step: Mapping[str, Any]) -> str:
    kind = str(step["type"])
    if kind == "Digits" and not step.get("individual_digits"):
        return "Digits, several at once"
    if kind == "ByteLevel" and (not step.get("use_regex", True) or step.get("add_prefix_space")):
        return "ByteLevel with other settings"
    return kind


def _steps(stored: Mapping[str, Any], key: str, inside: str) -> list[dict[str, Any]]:
    step = stored.get(key)
    return [] if not step else step[inside] if step["type"] == "Sequence" else [step]


def _around(stored: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The tokens that the post-processor sets before and after every text."""
    for step in _steps(stored, "post_processor", "processors"):
        if step["type"] == "TemplateProcessing":
            ids = [piece.get("SpecialToken", {}).get("id") for piece in step["single"]]
            return ids[0], ids[-1]
    return None, None
