"""Is somebody in danger, threatened, or going to law? Cleaned text → three signals, each a hard route.

A higher value means "less fit to answer". Costs about 0.7 ms for a ticket of 200 characters. Patterns, tuned to miss
little; "the process was killed" is not among them. They know first-person words and threats, not stories: of forum
posts about self-harm about half are found, of fiction and of hatred against groups almost nothing, and of plain tickets
in words they have not met 40 to 70 % (tests/benchmarks/triage_signals.py).
"""

from __future__ import annotations

from support_agent.records import Signal
from support_agent.triage.patterns import pattern_signal

_SELF = r"(?:my ?self|him ?self|her ?self|them ?sel(?:f|ves)|your ?self|our ?selves)"
# Posts, detectors and programs "self-harm" without anybody being in danger.
_A_TOPIC = (
    r"(?! (?:prevention|hotlines?|classif\w*|detect\w*|data\w*|risk|model\w*|posts?|content|filter\w*|polic(?:y|ies)|"
    r"moderation|topics?|rates?|squad|mission)\b)"
)
_NOT_ABOUT = r"(?<!process\scommitted\s)(?<!classify\s)(?<!detect\s)(?<!detects\s)(?<!filter\s)(?<!moderate\s)"
_PILLS = r"(?:(?:sleeping )?pills|tablets|painkillers|paracetamol|tylenol|xanax|meds|medication)"
# One ends sessions and jobs too, sees no point in a feature, and is at peace once the tests pass.
_INTEND = r"\b(?:(?:i'm|i am|i) (?:just |really |finally |only )*(?:(?:going|about|ready|want|plan(?:ning)?|decided) to|gonna|wanna)|i'll|i will) (?:just |finally )?"
_GOOD = (
    r"(?:tonight|today|tomorrow|now|soon|forever|for (?:good|ever)|once and for all|this (?:evening|weekend|week|way))"
)
_CLAUSE_END = (
    r"(?= ?(?:[.,;:!?…)]|$|(?:any ?more|any ?longer|now|tonight|at all|like this|and|but|or|if|when|because)\b))"
)
_OF_NO_JOB = r"(?!,? (?:with|about|knowing|when|once|if|after|because|now that)\b(?! (?:i'm|i am|it's all|it is all) (?:dead|gone|over)\b))"

