"""Working ahead: while one item is used, the next is made in a thread."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T], *, first_alone: bool = True) -> Generator[T]:
    """Yield the items in order; each further one is made in a thread while its forerunner is used.

    An error of making an item comes where the item would. ``first_alone``: the second is not made
    before the first has been used, so that a single item costs no thread.

    >>> list(ahead(range(3)))
    [0, 1, 2]
    """
    source = iter(items)
    item = next(source, _END)
    if first_alone and item is not _END:
        yield item  # type: ignore[misc]
        item = next(source, _END)
    if item is _END:
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="accord-ahead") as thread:
        while item is not _END:
            following = thread.submit(next, source, _END)
            yield item  # type: ignore[misc]
            item = following.result()


_END = object()
