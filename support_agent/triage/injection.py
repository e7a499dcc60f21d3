"""Does the text try to steer the model? Cleaned text → one signal.

A pattern is never enough, and nothing rests on it alone: whatever the model is talked into, the gate sends no link,
number, address or identifier that no passage holds.
"""

from __future__ import annotations

from support_agent.records import Signal
from support_agent.triage.patterns import compile_patterns, pattern_signal

_EARLIER = r"(?:all |any |the |your |my |these |those |of )*(?:previous|prior|above|earlier|preceding|former|original|initial|system|existing|safety|old)"
_ORDERS = r"(?:instructions?|prompts?|rules?|directions?|guidelines?|commands?|orders?|messages?|polic(?:y|ies)|restrictions?)"

_PATTERN = compile_patterns(
    [
        rf"\b(?:ignore|disregard|forget|override|bypass|neglect|skip|discard|drop)\b(?: \w+){{0,2}}? {_EARLIER} {_ORDERS}\b",
        rf"\b(?:ignore|disregard|forget|bypass) (?:all |everything )?(?:of )?(?:your|the|these|those) {_ORDERS}\b",
        r"\b(?:ignore|forget|disregard) (?:all )?(?:of )?(?:the |everything )above\b|^\s*(?:system|assistant) ?:",
        r"\b(?:tell|show|give) me your (?:\w+ )?(?:prompt|instructions|rules)\b|\b(?:reveal|print|leak|repeat|output) your (?:\w+ )?(?:prompt|instructions|rules)\b",
        r"\b(?:act|behave|respond|answer|pretend to be|roleplay)(?: as| like)? an? (?:unrestricted|unfiltered|uncensored|jailbroken|evil)\b",
        r"\b(?:ignore|forget|disregard) (?:everything|all|anything) (?:above|before|prior|you (?:were|have been) told|i said|that came before)\b",
        rf"\b(?:reveal|print|show|repeat|output|display|leak|tell me|give me|write out)\b(?: \w+){{0,3}}? (?:your|its|the) (?:system|hidden|secret|developer) (?:\w+ )?{_ORDERS}\b",
        rf"\bwhat (?:is|are|was|were) (?:your) (?:\w+ )?(?:system|hidden|initial|secret|original|internal|developer) (?:\w+ )?{_ORDERS}\b",
        r"\b(?:repeat|print|output) (?:the |everything |all )?(?:words|text|lines?|content)?(?: that (?:is|are))? ?above\b",
        r"\byou (?:are|will be) (?:now|from now on)\b(?: \w+){0,6}? (?:dan|unrestricted|jailbroken|unfiltered|evil|developer mode|free from|no longer|without (?:rules|restrictions))\b",
        r"\b(?:from now on,? (?:you|act|pretend|respond|answer|ignore)|do anything now|developer mode (?:enabled|on|v2)|jailbreak(?:ed|ing)?|jail ?broken)\b",
        r"\b(?:pretend|act|roleplay|role-play|behave|respond|answer)(?: to be| as| like)(?: if)? (?:you (?:are|were|have)|an? (?:ai|assistant|model|chatbot|bot|evil|unrestricted|unfiltered))\b(?: \w+){0,8}? (?:no|without|not bound|unrestricted|unfiltered|evil|anything|freed?)\b",
        r"\b(?:no|without(?: any)?) (?:ethical|moral|content|safety) (?:guidelines|restrictions|filters?|limitations|boundaries)\b",
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext)\|?>|\[/?INST\]|<</?SYS>>|^\s*#{2,} ?(?:system|instruction|assistant)\b|\bsystem ?prompt\b(?= ?[:=])",
        r"\b(?:new|updated|real|important) (?:system )?(?:instructions?|directives?) ?(?:are|is)? ?:",
        r"\b(?:ignoriere|vergiss) (?:alle |die |deine )*(?:vorherigen|bisherigen|obigen) (?:anweisungen|instruktionen|regeln)\b",
        r"\b(?:ignora|olvida) (?:todas )?(?:las |tus )?(?:instrucciones|reglas)(?: anteriores| previas)?\b|\b(?:ignore[zr]?|oublie[zr]?) (?:toutes )?(?:les |tes |vos )?(?:instructions|consignes)(?: précédentes| ci-dessus)?\b",
        r"игнорируй(?:те)? (?:все )?(?:предыдущие|прошлые) (?:инструкции|указания)|忽略(?:之前|以上|前面|所有)(?:的)?(?:所有)?(?:指令|指示|说明|提示)|تجاهل (?:جميع |كل )?التعليمات|पिछले (?:सभी )?निर्देशों को (?:अनदेखा|नज़रअंदाज़)",
    ]
)


def injection_signal(text: str) -> Signal:
    """Fires when the text carries orders for the model or the control marks of a chat template."""
    return pattern_signal("injection", _PATTERN, text)
