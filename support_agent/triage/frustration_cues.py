"""Words and marks of anger at us. Cleaned text → a weight; each cue is a row of the table below.

Less sure: high. Cost: 0.1 ms for an ordinary ticket. Knows no model and no statistics: the weights are set by hand
(2 = alone enough, 1 and 0.5 = only with others), from the development half of ``tests/triage/frustration_tickets.jsonl``.
Asking for a person is a signal of its own (``human_request.py``), and so is insulting one (``abuse.py``).
"""

from __future__ import annotations

import re
import unicodedata

from support_agent.triage.patterns import compiled

_ORDINAL = r"(?:second|third|fourth|fifth|sixth|tenth|hundredth|thousandth|nth|umpteenth|\d+(?:nd|rd|th))"
_PERIOD = r"(?:\d+|two|three|four|five|six|seven|ten|several|many|a|an|an entire|a whole) (?:minutes?|hours?|days?|weeks?|weekend|months?|years?)"
_SERVICE = r"(?:support|service|company|product|tool|platform|website|site|app|interface|bot|chatbot|docs|documentation|team|experience|onboarding|joke|thing)"
_BAD = r"(?:ridiculous|pathetic|useless|worthless|garbage|rubbish|trash|crap|a joke|a scam|a disgrace|a mess|a nightmare|horrible|terrible|awful|the worst|silly|insane|absurd|dishonest)"

