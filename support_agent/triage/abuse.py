"""Are people insulted? Cleaned text → one signal. Swearing at a bug is not abuse; swearing at somebody is."""

from __future__ import annotations

from support_agent.records import Signal
from support_agent.triage.patterns import compile_patterns, pattern_signal

_INSULT = (
    r"(?:idiots?|morons?|imbeciles?|assholes?|bastards?|bitch(?:es)?|dumbass(?:es)?|cunts?|scum|pieces? of (?:shit|garbage|trash)|"
    r"motherfuckers?|fuckers?|retards?|losers?|clowns?|liars?|thieves|crooks?|scammers?|dickheads?|wankers?)"
)

_PATTERN = compile_patterns(
    [
        rf"\b(?:you|u|you're|you are|your|ur|they|they're|these|those|all of you|bunch of)\b(?: \w+){{0,4}}? {_INSULT}\b",
        rf"^\W*(?:fucking |stupid |damn )*{_INSULT}\W*$",
        r"\b(?:fuck|screw) (?:you|u|off|your|this company|lamers)\b|\bgo to hell\b|\bgo fuck\b|\bstfu\b|\bshut (?:the fuck )?up\b",
        r"\b(?:arschl(?:o|ö)ch(?:er)?|hurensohn|wichser|verpiss dich|fick dich)\b|\b(?:hijo de puta|vete a la mierda|gilipollas|pendejos?)\b",
        r"\b(?:connards?|enculés?|va te faire foutre|salauds?)\b|(?:иди на хуй|сука|ублюд\w+)|傻逼|他妈的|कमीने|ابن الكلب",
    ]
)


def abuse_signal(text: str) -> Signal:
    """Fires when the text insults somebody."""
    return pattern_signal("abuse", _PATTERN, text)
