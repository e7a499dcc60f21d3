import re
from pathlib import Path

import pytest

from support_agent import Agent, Passage, Route
from support_agent.config import Config, load_config
from support_agent.errors import ConfigError
from support_agent.gate.texts import customer_text, load_texts, shipped_texts
from support_agent.records import Reason
from support_agent.triage.language import detect

LANGUAGES = "ar de en es fr hi it ja nl pt ru zh".split()
SHIPPED = shipped_texts().by_language
PASSAGES = [
    Passage("docs:1", "How do I get a key?", "x", "docs"),
    Passage("docs:2", "How do I get a key?", "y", "docs"),
    Passage("docs:3", "How do I\nrenew\u200b a {options} key?", "z", "docs"),
    Passage("docs:4", "", "z", "docs"),
    Passage("docs:5", "Third", "z", "docs"),
    Passage("docs:6", "Fourth", "z", "docs"),
]
# A reply is read hours later or at once: no text may say when somebody answers, nor speak as a named person.
TIME_OR_NAME = re.compile(
    r"\d+\s*(?:hours?|days?|minutes?|business|stunden?|tage?n?|minuten|horas?|días?|dias?)\b"
    r"|\d+\s*(?:heures?|jours?|ore|giorni|uur|dagen)\b"
    r"|\b(?:soon|shortly|today|tomorrow|in kürze|bald|umgehend|heute|morgen|pronto|en breve|hoy|mañana|bientôt)\b"
    r"|\b(?:rapidement|aujourd'hui|demain|a breve|oggi|domani|em breve|hoje|amanhã|spoedig|binnenkort|vandaag|morgen)\b"
    r"|\b(?:скоро|вскоре|сегодня|завтра)\b|в течение|в ближайшее|घंटे|मिनट|जल्द|आज ही|尽快|很快|马上|小时|今天|明天"
    r"|قريب|ساعة|اليوم|غد|時間|すぐ|まもなく|間もなく|本日|明日"
    r"|\b(?:my name is|mein name|ich heiße|me llamo|mi nombre|je m'appelle|mi chiamo|meu nome|chamo-me|mijn naam)\b"
    r"|меня зовут|मेरा नाम|我叫|اسمي|と申します|\b(?:regards|grüße|saludos|cordialement|cordiali|groet)\b",
    re.IGNORECASE,
)