CUES: dict[str, tuple[float, tuple[str, ...]]] = {
    "asks again": (
        2.0,
        (
            rf"\b(?:this is|it's|for) (?:now )?(?:already )?(?:the|my) {_ORDINAL} (?:time|ticket|e?-?mail|message|request|attempt)\b",
            rf"\b(?:the|my|is) {_ORDINAL} time (?:i|we|that i|that we|this (?:week|month|year))\b|(?:^|[.!?] ){_ORDINAL} (?:e?-?mail|ticket|message|time)\b",
            r"\bas (?:i|we)(?:'ve| have)? (?:already |just )?(?:said|told you|wrote|explained|mentioned)(?: you)? (?:already|twice|before|\w+ times)|\bas (?:i|we)(?:'ve| have)? already (?:said|told|written|wrote|explained|mentioned)\b",
            r"\bhow (?:many (?:more )?times|often) (?:must|do|should|will) (?:i|we) (?:have to|need to|tell|ask|explain|repeat|write)\b|\bover and over(?: again)?\b|\btime and again\b|\b(?:every|each) (?:single )?time i (?:write|call|ask|contact|e?-?mail)\b",
            r"\b(?:you|they) keep (?:telling|sending|asking|closing|ignoring|saying)\b|\bi (?:have to|must) (?:keep|chase|beg|repeat|explain (?:this|it|the same))\b|\b(?:have|had) to (?:chase|beg)\b",
            r"\b(?:escalated|asked|reported|told you|written|wrote)(?: \w+){0,2} (?:twice|three times|\w+ times) (?:already|now|and)\b|\bzum (?:dritten|vierten|fünften|x-?ten|wiederholten) mal\b|\bwie oft (?:soll|muss) ich\b",
            r"\b(?:por|es la) (?:tercera|cuarta|quinta|enésima) vez\b|\bya (?:les|os|te) (?:dije|he dicho)\b|\b(?:pour la|c'est la) (?:troisième|quatrième|énième|\d+ ?e) fois\b|\bje vous ai déjà dit\b",
        ),
    ),
    "not yet": (
        1.0,
        (
            r"\bstill (?:not|no|nothing|broken|waiting|down|doesn't|does not|isn't|haven't|hasn't|can't|the same)\b|\byet again\b|\bonce again\b|\bnot again\b|\bagain and again\b",
            rf"\b(?:waiting|waited|been down|broken|on hold|ignored)(?: \w+){{0,5}} (?:for|since) (?:{_PERIOD}|yesterday|monday|tuesday|wednesday|thursday|friday|this morning|last week)\b|\bwaiting {_PERIOD}\b|\b{_PERIOD} ago and\b",
            r"\bimmer noch (?:nicht|kein\w*|nichts)\b|\bsigue sin\b|\btodavía no\b|\btoujours (?:pas|rien)\b",
        ),
    ),
    "not heard": (
        2.0,
        (
            r"\b(?:no ?body|no one|does(?:n't)? (?:anybody|anyone))(?: \w+){0,4} (?:care|cares|seems? to care|reads?|answers?|replie[sd]|replies|called|(?:has )?fixed|answered|responds?)\b|\bis any(?:one|body) (?:even )?(?:there|reading|listening)\b",
            r"\b(?:being|been|feel|keep getting) ignored\b|\bactually read\b|\b(?:canned|template|scripted|copy[- ]?paste\w*) (?:repl|answer|response)\w*\b|\banother (?:template|article|canned)\b|\b(?:zero|not a single) (?:answer|repl|response)\w*\b",
            r"\bstop (?:sending|closing|telling|ignoring|asking|wasting)\b|\b(?:closed|dodge\w*)(?: \w+){1,3} without (?:\w+ing)\b|\b(?:did(?:n't| not)|does(?:n't| not)) answer my question(?: at all)?\b|\bi feel lied to\b|\blied to (?:me|us)\b",
            r"\b(?:keiner|niemand) (?:antwortet|hilft|meldet sich|reagiert)\b|\bnadie (?:responde|contesta|me ayuda)\b|\bpersonne ne (?:répond|m'aide)\b",
        ),
    ),
    "own feeling": (
        2.0,
        (
            r"\b(?:i'm|i am|we're|we are|i feel|am i|makes? me|making me|getting|left (?:me|us)|leaves me)(?: \w+){0,2}? (?:furious|angry|mad|frustrated|annoyed|disappointed|unhappy|livid|outraged|pissed(?: off)?|upset|disgusted|appalled|fed up|sick of|tired of)\b",
            r"\b(?:fed up|sick and tired|beyond (?:frustrated|angry|disappointed)|had enough of|i've had enough|i have had enough|at my wit's end|patience is|running out of patience|lost all (?:trust|patience|faith)|driving me (?:crazy|mad|insane|nuts)|pisse[sd] me off)\b",
            r"\b(?:so|very|extremely|incredibly|really|deeply|just) (?:frustrating|annoying|disappointing|irritating|infuriating)\b|\bi (?:really )?(?:hate|despise) (?:this|your|that you|the new)\b|\bi regret (?:signing|buying|choosing|paying|subscribing)\b",
            r"\b(?:wasting|wasted|waste of) (?:my|our|everyone's) (?:time|money|day)\b|\bwaste of (?:time|money)\b|\bi(?:'ve| have)? (?:wasted|lost) (?:an entire|a whole|hours|days|two|three)\b|\bi can't believe (?:you|this|how|that)\b|\bhow dare you\b|\bi expect an apology\b",
            r"\b(?:ich bin|bin) (?:\w+ )?(?:stinksauer|sauer|wütend|verärgert|enttäuscht|genervt)\b|\bmir reicht'?e?s\b|\bestoy (?:\w+ )?(?:hart[oa]|furios[oa]|enfadad[oa]|indignad[oa]|decepcionad[oa])\b|\bje suis (?:\w+ )?(?:furieu(?:x|se)|en colère|déçue?|énervée?)\b|\bj'en ai (?:marre|assez)\b",
        ),
    ),
    "verdict on us": (
        2.0,
        (
            r"\bunacceptable\b(?! (?:value|input|format|type|parameter|loss|error rate))|\b(?:an? |absolute |total |utter )?disgrace(?:ful)?\b|\boutrageous\b|\bappalling\b|\bunprofessional\b|\brip-?off\b|\bthis (?:mess|nonsense|garbage|crap|bullshit)\b|\bbullshit\b",
            rf"\b(?:your|this|the) (?:\w+ )?{_SERVICE} (?:sucks?\b|(?:is|are|was|has been)(?: (?:so|such|really|just|absolutely|completely|totally|even|getting))* (?:{_BAD}|worse)\b)",
            rf"\b(?:this|that|it|which) (?:is|was|'s|has become)(?: (?:so|just|such|really|absolutely|completely|totally|plain|getting))* {_BAD}\b(?! (?:case|value|score|to (?:run|use)))|\bgetting (?:silly|ridiculous)\b",
            rf"\b(?:worst|terrible|horrible|awful|pathetic|lousy|appalling|useless) (?:customer )?{_SERVICE}\b|\bwhat a (?:joke|disaster|mess|shame|scam|waste)\b|\bnothing (?:ever )?works\b|\bnothing but (?:trouble|problems)\b",
            r"\b(?:fix|sort) (?:your|this|the)? ?(?:damn|fucking|bloody|stupid)\b|\bwtf\b|\bwhat the (?:hell|fuck)\b|\b(?:damn|fucking|bloody) (?:\w+ )?(?:website|site|app|bot|bug|page|thing|service|support)\b|\bso-called\b",
            r"\b(?:frechheit|unverschämt\w*|inakzeptabel|eine zumutung|saftladen|lächerlich)\b|\b(?:inaceptable|una vergüenza|un desastre|ridículo|estafa)\b|\b(?:inacceptable|inadmissible|scandaleux|une honte|n'importe quoi|ridicule)\b",
        ),
    ),
    "threat to leave": (
        2.0,
        (
            r"\b(?:i want|i demand|give me|we want) (?:a (?:full )?refund|my money back|our money back|my money)\b|\b(?:want|get|give(?: \w+)?) (?:\w+ ){0,3}money back\b|\bcharge-?back\b|\b(?:will|'ll|going to|and) dispute the charges?\b",
            r"\b(?:moving|switching|switch|move|going|go) (?:over )?to (?:a |your |the )?(?:competitors?|competition|another (?:provider|company|vendor))\b|\b(?:take|taking) (?:my|our) (?:business|money) elsewhere\b",
            r"\bnever (?:again )?(?:use|buy|recommend|pay|come back|order|do business)\b|\b(?:one|1|zero) stars?\b(?! (?:class|label|topology))|\b(?:bad|negative|terrible|honest) review\b(?= (?:on|about|of you|everywhere|will|if))|\bpost (?:this|it|about (?:this|you)) (?:everywhere|online|on (?:twitter|x|reddit|social media|trustpilot))\b",
            r"(?:^|[.!?,;] |\bjust |\bor )(?:just )?(?:cancel|close|delete) (?:my|our) (?:account|subscription|plan|contract)\b|\blast (?:chance|straw|warning)\b|\bi'm (?:so )?done with (?:you|your|this (?:company|bank|terrible))",
            r"\b(?:ich kündige|geld zurück|schlechte bewertung|nie wieder)\b|\b(?:devu[eé]lvanme|quiero mi dinero|nunca más|me voy a la competencia)\b|\b(?:remboursez|je veux être remboursé|plus jamais|je résilie)\b",
        ),
    ),
    "reproach": (
        2.0,
        (
            r"\bthanks for (?:nothing|wasting|ruining)\b|\bthanks a lot for nothing\b|\bwhat (?:am i|are we|do i|do we) pay(?:ing)? (?:you )?for\b|\bhow hard can it be\b|\bare you (?:kidding|joking|even (?:trying|listening|reading|there))\b",
            r"\bso i pay\b|\bi (?:shouldn't|should not) have to\b|\bam i supposed to be happy\b|\bwho thought it was a good idea\b|\bhow is (?:it|this) (?:even )?possible that (?:a company|you|nobody)\b|\bevery (?:single )?(?:release|update) you break\b",
            r"\bnicht euer ernst\b|\bwofür (?:bezahle|zahle) ich\b|\bpara qué (?:pago|les pago)\b|\bvous vous moquez\b|\bje paie pour\b",
        ),
    ),
    "sarcasm": (
        1.0,
        (
            r"\bthanks a lot\W*$|^(?:oh,? )?(?:great|wonderful|nice|lovely|fantastic|brilliant),? (?:another|again|job)\b|\banother day, another\b|\b(?:amazing|great|wonderful) job,? (?:really|guys|as always)\b|\bof course it (?:does|did)(?:n't| not)\b",
            r"(?:^|[.!] )(?:seriously|really|hello)\?|\bunbelievable\b|\byou people\b|\bdo you even\b",
        ),
    ),
}
# "?!" and "???" are impatience; one "!" is not, nor "!=" or "!!" before a name, as in code.
_RUN = re.compile(r"(?:[!?]\s*){3,}|!\?|\?!|!!(?=\s|$)|\?\?(?=\s|$)")
_SENTENCE = re.compile(r"[^.!?\n]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_PEOPLE = set(
    "I WE YOU MY OUR YOUR ME US THIS NOBODY WHY HOW STOP PLEASE FIX ICH WIR SIE MEIN YO MI JE NOUS VOUS".split()
)
_STRESSED = set("NOT STILL NEVER AGAIN DID DO HAVE NOW ALREADY EVERY ANY NOTHING TWICE REALLY NO ANYTHING".split())


def cue_weight(text: str) -> float:
    """Summed weight of the cues in the text, each counted once."""
    return sum(weight for weight in found_cues(text).values())


def found_cues(text: str) -> dict[str, float]:
    """Each cue that the text holds, with its weight; the empty dictionary for an ordinary ticket."""
    plain = unicodedata.normalize("NFKC", text)
    found = {name: weight for name, (weight, patterns) in CUES.items() if compiled(patterns).search(plain)}
    if _RUN.search(plain):
        found["exclamation run"] = 0.5
    if any(_is_shouted(sentence) for sentence in _SENTENCE.findall(plain)):
        found["shouting"] = 1.0
    elif _STRESSED & set(_WORD.findall(plain)):
        found["stressed word"] = 0.5
    return found


def _is_shouted(sentence: str) -> bool:
    """Four or more words, all in capitals, one of them about people: a log line in capitals has none."""
    words = [word for word in _WORD.findall(sentence) if len(word) > 1 or word == "I"]
    return len(words) >= 4 and all(word.isupper() for word in words) and bool(_PEOPLE & set(words))
