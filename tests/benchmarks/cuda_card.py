"""One CUDA card, or the CPU where there is none: what it can do at best, and what a process has held of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

GIB = 2**30


def hold_to(limit_bytes: int) -> dict[str, Any]:
    """Let this process have no more of the card; says which card, and how many bytes (None without one)."""
    import torch

    if not torch.cuda.is_available():
        return {"device": "CPU", "limit_bytes": None}
    total = torch.cuda.get_device_properties(0).total_memory
    limit = min(limit_bytes, total)
    torch.cuda.set_per_process_memory_fraction(limit / total)
    return {"device": torch.cuda.get_device_name(0), "limit_bytes": limit}


def card_limits() -> dict[str, float]:
    """The best this machine does at a bf16 matrix product and at a copy."""
    import torch

    if not torch.cuda.is_available():
        return {"card_flops_per_s": product_speed("cpu", 256), "card_bytes_per_s": copy_speed("cpu", 2**22)}
    found = {"card_flops_per_s": product_speed("cuda", 8192), "card_bytes_per_s": copy_speed("cuda", 2**29)}
    torch.cuda.empty_cache()
    return found


def product_speed(device: str, side: int) -> float:
    """Operations a second of a square bf16 product."""
    import torch

    matrix = torch.randn(side, side, dtype=torch.bfloat16, device=device)
    return 2 * side**3 / best_s(lambda: matrix @ matrix)


def copy_speed(device: str, size_bytes: int) -> float:
    """Bytes read and written a second by a copy."""
    import torch

    source = torch.ones(size_bytes, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * size_bytes / best_s(lambda: target.copy_(source))


def best_s(work: Callable[[], Any]) -> float:
    """Seconds of one call: ten in a row, the best of three times."""
    found = []
    for _ in range(4):
        synchronize()
        started = time.perf_counter()
        for _ in range(10):
            work()
        synchronize()
        found.append((time.perf_counter() - started) / 10)
    return min(found[1:])


def synchronize() -> None:
    """Wait for the card, so that a clock read next is right."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def reset_peak() -> None:
    """Forget what building took."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak() -> dict[str, int | None]:
    """Most memory held: allocated by tensors and reserved by torch on the card, else the resident set."""
    import torch

    from finetune.answer_trainer import peak_bytes

    on_card = torch.cuda.is_available()
    return {"peak_bytes": peak_bytes(), "reserved_bytes": torch.cuda.max_memory_reserved() if on_card else None}


def ran_out(problem: BaseException | None) -> bool:
    """Whether an error, or what it came from, is a lack of memory; cuBLAS has words of its own for it."""
    if problem is None:
        return False
    words = str(problem)
    return "out of memory" in words or "ALLOC_FAILED" in words or ran_out(problem.__cause__)
