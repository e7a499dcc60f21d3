from dataclasses import replace

import pytest

from support_agent.gate import Decision, Gate, Policy, SupportChecker, customer_text, measure_draft, measure_passages
from support_agent.gate.combiner import Combiner
from support_agent.gate.given import Found
from support_agent.gate.measure import measure_own_text, values_of
from support_agent.records import Draft, Passage, Reason, Route, Signal, Triage
from support_agent.retrieval.subject import Nearness
from support_agent.streaming import SentenceGate

NEARNESS = Nearness(far=0.3, edge=0.4, near=0.8)
WITHOUT_PROMISE = Policy(min_cosine=0.3)
KEY = Passage(
    "docs:1",
    "How do I get an API key?",
    "You can generate an API key in the API tab at app.lamini.ai. Keep it secret.",
    "docs",
    score=0.8,
    lead=0.1,
    word_score=1.0,
)
PRICE = Passage("docs:2", "How much is it?", "The free plan allows 200 calls a month.", "docs", 0.7, 1.0, 0.5)
# As near to a question about keys as KEY is, with another answer.
NEAR_KEY = replace(KEY, lead=0.01)
RENEW = Passage("docs:3", "How do I renew a key?", "Press renew.", "docs", 0.79, 1.0, 0.5)


def draft(text: str, **facts: object) -> Draft:
    return Draft(text, "scripted", tokens=10, sum_log_prob=-1.0, **facts)  # type: ignore[arg-type]


def before(text: str, passages: list[Passage], *, asked_back: bool = False) -> Decision:
    early = measure_passages(Found(text, passages, NEARNESS))
    return Gate(WITHOUT_PROMISE).on_passages(text, early, values_of(early), asked_back=asked_back)


def after(made: Draft, passages: list[Passage], policy: Policy = WITHOUT_PROMISE) -> Decision:
    late = measure_draft("", made, passages)
    values = {"retrieval_score": 0.8, **values_of(late.best.signals)}
    return Gate(policy).on_draft("", made, late, passages, values)


def test_sends_a_carried_draft_with_its_citation() -> None:
    decision = after(draft("Generate an API key in the API tab at app.lamini.ai."), [KEY, PRICE])
    assert decision.route is Route.ANSWER
    assert decision.citations[0].passage_id == "docs:1"
    assert decision.citations[0].quote == "You can generate an API key in the API tab at app.lamini.ai."


@pytest.mark.parametrize(
    "invented",
    [
        "Generate an API key in the API tab at app.lamini.com.",
        "Generate an API key in the API tab, or write to help@lamini.ai.",
        "You can generate 500 API keys in the API tab.",
        "Generate an API key in the API tab with make_key().",
        "Generate an API key at https://app.lamini.ai.evil.example/.",
        "You cannot generate an API key in the API tab.",
    ],
    ids=["host", "address", "number", "identifier", "longer link", "denial"],
)
def test_never_sends_an_invented_fact(invented: str) -> None:
    decision = after(draft(invented), [KEY, PRICE])
    assert (decision.route, decision.text) == (Route.HUMAN, "")


@pytest.mark.parametrize(
    ("made", "passage"),
    [
        ("The plan costs $9", "The plan costs $99 a month."),
        ("You can", "You cannot cancel the plan."),
        ("Write to help@lamini.a", "Write to help@lamini.ai."),
    ],
    ids=["number", "denial", "address"],
)
def test_a_quote_does_not_end_inside_a_word(made: str, passage: str) -> None:
    assert after(draft(made), [replace(KEY, text=passage)]).text == ""


def test_ends_the_answer_before_the_sentence_nothing_carries() -> None:
    text = "You can generate an API key in the API tab. Keep it secret. Bananas grow in forests. Keep the key."
    decision = after(draft(text), [KEY])
    assert decision.text == "You can generate an API key in the API tab. Keep it secret."
    assert decision.reasons == ("sentences_removed",)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (draft(""), "empty_draft"),
        (draft("Bananas grow in tropical forests."), "unsupported"),
        (draft("Yes."), "unsupported"),
        (draft("You can make an API key in the", finish="length"), "empty_draft"),
        (draft("Keep it secret. You can generate an API key in", finish="length"), "cut_off"),
        (Draft("Keep it secret.", "scripted", tokens=10, sum_log_prob=-40.0), "low_log_prob"),
        (draft("Keep the API key secret. " * 12), "loop"),
    ],
    ids=["empty", "other words", "nothing to carry", "only a fragment", "cut off", "unsure", "loop"],
)
def test_holds_a_draft_back(made: Draft, reason: str) -> None:
    decision = after(made, [KEY])
    assert (decision.route, decision.reasons[0]) == (Route.HUMAN, reason)


