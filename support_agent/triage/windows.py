"""A ticket's text → the parts of it that are read on their own: one hard sentence may hide in a long mail.

Knows no meaning. A text of one sentence has no parts.
"""

from __future__ import annotations

from support_agent.sentences import split_sentences

MOST = 6
"""Parts of a ticket; more would cost more than they find."""
_LEAST_WORDS = 3


def windows(text: str) -> list[str]:
    """At most ``MOST`` runs of whole sentences, alike in number; the shortest sentences are left out."""
    lines = (line for paragraph in text.splitlines() for line in split_sentences(paragraph))
    sentences = [line.strip() for line in lines if len(line.split()) >= _LEAST_WORDS]
    if len(sentences) < 2:
        return []
    size = -(-len(sentences) // MOST)
    return [" ".join(sentences[start : start + size]) for start in range(0, len(sentences), size)]
