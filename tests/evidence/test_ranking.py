"""When a knowledge base gets a ranking of its own."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from support_agent.evidence.ranking import ENOUGH, auroc, choose_ranking
from support_agent.evidence.records import Offer, Verdict
from support_agent.evidence.store import Store, open_store
from support_agent.gate.combiner import shipped
from support_agent.gate.measure import combined
from support_agent.records import Ticket


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path)


@pytest.fixture
def learn(store: Store) -> Callable[..., None]:
    """So many labels, right where ``rule`` says so of the nearness (−2 to 3); a few of each kind against it."""

    def add(
        count: int, rule: Callable[[float], bool], *, drawn: bool = True, signals: bool = True, verdict: bool = True
    ) -> None:
        draw = random.Random(count)
        for _ in range(count):
            ticket, nearness = Ticket(f"word{draw.random()} thing{draw.random()}"), draw.uniform(-2, 3)
            values = {**dict.fromkeys(combined(), 0.5), "nearness": nearness} if signals else {}
            right = rule(nearness) != (draw.random() < 0.1)
            store.add_tickets([(ticket, "en")], drawn=drawn)
            store.add_offers("p", [Offer(ticket.words_key, "So.", 0.5, values)])
            said = [Verdict(ticket.words_key, "So.", "right" if right else "wrong")]
            store.add_verdicts(said if verdict else [])

    return add


def far_is_right(nearness: float) -> bool:
    """What no ranking expects that has not seen these labels."""
    return nearness < 0.5


def near_is_right(nearness: float) -> bool:
    """What the shipped ranking expects."""
    return nearness > 0.5


def test_enough_labels_that_the_shipped_one_gets_wrong_make_one_of_its_own(
    store: Store, learn: Callable[..., None]
) -> None:
    learn(ENOUGH, far_is_right)
    ranking, scores = choose_ranking(store, "p")
    assert ranking != shipped()
    sure, unsure = ({**dict.fromkeys(combined(), 0.5), "nearness": nearness} for nearness in (-2.0, 3.0))
    assert ranking.probability(sure) > 0.8 > 0.2 > ranking.probability(unsure)
    assert scores.keys() == {one.key for one in store.tickets()}


@pytest.mark.parametrize(
    ("count", "rule", "given"),
    [
        (ENOUGH - 1, far_is_right, {}),
        (ENOUGH, near_is_right, {}),
        (ENOUGH, lambda _: True, {"verdict": False}),
        (ENOUGH, far_is_right, {"signals": False}),
    ],
    ids=["too few", "the shipped one is as good", "nobody has read", "signals not known"],
)
def test_otherwise_the_shipped_one_serves(
    store: Store, learn: Callable[..., None], count: int, rule: Callable[[float], bool], given: dict[str, bool]
) -> None:
    learn(count, rule, **given)
    assert choose_ranking(store, "p") == (shipped(), {})


def test_labels_of_one_kind_tell_nothing_of_a_ranking(store: Store, learn: Callable[..., None]) -> None:
    learn(ENOUGH, far_is_right)
    store.add_verdicts(Verdict(one.key, "So.", "right") for one in store.tickets())
    assert choose_ranking(store, "p") == (shipped(), {})


def test_labels_of_tickets_that_somebody_picked_count(store: Store, learn: Callable[..., None]) -> None:
    learn(ENOUGH, far_is_right, drawn=False)
    assert choose_ranking(store, "p")[0] != shipped()


def test_labels_of_another_text_than_the_one_that_is_offered_do_not_count(
    store: Store, learn: Callable[..., None]
) -> None:
    learn(ENOUGH, far_is_right)
    keys = [one.key for one in store.tickets()]
    store.add_offers("p", [Offer(keys[0], "Another.", 0.5, dict.fromkeys(combined(), 0.5))])
    assert choose_ranking(store, "p") == (shipped(), {})


def test_each_score_is_by_a_ranking_that_has_not_seen_that_ticket(store: Store, learn: Callable[..., None]) -> None:
    learn(ENOUGH, far_is_right)
    ranking, scores = choose_ranking(store, "p")
    offers = store.offers("p")
    assert scores != {key: ranking.probability(offer.signals) for key, offer in offers.items()}
    right = [one.verdict == "right" for one in store.verdicts()]
    assert 0.8 < auroc([scores[one.key] for one in store.verdicts()], right) < 1.0


@pytest.mark.parametrize(
    ("scores", "area"),
    [
        ([0.1, 0.2, 0.8, 0.9], 1.0),
        ([0.9, 0.8, 0.2, 0.1], 0.0),
        ([0.5, 0.5, 0.5, 0.5], 0.5),
        ([0.1, 0.5, 0.5, 0.9], 0.875),
    ],
    ids=["in order", "against it", "all tied", "one tie"],
)
def test_the_area_says_how_often_right_stands_above_wrong(scores: list[float], area: float) -> None:
    assert auroc(scores, [False, False, True, True]) == area
