"""What may become of one request that writes, and what follows for the items in it.

Shared by the adapters that send over HTTP to a service that is not ours. A request that surely
changed nothing raises :class:`accord.errors.DeliveryError`; the two below are the other ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from accord.crm.port import Item, Outcome, Result
from accord.errors import AccordError, DeliveryError

Record = Mapping[str, Any]
Some = TypeVar("Some")


class UnsureError(AccordError):
    """The request went out and no answer came that says what became of it."""


class RejectedError(AccordError):
    """The service will not take the request as it is: one of its records is at fault.

    ``existing`` is the record that stands in its way, if the service names it.
    """

    def __init__(
        self, found: str, *, status: int | None = None, existing: str | None = None
    ) -> None:
        self.status = status
        self.existing = existing
        super().__init__(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One record of a request that writes: the item's place in the batch, and what is sent."""

    place: int
    body: Record


@dataclass(slots=True)
class Written:
    """What became of a request's records, by place: what the service answered, or a failure.

    ``existing`` names the record that stands in the way of one that was refused. ``halt`` is why
    nothing more should be sent in this run: the service is out of reach, has had enough, or does
    not say what it did.
    """

    done: dict[int, Record] = field(default_factory=dict)
    failed: dict[int, tuple[Result, str]] = field(default_factory=dict)
    existing: dict[int, str] = field(default_factory=dict)
    halt: DeliveryError | None = None

    def fail(self, inputs: Sequence[Input], result: Result, error: str) -> None:
        """Note the same failure for several records."""
        self.failed |= dict.fromkeys((one.place for one in inputs), (result, error))

    def outcomes(self, items: Mapping[int, Item]) -> dict[int, Outcome]:
        """Return the outcome of each item that failed."""
        pause = None if self.halt is None else self.halt.retry_after
        return {
            place: Outcome(key=items[place].key, result=result, error=error, retry_after=pause)
            for place, (result, error) in self.failed.items()
        }


def write_all(
    inputs: Sequence[Input],
    *,
    send: Callable[[Sequence[Input]], Written],
    at_once: int,
) -> Written:
    """Send records, ``at_once`` a request; after a request that halts, nothing more is sent.

    A request that is rejected as a whole is sent again in halves until the record at fault stands
    alone: it is refused, and the others go.
    """
    written = Written()
    waiting = [*pieces(inputs, at_once)][::-1]
    while waiting:
        part = waiting.pop()
        if written.halt is not None:
            written.fail(part, Result.REFUSED, f"not sent: {written.halt.found}")
            continue
        try:
            _add(written, send(part))
        except RejectedError as error:
            if len(part) == 1:
                written.fail(part, Result.REFUSED, str(error))
                written.existing |= {part[0].place: error.existing} if error.existing else {}
            else:
                waiting += [part[len(part) // 2 :], part[: len(part) // 2]]
        except UnsureError as error:
            written.fail(part, Result.UNKNOWN, str(error))
            written.halt = DeliveryError(target="crm", found=str(error))
        except DeliveryError as error:
            written.fail(part, Result.REFUSED, str(error))
            written.halt = error
    return written


def _add(written: Written, part: Written) -> None:
    written.done |= part.done
    written.failed |= part.failed
    written.existing |= part.existing
    written.halt = part.halt


def pieces(several: Sequence[Some], at_once: int) -> Iterator[Sequence[Some]]:
    """Cut into pieces of at most so many.

    >>> [*pieces("abcde", 2)]
    ['ab', 'cd', 'e']
    """
    for start in range(0, len(several), at_once):
        yield several[start : start + at_once]


def settled(item: Item, there: str | None) -> Outcome | None:
    """Return the outcome of an item whose key is there with a hash; None if it is the same.

    A hash that either side does not know is no conflict.
    """
    if there and item.payload_hash and there != item.payload_hash:
        found = f"{item.key} is there with another payload ({there[:12]})"
        return Outcome(key=item.key, result=Result.CONFLICT, error=found)
    return None
