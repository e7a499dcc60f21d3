"""Does the customer ask for a person? Cleaned text → one signal.

A higher value means "less fit to answer". Costs about 0.2 ms for a ticket of 200 characters. To ask whether one talks to
a machine counts as asking for a person: who asks that wants to know before going on.
"""

from __future__ import annotations

from support_agent.records import Signal
from support_agent.triage.patterns import pattern_signal

_PERSON = (
    r"(?:human(?: being| agent)?|(?:real|actual|live|living) (?:person|human|agent|people)|person|someone real|somebody real|"
    r"(?:live|human|support|customer (?:service|support|care)) (?:agent|rep(?:resentative)?|person|advisor|staff|engineer|team|employee)|"
    r"representative|operator|supervisor|manager|boss|(?:an |your )?agent|(?:a |your )colleague|engineer of yours|employee|staff member|helpdesk team|"
    r"some(?:one|body)(?= (?:real|from|in|at|on|who|else|please|now|instead|human|of)))"
)
# What is done with "human" beside talking to one: human feedback, a human in the loop.
_NO_PERSON = r"(?! (?:in the loop|feedback|evaluat\w*|review\w*|judg\w*|rater\w*|label\w*|annotat\w*|trash|resources|language|readable|nearby|near)\b)"
# What a text, a model or a process may have of humans: to ask for that is not to ask for one.
_OF_HUMANS = (
    r"(?![- ](?:bias\w*|errors?|in the loop|in-the-loop|oversight|involvement|intervention|supervision|input|effort|data\w*|texts?|speech|"
    r"baselines?|preferences?|values|feedback|evaluat\w*|review\w*|judg\w*|rat(?:er|ing)\w*|label\w*|annotat\w*|moderat\w*|"
    r"verif\w*|check\w*|languages?|readable|written|generated|rights|resources|performance)\b)"
)
# Ends the wish: "can I get a person embedding" goes on.
_NO_MORE = r"(?= ?(?:[.,;:!?…)]|$|(?:please|pls|plz|asap|here|now|instead|already|right now|on (?:this|the (?:line|phone))|to (?:help|call|answer)|who (?:can|will|knows)|and|than)\b))"
_REACH = (
    r"(?:speak|talk|chat|write|connect me|transfer me|escalate(?: me| this| it)?|put me through|deal|forward(?: \w+){1,2}|pass (?:me|this|it)(?: on)?|"
    r"assign (?:it|this|me|my \w+)(?: to)?|passing me|discuss(?:ing)? this|get me|give me|reach|hand me over|switch me|refer me)"
)
# A person in other words. What looks for breathing people in pictures is no wish for one.
_BEING = (
    r"(?:person|people|human(?: being)?|being|man|woman|soul|mortal|creature|individual|agent|employee|colleague|one)"
)
_BLOKE = r"(?:bloke|chap|guy|gal|lady|gentleman|lad|lass|fella|fellow|dude|man|woman|soul|mortal|human|person|some(?:one|body)|any(?:one|body))"
_BODY = r"(?:some(?:one|body)|any(?:one|body)|people|person|human|being|man|woman|soul|agent)"
_ODD_PERSON = (
    rf"(?:(?:flesh[- ]and[- ]blood|(?:living|live|alive)?(?:,|-| and)? ?breathing) {_BEING}\b(?! (?:detect|classif|recogni|segment|data|model|image|monitor|simulat)\w*)|"
    rf"{_BODY} (?:(?:made )?of|in(?: the)?) flesh\b|{_BODY} in person\b|"
    rf"{_BODY} (?:who|that) (?:actually |really |still )?(?:breathes?|has (?:a )?(?:pulse|heartbeat|heart|feelings|lungs))\b(?! (?:rate|through|into|in|at)\b)|"
    rf"{_BODY} with (?:a )?(?:pulse|heartbeat)\b(?! (?:of|over|under|above|below|rate|sensor)\b)|"
    rf"{_BLOKE} on the (?:line|phone|blower|other end)\b(?! (?:graph|chart|plot|number|item|\d))|(?:living|single|real) soul\b)"
)
_WISH = r"(?:talk|speak|chat|deal(?:ing)?|get|give me|put|want|need|prefer|rather|have|like|connect|transfer|reach|is there|are there|see|hear from)"
_BETWEEN = r"(?: (?:me|to|with|through|be|hold of|a|an|the|some|any|one|your|real|actual|proper|honest|single|just|only|good old)){0,5}"

