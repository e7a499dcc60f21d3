"""Sentence → does it commit us to something that will not happen?

The system sends one text and does nothing else: it calls nobody, opens no ticket, moves no money. English only, for
now; a table to extend.
"""

from __future__ import annotations

import re

_STAFF = r"\w{0,20} ?(?:agent|colleague|representative|specialist|expert|engineer|manager|advisor|supervisor)s?"
_WE = (
    rf"\b(?:i|we|some(?:one|body)|(?:our|the) (?:support )?(?:team|staff|support)|(?:an?|one of our|our|the) {_STAFF})"
)
_WILL = r"(?:['’]ll| will| shall|(?:['’]m|['’]re| am| are| is) going to|['’]d be happy to| would be happy to)"
_HAVE = r"(?:['’]ve|['’]s| have| has)?"
_ADVERB = r"(?: (?:now|also|just|already|then|gladly|happily|immediately|personally|be|go ahead and|make sure to))*"
_YOURS = r"(?:you|your|this|the|it|him|her)\b"
_MONEY = r"(?:refund|credit|voucher|replacement|reimbursement|discount|payment|money|fee|charge)s?\b"
_CASE = r"(?:ticket|case|issue|request|query|message|complaint|inquiry|enquiry)"
_ACCOUNT = (
    r"(?:account|password|order|subscription|plan|address|profile|booking|payment|licen[cs]e|key|card|settings?)s?\b"
)
_CHANGE = (
    r"(?:cancel|updat|reset|chang|delet|clos|(?:un)?block|(?:un)?lock|(?:de|re)?activat|suspend|upgrad|downgrad|extend"
    r"|renew|correct|restor)\w{0,4}"
)
_HAND_OVER = r"(?:transfer|forward|escalat|redirect|rout|pass|hand|connect|refer|assign)\w{0,4}"

_PATTERNS = (
    # somebody will get in touch
    rf"{_WE}{_WILL}{_ADVERB} (?:get|be|come|circle|report|call|write|phone|ring|e-?mail)(?: right)? (?:you )?back\b",
    rf"{_WE}{_WILL}{_ADVERB} (?:get|be|stay|keep) in (?:touch|contact)\b",
    rf"{_WE}{_WILL}{_ADVERB} (?:e-?mail|call|phone|text|message|contact|ring|notify|inform|write to|be with) you\b",
    rf"{_WE}{_WILL}{_ADVERB} (?:respond|reply|follow(?:ing)? up|reach(?:ing)? out|contact(?:ing)?|call(?:ing)?)\b",
    rf"{_WE}{_WILL}{_ADVERB} (?:keep|send) you\b",
    r"\byou(?:['’]ll| will| should)(?: soon| shortly)? hear (?:back )?from\b",
    r"\byou(?:['’]ll| will| should)(?: soon| shortly)? (?:receive|get)(?: \w+){0,3} from (?:us|me)\b",
    r"\byou(?:['’]ll| will) (?:receive|get) (?:a|our) (?:phone )?call\b",
    # a hand-over
    rf"{_WE}(?:{_WILL}| can){_ADVERB} {_HAND_OVER} {_YOURS}",
    rf"{_WE}(?:{_WILL}| can){_ADVERB} put you (?:through|in touch)\b",
    rf"{_WE}{_HAVE}{_ADVERB} (?:transferred|forwarded|escalated|redirected|passed|handed|connected|referred) {_YOURS}",
    rf"\b(?:let me|allow me to|(?:i|we)(?:['’]m|['’]re| am| are)) (?:now )?{_HAND_OVER} {_YOURS}",
    # a ticket opened, an account touched
    rf"\b(?:your {_CASE}|(?:this|the|a) (?:ticket|case|complaint))"
    r" (?:has been|will be|is being) (?:\w+ly )?(?:transferred|forwarded|escalated|sent|passed|logged|created|opened"
    r"|submitted|assigned|reviewed|processed|handled|resolved|closed|raised|addressed)\b",
    rf"{_WE}(?:{_HAVE}|{_WILL}){_ADVERB} (?:open|creat|rais|fil|submit|log|lodg|regist)\w{{0,5}}"
    rf" (?:an?|your|this|the)(?: \w+){{0,2}} {_CASE}\b",
    rf"{_WE}(?:{_HAVE}|{_WILL}){_ADVERB} {_CHANGE} your(?: \w+){{0,2}} {_ACCOUNT}",
    # money and goods
    rf"{_WE}(?:{_HAVE}|{_WILL}){_ADVERB} (?:refund|reimburs|compensat|credit)\w{{0,3}} (?:you|your|the)\b",
    rf"{_WE}(?:{_HAVE}|{_WILL}){_ADVERB} (?:issu|process|initiat|approv|send|sent|ship|waiv|arrang)\w{{0,4}}"
    rf" (?:you|your|an?|the|this)(?: \w+){{0,3}} {_MONEY}",
    rf"\b(?:your|a) (?:full |partial )?{_MONEY} (?:has been|will be|is being)"
    r" (?:issued|processed|sent|initiated|approved)\b",
    r"\byour (?:refund|replacement|reimbursement) is on (?:its|the) way\b",
    r"\byou(?:['’]ll| will) be (?:refunded|reimbursed|credited|compensated)\b",
    rf"\byou(?:['’]ll| will) (?:get|receive|be given) (?:a |your |the )?(?:full |partial )?{_MONEY}",
    # work behind the scenes
    rf"{_WE}{_WILL}{_ADVERB} (?:look into|investigate|check (?:on|into)|take care of|work on|fix|resolve|arrange)\b",
    r"\b(?:i['’]m|i am|we['’]re|we are) (?:\w+ly |now |already )?"
    r"(?:looking into|investigating|working on (?:your|it|this))\b",
    r"^\W*(?:please )?(?:hold on|stand by|bear with me|one moment|wait a moment|hang on)\b",
)
_COMMITMENTS = [re.compile(pattern, re.IGNORECASE) for pattern in _PATTERNS]


def commits(sentence: str) -> bool:
    """Whether the sentence says that a call, a hand-over, a ticket, money or work will follow."""
    return any(pattern.search(sentence) for pattern in _COMMITMENTS)
