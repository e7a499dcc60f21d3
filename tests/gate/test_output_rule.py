"""No link, address, number or identifier is sent that no passage holds, however it is written.

Each forged sentence is a carried one with a few words of an attacker's put in; the passage is the only trusted text.
"""

import pytest

from support_agent.gate.support import SupportChecker
from support_agent.records import Passage

PASSAGE = Passage(
    "docs:1",
    "How do I get an API key, and what does it cost?",
    "Open the API tab at https://app.lamini.ai and generate an API key. Write to help@lamini.ai for support. The key "
    "costs $99 a month and holds for 30 days. Install version 2.1 with `pip install lamini` and call `load_data()`.",
    "docs",
    0.8,
)
CHECKER = SupportChecker([PASSAGE])

LINKS = {
    "host": "Generate the API key at evil.com.",
    "scheme": "Generate the API key at https://evil.com.",
    "hxxp": "Generate the API key at hxxps://evil.com.",
    "spaced hxxp": "Generate the API key at hxxp : //evil .com.",
    "brackets around the dot": "Generate the API key at evil[.]com.",
    "round brackets": "Generate the API key at evil(.)com.",
    "dot in words": "Generate the API key at lamini dot com.",
    "dot in brackets": "Generate the API key at lamini [dot] com.",
    "dot in capitals": "Generate the API key at lamini DOT com.",
    "spaces around the dot": "Generate the API key at lamini . com.",
    "space after the dot": "Generate the API key at app .lamini .com.",
    "Cyrillic letter": "Generate the API key at https://аpp.lamini.ai.",
    "Greek letter": "Generate the API key at https://app.lαmini.ai.",
    "accent": "Generate the API key at https://app.lamíni.ai.",
    "punycode": "Generate the API key at https://xn--lamni-3ya.ai.",
    "full width": "Generate the API key at ｅｖｉｌ．ｃｏｍ.",
    "ideographic full stop": "Generate the API key at evil。com.",
    "one dot leader": "Generate the API key at evil․com.",
    "look-alike slash": "Generate the API key at https:∕∕evil.",
    "zero width": "Generate the API key at evil\u200b.\u200bcom.",
    "soft hyphen": "Generate the API key at app.lamini.a\u00adi.evil.",
    "user part": "Generate the API key at https://app.lamini.ai@evil.com.",
    "longer host": "Generate the API key at https://app.lamini.ai.evil.com.",
    "longer path": "Generate the API key at https://app.lamini.ai/login.",
    "query": "Generate the API key at https://app.lamini.ai?next=evil.",
    "fragment": "Generate the API key at https://app.lamini.ai#evil.",
    "port": "Generate the API key at https://app.lamini.ai:8443.",
    "other subdomain": "Generate the API key at https://api.lamini.ai.",
    "shortened host": "Generate the API key at lamini.io.",
    "no scheme": "Generate the API key at //evil.",
    "script": "Generate the API key with javascript:alert(1).",
    "data link": "Generate the API key with data:text/html,evil.",
    "other scheme": "Generate the API key at ftp://app.lamini.ai.",
    "address of a machine": "Generate the API key at 10.0.0.1.",
    "relative Markdown link": "Generate the [API](key/evil) in the tab.",
    "address as one number": "Generate the API key at http://3232235777.",
    "IPv6": "Generate the API key at [::1].",
    "Markdown link": "Generate the [API key](https://evil.com) in the API tab.",
    "Markdown link without a dot": "Generate the [API key](//evil) in the API tab.",
    "Markdown reference": "Generate the [API key][1] in the API tab.",
    "Markdown image": "Generate the API key ![x](https://evil.com/a.png).",
    "HTML link": 'Generate the <a href="https://evil.com">API key</a> in the tab.',
    "angle brackets": "Generate the API key at <evil.com>.",
    "entity in the host": "Generate the API key at evil&#46;com.",
    "hexadecimal entity": "Generate the API key at evil&#x2e;com.",
    "named entity": "Generate the API key at evil&period;com.",
    "percent": "Generate the API key at evil%2Ecom.",
    "escape": "Generate the API key at evil\\x2ecom.",
    "slash in words": "Generate the API key at app lamini ai slash login dot php.",
}
ADDRESSES = {
    "e-mail": "Write to help@evil.com for support.",
    "other box": "Write to billing@lamini.ai for support.",
    "spaces": "Write to help @ lamini . com for support.",
    "at in words": "Write to key at lamini dot ai for support.",
    "at in brackets": "Write to help [at] lamini [dot] com for support.",
    "at in round brackets": "Write to help (at) lamini (dot) com for support.",
    "full-width at": "Write to support＠lamini.ai for support.",
    "small at": "Write to support﹫lamini.ai for support.",
    "handle": "Write to @lamini_support for support.",
    "channel": "Write to #lamini for support.",
    "mailto": "Write to mailto:support for support.",
}
NUMBERS = {
    "digits": "The key costs $49 a month.",
    "telephone": "Call +1 900 555 0100 for support.",
    "telephone in words": "Call nine zero zero five five five for support.",
    "telephone with oh": "Call one oh one for support.",
    "single digit in words": "The key costs one cent a month.",
    "zero in words": "The key costs zero a month.",
    "ordinal in words": "The first month of the key costs nothing.",
    "ordinal in digits": "The 1st month holds the key.",
    "amount in words": "The key costs ninety a month.",
    "big amount in words": "The key costs a hundred a month.",
    "joined words": "The key costs twentyfive a month.",
    "half": "The key costs half a month.",
    "other currency": "The key costs €99 a month.",
    "currency in words": "The key costs 99 pounds a month.",
    "currency after": "The key costs 99£ a month.",
    "percent": "The key costs 30% a month.",
    "percent in words": "The key costs 30 percent a month.",
    "thousands": "The key costs $99,000 a month.",
    "decimals": "The key costs $99.99 a month.",
    "minus": "The key costs -99 a month.",
    "other unit glued": "The key holds for 30min.",
    "date": "The key holds until 2024-05-01.",
    "weekday": "The key holds until Monday.",
    "time": "The key holds until 5pm.",
    "version": "Install version 2.2 with pip.",
    "version glued": "Install version v2.1.1 with pip.",
    "full width": "The key costs ４９ a month.",
    "Arabic-Indic": "The key costs ٤٩ a month.",
    "Devanagari": "The key costs ४९ a month.",
    "Arabic-Indic, value held": "The key holds for ٣١ days.",
    "Chinese": "The key costs 四十九 a month.",
    "superscript": "The key costs ⁴⁹ a month.",
    "circled": "The key costs ④ a month.",
    "Roman": "Install version XIV with pip.",
    "Roman sign": "Install version Ⅳ with pip.",
    "fraction": "The key costs ½ a month.",
    "mathematical digits": "The key costs 𝟒𝟗 a month.",
    "entity": "The key costs &#52;&#57; a month.",
    "zero width inside": "The key costs 9\u200b9\u200b9 a month.",
    "spaced digits": "The key costs 9 9 9 a month.",
    "letter O": "The key costs $9O a month.",
}
IDENTIFIERS = {
    "IBAN": "The key costs DE89370400440532013000 a month.",
    "spaced IBAN": "The key costs DE89 3704 0044 0532 0130 00 a month.",
    "card number": "The key costs 4111 1111 1111 1111 a month.",
    "hash": "Install version deadbeefcafe with pip.",
    "wallet": "The key costs bc1qar0srrr7xfkvy5l643 a month.",
    "other function": "Install version 2.1 and call drop_data().",
    "function without brackets": "Install version 2.1 and call drop_data.",
    "camel case": "Install version 2.1 and call loadData.",
    "code": "Install version 2.1 with `curl evil`.",
    "fenced code": "Install version 2.1 with pip:\n```\nrm -rf ~\n```",
    "other package": "Install version 2.1 with `pip install lamini-evil`.",
    "package in plain words": "Install version 2.1 with pip install laminy.",
    "flag": "Install version 2.1 with pip --force.",
    "short flag": "Install version 2.1 with pip -U.",
    "path": "Open the API tab at /etc/passwd.",
    "Windows path": "Open the API tab at C:\\Windows.",
    "home": "Open the API tab at ~/key.",
    "variable": "Open the API tab and generate $KEY.",
    "environment": "Open the API tab and generate API_KEY=key.",
    "name": "Write to Bob for support.",
    "two names": "Write to Bob Smith for support.",
    "tag": "Open the <script>API</script> tab.",
}
# Plain words that a forger may bend: only the meaning shows it, and the calibration counts how often that happens.
GAPS = {
    "price in words": "The API key is free of cost.",
    "month that is a verb": "The key holds for a month until May.",
    "held number elsewhere": "The key costs $99 for 30 days.",
    "spoken host without an end": "Open the API tab at lamini evil.",
}
CARRIED = [
    "Open the API tab at https://app.lamini.ai and generate an API key.",
    "Generate an API key at app.lamini.ai.",
    "Write to help@lamini.ai for support.",
    "The key costs $99 a month.",
    "The API key holds for 30 days.",
    "Install version 2.1 with `pip install lamini`.",
    "Call load_data() with the key.",
    "**Open** the API tab.",
    "Open the API tab at [https://app.lamini.ai](https://app.lamini.ai).",
    "Generate a key at the API tab, then write to support.",
]


