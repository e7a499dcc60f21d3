"""Finds the passages of a company's own knowledge that a ticket is about.

Comes in: source files, and tickets' texts. Goes out: an index folder, and passages best first. Knows nothing of how an
answer is written or judged.
"""

from support_agent.retrieval.building import add_to_index, build_index
from support_agent.retrieval.documents import read_sources
from support_agent.retrieval.embedders import Embedder, HashingEmbedder, open_embedder
from support_agent.retrieval.folders import find_index, known_indexes
from support_agent.retrieval.index import Index
from support_agent.retrieval.lint import Finding, lint
from support_agent.retrieval.sifting import LeftOut, is_refusal, sift

__all__ = [
    "Embedder",
    "Finding",
    "HashingEmbedder",
    "Index",
    "LeftOut",
    "add_to_index",
    "build_index",
    "find_index",
    "is_refusal",
    "known_indexes",
    "lint",
    "open_embedder",
    "read_sources",
    "sift",
]
