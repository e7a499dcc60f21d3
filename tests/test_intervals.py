import pytest

from support_agent.intervals import clopper_pearson, upper_bound, wilson


@pytest.mark.parametrize(
    ("count", "n", "expected"),
    [(10, 100, (0.0552, 0.1744)), (0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0))],
    ids=["some", "none", "all"],
)
def test_wilsons_interval(count: int, n: int, expected: tuple[float, float]) -> None:
    assert wilson(count, n) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("count", "n", "expected"),
    [(10, 100, (0.0490, 0.1762)), (0, 10, (0.0, 0.3085)), (10, 10, (0.6915, 1.0)), (0, 0, (0.0, 1.0))],
    ids=["some", "none", "all", "no case"],
)
def test_clopper_and_pearsons_interval(count: int, n: int, expected: tuple[float, float]) -> None:
    assert clopper_pearson(count, n) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("count", "n"), [(0, 29), (3, 100), (150, 1000)])
def test_at_its_upper_bound_so_few_are_as_unlikely_as_delta(count: int, n: int) -> None:
    from scipy.stats import binom

    assert binom.cdf(count, n, upper_bound(count, n, 0.05)) == pytest.approx(0.05)
