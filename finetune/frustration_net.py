"""Labelled token lists and vectors → the weights of the frustration network. Knows no files.

The word table starts from the embedder's own vectors of single words, cut to ``DIMENSION`` by their principal axes:
that start is worth 0.024 AUROC over a random one. All 28 emotions are learnt beside "upset", which weighs 8 times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support_agent.triage.frustration_features import PIECE_ROWS, WINDOW, piece_rows

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

DIMENSION = 32
FILTERS = 128
MEANING = 96
WIDTHS = (1, 2, 3)
EPOCHS = 4
BATCH = 256
UPSET_WEIGHT = 8.0


@dataclass(frozen=True)
class Examples:
    """Token lists, vectors (n, d), and targets (n, 29) of which the last is "upset"; NaN is "not known"."""

    tokens: list[list[str]]
    vectors: NDArray[np.float32]
    targets: NDArray[np.float32]


def start_words(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors of single words → their principal axes, a third in spread."""
    import numpy as np

    centred = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    cut = centred @ axes[:DIMENSION].T
    start: NDArray[np.float32] = (cut / (3 * cut.std())).astype(np.float32)
    return start


def train(
    examples: Examples, words: dict[str, int], start: NDArray[np.float32], seed: int, say: Callable[[str], None]
) -> dict[str, NDArray[np.float32]]:
    """Train on one thread, so that the same input gives the same weights; returned by name, as serving reads them."""
    import numpy as np
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    draw = np.random.default_rng(seed)
    net = _network(start, examples.vectors.shape[1])
    optimiser = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-2)
    batches = [_batches(examples, draw) for _ in range(EPOCHS)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, sum(map(len, batches)))
    for epoch in batches:
        losses = []
        for rows in epoch:
            loss = _loss(net, examples, rows, words, draw)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        say(f"loss {np.mean(losses):.4f}")
    return _weights(net)


def _batches(examples: Examples, draw: np.random.Generator) -> list[NDArray[np.int64]]:
    """Random batches of texts of like length."""
    import numpy as np

    order = draw.permutation(len(examples.tokens))
    lengths = np.array([len(found) for found in examples.tokens])
    pools = [order[start : start + 20 * BATCH] for start in range(0, len(order), 20 * BATCH)]
    ordered = np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools])
    batches = [ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH)]
    return [batches[place] for place in draw.permutation(len(batches))]


def _loss(
    net: Any, examples: Examples, rows: NDArray[np.int64], words: dict[str, int], draw: np.random.Generator
) -> torch.Tensor:
    import torch

    vectors = torch.from_numpy(examples.vectors[rows])
    targets = torch.from_numpy(examples.targets[rows])
    known = ~targets.isnan()
    weights = torch.ones(targets.shape[1])
    weights[-1] = UPSET_WEIGHT
    logits = net(*_token_places([examples.tokens[row][:WINDOW] for row in rows], words, draw), vectors)
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets.nan_to_num(), reduction="none")
    return (each * known * weights).sum() / (len(rows) * targets.shape[1])


def _token_places(
    texts: list[list[str]], words: dict[str, int], draw: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Word rows, piece rows and their offsets of the batch's different tokens; and where each stands (0 = nowhere).

    A tenth of the tokens is left out, so that the network does not lean on single words.
    """
    import numpy as np
    import torch

    different = sorted({token for found in texts for token in found})
    place = {token: number for number, token in enumerate(different, 1)}
    pieces = [piece_rows(token) for token in different]
    offsets = np.cumsum([0, *(len(of_token) for of_token in pieces)])[:-1]
    grid = np.zeros((len(texts), max(1, max(map(len, texts)))), dtype=np.int64)
    for row, found in zip(grid, texts, strict=True):
        row[: len(found)] = [place[token] for token in found]
    grid[draw.random(grid.shape) < 0.1] = 0
    return (
        torch.tensor([words.get(token, 0) for token in different], dtype=torch.long),
        torch.tensor([row for of_token in pieces for row in of_token], dtype=torch.long),
        torch.from_numpy(offsets.astype(np.int64)),
        torch.from_numpy(grid),
    )


def _network(start: NDArray[np.float32], width: int) -> Any:
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Parameter(torch.from_numpy(start.copy()))
            self.pieces = nn.EmbeddingBag(PIECE_ROWS, DIMENSION, mode="mean")
            nn.init.normal_(self.pieces.weight, 0, 0.1)
            self.filters = nn.ModuleList(
                nn.Conv1d(DIMENSION, FILTERS, size, padding=size - 1, bias=False) for size in WIDTHS
            )
            self.biases = nn.Parameter(torch.zeros(len(WIDTHS), FILTERS))
            self.meaning = nn.Linear(width, MEANING)
            self.out = nn.Linear(len(WIDTHS) * FILTERS + MEANING, 29)
            self.direct = nn.Linear(width, 29, bias=False)
            self.light, self.heavy = nn.Dropout(0.3), nn.Dropout(0.5)

        def forward(
            self,
            words: torch.Tensor,
            pieces: torch.Tensor,
            offsets: torch.Tensor,
            grid: torch.Tensor,
            vectors: torch.Tensor,
        ) -> torch.Tensor:
            tokens = self.light(self.words[words] + self.pieces(pieces, offsets))
            text = torch.cat([torch.zeros(1, DIMENSION), tokens])[grid].transpose(1, 2)
            # Nothing is a possible answer of a filter too: padding must not change the strongest one.
            found = [
                torch.relu(filters(text).amax(2).clamp(min=0) + bias)
                for filters, bias in zip(self.filters, self.biases, strict=True)
            ]
            scaled = vectors * SCALE
            meaning = torch.relu(self.meaning(self.light(scaled)))
            logits: torch.Tensor = self.out(self.heavy(torch.cat([*found, meaning], 1)))
            return logits.add(self.direct(self.light(scaled)), alpha=0.3)

    return Network().train()


SCALE = 384**0.5
"""Unit vectors are stretched to entries of about 1, which the same learning rate suits."""


def _weights(net: Any) -> dict[str, NDArray[np.float32]]:
    """What the "upset" output needs, with the stretching of the vectors folded in."""
    import numpy as np

    taken = {
        "words": net.words,
        "pieces": net.pieces.weight,
        "meaning.weight": net.meaning.weight.T * SCALE,
        "meaning.bias": net.meaning.bias,
        "out.weight": net.out.weight[-1],
        "out.bias": net.out.bias[-1:],
        "direct.weight": net.direct.weight[-1] * 0.3 * SCALE,
    }
    for width, filters, bias in zip(WIDTHS, net.filters, net.biases, strict=True):
        taken[f"filters{width}.weight"] = filters.weight.permute(2, 1, 0)
        taken[f"filters{width}.bias"] = bias
    return {name: np.ascontiguousarray(tensor.detach().numpy()) for name, tensor in taken.items()}
