"""The embedder's vectors of training texts, kept between runs; and what the command line of every maker takes."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.artefacts import sha256_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.retrieval import Embedder

BLOCK = 5_000

_logger = logging.getLogger(__name__)


def parser(what: str, shipped: Path) -> argparse.ArgumentParser:
    """What the command line of a maker takes."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--data", type=Path, required=True, help="Folder with the data sets, each in its own folder.")
    parser.add_argument("--out", type=Path, default=shipped, help="Folder to write; default: the one that ships.")
    parser.add_argument("--embedder", default="all-minilm-l6-v2")
    parser.add_argument("--vectors", type=Path, help="Folder that keeps vectors between runs; default: in the cache.")
    return parser


def open_vectors(options: argparse.Namespace) -> Vectors:
    """The vectors that the command line asks for; says on stderr what it computes."""
    from support_agent.retrieval import open_embedder

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return Vectors(open_embedder(options.embedder), options.vectors or vectors_folder())


def vectors_folder() -> Path:
    """Where vectors are kept between runs when no folder is named."""
    from support_agent.models.cache import cache_folder

    return cache_folder() / "training_vectors"


class Vectors:
    """An embedder that remembers: blocks of vectors in a folder, named by what they are of."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        self.embedder, self.folder = embedder, folder
        folder.mkdir(parents=True, exist_ok=True)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each text; an interrupted run goes on at its last block of 5,000."""
        import numpy as np

        return np.concatenate([self._block(texts[start : start + BLOCK]) for start in range(0, len(texts), BLOCK)])

    def _block(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        name = sha256_bytes("\0".join([self.embedder.fingerprint, *texts]).encode("utf-8", "replace"))
        path = self.folder / f"{name}.npy"
        if not path.exists():
            _logger.info("embedding %d texts", len(texts))
            temporary = path.with_suffix(".part.npy")
            np.save(temporary, self.embedder.encode(texts))
            temporary.replace(path)
        kept: NDArray[np.float32] = np.load(path)
        return kept