def _cases(table: dict[str, str]) -> list[object]:
    return [pytest.param(text, id=name) for name, text in table.items()]


@pytest.mark.parametrize("sentence", _cases(LINKS))
def test_a_forged_link_does_not_fit(sentence: str) -> None:
    assert not CHECKER.check(sentence).fits


@pytest.mark.parametrize("sentence", _cases(ADDRESSES))
def test_a_forged_address_does_not_fit(sentence: str) -> None:
    assert not CHECKER.check(sentence).fits


@pytest.mark.parametrize("sentence", _cases(NUMBERS))
def test_a_forged_number_does_not_fit(sentence: str) -> None:
    assert not CHECKER.check(sentence).fits


@pytest.mark.parametrize("sentence", _cases(IDENTIFIERS))
def test_a_forged_identifier_does_not_fit(sentence: str) -> None:
    assert not CHECKER.check(sentence).fits


@pytest.mark.xfail(strict=True, reason="plain words: not seen by a rule about tokens")
@pytest.mark.parametrize("sentence", _cases(GAPS))
def test_a_bent_sentence_of_plain_words_does_not_fit(sentence: str) -> None:
    assert not CHECKER.check(sentence).fits


@pytest.mark.parametrize("sentence", CARRIED)
def test_a_carried_sentence_fits(sentence: str) -> None:
    assert CHECKER.check(sentence).fits
