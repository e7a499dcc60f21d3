"""Route and reason → what the customer is sent, and the reason in words for the people behind the desk.

The customer's text is chosen here and nowhere else; a model never words a hand-off. English in this version.
"""

from __future__ import annotations

from collections.abc import Sequence

from support_agent.records import Passage, Route
from support_agent.triage.readable import clean

# Reason code → one sentence for staff.
REASONS: dict[str, str] = {
    "danger_self_harm": "The customer may harm themselves.",
    "danger_violence": "The ticket threatens violence or speaks of it.",
    "danger_legal": "The ticket threatens or announces legal steps.",
    "asked_for_human": "The customer asks for a person.",
    "abuse": "The ticket insults somebody.",
    "injection": "The ticket carries orders for the model.",
    "too_long": "The ticket is longer than the limit for automatic answers.",
    "empty": "The ticket holds no text.",
    "unreadable": "The ticket's text cannot be read.",
    "language": "The ticket is in a language that is not answered automatically.",
    "no_passage": "No passage of the knowledge base is about this.",
    "ambiguous": "The question is short and fits several passages with different answers.",
    "empty_draft": "The generator wrote nothing that could be sent.",
    "cut_off": "The generator's text was cut off at its longest length.",
    "loop": "The generator repeated itself.",
    "unsupported": "The passages do not carry what the generator wrote.",
    "low_log_prob": "The generator was unsure of its own words.",
    "sentences_removed": "The draft went on with what no passage carries; the answer ends before that.",
    "generator_down": "The generator failed; the best passage's own words were used instead.",
    "generator_failed": "The generator failed in the middle of its answer.",
    "internal_error": "Something failed while the ticket was answered; the log says what.",
}

_HANDED_OVER = "I can't answer this reliably myself, so your message goes to a person on our team."

# Reason code → the customer's text; a reason that is not here gets the text of its route.
_TEXTS: dict[str, str] = {
    "danger_self_harm": (
        "I'm really sorry that you are going through this. You matter, and you don't have to face it alone. If you are "
        "in danger now, please call your local emergency number (112 in Europe, 911 in the US and Canada). You can "
        "talk to somebody at any hour: 988 in the US and Canada, 116 123 in the UK and Ireland, and findahelpline.com "
        "lists free lines in other countries. Your message goes to a person on our team as urgent."
    ),
    "danger_violence": (
        "Your message goes to a person on our team as urgent. If anybody is in danger now, please call your local "
        "emergency number (112 in Europe, 911 in the US and Canada)."
    ),
    "danger_legal": "Your message goes to a person on our team, who will read it in full.",
    "asked_for_human": "Of course. Your message goes to a person on our team.",
    "abuse": "I'm sorry that this has been so frustrating. Your message goes to a person on our team.",
    "too_long": "Your message is longer than I can read reliably, so it goes to a person on our team.",
    "language": "I can't answer in this language yet, so your message goes to a person on our team.",
    "no_passage": (
        "I found nothing about this in our documentation, and I would rather not guess. Your message goes to a person "
        "on our team."
    ),
    "empty": "Your message arrived without any text. What would you like to know?",
    "unreadable": "I could not read your message. Could you write your question again in a full sentence?",
}
_MAX_OPTIONS = 3


def customer_text(route: Route, reasons: Sequence[str], passages: Sequence[Passage] = ()) -> str:
    """The text for a route that is not an answer, chosen by the first reason.

    Args:
        passages: what retrieval found, best first; their titles are offered where the question fits several.
    """
    reason = reasons[0] if reasons else ""
    if route is Route.CLARIFY and reason == "ambiguous":
        titles = dict.fromkeys(title for passage in passages if (title := clean(passage.title)))
        options = "\n".join(f"- {title}" for title in list(titles)[:_MAX_OPTIONS])
        return f"Could you tell me a little more? Is it one of these?\n{options}"
    return _TEXTS.get(reason, _HANDED_OVER)
