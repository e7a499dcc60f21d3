"""Makes the frustration model that ships: ``python -m finetune.frustration --data FOLDER``.

Comes in: a folder with goemotions, clinc150 and natcs_dstc11, and the embedder. Goes out: a folder with weights, words
and manifest for ``support_agent.triage.frustration``. The same input gives the same bytes on the same machine. Knows
nothing of gates.
"""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune import frustration_net as network
from finetune.frustration_rows import EMOTIONS, Rows, calm_tickets, read_comments, sources, with_calm
from support_agent.artefacts import sha256_bytes, write_bytes, write_manifest
from support_agent.triage.frustration import SHIPPED, WEIGHTS, WORDS, FrustrationModel, full_size, turn_value
from support_agent.triage.frustration_features import GRAM_ROWS, gram_rows, tokens

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse as sp
    from numpy.typing import NDArray

    from support_agent.retrieval import Embedder

COMMAND = "python -m finetune.frustration --data FOLDER"
LICENCES = (
    "GoEmotions: Demszky et al. 2020, Apache-2.0. lamini_docs: lamini-ai/lamini, CC BY 4.0. CLINC150: Larson et al. "
    "2019, CC BY 3.0. NatCS (DSTC11 track 2): Amazon, CDLA-Permissive-2.0. Start of the word table: all-MiniLM-L6-v2, "
    "Apache-2.0."
)
SEED = 0
ALLOWED = 0.005
"""Share of calm tickets, of every kind that the threshold is chosen on, that may raise a false alarm."""
CUE_LOG_ODDS = 2.0
"""What one unit of cue weight adds: a strong cue (2) lifts a calm 0.02 to 0.5."""
GRAM_SHARE = 0.5
BLOCK = 5_000

_logger = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, embed, train, choose the threshold, write."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    from support_agent.retrieval import open_embedder

    make(options.data, options.out, Vectors(open_embedder(options.embedder), options.vectors or vectors_folder()))


def parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="Folder with goemotions, clinc150 and natcs_dstc11.")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="Folder to write; default: the one that ships.")
    parser.add_argument("--embedder", default="all-minilm-l6-v2")
    parser.add_argument("--vectors", type=Path, help="Folder that keeps vectors between runs; default: in the cache.")
    return parser


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


def make(data: Path, out: Path, vectors: Vectors) -> FrustrationModel:
    """Train on the train split and calm tickets, fix scale on the dev split and threshold on other calm tickets."""
    import numpy as np

    learn, choose = calm_tickets(data)
    rows = with_calm(read_comments(data, "train"), learn, SEED)
    found = [tokens(text) for text in rows.texts]
    counts = Counter(token for one in found for token in set(one))
    words = ["", *sorted(token for token, count in counts.items() if count >= 3)]
    start = np.concatenate(
        [np.zeros((1, network.DIMENSION), np.float32), network.start_words(vectors.encode(words[1:]))]
    )
    examples = network.Examples(found, vectors.encode(rows.texts), _targets(rows))
    places = {word: row for row, word in enumerate(words) if word}
    tables = network.train(examples, places, start, SEED, _logger.info) | _gram_weights(found, rows.upset)
    dev = read_comments(data, "dev")
    stored = _small(_scaled(tables, places, dev, vectors.encode(dev.texts)))
    model = FrustrationModel(full_size(stored), places, vectors.embedder.fingerprint, 1.0, CUE_LOG_ODDS)
    values = {
        kind: [turn_value(model, text, vector) for text, vector in zip(texts, vectors.encode(texts), strict=True)]
        for kind, texts in choose.items()
    }
    facts = {**_threshold(values), **_facts(model, rows), "sources": sources(data)}
    _write(out, stored, words, facts)
    return replace(model, threshold=facts["threshold"])


def _targets(rows: Rows) -> NDArray[np.float32]:
    import numpy as np

    targets = np.zeros((len(rows.texts), EMOTIONS + 1), dtype=np.float32)
    targets[:, EMOTIONS] = rows.upset
    for target, emotions in zip(targets, rows.emotions, strict=True):
        if emotions is None:
            target[:EMOTIONS] = np.nan
        else:
            target[list(emotions)] = 1
    return targets