_PATTERN = (
    rf"\b{_REACH}\b(?: \w++){{0,3}}? {_PERSON}\b{_NO_PERSON}",
    rf"\b(?:want|need|prefer|demand|would like|wish for|request|require) (?:to have )?(?:a|an|the|some|your) (?:\w+ )?{_PERSON}\b{_NO_PERSON}(?! for\b)",
    rf"\b(?:is|are|am) (?:there|this|you|i)(?: \w+){{0,2}}? (?:a |any ?|to )?(?:real |actual |live )(?:human|person|people|agent)\b{_OF_HUMANS}|\b(?:is|are) (?:there|this|you) (?:a |any )?(?:human|body there|person)\b{_OF_HUMANS}|\bis (?:a|any) (?:human|person)\b|\b(?:is|are) (?:there )?any(?:one|body) (?:there|real|human|alive)\b",
    r"\b(?:talk|speak|chat)(?:ing)? (?:to|with) (?:some(?:one|body)|anyone|anybody)\b|\b(?:phone|ring) me\b|\bcall me (?:back|now|please|asap|today|tomorrow|on my)\b|\bcall ?back from\b|\b(?:phone )?call with (?:an? |your )\w+\b",
    r"\b(?:can|could|would|please|have|let|has) (?:some(?:one|body)|a (?:real |human |actual |live )?(?:person|human|agent|colleague))(?: from \w+)? (?:please )?(?:call|phone|ring|contact|e-?mail|help me|answer|take over|handle|look at (?:my (?:case|ticket|account|invoice|order)|it|this)|check (?:my|this))\b",
    r"\b(?:speak|talk|connect me|transfer me|put me through)(?: \w++){0,2}? (?:to|with) (?:\w++ ){0,2}?(?:sales|customer (?:service|support|care)|support|billing|your team|your boss|an engineer)\b",
    r"\b(?:human|personal) (?:help|support|assistance|contact)\b|\blive (?:chat|support)(?: please| now)?\W*$|\bsupport person\b|\bsomeone (?:in charge|competent|real)\b|\bsomeone (?:from|on|in) (?:\w++ ){0,2}(?:support|team|staff) (?:to )?(?:call|contact|reach|look|help)\b",
    r"\b(?:no|not a) (?:more )?(?:bots?|robots?|chatbots?|ai answers?)\b(?! in\b)|\b(?:done|fed up|tired|sick) (?:with|of) (?:the |this |your )?(?:bots?|robots?|chatbots?|machine)\b|\b(?:this |the |your )?(?:bot|chatbot|machine) (?:doesn't|does not|can't|cannot|didn't|isn't) (?:help|understand)\w*\b",
    r"\b(?:stop|don't want(?: to)?|hate|instead of) (?:talk(?:ing)? (?:to|with)|speak(?:ing)? (?:to|with)|answering with|using) (?:a |this |the |to )?(?:bot|robot|machine|chatbot)\b|\b(?:transfer|escalate) (?:me|my (?:case|ticket|issue|problem|request|complaint))\b|\bwho can i (?:talk to|speak (?:to|with))\b|\b(?:get|have|someone|somebody|anyone) on the phone\b|\bneed someone who\b|\bautomated (?:replies|answers|responses)\b",
    r"\A\W*(?:(?:talk to|speak to|get|want|need) )?(?:a |an )?(?:real |live |human )?(?:agent|human|person|representative|operator|supervisor)(?: please| now| help)*\W*\Z|\bhuman please\b|\bplease,? (?:a )?human\b|\ba human\W*$",
    rf"\b{_WISH}{_BETWEEN} {_ODD_PERSON}|\A\W*(?:an? |some |any )?(?:real |actual )?{_ODD_PERSON}(?:,? (?:please|now))*\W*\Z",
    rf"\b(?:can|could|may) (?:i|we) (?:please |just )*(?:get|have) (?:an?|some|any) (?:real |actual |live )?(?:human|person|people|someone|somebody|agent){_NO_MORE}",
    r"\A\W*(?:an? |some |any )?(?:real |actual |live )?(?:human|person|people|agent|operator|staff)(?:,? (?:please|pls|plz|asap|now|here))+\W*\Z|\bhuman (?:pls|plz)\b",
    rf"\b(?:get|take|let|move|switch) me (?:out of|off|away from|past) (?:this |that |the |your )?(?:\w++ )?(?:bot|chatbot|robot|machine|ai)(?: (?:loop|hell|menu|maze|thing))?{_NO_MORE}",
    rf"\b(?:(?:i'd|i would|i|we'd|we would|we) (?:much |really )?(?:rather|prefer to|want to|wanna|like to|need to)|let me|can i|could i|may i) (?:be )?(?:deal|speak|talk|chat)(?:ing)? (?:with|to) (?:your |the |some |any |actual |real |human |support )*(?:staff|people|humans){_NO_MORE}",
    r"\b(?:mit|zu|von) (?:einem|einer|eure[mn]|ihre[mn]|jemande?[mn]?)(?: echten| richtigen| menschlichen)?(?: menschen| mitarbeiter(?:in)?| person| kolleg\w+| berater(?:in)?)? (?:sprechen|reden|telefonieren|verbunden|verbinden|chatten)\b|\bmenschlichen mitarbeiter\b|\b(?:echte|richtige)[nr]? (?:menschen|mitarbeiter|person)\b|\bverbinden sie mich\b|\bruf(?:en|t)? (?:sie )?mich (?:\w+ )?an\b|\bjemand (?:anrufen|zurückrufen|echtes)\b",
    r"\b(?:hablar|comunicarme|contactar|chatear) con (?:un[oa]? )?(?:persona|humano|agente|operador\w*|asesor\w*|alguien|representante|supervisor\w*|gerente|encargad[oa])\b|\bagente humano\b|\b(?:atienda|atender|llame|contacte) (?:una persona|alguien|un humano|un agente)\b|\bp[aá](?:seme|same|senme) con\b|\bque (?:alguien )?me llamen?\b|\bpersona real\b",
    r"\b(?:parler|discuter|échanger|être mis en relation) (?:à|avec|a) (?:un |une |quelqu'un|votre )(?: ?humain| ?personne| ?conseiller\w*| ?agent| ?vraie personne| ?responsable| ?service client)?|\bpassez-moi (?:un|une|quelqu'un|votre|le)\b|\b(?:qu'on|on) (?:me |peut me )?rappell?er?\b|\bun vrai humain\b|\bquelqu'un au téléphone\b|\bvraie personne\b",
    r"\b(?:falar com (?:um|uma|alguém) ?(?:humano|pessoa|atendente|agente)?|atendente humano|parlare con (?:un |una )?(?:umano|persona|operatore|qualcuno)|(?:met|naar) een (?:mens|medewerker|persoon)|z (?:człowiekiem|konsultantem)|(?:bir )?(?:insanla|temsilciyle|müşteri temsilcisi))\b",
    r"\b(?:поговорить|связаться|соедини(?:те)?|переключи(?:те)?|переведи(?:те)?|свяжи(?:те)?)\w*+(?: \w++){0,3}? (?:с |на )?(?:живым )?(?:человек\w*|оператор\w*|сотрудник\w*|менеджер\w*|специалист\w*|консультант\w*)|(?:позовите|дайте|нужен|хочу) (?:мне )?(?:жив(?:ого|ой) )?(?:оператор|человек|менеджер|специалист|консультант)\w*|живо(?:й|го|му|м) человек|перезвоните",
    r"(?:转|轉|接|找|联系|聯繫|要|换)(?:接)?(?:一?个?)?(?:真?人工|真人|人工客服|客服|经理)|人工(?:客服|服务)|真人客服|(?:跟|和|与)(?:真?人|客服|活人)(?:说话|聊|谈|通话|沟通)|(?:给|給)我(?:打|回)(?:个)?(?:电话|電話)|(?:担当者|人間|オペレーター)(?:と|に)(?:話|つない|代わ)|상담원|사람과",
    r"(?:इंसान|व्यक्ति|एजेंट|आदमी|मैनेजर|अधिकारी|प्रतिनिधि|कर्मचारी|सपोर्ट टीम)(?: के)? ?से (?:बात|संपर्क|जोड़|मिला|बोल|कनेक्ट)|(?:मुझे )?(?:फ़?ोन|कॉल) (?:करें|कीजिए|करो)",
    r"(?:التحدث|[أا]تحدث|[أا]تكلم|التكلم|التواصل|[أا]تواصل|[أا]حكي) (?:مع|[إا]لى) (?:شخص|[إا]نسان|موظف|ممثل|مدير|مسؤول|[أا]حد)|(?:حولني|حولوني|وصلني|صلني) (?:[إا]لى|ب)|شخص(?:ا|اً)? حقيقي|موظف (?:حقيقي|بشري|خدمة)|اتصلوا? بي",
)


def human_request_signal(text: str) -> Signal:
    """Fires when the customer asks to be passed to a person."""
    return pattern_signal("asks_for_human", _PATTERN, text)