def own(folder: Path, name: str, toml: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(toml, "utf-8")
    return folder


def test_twelve_languages_are_shipped() -> None:
    assert sorted(SHIPPED) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_keys_of_english_in_its_order(language: str) -> None:
    assert list(SHIPPED[language]) == list(SHIPPED["en"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_placeholders_of_english(language: str) -> None:
    found = {name: re.findall(r"[{}]|\{\w+\}", text.words) for name, text in SHIPPED[language].items()}
    assert found == {name: re.findall(r"[{}]|\{\w+\}", text.words) for name, text in SHIPPED["en"].items()}
    assert [name for name, braces in found.items() if braces] == ["notice.reply_time", "clarify.ambiguous"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_file_is_in_its_own_language(language: str) -> None:
    assert detect(" ".join(text.words for text in SHIPPED[language].values()))[0] == language


# What closes the gate is the owner's matter; a customer is told the same.
TOLD_ALIKE = {"human.not_proven_yet", "human.renewal_due"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_texts_of_a_language_are_the_same_but_those_of_a_closed_gate(language: str) -> None:
    texts = {name: text.words for name, text in SHIPPED[language].items()}
    assert len({texts[name] for name in TOLD_ALIKE}) == 1
    assert len(set(texts.values())) == len(texts) - 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_promises_a_time_or_bears_a_name(language: str) -> None:
    assert [text.words for text in SHIPPED[language].values() if TIME_OR_NAME.search(text.words)] == []


def test_the_search_for_promises_finds_one() -> None:
    assert TIME_OR_NAME.search("We answer within 24 hours. Kind regards, Anna")


@pytest.mark.parametrize(
    "reason", [name.split(".")[1] for name in SHIPPED["en"] if not re.search(r"^notice|default$", name)]
)
def test_every_text_belongs_to_a_reason_that_staff_can_read(reason: str) -> None:
    assert Reason(reason).staff


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("route", [Route.HUMAN, Route.CLARIFY])
def test_every_reason_has_a_text_without_placeholders(language: str, route: Route) -> None:
    sent = {reason: customer_text(route, (reason,), language=language) for reason in Reason}
    assert [reason for reason, text in sent.items() if not re.fullmatch(r"[^{}]{8,}", text)] == []


@pytest.mark.parametrize(
    ("language", "numbers"),
    [
        ("ar", []),
        ("de", ["112", "0800 111 0 111", "142", "143"]),
        ("en", ["112", "911", "988", "116 123", "13 11 14"]),
        ("es", ["112", "911", "024", "800 911 2000", "988"]),
        ("fr", ["112", "911", "3114", "0800 32 123", "143", "988"]),
        ("hi", ["112", "14416"]),
        ("it", ["112", "02 2327 2327", "143"]),
        ("ja", ["119", "110", "0120-279-338"]),
        ("nl", ["112", "113", "0800-0113", "1813"]),
        ("pt", ["112", "190", "192", "188", "808 24 24 24"]),
        ("ru", ["112", "+7 495 989-50-50", "8-800-2000-122"]),
        ("zh", ["110", "120", "12356", "1925", "2389 2222"]),
    ],
)
def test_self_harm_names_the_help_of_the_languages_countries_and_no_other_number(
    language: str, numbers: list[str]
) -> None:
    text = customer_text(Route.HUMAN, ("danger_self_harm",), language=language)
    digits = re.findall(r"\d", text)
    assert [number for number in [*numbers, "findahelpline.com"] if number not in text] == []
    assert sorted({*digits} - {*"".join(numbers)}) == []


@pytest.mark.parametrize(
    ("language", "served"),
    [
        ("pt-BR", "pt"),
        ("zh-Hans-CN", "zh"),
        ("DE_at", "de"),
        ("sv", "en"),
        ("und", "en"),
        ("", "en"),
    ],
)
def test_a_language_without_texts_falls_back_to_its_base_and_then_to_english(language: str, served: str) -> None:
    sent = customer_text(Route.HUMAN, ("abuse",), language=language)
    assert sent == SHIPPED[served]["human.abuse"].words


@pytest.mark.parametrize(
    ("route", "reasons", "key"),
    [
        (Route.HUMAN, ("abuse", "too_long"), "human.abuse"),
        (Route.HUMAN, ("injection", "abuse"), "human.default"),
        (Route.HUMAN, ("nothing known",), "human.default"),
        (Route.HUMAN, (), "human.default"),
        (Route.HUMAN, ("ambiguous",), "human.default"),
        (Route.CLARIFY, ("abuse",), "clarify.default"),
        (Route.CLARIFY, ("empty",), "clarify.empty"),
        (Route.HUMAN, ("default",), "human.default"),
    ],
    ids=["first", "no text", "unknown", "none", "another route's", "another route's too", "clarify", "by its name"],
)
def test_the_first_reason_chooses_within_its_route(route: Route, reasons: tuple[str, ...], key: str) -> None:
    assert customer_text(route, reasons, PASSAGES) == SHIPPED["en"][key].words


def test_offers_up_to_three_different_titles_one_a_line() -> None:
    sent = customer_text(Route.CLARIFY, ("ambiguous",), PASSAGES, language="de")
    assert sent.splitlines()[1:] == ["- How do I get a key?", "- How do I renew a {options} key?", "- Third"]


def test_a_long_title_is_cut() -> None:
    sent = customer_text(Route.CLARIFY, ("ambiguous",), [Passage("docs:1", "long " * 1000, "x", "docs")])
    assert len(sent.splitlines()[1]) == 2 + 120


def test_two_files_for_one_language_are_refused(tmp_path: Path) -> None:
    for name in ("de.toml", "DE.TOML"):
        (tmp_path / name).write_text("[human]\nabuse = 'x'", "utf-8")
    with pytest.raises(ConfigError, match="two files for the language 'de'"):
        load_texts(tmp_path)


def test_asks_openly_where_there_is_nothing_to_offer() -> None:
    sent = customer_text(Route.CLARIFY, ("ambiguous",), [Passage("docs:1", " ", "x", "docs")], language="fr")
    assert sent == SHIPPED["fr"]["clarify.default"].words


def test_right_to_left_text_and_its_marks_are_left_as_they_are(tmp_path: Path) -> None:
    marked = "\u200fاكتبوا إلى \u2066help@example.com\u2069 من فضلكم."
    texts = load_texts(own(tmp_path, "ar.toml", f'[human]\nabuse = "{marked}"\n'))
    assert customer_text(Route.HUMAN, ("abuse",), language="ar", texts=texts) == marked


def test_an_own_file_changes_single_texts(tmp_path: Path) -> None:
    texts = load_texts(own(tmp_path, "de.toml", '[human]\nabuse = """\nOje.\n"""\n'))
    assert texts.find("human", "abuse", "de").words == "Oje."
    assert texts.find("human", "abuse", "de").file == tmp_path / "de.toml"
    assert texts.find("human", "too_long", "de") == SHIPPED["de"]["human.too_long"]
    assert texts.find("human", "abuse", "en") == SHIPPED["en"]["human.abuse"]


def test_an_own_file_adds_a_language_whose_other_texts_are_english(tmp_path: Path) -> None:
    texts = load_texts(own(tmp_path, "sv.toml", '[human]\nabuse = "Det var tråkigt."\n'))
    assert texts.find("human", "abuse", "sv-SE").words == "Det var tråkigt."
    assert texts.find("human", "danger_self_harm", "sv") == SHIPPED["en"]["human.danger_self_harm"]


def test_an_own_region_goes_before_its_language(tmp_path: Path) -> None:
    texts = load_texts(own(tmp_path, "pt-BR.toml", '[human]\nabuse = "Sinto muito."\n'))
    assert texts.find("human", "abuse", "pt-br").words == "Sinto muito."
    assert texts.find("human", "abuse", "pt") == SHIPPED["pt"]["human.abuse"]
    assert texts.find("human", "too_long", "pt-br") == SHIPPED["pt"]["human.too_long"]


def test_other_files_in_the_folder_are_not_read(tmp_path: Path) -> None:
    assert load_texts(own(tmp_path, "README.md", "Ours.")) == shipped_texts()


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    texts = load_texts(own(tmp_path, "de.toml", '\ufeff[human]\nabuse = "Oje."\n'))
    assert texts.find("human", "abuse", "de").words == "Oje."


@pytest.mark.parametrize(
    ("name", "toml", "words"),
    [
        ("de.toml", "[human]\nabus = 'x'", r"de\.toml: there is no text 'human\.abus'. Did you mean 'human\.abuse'"),
        ("de.toml", "[robot]\nx = 'x'", r"no text 'robot\.x'. `support-agent config texts en` lists"),
        ("de.toml", "[answer]\ndefault = 'x'", r"no text 'answer\.default'"),
        ("de.toml", "abuse = 'x'", r"de\.toml: 'abuse' stands outside a table. Put it below \[human\]"),
        ("de.toml", "[human]\nabuse = 3", r"de\.toml: 'human\.abuse' must be a text in quotes, not 3"),
        ("de.toml", "[human]\nabuse = ['x']", r"'human\.abuse' must be a text in quotes"),
        ("de.toml", "[human.abuse]\ntext = 'x'", r"'human\.abuse' must be a text in quotes"),
        ("de.toml", "[human]\nabuse = ' '", r"'human\.abuse' must be a text in quotes, not ' '"),
        ("de.toml", "[human]\nabuse = 'Hallo {name}'", r"'human\.abuse' must hold no placeholder, not \{name\}"),
        ("de.toml", "[clarify]\nambiguous = 'Was?'", r"'clarify\.ambiguous' must hold \{options\}, not none"),
        ("de.toml", "[clarify]\nambiguous = '{titles}'", r"'clarify\.ambiguous' must hold \{options\}, not \{titles\}"),
        ("de.toml", "[human]\nabuse = '\u200b'", r"'human\.abuse' must be a text in quotes"),
        ("de.toml", "[clarify]\nambiguous = 'Was? {options'", r"must hold \{options\}, not \{"),
        ("de.toml", "a=" + "[" * 5000, r"de\.toml is not a readable TOML file"),
        ("sv.toml", "[human]\nabus = 'x'", r"sv\.toml: there is no text"),
        ("de.toml", "[human\nabuse = 'x'", r"de\.toml is not a readable TOML file: .*line 1"),
        ("german.toml", "[human]\nabuse = 'x'", r"german\.toml is not named for a language.* such as de\.toml"),
    ],
    ids=[
        "unknown key",
        "unknown route",
        "a route without texts",
        "no table",
        "a number",
        "a list",
        "a table",
        "blank",
        "unknown placeholder",
        "placeholder missing",
        "wrong placeholder",
        "nothing to be seen",
        "half a placeholder",
        "a table without end",
        "new language",
        "not TOML",
        "file name",
    ],
)
def test_an_own_file_that_does_not_fit_is_refused_with_file_and_key(
    tmp_path: Path, name: str, toml: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        load_texts(own(tmp_path, name, toml))


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "de.toml").write_bytes("[human]\nabuse = 'schön'".encode("latin-1"))
    with pytest.raises(ConfigError, match="not a readable TOML file"):
        load_texts(tmp_path)


def test_a_folder_that_is_not_there_is_refused_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere is not there. `support-agent config texts --export"):
        load_texts(tmp_path / "nowhere")


def test_the_version_follows_the_words_and_not_the_place(tmp_path: Path) -> None:
    same = load_texts(own(tmp_path / "a", "de.toml", '[human]\nabuse = "Oje."\n'))
    moved = load_texts(own(tmp_path / "b", "de.toml", '[human]\nabuse = "Oje."\n'))
    assert same.version == moved.version != shipped_texts().version


def test_a_customer_is_answered_in_the_ticket_s_language(agent: Agent) -> None:
    reply = agent.ask("Ich möchte bitte mit einem richtigen Menschen aus Ihrem Team sprechen.")
    assert reply.text in {text.words for text in SHIPPED["de"].values()}


def test_a_ticket_whose_language_is_not_known_gets_the_first_configured_one(agent: Agent) -> None:
    german = Agent(agent.index, agent.generator, Config(languages=("de", "en")))
    assert german.ask("").text == SHIPPED["de"]["clarify.empty"].words


def test_the_agent_sends_the_owner_s_words_and_says_so_in_its_versions(agent: Agent, tmp_path: Path) -> None:
    folder = own(tmp_path, "en.toml", '[clarify]\nempty = "Yes?"\n')
    reply = Agent(agent.index, agent.generator, Config(texts=str(folder))).ask("")
    assert reply.text == "Yes?"
    assert reply.versions["texts"] != agent.versions["texts"]
    assert reply.versions["settings"] == agent.versions["settings"]


def test_the_folder_beside_the_settings_file_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop" / "texts").mkdir(parents=True)
    (tmp_path / "shop" / "settings.toml").write_text("passages = 2\n")
    monkeypatch.chdir(tmp_path)
    loaded = load_config("shop/settings.toml")
    assert loaded.config.texts == str(tmp_path / "shop" / "texts")
    assert loaded.sources["texts"] == f"beside {Path('shop/settings.toml')}"


@pytest.mark.parametrize(
    ("keyword", "toml", "folder"),
    [(None, 'texts = "words"\n', "shop/words"), ("words", 'texts = "other"\n', None), (None, "passages = 2\n", None)],
    ids=["in the file: beside it", "as a keyword: in the working folder", "no folder: none"],
)
def test_a_named_folder_is_relative_to_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keyword: str | None, toml: str, folder: str | None
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "settings.toml").write_text(toml)
    monkeypatch.chdir(tmp_path)
    expected = str(tmp_path / folder) if folder else keyword
    assert load_config("shop/settings.toml", texts=keyword).config.texts == expected