def _gram_weights(found: Sequence[list[str]], upset: Sequence[bool]) -> dict[str, NDArray[np.float32]]:
    """Logistic regression on hashed n-grams by tf-idf, ``GRAM_SHARE`` of its log-odds."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import normalize

    counts = _gram_matrix(found)
    idf = np.log((1 + len(found)) / (1 + np.asarray(counts.sum(axis=0)).ravel())) + 1
    fitted = LogisticRegression(C=4, max_iter=200, solver="liblinear").fit(
        normalize(counts.multiply(idf).tocsr()), upset
    )
    return {
        "grams.idf": idf.astype(np.float32),
        "grams.weight": (GRAM_SHARE * fitted.coef_[0]).astype(np.float32),
        "grams.bias": (GRAM_SHARE * fitted.intercept_).astype(np.float32),
    }


def _gram_matrix(found: Sequence[list[str]]) -> sp.csr_matrix:
    import numpy as np
    import scipy.sparse as sp

    rows = [gram_rows(one) for one in found]
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.concatenate([np.array(row, dtype=np.int32) for row in rows])
    return sp.csr_matrix((np.ones(len(columns), np.float32), columns, ends), shape=(len(rows), GRAM_ROWS))


def _scaled(
    tables: dict[str, NDArray[np.float32]], words: Mapping[str, int], dev: Rows, vectors: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    """Stretch and shift the summed log-odds to fit the dev split, so that ``upset`` is a probability there."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    model = FrustrationModel(tables, words, "", 1.0, CUE_LOG_ODDS)
    values = np.array([model.log_odds(text, vector) for text, vector in zip(dev.texts, vectors, strict=True)])
    _logger.info("dev split: AUROC %.4f, n = %d", roc_auc_score(dev.upset, values), len(values))
    fitted = LogisticRegression(C=1e6).fit(values[:, None], dev.upset)
    stretch, shift = np.float32(fitted.coef_[0, 0]), np.float32(fitted.intercept_[0])
    last = ("out.weight", "out.bias", "direct.weight", "grams.weight", "grams.bias")
    scaled = {name: values * stretch if name in last else values for name, values in tables.items()}
    return scaled | {"out.bias": scaled["out.bias"] + shift}


def _small(tables: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
    """Tables in 8 bits with one scale a column, the rest in 16 bits."""
    import numpy as np

    stored: dict[str, NDArray[Any]] = {}
    for name, values in tables.items():
        if len(values) < 5_000:
            stored[name] = values.astype(np.float16)
            continue
        scale = (np.abs(values).max(axis=0, keepdims=True) / 127).astype(np.float32)
        stored[name] = np.rint(values / scale).astype(np.int8)
        stored[f"{name}.scale"] = scale
    return stored


def _threshold(values: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """The least threshold that at most ``ALLOWED`` of each kind of calm ticket reaches, and each kind's own."""
    import numpy as np

    each = {kind: float(np.quantile(some, 1 - ALLOWED, method="higher")) + 1e-6 for kind, some in values.items()}
    _logger.info("thresholds %s", each)
    return {
        "threshold": max(each.values()),
        "threshold_of_each_kind": each,
        "calm_tickets_of_each_kind": {kind: len(some) for kind, some in values.items()},
        "calm_allowed_to_fire": ALLOWED,
    }


def _facts(model: FrustrationModel, rows: Rows) -> dict[str, Any]:
    return {
        "made_by": COMMAND,
        "seed": SEED,
        "embedder_fingerprint": model.fingerprint,
        "cue_log_odds": CUE_LOG_ODDS,
        "licences": LICENCES,
        "texts_learnt_from": len(rows.texts),
    }


def _write(out: Path, stored: dict[str, NDArray[Any]], words: Sequence[str], facts: dict[str, Any]) -> None:
    from safetensors.numpy import save

    write_bytes(out / WEIGHTS, save(dict(sorted(stored.items()))))
    write_bytes(out / WORDS, "\n".join(words).encode())
    write_manifest(out, facts, [WEIGHTS, WORDS])


if __name__ == "__main__":
    main()
