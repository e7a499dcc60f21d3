"""Ticket text → the text without its greeting, its farewell and its emoji, to search with.

"Hi team, How do I reset my queue? Best regards, Emily" asks what "How do I reset my queue?" asks, and should find
the same. Only whole lines and sentences of courtesy go, and never all of a text. English, and the commonest words of
other languages; knows nothing of meaning.
"""

from __future__ import annotations

import re

from support_agent.triage.readable import EMOJI, without_emoji

_WHO = (
    r"(?:,? (?:there|all|everyone|everybody|team|folks|guys|sir or madam|sir/madam|sir|madam|support team|support|"
    r"(?-i:[A-Z][\w'’-]+(?: (?:[Tt]eam|[Ss]upport|[A-Z][\w'’-]+))?)))?"
)
_GREETING = re.compile(
    rf"\A\W*(?i:(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day)|hallo|guten (?:tag|morgen)|hola|"
    rf"bonjour|ciao|buongiorno|olá|привет|здравствуйте){_WHO})\s*(?:[,!.:–-]+\s+|\n+|{EMOJI}\s*)",
)
# What is said before the matter; each may come once.
_OPENINGS = (
    re.compile(r"\A(?i:i hope (?:you are|you're|this (?:message|e-?mail) finds you|all is)[^.!?\n]{0,40}[.!]\s+)"),
    re.compile(r"\A(?i:my name is [^.!?\n]{1,60}[.!]\s+)"),
    re.compile(r"\A(?i:(?:could|can|would) you (?:please |kindly )?help me(?: with (?:this|that|something))?[?.!]\s+)"),
)
_FAREWELL = re.compile(
    r"(?:\n\s*|(?<=[.!?])\s+)(?i:(?:many |kind |best |warm(?:est)? )?(?:thanks|thank you|regards|wishes)|thx|cheers|"
    r"best|sincerely|yours (?:sincerely|faithfully|truly)|respectfully|mit freundlichen grüßen|viele grüße|danke|"
    r"gracias|saludos|merci|cordialement|grazie|obrigad[oa])\b(?P<rest>[^?]*)\Z",
)
# What may follow a farewell and still be one: a name, a role, "in advance for your help".
_MOST_AFTER = 80
# A farewell stands in the last of a text.
_LAST = 400


def without_courtesies(text: str) -> str:
    """The text without greeting, opening courtesy, emoji and farewell; as it is where nothing else would be left."""
    bare = without_emoji(_GREETING.sub("", text, count=1))
    for opening in _OPENINGS:
        bare = opening.sub("", bare, count=1)
    head, last = bare[:-_LAST], bare[-_LAST:]
    farewell = _FAREWELL.search(last)
    if farewell and len(farewell["rest"]) <= _MOST_AFTER:
        bare = head + last[: farewell.start()]
    return bare.strip() or text
