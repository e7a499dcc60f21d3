"""Finds the passages of a company's own knowledge that a ticket is about, and knows what that knowledge is about."""

from support_agent.retrieval.building import add_to_index, build_index
from support_agent.retrieval.documents import read_sources
from support_agent.retrieval.embedders import Embedder, HashingEmbedder, open_embedder
from support_agent.retrieval.folders import find_index
from support_agent.retrieval.index import Index
from support_agent.retrieval.lint import Finding, lint
from support_agent.retrieval.sifting import LeftOut, is_refusal, sift
from support_agent.retrieval.subject import Subject

__all__ = [
    "Embedder",
    "Finding",
    "HashingEmbedder",
    "Index",
    "LeftOut",
    "Subject",
    "add_to_index",
    "build_index",
    "find_index",
    "is_refusal",
    "lint",
    "open_embedder",
    "read_sources",
    "sift",
]