_SELF_HARM = (
    rf"\b(?:kill|hurt|harm|cut|hang|shoot|drown|poison|stab|starve|burn|injur|slic|slash|scratch|mutilat|gutt)(?:e|ed|ing|t?ting|p?ing)? {_SELF}\b(?! (?:up )?(?:some|a) (?:time|slack|break))",
    r"\b(?:end(?:ing)?|take|taking|took|ended) (?:it all|(?:my|his|her|their) (?:own )?li(?:fe|ves))\b(?! savings)",
    rf"{_NOT_ABOUT}\b(?:suicid(?:e|al|ality)|self[- ](?:harm(?:ed|ing|s)?|injur(?:y|ies|ed|ing)|mutilat\w+)|selfharm\w*)\b{_A_TOPIC}|(?<!\d)(?<!\d\s)\bkms\b|\bunalive\b|\boff myself\b",
    r"\b(?:wanna|gonna|want|going|wish|ready|rather|deserve|better off|hope) (?:i |to )?(?:just |be )*(?:die|dead|not (?:to )?(?:live|exist|wake up|be here))\b(?! (?:right|on|serious|set|sure|link|end))",
    r"\b(?:don't|do not|no longer|never) (?:want to|wanna|wish to) (?:live|go on|exist|be alive|be here|wake up|keep living)\b(?! (?:in|at|on|near|with) )",
    r"\b(?:can't|cannot|can not) (?:live|go on|keep going) (?:like this|any ?more|any ?longer)\b|\bwish(?:ing|ed)? for (?:my )?(?:own )?death\b|\bwish i (?:was|were|had) (?:dead|never (?:been )?born|not alive)\b",
    r"\b(?:life|living) (?:is not|isn't|is no longer|has become not) worth\b|\b(?:life|living) has (?:no|lost (?:all|its)) (?:meaning|point|purpose)\b",
    rf"{_INTEND}end things(?: {_GOOD}\b(?! (?:with|by|in)\b)| ?[.!…]| ?\Z)",
    rf"\b(?:see|what's|what is|is there|there's|there is|there isn't) (?:even )?(?:the|any|a|no|much) (?:point|reason|sense|use) (?:of|in|to|for)(?: me)? (?:(?:being|be|staying|stay|sticking|stick) (?:around|here|alive)|living|existing){_CLAUSE_END}",
    rf"\bi(?:'ll| will|'m going to| am going to|'m gonna) (?:(?:finally|soon) )+(?:be at (?:peace|rest)|rest in peace|find (?:my )?peace){_OF_NO_JOB}",
    r"\bbetter off (?:without me|if i (?:was|were) (?:dead|gone))\b|\b(?:no ?(?:one|body)|who) (?:would|will) (?:even )?(?:miss me|care if i (?:die|died|was gone))\b",
    r"\bend it (?:tonight|now|today|all)\b|\bit all to end\b|\b(?:slit|slash|cut|sliced|cutting) (?:my|his|her|their) (?:own )?(?:wrists?|throat|arms?|thighs?|veins?)\b",
    rf"\b(?:took|taken|swallowed|taking|swallow|take) (?:all|too many|a (?:whole )?bottle|\d+|a lot|dozens)(?: of)?(?: my| the)? {_PILLS}\b|\bhow many {_PILLS}(?: \w+){{0,4}} (?:die|lethal|fatal|overdose)\b",
    r"\b(?:i|he|she|they|you|who|have|has|on) (?:just |have |has |had |might |will |would |could |to |tried to |going to |almost |nearly )*overdos(?:e|ed|ing)\b|\boverdos(?:e|ed|ing) (?:on|myself|tonight|attempt)\b",
    r"\b(?:jump(?:ing)?|standing|sitting) (?:off|from|on|in front of) (?:a|the|this|my) (?:\w+ )?(?:bridge|roof|balcony|cliff|ledge|train)\b(?! (?:network|mode|table|of the (?:day|week)))|\bjump(?:ing)? (?:off|from) (?:a|the|this|my) (?:\w+ )?(?:building|window)\b|\bi am going to jump\b",
    r"\bno (?:reason|point|will|use) (?:to live|in living|to go on|to keep living)\b|\b(?:any|a) (?:reason|point) (?:to live|in living|to be alive)\b|\bno way out(?: \w+){0,3} death\b",
    r"\b(?:wrote|writing|leave|left|write) (?:\w+ )?(?:a |my )?(?:goodbye|farewell|suicide) (?:note|letter)\b|\b(?:disappear|sleep) forever\b|\bnever wake up\b|\bcutting (?:again|really deep|myself)\b|\b(?:nothing|no one|nobody) (?:left )?to live for\b|\b(?:sleep|bed) and not wake up\b|\bi(?:'ve| have) started cutting\b|\bworld would be better (?:off )?without me\b",
    r"\b(?:painless|painful|easiest|quickest|best|fastest) (?:way|method)s? (?:to|for) (?:die|dying|kill (?:my|your)self|end (?:it|my life))\b|\b(?:i|my) (?:bleed|bloodlet|blood ?let)\w*\W+(?:my ?self)\b",
    r"\b(?:mich (?:um)?(?:zu)?bringen|bring\w? mich (?:\w+ )?um|selbstmord\w*|suizid\w*|(?:mir|sich) das leben nehmen|nicht mehr leben|mich (?:selbst )?(?:verletzen|ritzen)|(?:will|möchte|wollte) (?:nur |einfach )?(?:sterben|tot sein))\b",
    r"\b(?:suicid(?:io|arme|arse|a)|matarme|me quiero matar|quitarme la vida|no quiero (?:seguir )?vivi(?:r|endo)|hacerme daño|quiero morir(?:me)?|acabar con mi vida)\b",
    r"\b(?:me (?:suicider|tuer)|(?:au|le|mon) suicide|mettre fin à mes jours|envie de (?:mourir|vivre)|veux (?:plus vivre|mourir|en finir)|en finir avec (?:la|ma) vie|me faire du mal)\b",
    r"\b(?:mi voglio (?:uccidere|ammazzare)|voglio morire|suicidarmi|uccidermi|quero morrer|me matar|tirar a minha vida|zelfmoord|wil dood|chcę umrzeć|zabić się|intihar|ölmek istiyorum)\b",
    r"\b(?:wil niet (?:meer|langer) leven|wil niet leven(?! (?:in|op|met|van|zonder) )|(?:mezelf|me) (?:van kant (?:maken|te maken)|iets aandoen)|non voglio (?:più |piu )?vivere(?! (?:ad?|nell?a?|in(?! questo mondo)) )|non ho (?:più |piu )?voglia di vivere|ammazzarmi|togliermi la vita|farla finita con la (?:mia )?vita|n[ãa]o quero (?:mais )?viver(?! (?:em|no|na|num|numa) )|me suicidar|cometer suic[íi]dio|acabar com (?:a )?minha vida)\b",
    r"\b(?:chci (?:už |uz |jen |prostě )*(?:um[řr][íi]t|zem[řr][íi]t)|(?:nechci|nechce se mi) (?:už |uz |dál |takhle |tady )*[žz][íi]t(?! (?:ve?|na|u) )|(?:chci|chtěl|chtěla|chtěl bych|chtěla bych) se zab[íi]t|zabiju se|sebevra[žz]d\w*|nie (?:chc[ęe]|chce mi się) (?:ju[żz] |d[łl]u[żz]ej |dalej |tak )*[żz]y[ćc](?! (?:w|na|pod) )|(?:mam ochot[ęe]|chc[ęe]|zamierzam|chciał[ao]?bym) si[ęe] zabi[ćc]|zabij[ęe] si[ęe]|samob[óo]jstw\w*)\b",
    # "Yaşamak" is also to go through something: "I do not want this problem again" names it before the word.
    r"\bkendimi [öo]ld[üu]r\w*|\bcan[ıi]ma k[ıi]y\w*|(?:^|[.!?,;:…] ?|\b(?:ben|ve|ama|çünkü) )(?:ben )?(?:hiç )?(?:art[ıi]k )?(?:daha fazla )?ya[şs]amak istemiyorum\b",
    r"(?<!ن)م[یي][\s\u200c]?خوا(?:هم|م|هد|د) (?:که )?بم[یي]رم|خودم(?:و| را| رو) (?:م[یي][\s\u200c]?)?بُ?[کك]شم|خود[\s\u200c]?[کك]ش[یي]|نم[یي][\s\u200c]?خوا(?:هم|م) (?:د[یي]گر |د[یي]گه )?(?:زنده (?:بمانم|بمونم|باشم)|زندگ[یي] [کك]نم)",
    r"покончить с собой|покончу с собой|уби(?:ть|ю) себя|не хо(?:чу|чется) (?:больше )?жить|самоуби|суицид|хочу умереть|жить не хоч|свести сч[её]ты с жизнью|порез(?:ать|ала?) (?:себе )?вены",
    r"自杀|自殺|自尽|轻生|輕生|不想活|想死|结束(?:我|自己)?(?:的)?生命|伤害自己|自残|自殘|死にたい|死んでしまいたい|消え(?:てしまい|ちゃい|てなくなり)?たい(?!くつ|ろ|ま)|生き(?:てい)?たくない|자살|죽고 ?싶",
    r"आत्महत्या|ख़?ुदकुशी|मर(?:ना|ने) चाह|मर जाना चाह|मुझे मरना है|जीना नहीं चाह|(?:अपनी|खुद की) जान (?:ले|दे)",
    r"انتحار|[أا]نتحر|[أا]قتل نفسي|[أا]ؤذي نفسي|لا [أا]ريد [أا]ن [أا]عيش|[أا]ريد [أا]ن [أا]موت|[أا]تمنى الموت|إيذاء نفسي|[أا]نهي حياتي|[إا]نهاء حياتي",
)

