"""Are people insulted? Cleaned text → one signal. Swearing at a bug is not abuse; swearing at somebody is.

A higher value means "less fit to answer". Costs about 0.1 ms for a ticket of 200 characters.
"""

from __future__ import annotations

from support_agent.records import Signal
from support_agent.triage.patterns import pattern_signal

_INSULT = (
    r"(?:idiots?|morons?|imbeciles?|assholes?|arseholes?|bastards?|bitch(?:es)?|dumb ?ass(?:es)?|cunts?|scum(?:bags?)?|pieces? of (?:shit|garbage|trash|crap)|"
    r"motherfuckers?|fuckers?|retards?|losers?|clowns?|liars?|thieves|crooks?|scammers?|dickheads?|wankers?|pricks?|jackass(?:es)?|dumb ?fucks?|scumbags?|shitheads?|"
    r"douchebags?|whores?|sluts?|vermin|parasites|imbecile|twats?|nazis?|perverts?|(?:pathetic|disgusting) (?:trash|bot|people|excuse))"
)
_YOU = r"(?:you|u|you're|you are|your|ur|they|they're|these|those|all of you|bunch of)"
_RUDE = r"(?:fucking |stupid |damn |goddamn |useless |dumb |worthless |pathetic |filthy |bloody |lying |incompetent |ignorant )"

_PATTERN = (
    rf"\b{_YOU}\b(?: \w++){{0,4}}? {_INSULT}\b",
    rf"\b(?:you|u) {_RUDE}++\w+\b(?! (?:error|bug|question|issue|thing))|^[^\w\n]*+{_RUDE}*{_INSULT}\W*$|\bwhat an? {_RUDE}*{_INSULT} (?:you|he|she)\b",
    rf"\b(?:you|u|you're|you are|your \w+ (?:is|are))(?: all| people| guys| bot| lot)?(?: are| is)? (?:just |so |such |really |absolutely |fucking |all |a |an |complete |total |)*{_RUDE.replace(' )', ')').replace(' |', '|')}\W*$",
    r"\b(?:you|you're|you are)(?: \w++){0,2}? (?:pathetic|disgusting|brain ?dead|sub ?human|inbred|a disgrace|a waste of (?:space|oxygen|air))\b|\b(?:dumbest|stupidest|worst) (?:bot|assistant|idiots?|company) ever\b|\bare you (?:stupid|dumb|retarded|braindead)\b|\byour (?:mom|mother|momma|mum) (?:is|was|would|did|so)\b",
    r"\b(?:fuck|screw) (?:you|u|off|your|y'all|them|this company|lamers)\b|\b(?:go to hell|go fuck|stfu|shut (?:the fuck )?up|eat (?:shit|a dick)|suck (?:my|a) \w++|kiss my ass|get lost|drop dead|rot in hell|piss off|kill yourself|kys)\b",
    r"\b(?:fuck|fucking|filthy|dirty|stupid|damn) (?:all |the |you )?(?:whites?|blacks?|jews?|muslims?|arabs?|indians?|asians?|mexicans?|gays?|immigrants|women|females|rednecks|democrats|republicans|liberals)\b|\b(?:i )?hate (?:all )?(?:whites?|blacks?|jews?|muslims?|arabs?|indians?|asians?|mexicans?|gays?|immigrants|women|jewish|white people|black people)\b",
    # Slurs against groups, whole or by their stem.
    r"\b(?:nigg(?:er|a)\w*|fagg?ots?|fags|k[iy]kes?|sp[i]cs|chinks?|chinky|pakis?|trann(?:y|ies)|towelheads?|raghead\w*|wetbacks?|musloid\w*|muzzies?|dark(?:ies|y)|dykes?|shemales?|coons|goyim|gooks?|subhumans?|untermensch\w*)\b",
    r"\b(?:arschl(?:o|ö)ch(?:er)?|hurensöhne?|hurensohn|wichser|(?:verpiss\w*|fickt?) (?:dich|euch)|halts? maul|vollidiot\w*|leck(?:t)? mich|(?:ihr|du|sie) (?:seid|bist|sind) (?:(?:alle|doch|so|nur|ein|echt) )*(?:idiot\w*|dumm\w*|betrüger\w*|versager\w*|deppen?))\b",
    r"\b(?:hij[oa]s? de (?:puta|perra)|vete a la mierda|v[aá]yanse a la mierda|gilipollas|pendej[oa]s?|cabron\w*|cabrón|(?:que )?te jodan|(?:son|eres|sois) (?:un |una |unos |todos )*(?:idiotas?|est[uú]pid[oa]s?|imb[eé]cil\w*|ladron\w*|mentiros\w*))\b",
    r"\b(?:connards?|connasses?|enculés?|salauds?|salopes?|(?:va |allez )(?:te |vous )?(?:faire )?(?:foutre|chier|enculer)|bande d'\w++|(?:ferme(?:z)? )?(?:ta|vos) gueules?|(?:vous êtes|tu es|t'es) (?:des |un |une |tous )*(?:idiots?|cons?|nuls?|voleurs?|menteurs?|débiles?))\b",
    r"\b(?:vaffanculo|stronz[oi]|bastardi|siete (?:degli )?idioti|filhos? da puta|vai se foder|vai tomar no cu|klootzak|rot op|kurwa|spierdalaj|siktir|orospu)\b",
    r"(?:(?:иди(?:те)?|пош[её]л|пошла|пошли) (?:вы |ты )?на ?ху[йи]|^[^\w\n]*+пошли вы\b|пошли вы все|\bсук[аи]\b|ублюд\w+|мудак\w*|долбо[её]б\w*|(?:вы|ты) (?:все |просто |полны[йе] )*(?:идиот|дебил|мошенник|вор[ыа]?\b|твар|придур|кретин)\w*)",
    r"傻逼|傻B|他妈的|操你|去死|王八蛋|混蛋|^[^\w\n]*+滚(?:开|蛋|吧)?\W*$|(?:你们?|您们?)(?:都)?(?:是|真是|这)(?:一?群|个|些)?(?:白痴|蠢货|骗子|垃圾|废物|猪|傻)|脑残|馬鹿野郎|くたばれ|씨발|개새끼|병신",
    r"कमीने|हरामी|हरामज़?ाद|चूति|भ[ेै]?नचोद|मादरचोद|साले कुत्ते|(?:तू|तुम|आप) (?:सब |लोग )*(?:बेवकूफ|मूर्ख|गध[ेा]|चोर|निकम्मे|पागल)",
    r"ابن الكلب|يا (?:كلب|كلاب|حمار|غبي|أغبياء|حقير)|[أا]نت(?:م|ما)? (?:كلكم |جميعا )?(?:[أا]غبياء|غبي|حمار|حمير|لصوص|نصابين|نصابون|كاذب)|تبا لك|كس ?[أا]مك|شرموط",
)


def abuse_signal(text: str) -> Signal:
    """Fires when the text insults somebody."""
    return pattern_signal("abuse", _PATTERN, text)
