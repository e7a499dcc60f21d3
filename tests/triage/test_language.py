"""Which language a text is in, and when nothing is said."""

import pytest

from support_agent.triage.language import detect, language_signal


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Привет", "ru"),
        ("Где мой заказ", "ru"),
        ("مرحبا", "ar"),
        ("你好", "zh"),
        ("こんにちは", "ja"),
        ("नमस्ते", "hi"),
        ("안녕", "ko"),
        ("Ошибка API 500", "ru"),
    ],
)
def test_a_script_tells_the_language_after_one_word(text: str, language: str) -> None:
    assert detect(text)[0] == language


@pytest.mark.parametrize("text", ["Hilfe", "ayuda", "merci beaucoup", "ok thanks", "500", ""])
def test_a_word_or_two_in_Latin_letters_tells_nothing(text: str) -> None:  # noqa: N802
    assert detect(text)[0] == "und"


def test_one_foreign_word_in_an_English_question_changes_nothing() -> None:  # noqa: N802
    assert detect("How does the tokenizer split the word Привет in my data?")[0] == "en"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What does 'Die Rechnung ist überfällig' mean in the mail I got?", "en"),
        ("What does “您的订单已取消” mean on my screen?", "en"),
        ('Was heißt "your invoice is overdue" in der Mail?', "de"),
        ('"Die Rechnung ist überfällig"', "de"),
        ("I don't know what's wrong with Bob's settings", "en"),
    ],
    ids=["single quotes", "another script", "English quoted in German", "nothing but a quote", "apostrophes"],
)
def test_quoted_words_are_somebody_elses(text: str, language: str) -> None:
    assert detect(text)[0] == language


@pytest.mark.parametrize(("code", "fires"), [("de", True), ("en", False), ("und", False)])
def test_only_a_known_language_that_is_not_served_fires(code: str, fires: bool) -> None:
    assert language_signal(code, 0.9, ("en",)).fired is fires
