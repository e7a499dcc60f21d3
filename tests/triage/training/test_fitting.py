"""Near-duplicates are fitted and measured together, and a threshold lets through as many as it may."""

import pytest

from support_agent.triage.training.fitting import FOLDS, cross_fits, fold_numbers, reached_by


def test_near_duplicates_share_a_fold() -> None:
    reports = [f"The worker {number} was killed by the system. Which setting should I change?" for number in range(40)]
    others = [f"word{number} thing{number} matter{number}" for number in range(90)]

    folds = fold_numbers([*reports, *others])

    assert len(set(folds[:40])) == 1
    assert set(folds[40:]) == set(range(FOLDS))


def test_every_text_is_measured_once_by_a_fit_that_has_not_seen_it() -> None:
    folds = list(cross_fits([f"word{number} thing{number}" for number in range(20)]))

    assert sorted(at for _, held in folds for at in held) == list(range(20))
    assert all(sorted([*others, *held]) == list(range(20)) for others, held in folds)


@pytest.mark.parametrize(("share", "reaching"), [(0.0, 0), (0.2, 2), (0.25, 2), (0.9, 9)])
def test_no_more_than_the_share_reaches_the_threshold(share: float, reaching: int) -> None:
    odds = [0.3, 0.1, 0.9, 0.5, 0.7, 0.2, 0.4, 0.8, 0.6, 1.0]

    assert sum(odd >= reached_by(odds, share) for odd in odds) == reaching
