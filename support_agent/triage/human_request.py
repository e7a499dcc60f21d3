"""Does the customer ask for a person? Cleaned text → one signal."""

from __future__ import annotations

from support_agent.records import Signal
from support_agent.triage.patterns import compile_patterns, pattern_signal

_PERSON = (
    r"(?:human(?: being)?|(?:real|actual|live|living) (?:person|human|agent|people)|person|someone real|somebody real|"
    r"(?:live|human|support|customer (?:service|support|care)) (?:agent|rep(?:resentative)?|person|advisor|staff)|"
    r"representative|operator|supervisor|manager|(?:an |your )agent|a colleague|some(?:one|body)(?= (?:from|in|at|on|who|else|please|now|instead)))"
)
_REACH = (
    r"(?:speak|talk|chat|connect me|transfer me|escalate(?: me| this| it)?|put me through|"
    r"get me|give me|reach|hand me over|pass me on|switch me)"
)

_PATTERN = compile_patterns(
    [
        rf"\b{_REACH}\b(?: \w+){{0,3}}? {_PERSON}\b",
        rf"\b(?:want|need|prefer|demand|would like|wish for) (?:to have )?(?:a|an|the|some|your) (?:\w+ )?{_PERSON}\b(?! (?:in the loop|feedback|evaluat|review|judg|rater|label|annotat)| for\b)",
        r"\b(?:is|are) (?:there|this|you) (?:a |any )?(?:real |actual |live )(?:human|person|people|agent)\b",
        r"\b(?:talk|speak|chat)(?:ing)? (?:to|with) (?:some(?:one|body)|anyone|anybody)\b|\bcall me back\b",
        r"\b(?:can|could|would|please|have) (?:some(?:one|body)|a person) (?:please )?(?:call|phone|ring|contact|e-?mail|help) me\b",
        r"\b(?:speak|talk|connect me|transfer me|put me through)(?: \w+){0,2}? (?:to|with) (?:\w+ ){0,2}?(?:sales|customer (?:service|support|care)|support|billing|your team)\b",
        r"\b(?:human|personal) (?:help|support|assistance)\b|\blive (?:chat|support)(?: please| now)?\W*$",
        r"\bno (?:more )?(?:bots?|robots?|chatbots?|ai answers?)\b(?! in\b)",
        r"\b(?:stop|don't want(?: to)?|hate) (?:talk(?:ing)? (?:to|with)|speak(?:ing)? (?:to|with)|answering with|using) (?:a |this |the )?(?:bot|robot|machine|chatbot)\b",
        r"\A\W*(?:real |live )?(?:agent|human|person|representative|operator)(?: please| now)*\W*\Z",
        r"\b(?:mit (?:einem|einer) (?:menschen|mitarbeiter(?:in)?|echten person)|menschlichen mitarbeiter)\b",
        r"\b(?:hablar con (?:una? )?(?:persona|humano|agente|operador)|agente humano)\b",
        r"\b(?:parler (?:à|avec|a) (?:un |une )?(?:humain|personne|conseiller|agent|vraie personne))\b",
        r"\b(?:falar com (?:um|uma) (?:humano|pessoa|atendente))\b",
        r"\bparlare con (?:un |una )?(?:umano|persona|operatore)\b",
        r"\b(?:поговорить|связаться|соедините)\w*+(?: \w+){0,2} (?:с )?(?:человеком|оператором|сотрудником)",
        r"(?:转|找|联系|要)(?:真?人工?|人工客服|客服人员)|人工客服|真人客服",
        r"(?:इंसान|व्यक्ति|एजेंट|आदमी) से (?:बात|संपर्क)",
        r"(?:التحدث|أتحدث|اتكلم|التكلم) (?:مع|إلى) (?:شخص|إنسان|موظف|انسان)",
    ]
)


def human_request_signal(text: str) -> Signal:
    """Fires when the customer asks to be passed to a person."""
    return pattern_signal("asks_for_human", _PATTERN, text)