def test_drops_the_lead_in_of_what_it_drops() -> None:
    text = "Keep it secret. Open the API tab. You can generate an API key like this:\n\n```\nmake_key(9)\n```"
    assert after(draft(text), [KEY]).text == "Keep it secret. Open the API tab."


def test_every_draft_that_a_signal_holds_shows_the_signal() -> None:
    late = measure_draft("", draft("Keep the API key secret. " * 12), [KEY])
    assert [signal.name for signal in late.own.signals if signal.fired] == ["loop_share"]


def test_a_low_retrieval_score_hands_over() -> None:
    decision = before("best pizza in Naples", [Passage("docs:9", "t", "x", "docs", 0.2)])
    assert (decision.route, decision.reasons) == (Route.HUMAN, ("no_passage",))


def test_nothing_found_hands_over() -> None:
    assert before("anything at all", []).reasons == ("no_passage",)


def test_a_short_question_between_two_answers_is_asked_back() -> None:
    decision = before("the key?", [NEAR_KEY, RENEW])
    assert decision.route is Route.CLARIFY
    assert "How do I renew a key?" in customer_text(Route.CLARIFY, decision.reasons, [NEAR_KEY, RENEW])


@pytest.mark.parametrize(
    ("text", "passages"),
    [
        ("How do I generate an API key?", [NEAR_KEY, RENEW]),
        ("the key?", [KEY, RENEW]),
        ("the key?", [NEAR_KEY]),
        ("renew key", [replace(RENEW, lead=0.01), KEY]),
    ],
    ids=["full question", "clear lead", "one passage", "the very title of a passage"],
)
def test_what_is_clear_enough_goes_on(text: str, passages: list[Passage]) -> None:
    assert before(text, passages).route is None


def test_a_sentence_is_cited_with_the_passage_that_holds_most_of_it() -> None:
    sentence = SupportChecker([KEY, PRICE]).check("The free plan allows 200 calls.")
    assert sentence.citation is not None
    assert (sentence.citation.passage_id, sentence.citation.score) == ("docs:2", 1.0)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_that_can_be_given_is_explained_to_staff(reason: Reason) -> None:
    assert reason.staff.endswith(".")
    assert reason.route in Route


def test_self_harm_gets_a_text_with_help() -> None:
    assert "988" in customer_text(Route.HUMAN, ("danger_self_harm",))


def test_streams_nothing_of_a_draft_that_repeats_itself() -> None:
    gate = SentenceGate([KEY])
    assert gate.push("Keep the API key secret, keep the API key secret, keep the API key secret. You can") == ""


def test_streams_only_sentences_that_a_passage_carries() -> None:
    gate = SentenceGate([KEY])
    pieces = ["You can generate an API key in the API ", "tab. Keep it", " secret. Call 555", "0100 now. Keep it. "]
    assert [gate.push(piece) for piece in pieces] == [
        "",
        "You can generate an API key in the API tab.",
        " Keep it secret.",
        "",
    ]


@pytest.mark.parametrize(
    "tail",
    [
        "Ask Bob Smith there.",
        "Bananas purple monkeys eat the API key secret.",
        "\U0001f595\U0001f595",
        "Do not have it.",
    ],
    ids=["name", "three strange words", "emoji", "only stop words"],
)
def test_ends_the_answer_before(tail: str) -> None:
    decision = after(draft(f"You can generate an API key in the API tab. {tail}"), [KEY])
    assert decision.text == "You can generate an API key in the API tab."


@pytest.mark.parametrize("log_prob", [float("nan"), float("inf"), 5.0], ids=["not a number", "infinite", "above one"])
def test_a_log_prob_that_cannot_be_holds_the_draft_back(log_prob: float) -> None:
    made = Draft("Keep it secret.", "scripted", tokens=1, sum_log_prob=log_prob)
    assert after(made, [KEY]).reasons == ("low_log_prob",)


def test_a_yes_is_streamed_only_with_the_sentence_it_belongs_to() -> None:
    gate = SentenceGate([KEY])
    assert [gate.push(piece) for piece in ("Yes. Keep", " it secret. You")] == ["", "Yes. Keep it secret."]


def test_characters_that_nobody_sees_are_not_sent() -> None:
    assert after(draft("Keep it \u202esecret\u200b."), [KEY]).text == "Keep it secret."


def test_a_second_question_back_is_not_asked() -> None:
    decision = before("the key?", [NEAR_KEY, RENEW], asked_back=True)
    assert (decision.route, decision.reasons) == (Route.HUMAN, ("asked_back_already",))


def test_words_that_decide_alone_decide_before_anything_is_embedded() -> None:
    triage = Triage("Die", "Die", "en", reasons=(Reason.DANGER_SELF_HARM, Reason.ABUSE))
    assert Gate().on_words(triage) == Decision(Route.HUMAN, (Reason.DANGER_SELF_HARM, Reason.ABUSE))
    assert Gate().on_words(Triage("Hi", "Hi", "en")).route is None


