"""Danger, threats and lawyers: who goes to a human whatever an answer could be found for."""

import pytest

from support_agent.triage.danger import danger_signals


def fired(text: str) -> list[str]:
    return [signal.name for signal in danger_signals(text) if signal.fired]


@pytest.mark.parametrize(
    "text",
    [
        "I have been cutting myself again",
        "I don't see a reason to live any more",
        "there is no way out for me but death",
        "i took 40 pills",
        "im going to end things tonight, lamini was my last hope",
        "I just want to end things.",
        "I've had enough and I'm gonna end things for good",
        "i don't see the point of being around any more",
        "I can't see any point in staying alive",
        "what is the point of existing, really",
        "tonight i will finally be at peace, goodbye",
        "I'll soon be at rest",
        "I will finally be at peace when I'm gone",
        "k i l l i n g  m y s e l f",
        "Ich möchte sterben",
        "Me quiero matar",
        "Je veux en finir avec la vie",
        "Я хочу умереть",
        "我想死",
        "मैं मरना चाहता हूँ",
        "أريد أن أموت",
        "Chci umřít.",
        "Už nechci žít",
        "nechci uz zit",
        "Chtěla bych se zabít",
        "Nie chcę już żyć.",
        "Mam ochotę się zabić",
        "می‌خواهم بمیرم",
        "میخوام بمیرم",
        "می خواهم خودم را بکشم",
        "به خودکشی فکر می‌کنم",
        "دیگر نمی‌خواهم زندگی کنم",
        "Kendimi öldürmek istiyorum",
        "Artık yaşamak istemiyorum.",
        "Çok yoruldum, yaşamak istemiyorum",
        "Ik wil niet meer leven",
        "Non voglio più vivere",
        "Não quero mais viver",
        "自殺したい",
        "もう消えてしまいたいです",
        "消えたい",
    ],
)
def test_danger_to_oneself_fires(text: str) -> None:
    assert fired(text) == ["danger_self_harm"]


@pytest.mark.parametrize(
    "text",
    [
        "someone should shoot your CEO",
        "I'd strangle your developers if I could",
        "My ex is stalking me and threatens to hurt me",
        "I'm going to blow up your headquarters",
        "your family is not safe",
        "Ich weiß wo du wohnst",
        "Voy a poner una bomba",
        "Je sais où tu habites",
        "Я знаю, где ты живёшь",
        "我要杀了你",
        "मैं तुम्हें मार डालूंगा",
        "سأفجر مكتبكم",
    ],
)
def test_a_threat_or_a_person_in_danger_fires(text: str) -> None:
    assert fired(text) == ["danger_violence"]


@pytest.mark.parametrize(
    "text",
    [
        "We have retained counsel in this matter",
        "I demand compensation or this goes to court",
        "Ich erstatte Anzeige gegen Sie",
        "Tomaré acciones legales",
        "Mon avocat vous contactera",
        "Я подам на вас в суд",
        "我会报警的",
        "मेरा वकील आपसे बात करेगा",
        "سأرفع دعوى قضائية ضدكم",
    ],
)
def test_going_to_law_fires(text: str) -> None:
    assert fired(text) == ["danger_legal"]


@pytest.mark.parametrize(
    "text",
    [
        "kill -9 the process did not help",
        "The process committed suicide after a SIGTERM",
        "We want to classify self-harm posts with your model",
        "Can Lamini detect suicide risk in text?",
        "Can Lamini write suicide prevention texts?",
        "when does the trial end things",
        "how do I end things like sessions cleanly?",
        "I'm going to end things tonight with the training job, is that fine?",
        "I don't see the point of this feature any more",
        "I don't see the point of existing adapters",
        "I don't see the use of being here in the dashboard",
        "it will finally be at rest when the job ends",
        "I will finally be at peace with this API",
        "I'll finally be at peace, once the tests pass",
        "My deadline is killing me, please hurry",
        "I'd kill for a dark mode",
        "shoot me an e-mail when it is done",
        "The build blew up after the update",
        "Someone should kill the worker",
        "Can Lamini be used by lawyers?",
        "What court has jurisdiction under your terms?",
        "How do you charge for tokens?",
        "Wie beende ich einen Prozess?",
        "如何杀死进程",
        "Jak zabít proces, který neodpovídá?",
        "Nepodařilo se zabít proces po restartu.",
        "Nechci žít v Praze, mohu pracovat na dálku?",
        "Nie udało się zabić procesu na serwerze.",
        "Nie chcę żyć w niepewności, kiedy skończy się trening?",
        "Jak zakończyć zadanie, które nie odpowiada?",
        "چطور پردازشی را که پاسخ نمی‌دهد بکشم؟",
        "می‌خواهم مدل را خودم آموزش بدهم",
        "نمی‌خواهم در تهران زندگی کنم",
        "İşlemi öldürmek için hangi komutu kullanmalıyım?",
        "Aynı sorunu tekrar yaşamak istemiyorum.",
        "Bu hatayı artık yaşamak istemiyorum, nasıl düzeltirim?",
        "Hoe kan ik een proces doden dat niet meer reageert?",
        "De server wil niet meer starten na de update.",
        "Ik wil niet leven met deze bug.",
        "Come posso uccidere un processo bloccato?",
        "Non voglio più vedere questo avviso.",
        "Non voglio vivere a Roma, posso lavorare da casa?",
        "Como faço para matar um processo travado?",
        "Não quero mais receber esses e-mails.",
        "Não quero viver em São Paulo.",
        "プロセスが突然消えてしまいました",
        "消えたいくつかのファイルを復元したい",
        "サーバーのジョブを強制終了したい",
    ],
)
def test_the_language_of_bug_reports_does_not_fire(text: str) -> None:
    assert fired(text) == []