_WILL = r"\b(?:i'll|i will|i'm (?:going to|gonna)|i am (?:going to|gonna)|gonna|i (?:want|plan|intend|swear i want|am planning|am coming) to|i wanna|i'd(?: like to| love to)?|i would(?: like to| love to)?|i could|we will|we'll|i swear i(?:'ll| will))"
_HURT = r"(?:kill|shoot|stab|hurt|murder|strangle|choke|beat (?:up|the \w+ out of)|bomb|torture|rape|smash|slaughter|execute|behead|poison|attack|end)"
_SOMEBODY = (
    r"(?:you(?! know)|u|your (?!\w*(?:process|jobs?|models?|servers?|api|tickets?)\b)|him|her|them(?!es)|people|every(?:one|body)|some(?:one|body)|anyone|whoever|"
    r"(?:my |the )?(?:staff|family|wife|husband|boss|neighbou?r|ex|developers?|ceo|manager|teacher|colleagues?|coworkers?|guy|person|people|bitch|bastards?))"
)
_PLACE = r"(?:office|building|house|home|company|place|headquarters|hq|school|data ?cent(?:er|re)|store|shop|church|mosque|synagogue)"

_VIOLENCE = (
    rf"{_WILL} (?:(?:fucking|personally|come(?: to \w+ \w+)? and|come(?: over)?|go(?: there)? and|find(?: \w+)? and|literally|really) ){{0,2}}{_HURT}(?: (?:every|all|some|one|of|the|and)){{0,3}} {_SOMEBODY}\b(?! (?:a|an|the) (?:mail|e-?mail|message|line|question|subscription|contract))",
    rf"\b(?:bomb|shoot up|shooting up|blow(?:ing)? up|burn(?:ing)? down|torch|set fire to|set) (?:your|the|this|their|a|my) (?:\w+ )?{_PLACE}\b|\bburn (?:your|the|this|their|my) (?:\w+ )?{_PLACE} (?:down|to the ground)\b",
    r"\b(?:find|hunt|track)(?: \w+){0,3}? (?:you|him|her|them) (?:down )?and (?:kill|hurt|shoot|stab|break|beat|make (?:you|him|her|them) pay)\b|\bi hope (?:you|he|she|they)(?: all)? (?:die|burn|get (?:shot|killed|cancer))\b",
    r"\b(?:is|planted|put|have|built|placed|building|make|making|build) (?:a|the|some) (?:pipe |nail |car )?(?:bomb|explosives?)\b(?! calorimeter)|\ba bomb (?:in|at|under) (?:your|the|this|my)\b|\bbomb threat\b",
    r"\b(?:with|have|got|bring(?:ing)?|bought) (?:a|my|the) (?:\w+ )?(?:gun|knife|rifle|weapon|pistol|shotgun)\b(?! (?:store|classif\w*|detect\w*|shop|game|emoji|images?|sharpener|set))",
    r"\bbreak (?:your|his|her|their) (?:legs?|neck|arms?|face|fingers?|bones?|skull)\b|\b(?:slit|cut) (?:your|his|her|their) throats?\b|\bbeat the (?:hell|shit|crap) out of (?:you|him|her|them|this|that|whoever)\b",
    r"\bmy (?:husband|wife|boyfriend|girlfriend|partner|father|mother|dad|mom|mum|boss|ex|stepfather|son|brother|uncle|roommate) (?:(?:just|also|always|often|keeps|has) )?(?:beats?|beat|hits?|hitting|hurts?|abuses?|abused|chok(?:es|ed)|rap(?:es|ed)|stalks?|threaten(?:s|ed|ing)?|is (?:beating|hitting|hurting|abusing|stalking|threatening)) (?:me|us|to|my (?:kids|children|son|daughter))?\b",
    r"\b(?:i know where (?:you|your (?:family|kids|children)|u) (?:live|work|sleep)|come (?:and )?(?:find|get) you|(?:you|u)(?:'ll be| will be|'re| are|r) (?:all )?dead(?! (?:right|on|wrong|serious|end|set|sure|tired|letter))|watch your (?:back|family))\b|\byour (?:family|kids|children) (?:is|are|aren't|isn't) (?:not )?safe\b",
    r"\bdeath threats?\b|\b(?:he|she|they|someone|somebody|who)(?:'s| is| are|'re| said (?:he|she|they)(?: will| would)?| says (?:he|she|they)'ll| will| would| wants to| threaten(?:s|ed)? to| tried to)? (?:going to |gonna )?(?:kill|hurt|murder|shoot|stab|rape) (?:me|us)\b|\bthreaten(?:s|ed|ing)? to (?:kill|hurt|shoot|stab|rape|murder|harm|beat)\b",
    r"\b(?:should|deserve(?:s)?(?: to)?|need(?:s)?(?: to)?|ought to|must|deserve a bullet|want to see (?:you|them)) (?:all )?(?:be |get )?(?:shot|hanged|hung|killed|murdered|executed|raped|stabbed|beaten|lynched|exterminated|put down|gassed)\b(?! (?:process\w*|jobs?|by the (?:oom|kernel|scheduler)))",
    r"\b(?:some(?:one|body)|you|they|we) (?:should|must|need to|ought to|has to) (?:shoot|kill|murder|hang|stab|rape|lynch|bomb) (?:your|the|his|her|them|all|every|these|those|him|you)\b(?! (?:process\w*|jobs?|task\w*|server|app\w*|pod\w*|container\w*|worker\w*|thread\w*|session\w*))",
    r"\bpay(?: for \w+)? with (?:your|their|his|her) (?:blood|li(?:fe|ves))\b|\bmake (?:sure )?(?:you|them|him|her)(?: all)? (?:suffer|bleed)\b|\bi(?:'ll| will) end (?:you|him|her|them)\b|\b(?:body bags?|mass shooting|school shooting|shooting spree)\b|\byou deserve (?:a bullet|to die)\b|\byou won't be alive\b|\bkill (?:all|them all|every) (?!process|jobs?|task|worker|pod|container|thread|session|instance|connection|python|the (?:process|job|worker|pod))\w+",
    r"\b(?:ich|wir) (?:bringe?n?|werden?|will|mach\w*) (?:dich|euch|sie|ihn|deine?n?|ihre?n?|eure?n?|das|die)(?: \w+){0,3}? (?:um|umbringen|töten|abstechen|erschießen|anzünden|abfackeln|fertig|kalt|in die luft)\b|\bich wei(?:ß|ss),? wo (?:du|ihr|sie) wohn(?:st|t|en)\b|\bbombe (?:im|in|legen)\b|\bmein (?:mann|freund|vater|ex) schlägt mich\b",
    r"\b(?:te|los|os|le|lo|la|les) (?:voy|vamos) a (?:matar|degollar|disparar|golpear|romper)\b|\bvoy a (?:matar|poner una bomba|quemar|disparar)\w*|\bs[eé] d[oó]nde (?:vives|viven|trabajas)\b|\bmi (?:marido|esposo|novio|pareja) me (?:pega|golpea|maltrata)\b",
    r"\b(?:vais|va) (?:te|vous|les?|la) (?:tuer|buter|crever|égorger|frapper)\b|\bfaire sauter (?:vos|votre|ton|tes|le|la|les)\b|\bje sais o[uù] (?:tu habites|vous habitez)\b|\bmon (?:mari|copain|conjoint|ex) me (?:bat|frappe)\b|\bune bombe (?:dans|chez)\b",
    r"\b(?:ti (?:ammazzo|uccido)|so dove (?:abiti|vivi)|vou te matar|sei onde você mora|ik maak je (?:dood|af)|ik weet waar je woont|zabiję (?:cię|was)|seni öldür\w+)\b",
    r"(?:я )?(?:тебя|вас|его|е[её]) (?:всех |всё равно )?(?:убью|зарежу|пристрелю|взорву)|(?:убью|зарежу|взорву) (?:тебя|вас|ваш)|взорв(?:у|ать) (?:ваш|твой|офис|здание)|знаю,? где (?:ты|вы) жив[её]т?|(?:бомба|бомбу) (?:в|под)|муж (?:меня )?бь[её]т",
    r"(?:杀|殺|弄死|砍死|打死|捅死)(?:了|死)?(?:你|他|她|妳)|知道你(?:们|家)?住|炸(?:了|掉|毁)?(?:你|公司|办公)|炸弹|老公(?:打|家暴)|殺してやる|죽여 ?버리|죽이겠",
    r"(?:तुम्हें|तुझे|आपको|उसे) (?:जान से )?मार (?:डाल|दूं|दूँ|दूंग|देंग)|जान से मार|(?:दफ़?्तर|ऑफ़?िस|घर|इमारत)(?: को)? (?:जला|उड़ा|बम से)|बम (?:रखा|से उड़ा)|पति (?:मुझे )?(?:मारता|पीटता)",
    r"س(?:وف )?[أا]?قتل(?:ك|كم|ه|ها)|سأ?فجر|[أا]عرف [أا]ين ت(?:سكن|عيش)|قنبلة في|زوجي يضرب",
)