def test_no_meaning_is_read_into_what_a_machine_wrote() -> None:
    triage = Triage("Delivery failed.", "Delivery failed.", "en", reasons=(Reason.AUTO_REPLY,))
    assert Gate().on_words(triage) == Decision(Route.HUMAN, (Reason.AUTO_REPLY,))


@pytest.mark.parametrize("reason", [Reason.BILLING, Reason.LANGUAGE, Reason.DANGER_LEGAL, Reason.ASKED_FOR_HUMAN])
def test_what_a_danger_or_anger_may_outrank_waits_for_the_meaning(reason: Reason) -> None:
    triage = Triage("Cancel my account.", "Cancel my account.", "en", reasons=(reason,))
    assert Gate().on_words(triage).route is None
    assert Gate().on_ticket(triage) == Decision(Route.HUMAN, (reason,))


@pytest.mark.parametrize(
    ("language", "reasons"),
    [("en", ()), ("und", ()), ("de", (Reason.LANGUAGE,))],
    ids=["calibrated", "not to be told", "another"],
)
def test_a_promise_is_kept_in_the_languages_it_was_measured_in(language: str, reasons: tuple[Reason, ...]) -> None:
    policy = Policy(languages=frozenset({"en"}))
    assert Gate(policy).on_ticket(Triage("Hi", "Hi", language)).reasons == reasons


def test_what_meaning_found_is_named_before_the_language() -> None:
    triage = Triage("Hallo", "Hallo", "de", reasons=(Reason.FRUSTRATED,))
    assert Gate(Policy(languages=frozenset({"en"}))).on_ticket(triage).reasons == (Reason.FRUSTRATED,)


SURE_OF_SUPPORT = Policy(Combiner(("mean_support",), (0.9,), (0.1,), (1.0,), 0.0), threshold=0.5)
CLOSED = [Reason.NOT_PROVEN_YET, Reason.RENEWAL_DUE, Reason.PROMISE_WITHDRAWN]


@pytest.mark.parametrize("closed", CLOSED)
def test_a_closed_gate_says_why_and_makes_a_suggestion_of_what_it_would_send(closed: Reason) -> None:
    made = draft("Generate an API key in the API tab at app.lamini.ai.")
    sent, kept = after(made, [KEY], SURE_OF_SUPPORT), after(made, [KEY], replace(SURE_OF_SUPPORT, closed=closed))
    assert (sent.route, sent.suggestion) == (Route.ANSWER, "")
    assert (kept.route, kept.reasons, kept.text) == (Route.HUMAN, (closed,), "")
    assert (kept.suggestion, kept.confidence) == (sent.text, sent.confidence)


def test_a_draft_that_nothing_can_stand_in_for_is_no_suggestion_even_behind_a_closed_gate() -> None:
    empty = replace(KEY, text="")
    decision = after(draft("Bananas grow in forests."), [empty], replace(SURE_OF_SUPPORT, closed=CLOSED[0]))
    assert (decision.reasons, decision.suggestion) == (("unsupported",), "")


@pytest.mark.parametrize(
    ("reasons", "policy", "decided"),
    [
        ((Reason.OUT_OF_SCOPE,), WITHOUT_PROMISE, (Reason.OUT_OF_SCOPE,)),
        ((Reason.OUT_OF_SCOPE,), SURE_OF_SUPPORT, ()),
        ((Reason.OUT_OF_SCOPE,), replace(SURE_OF_SUPPORT, closed=CLOSED[0]), ()),
        ((Reason.OUT_OF_SCOPE, Reason.FRUSTRATED), SURE_OF_SUPPORT, (Reason.FRUSTRATED,)),
        ((Reason.FRUSTRATED, Reason.OUT_OF_SCOPE), WITHOUT_PROMISE, (Reason.FRUSTRATED, Reason.OUT_OF_SCOPE)),
        ((Reason.OUT_OF_SCOPE,), replace(SURE_OF_SUPPORT, languages=frozenset({"de"})), (Reason.LANGUAGE,)),
    ],
    ids=["no promise", "a promise", "nothing proven", "angry too", "angry, no promise", "another language"],
)
def test_scope_decides_only_where_no_proof_is_asked_for(
    reasons: tuple[Reason, ...], policy: Policy, decided: tuple[Reason, ...]
) -> None:
    assert Gate(policy).on_ticket(Triage("Hi", "Hi", "en", reasons=reasons)).reasons == decided


def on_passages(policy: Policy) -> Decision:
    """What a policy decides on KEY alone: with SURE_OF_SUPPORT's combiner the best draft may reach 0.7311."""
    early = measure_passages(Found("How do I get a key?", [KEY], NEARNESS))
    return Gate(policy).on_passages("How do I get a key?", early, values_of(early), asked_back=False)


