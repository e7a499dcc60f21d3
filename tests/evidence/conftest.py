"""The shop at three times: with nothing certified, with its past tickets asked, and with a promise in force.

Each is made once; a test has a copy of it as its working folder.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support_agent.config import Config
from support_agent.evidence.certifying import certify
from support_agent.evidence.learning import learn
from support_agent.evidence.opening import evidence_folder
from support_agent.evidence.store import Store, open_store

from .shop import LOOSE, build_shop, fill_in, write_tickets

SHOP = Config(index="shop", generator="extractive")


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    build_shop(folder / "indexes")
    return folder


@pytest.fixture(scope="session")
def asked_folder(shop_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_of(shop_folder, tmp_path_factory.mktemp("asked") / "shop")
    with working_in(folder):
        certify(config=SHOP, tickets=write_tickets(Path("past.csv")), max_error=LOOSE, to_read="read.csv")
    return folder


@pytest.fixture(scope="session")
def certified_folder(asked_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_of(asked_folder, tmp_path_factory.mktemp("certified") / "shop")
    with working_in(folder):
        learn(fill_in(Path("read.csv")), config=SHOP)
        certify(config=SHOP)
    return folder


@pytest.fixture
def shop(shop_folder: Path, tmp_path: Path) -> Iterator[Config]:
    """Settings for the shop, with nothing certified."""
    with working_in(copy_of(shop_folder, tmp_path / "shop")):
        yield SHOP


@pytest.fixture
def asked(asked_folder: Path, tmp_path: Path) -> Iterator[Config]:
    """Settings for the shop, which has planned on its past tickets; what is to be read stands in read.csv."""
    with working_in(copy_of(asked_folder, tmp_path / "shop")):
        yield SHOP


@pytest.fixture
def certified(certified_folder: Path, tmp_path: Path) -> Iterator[Config]:
    """Settings for the shop, with a promise in force: read.csv was read, and all of it is right."""
    with working_in(copy_of(certified_folder, tmp_path / "shop")):
        yield SHOP


@pytest.fixture
def evidence() -> Callable[[], Store]:
    """Opens the evidence file of the shop."""
    return lambda: open_store(evidence_folder(SHOP))


def copy_of(folder: Path, copy: Path) -> Path:
    """A copy without SQLite's shared memory, which another process may not take over."""
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*-shm"))
    return copy


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """The folder as working folder, and as that of the shop's index and promises."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setitem(os.environ, "SUPPORT_AGENT_INDEXES", str(folder / "indexes"))
        patch.setitem(os.environ, "SUPPORT_AGENT_CALIBRATIONS", str(folder / "calibrations"))
        yield
