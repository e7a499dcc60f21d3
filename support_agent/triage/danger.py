"""Is somebody in danger, threatened, or going to law? Cleaned text → three signals, each a hard route.

First version: patterns. They are tuned to miss little; "the process was killed" is not among them.
"""

from __future__ import annotations

from support_agent.records import Signal
from support_agent.triage.patterns import compile_patterns, pattern_signal

_SELF = r"(?:myself|my self|himself|herself|themsel(?:f|ves))"
_SELF_HARM = compile_patterns(
    [
        rf"\b(?:kill|hurt|harm|cut|hang|shoot|drown|poison|stab|starve|burn)(?:ing)? {_SELF}\b",
        r"\b(?:end(?:ing)?|take|taking|ruin) (?:it all|my (?:own )?life)\b",
        r"\bsuicid(?:e|al)\b(?! (?:prevention|hotline|classif|detect|data|risk model))|\bself[- ]?harm(?:ing)?\b|\bkms\b|\bunalive\b",
        r"\b(?:wanna|gonna|want|going|wish|ready|rather|deserve|better off) (?:to )?(?:die|dead|be dead|not (?:to )?(?:live|exist|wake up))\b",
        r"\b(?:don't|do not|no longer) (?:want to|wanna) (?:live|go on|exist|be alive|be here)\b(?! (?:in|at|on|near) )",
        r"\b(?:can't|cannot|can not) (?:live|go on) (?:like this|any ?more|any ?longer)\b",
        r"\bi wish i (?:was|were) (?:dead|never born)\b|\b(?:life|living) (?:is not|isn't|is no longer) worth\b",
        r"\bbetter off without me\b|\bend it (?:tonight|now|today|all)\b|\b(?:slit|slash|cut) (?:my|his|her|their) (?:wrists?|throat)\b",
        r"\b(?:took|taken|swallowed|taking) (?:all |too many |a (?:whole )?bottle of |\w+ )?(?:of )?(?:my |the )?(?:sleeping )?pills\b|\boverdos(?:e|ed|ing)\b",
        r"\bjump (?:off|from|in front of) (?:a|the|this|my) (?:\w+ )?(?:bridge|building|roof|balcony|window|train|cliff)\b",
        r"\bno (?:reason|point|will) (?:to live|in living|to go on)\b|\bi am going to jump\b",
        r"\b(?:mich (?:um)?bringen|bringe? mich um|selbstmord|mir das leben nehmen|nicht mehr leben|mich verletzen)\b",
        r"\b(?:suicid(?:io|arme)|matarme|quitarme la vida|no quiero vivir|hacerme daño)\b",
        r"\b(?:me (?:suicider|tuer)|mettre fin à mes jours|envie de mourir|me faire du mal)\b",
        r"покончить с собой|убить себя|не хочу (?:больше )?жить|самоуби",
        r"自杀|自殺|不想活|结束(?:我的)?生命|伤害自己",
        r"आत्महत्या|मरना चाहता|मरना चाहती|जीना नहीं चाहत",
        r"انتحار|أنتحر|أقتل نفسي|أؤذي نفسي|لا أريد أن أعيش",
    ]
)
_VIOLENCE = compile_patterns(
    [
        r"\b(?:i'll|i will|i'm going to|i am going to|gonna|i want to|we will) (?:fucking )?(?:kill|shoot|stab|hurt|murder|strangle|beat up|bomb|blow up|burn down)(?: \w+){0,3}? (?:you|your|him|her|them|people|everyone|everybody|someone|somebody|office|building|staff|family|wife|husband|boss)\b",
        r"\b(?:bomb|shoot up|blow up|burn down) (?:your|the|this) (?:office|building|house|company|place|headquarters|school)\b",
        r"\b(?:find|hunt|track)(?: \w+){0,3}? (?:you|him|her|them) (?:down )?and (?:kill|hurt|shoot|stab)\b|\bi hope (?:you|he|she|they)(?: all)? die\b",
        r"\ba bomb (?:in|at|under|on) (?:your|the|this|my)\b|\bwith a (?:gun|knife|rifle|weapon|bomb)\b|\bbreak (?:your|his|her|their) (?:legs?|neck|arms?|face|fingers?)\b",
        r"\bburn (?:your|the|this) (?:office|building|house|company|place) (?:down|to the ground)\b",
        r"\bmy (?:husband|wife|boyfriend|girlfriend|partner|father|mother|dad|mom|boss|ex) (?:beats?|hits?|hurts?|abuses?|threaten(?:s|ed)?|is (?:beating|hitting|hurting|abusing)) (?:me|us)\b",
        r"\b(?:i know where you (?:live|work)|come (?:and )?(?:find|get) you|you(?:'ll be| will be|'re| are) dead(?! (?:right|on|wrong|serious|end|set|sure))|watch your back)\b",
        r"\bdeath threats?\b|\b(?:he|she|they)(?:'s| is| are|'re)? (?:going to|gonna) (?:kill|hurt) me\b",
        r"\bich (?:bringe|werde) (?:dich|euch|sie) (?:um|umbringen|töten)\b|\b(?:te|los|os) voy a matar\b|\bje vais (?:te|vous) tuer\b",
        r"я (?:тебя|вас) убью|杀了你|殺了你|سأقتلك",
    ]
)
_LEGAL = compile_patterns(
    [
        r"\b(?:my|our) (?:lawyer|attorney|solicitor|legal (?:team|counsel|representative))s?\b(?! (?:assistant|bot|use))",
        r"\b(?:get|got|hire|hired|hiring|contact|call|consult|hear from|spoke (?:to|with)|speak (?:to|with)|see) (?:a|an|with a) (?:lawyer|attorney|solicitor)\b",
        r"\b(?:press|pressing|file|filing|bring|bringing) (?:criminal )?charges\b|\btak(?:e|ing) (?:you|them|your company) to court\b|\bbe suing\b",
        r"\b(?:complaint|complain|report|reporting|going|go)(?: \w+){0,3}? (?:to|with) the (?:police|authorities|ftc|ico|bbb|cfpb|regulator|ombudsman)\b",
        r"\b(?:legal action|law ?suit|small claims|class action|cease[- ]and[- ]desist|legal proceedings|take (?:you|this) to court|see you in court)\b",
        r"\b(?:i|we)(?:'ll| will| am going to|'m going to| are going to| intend to| plan to)? (?:sue|suing) (?:you|your|the company)\b|\bsuing (?:you|your)\b",
        r"\b(?:gdpr|data protection|consumer protection|ombudsman|ftc|bbb) (?:complaint|authority|request|agency)\b",
        r"\b(?:anwalt|rechtsanwalt|klage einreichen|verklagen)\b|\b(?:abogado|demandar(?:les|los|te)?)\b|\b(?:avocat|porter plainte|poursuivre en justice)\b",
        r"адвокат|подам в суд|律师|律師|起诉|वकील|محامي|سأقاضي",
    ]
)


def danger_signals(text: str) -> tuple[Signal, Signal, Signal]:
    """Self-harm, violence and legal threat, in this order; each alone sends the ticket to a human."""
    return (
        pattern_signal("danger_self_harm", _SELF_HARM, text),
        pattern_signal("danger_violence", _VIOLENCE, text),
        pattern_signal("danger_legal", _LEGAL, text),
    )
