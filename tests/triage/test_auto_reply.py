"""Machines' mails are told from customers', by headers and by wording."""

import pytest

from support_agent.config import Config
from support_agent.records import Route, Ticket
from support_agent.triage import triage_ticket

CONFIG = Config(languages=("en", "de", "fr", "es", "it", "pt", "nl", "ru", "ar", "hi", "ja", "zh"))


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Automatic reply: Your ticket", "I am out of the office until 5 May."),
        ("", "Thank you for your email. I am currently out of the office. I will reply when I return."),
        (
            "Re: x",
            "Hello,\n\nI'm on annual leave until 5 May. For urgent matters please contact sam@example.com.\n\nDana",
        ),
        ("Undelivered Mail Returned to Sender", "This is the mail system at host mx.example.com."),
        ("", "Mail delivery failed: returning message to sender\n\nThis message was created automatically."),
        ("", "This is an automated message. Your parcel has shipped. Please do not reply to this email."),
        ("We got it", "Thank you for contacting Example Ltd. We have received your request and will respond soon."),
        ("", "We have received your email and will respond within 24 hours. Ticket #55123"),
        ("", "Thank you for contacting Example Ltd. Your request (#4432) has been received and is being reviewed."),
        ("", "This is an automatically generated message, please do not reply."),
        ("", "Delivery has failed to these recipients or groups:\n\nhelp@acme.example"),
        ("", "I'm out of office until Monday"),
        ("", "Estoy fuera de la oficina hasta el lunes."),
        ("", "मैं 5 जनवरी तक कार्यालय से बाहर हूँ।"),
        ("", "我目前不在办公室，将于周一回来。"),
        ("Abwesenheitsnotiz", "Ich bin im Urlaub."),
        ("", "Vielen Dank. Ich bin bis zum 5. Mai im Urlaub. In dringenden Fällen wenden Sie sich an sam@example.com."),
        ("Réponse automatique : ticket", "Je suis absent."),
        ("", "Estoy de vacaciones hasta mayo. En caso de urgencia, contacte a sam@example.com."),
        ("Risposta automatica: x", "Sono fuori ufficio."),
        ("Resposta automática: x", "Estou fora."),
        ("Automatisch antwoord: x", "Ik ben weg."),
        ("Автоответ: x", "Я в отпуске."),
        ("رد تلقائي: x", "أنا خارج المكتب"),
        ("स्वचालित उत्तर: x", "मैं बाहर हूँ"),
        ("自動応答: x", "不在です"),
        ("自动回复: x", "我目前不在办公室"),
    ],
)
def test_a_machines_mail_is_told_by_its_words(subject: str, text: str) -> None:
    triage = triage_ticket(Ticket(text, subject), CONFIG)

    assert (triage.route, triage.reasons[0]) == (Route.HUMAN, "auto_reply")


@pytest.mark.parametrize(
    "header",
    [
        ("Auto-Submitted", "auto-replied"),
        ("X-Autoreply", "yes"),
        ("Precedence", "bulk"),
        ("List-Id", "<news.example.com>"),
        ("X-Failed-Recipients", "help@acme.example"),
        ("Return-Path", "<>"),
    ],
    ids=lambda header: header[0],
)
def test_a_machines_mail_is_told_by_its_headers(header: tuple[str, str]) -> None:
    given = triage_ticket(Ticket("How are you?", headers=(header,)), CONFIG)
    in_source = f"{header[0]}: {header[1]}\nMIME-Version: 1.0\nSubject: x\n\nHow are you?"

    assert given.reasons == ("auto_reply",)
    assert triage_ticket(Ticket(in_source), CONFIG).reasons == ("auto_reply",)


@pytest.mark.parametrize(
    "text",
    [
        "I always get an automatic reply: this is an automated message. I want an answer!",
        "I'm out of the office until Monday, how do I postpone my delivery?",
        "How do I set up an out of office reply?",
        "Why do I get 'Your message could not be delivered'?",
        "Automatic reply does not work",
        "I am on vacation, please pause my subscription.",
        "I am on vacation until Monday, please deliver my parcel on Tuesday.",
        "We received your message, but the attachment is missing. Send it again.",
        "Estoy de vacaciones hasta el lunes, por favor entreguen el paquete el martes.",
        "我目前不在办公室，请周一再送货。",
        "Out of office messages are not sent since Monday.",
        "When I write to support I get\nYour message to help@acme.example could not be delivered\nPlease fix my box",
        "Auto-Submitted: no\nMIME-Version: 1.0\nSubject: x\n\nHow do I get a key?",
        "On Tue, 4 Mar 2025 at 9:12, Acme wrote:\n> This is an automated message. Do not reply to it.\n\nWhere is it?",
    ],
)
def test_a_customer_who_speaks_of_one_is_no_machine(text: str) -> None:
    assert "auto_reply" not in triage_ticket(Ticket(text), CONFIG).reasons


def test_danger_outranks_a_machine() -> None:
    reasons = triage_ticket(Ticket("I want to kill myself.", "Automatic reply: x"), CONFIG).reasons

    assert reasons == ("danger_self_harm", "auto_reply")