_COUNSEL = r"(?:lawyers?|attorneys?|solicitors?|legal (?:team|counsel|representatives?|department)|barristers?|counsel)"
_AUTHORITY = r"(?:police|authorities|ftc|ico|bbb|cfpb|sec|attorney general|regulators?|ombudsman|data protection (?:authority|officer|commissioner)|consumer protection|better business bureau)"

_LEGAL = (
    rf"\b(?:my|our) {_COUNSEL}\b(?! (?:assistant|bots?|use|uses|is using|chat|app|tool|firm client))(?= (?:will|would|has|have|is|are|advis\w+|says?|said|told|look\w*|contact\w*|and i will|in|about|about this|shall|sent)\b)",
    rf"\b(?:hear(?:ing)?|letter|call|notice|contacted|email|mail|word) (?:from|by) (?:my|our|a|an|the) {_COUNSEL}\b|\b(?:have|let|get|ask|bring|tell|involve|inform|instruct|send) (?:my|our) {_COUNSEL}\b(?! (?:to use|access|use)\b)",
    rf"\b(?:get|got|hire|hired|hiring|contact(?:ing)?|contacted|call(?:ing)?|consult|consulted|spoke (?:to|with)|speak(?:ing)? (?:to|with)|talk(?:ing|ed)? (?:to|with)|retain(?:ed)?|see|instruct(?:ed)?) (?:a |an |my |our |with a |legal )?{_COUNSEL}\b(?! (?:bots?|assistants?|apps?|avatars?))",
    r"\b(?:press|pressing|filing|bring|bringing) (?:criminal )?charges\b|\bfile (?:criminal )?charges\b|\b(?:tak(?:e|ing)|drag(?:ging)?) (?:you|them|your company|it|this)(?: all)? to court\b|\bsee you in court\b|\b(?:goes|go|going|end up) (?:to|in) court\b|\b(?:before|in front of) (?:a|the) judge\b|\bfiled a police report\b",
    rf"\b(?:complaint|complain|complaining|report|reporting|reported|going|go|turn|escalate|denounce)(?: \w+){{0,4}}? (?:to|with) the (?:\w+ )?{_AUTHORITY}\b|\b(?:the|this) next (?:step|stop) is the {_AUTHORITY}\b",
    r"\b(?:legal action|(?<!hallucinated\sa\s)law ?suits?|small claims|class action|cease[- ]and[- ]desist|legal proceedings|legal steps|legal remedies|legal consequences|litigation)\b(?! (?:data\w*|document\w*|summar\w*|classif\w*|analy\w*|support|software|model\w*))|\b(?:sue|suing|sued) (?:you|u|your|them|this company|lamini|the company|for)\b|\bgoing to sue\b|\b(?:will|gonna|i'll|be) su(?:e|ing)\b",
    r"\b(?:subpoenas?|served (?:you )?(?:with )?papers|notice of (?:dispute|claim|intent)|letter before action|demand letter|reserve (?:all )?(?:my|our|all) rights|seek(?:ing)? (?:damages|compensation|redress)|breach of contract|contact(?:ing)? you about damages)\b|\bdemand (?:compensation|damages)\b",
    r"\b(?:formal|gdpr|privacy|official) complaint\b|\bviolat(?:e|es|ed|ing|ion of) (?:the )?(?:gdpr|ccpa|hipaa|my (?:privacy|rights)|consumer (?:law|rights))\b|\b(?:this is|what you (?:do|did|are doing) is) (?:illegal|fraud|theft|a crime|criminal)\b|\bi(?:'ll| will| am going to|'m going to) report you\b(?! (?:a|an|the|some)\b)",
    r"\b(?:mein|unser)e?n? (?:rechts)?anwalt\b|\b(?:zum|einen|einem|ein) (?:rechts)?anwalt\b|\b(?:rechtsanwalt|klage einreichen|verklag\w+|rechtliche(?:n)? schritte|strafanzeige|anzeige (?:gegen|erstatt\w+)|erstatte(?:n)? anzeige|vor gericht|juristisch\w*|datenschutzbeh\w+)\b",
    r"\b(?:mi|nuestro|un) abogad[oa]\b|\b(?:demandar(?:l[oe]s|te|é)?|los demando|acciones legales|(?:pon(?:er|dré|go)|presentar\w*|interpon\w+) una (?:denuncia|demanda|queja formal)|denunciar(?:l[oe]s|te|é)|tribunales|llevar a juicio)\b",
    r"\b(?:mon|notre|un) avocat\b|\b(?:port(?:er|e|erai) plainte|déposer plainte|(?:poursuivre|poursuites|action) (?:vous )?(?:en )?(?:justice|judiciaires?)|vous poursuivre|mise en demeure|tribunal|tribunaux|saisir la cnil)\b",
    r"\b(?:il mio avvocato|azioni legali|vi denuncio|querela|meu advogado|processar (?:vocês|a empresa)|ação judicial|mijn advocaat|juridische stappen|mój prawnik|pozwę|avukatım|dava aç\w+)\b",
    r"адвокат|юрист(?:ы|ом|а)? (?:свяж|подготов)|пода(?:м|ть|ю|дим) (?:\w+ ){0,2}в суд|в суд (?:на|пода)|судебн\w+ иск|роскомнадзор|роспотребнадзор|заявление в полицию|прокуратур",
    r"律师|律師|起诉|起訴|告你们|告上法庭|法庭|诉讼|訴訟|报警|報警|消费者协会|投诉到|法律途径|弁護士|訴え|변호사|고소",
    r"वकील|मुकदम|अदालत|कोर्ट (?:में|जा)|कानूनी कार्[रव]|कानूनी कार्यवाही|पुलिस में (?:शिकायत|रिपोर्ट)|محام(?:ي|ون|ية)|المحامي|س[أن]قاضي|دعوى|المحكمة|[إا]لى القضاء|[إا]جراءات قانونية|بلاغ(?:ا|اً)? (?:ضد|للشرطة|إلى الشرطة)",
)


def danger_signals(text: str) -> tuple[Signal, Signal, Signal]:
    """Self-harm, violence and legal threat, in this order; each alone sends the ticket to a human."""
    return (
        pattern_signal("danger_self_harm", _SELF_HARM, text),
        pattern_signal("danger_violence", _VIOLENCE, text),
        pattern_signal("danger_legal", _LEGAL, text),
    )
