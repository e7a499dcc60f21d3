"""What is expensive to open and safe to share: a second index or agent in the same process costs no second engine."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import RLock
from typing import Any, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")

_ALONE = RLock()
_OPEN: WeakValueDictionary[Hashable, Any] = WeakValueDictionary()


def opened_once(key: Hashable, open_one: Callable[[], T]) -> T:
    """What ``open_one`` opens, or what it opened earlier for the same key and somebody still holds.

    Args:
        key: everything that decides what is opened, a hash of its files included; what is opened must allow several
            threads. An engine that nobody holds any more is closed.
    """
    with _ALONE:
        found: T | None = _OPEN.get(key)
        if found is None:
            found = _OPEN[key] = open_one()
        return found