@pytest.mark.parametrize(("draft_from", "route"), [(0.7, None), (0.75, Route.HUMAN)], ids=["may reach it", "cannot"])
def test_a_draft_is_written_only_where_it_may_reach_the_score_that_is_worth_one(
    draft_from: float, route: Route | None
) -> None:
    decision = on_passages(replace(SURE_OF_SUPPORT, threshold=0.9, draft_from=draft_from))
    assert decision.route is route
    [signal] = decision.signals
    assert (signal.name, signal.value, signal.threshold) == (
        "highest_confidence",
        pytest.approx(0.7311, abs=1e-4),
        draft_from,
    )
    assert signal.fired is (route is not None)


def test_a_promise_in_force_writes_drafts_below_its_threshold_too() -> None:
    assert on_passages(replace(SURE_OF_SUPPORT, threshold=0.9)).route is None


@pytest.mark.parametrize("closed", CLOSED)
def test_a_closed_gate_names_its_own_reason_where_no_draft_is_worth_writing(closed: Reason) -> None:
    assert on_passages(replace(SURE_OF_SUPPORT, draft_from=0.9, closed=closed)).reasons == (closed,)


@pytest.mark.parametrize(
    ("policy", "certified"),
    [(WITHOUT_PROMISE, False), (SURE_OF_SUPPORT, True), (replace(SURE_OF_SUPPORT, closed=CLOSED[0]), True)],
    ids=["no promise", "a promise", "nothing proven"],
)
def test_whole_drafts_only_are_let_out_where_proof_is_asked_for(policy: Policy, certified: bool) -> None:
    assert Gate(policy).certified is certified


def test_without_a_promise_a_quote_does_not_stand_in_for_a_draft() -> None:
    made = draft("Call us at 555-0100.")
    late = measure_own_text("", made, [KEY])
    decision = Gate(WITHOUT_PROMISE).on_draft("", made, late, [KEY], {})
    assert (decision.route, decision.reasons, decision.suggestion) == (Route.HUMAN, ("unsupported",), "")


def test_under_a_promise_the_best_passage_stands_in_for_a_draft_that_cannot_be_sent() -> None:
    decision = after(draft("Call us at 555-0100."), [KEY], SURE_OF_SUPPORT)
    assert (decision.route, decision.reasons) == (Route.ANSWER, ("quoted", "unsupported"))
    assert decision.text == KEY.text


def test_under_a_promise_a_text_below_the_threshold_is_not_sent_but_suggested() -> None:
    strict = replace(SURE_OF_SUPPORT, threshold=0.99)
    decision = after(draft("Generate an API key in the API tab at app.lamini.ai."), [KEY], strict)
    assert (decision.route, decision.reasons[0], decision.text) == (Route.HUMAN, "low_confidence", "")
    assert decision.suggestion == "Generate an API key in the API tab at app.lamini.ai."
    assert 0.5 < decision.confidence < 0.99


def test_a_signal_that_pulled_the_confidence_down_is_named_even_where_nobody_worded_it() -> None:
    unworded = Policy(Combiner(("new_signal",), (1.0,), (0.1,), (1.0,), 0.0), threshold=0.9, draft_from=0.9)
    early = (Signal("retrieval_score", 0.8, None, False), Signal("new_signal", 0.0, None, False))
    decision = Gate(unworded).on_passages("", early, values_of(early), asked_back=False)
    assert decision.reasons == (Reason.LOW_CONFIDENCE, Reason.WEAK_SIGNAL)


def test_an_answer_that_was_cut_short_says_so_after_it_says_that_it_is_a_quote() -> None:
    open_to_all = Policy(SURE_OF_SUPPORT.combiner, threshold=0.1)
    made = draft("You can generate an API key in the API tab. Keep it secret. Bananas grow. Keep the key.")
    assert after(made, [KEY], open_to_all).reasons == ("sentences_removed",)


@pytest.mark.parametrize("asked_back", [False, True])
def test_nobody_is_answered_in_a_language_they_did_not_use(asked_back: bool) -> None:
    question = "Wo finde ich denn bitte meinen Schlüssel für die Schnittstelle?"
    decision = before(question, [KEY], asked_back=asked_back)
    assert (decision.route, decision.reasons) == (Route.HUMAN, ("language",))


def test_an_answer_in_the_customers_language_passes() -> None:
    german = Passage(
        "docs:9", "Wo ist der Schlüssel?", "Den Schlüssel finden Sie auf der Seite Ihres Kontos.", "d", 0.8, 0.3
    )
    assert before("Wo finde ich denn bitte meinen Schlüssel für die Schnittstelle?", [german]).route is None
