"""Working ahead: while one piece of a batch is judged, the next is read and mapped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield the items in order; each further one is made in a thread while its forerunner is used.

    An error of making an item comes where the item would. A single item costs no thread.

    >>> list(ahead(range(3)))
    [0, 1, 2]
    """
    source = iter(items)
    first = next(source, _END)
    second = next(source, _END) if first is not _END else _END
    if first is not _END:
        yield first  # type: ignore[misc]
    if second is _END:
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="accord-ahead") as thread:
        item = second
        while item is not _END:
            following = thread.submit(next, source, _END)
            yield item  # type: ignore[misc]
            item = following.result()


_END = object()
