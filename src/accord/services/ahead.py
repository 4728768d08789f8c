"""Working ahead: while one piece of a batch is judged, the next is read and mapped."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Generator[T]:
    """Yield the items in order; each further one is made in a thread while its forerunner is used.

    An error of making an item comes where the item would. The second is not made before the first
    has been used, so that a single item costs no thread.

    >>> list(ahead(range(3)))
    [0, 1, 2]
    """
    source = iter(items)
    first = next(source, _END)
    if first is _END:
        return
    yield first  # type: ignore[misc]
    item = next(source, _END)
    if item is _END:
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="accord-ahead") as thread:
        while item is not _END:
            following = thread.submit(next, source, _END)
            yield item  # type: ignore[misc]
            item = following.result()


_END = object()
