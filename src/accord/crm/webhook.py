"""The adapter ``webhook``: signed JSON to a receiver that a team writes itself, item by item.

What is sent, and what a receiver answers, is told in docs/crm.md, with the code that verifies a
signature. No text of an answer reaches an error, since it may hold personal data, and no address,
since it may hold a secret: only a status and an answer's own codes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from types import ModuleType
from typing import TYPE_CHECKING, Any

from accord.crm.emptied import emptied
from accord.crm.patience import retry_after_seconds
from accord.crm.port import Item, Landed, Outcome, Result
from accord.crm.sending import Input, RejectedError, UnsureError, Written, pieces, write_all
from accord.crm.webhook_answers import landed_of, outcome_of, repeated, results_of
from accord.crm.webhook_signing import SIGNATURE, sign
from accord.errors import DeliveryError, InputError
from accord.records import to_text

if TYPE_CHECKING:
    import httpx

_TARGET = "crm webhook"
URL = "ACCORD_CRM_URL"
SECRET = "ACCORD_CRM_SECRET"  # noqa: S105 - the name of a variable, no secret
_NO_READ_BACK = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)
_NOT_SO = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
_PERHAPS = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})


@dataclass(slots=True)
class WebhookCrm:
    """One receiver; ``secrets`` sign each request, the newest first.

    A request is signed with the time that ``now`` gives as it goes out: receivers refuse what is
    signed too long ago, and a run may be long. Without ``now`` it is the time of the run: what is
    sent has its own, ``as_of`` is that of a question.
    """

    client: httpx.Client = field(repr=False)
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    batch: int
    as_of: datetime
    now: Callable[[], datetime] | None = None

    def upsert(self, items: Sequence[Item], *, sent_at: datetime) -> tuple[Outcome, ...]:
        """Send items, ``batch`` a request; after a request that did not get through, no more.

        A request that the receiver will not take as it is goes again in halves, until the item at
        fault stands alone. DeliveryError if nothing was taken because the receiver as a whole
        takes nothing now. What was emptied is refused alone.
        """
        told = {place: one for place, item in enumerate(items) if (one := emptied(item))}
        firsts: dict[str, tuple[int, Item]] = {}
        for place, item in enumerate(items):
            if place not in told:
                firsts.setdefault(item.key, (place, item))
        told |= self._send(dict(firsts.values()), sent_at=sent_at)
        return tuple(
            told.get(place) or repeated(item, *_first(firsts[item.key], told))
            for place, item in enumerate(items)
        )

    def _send(self, items: Mapping[int, Item], *, sent_at: datetime) -> dict[int, Outcome]:
        """Send items that are whole, each key once; an outcome each, by place."""
        written = write_all(
            [Input(place=place, body=_body(item)) for place, item in items.items()],
            send=lambda part: self._write(part, sent_at=sent_at),
            at_once=self.batch,
        )
        _raise_if_nothing(written)
        told = written.outcomes(items)
        return told | {place: outcome_of(items[place], one) for place, one in written.done.items()}

    def read_back(self, keys: Sequence[str]) -> Mapping[str, Landed]:
        """Ask which of the keys are there; none, if the receiver cannot tell.

        Then what is unknown is sent again, which by the receiver's contract is one effect.
        """
        there: dict[str, Landed] = {}
        for part in pieces(list(dict.fromkeys(keys)), self.batch):
            there |= self._ask(part)
        return there

    def close(self) -> None:
        """Give back the connection."""
        self.client.close()

    def _write(self, part: Sequence[Input], *, sent_at: datetime) -> Written:
        """Send one request; what its answer says of each item."""
        items = [dict(one.body) for one in part]
        effects = [f"{one['key']} {one['payload_hash']}" for one in items]
        answer = self._post({"items": items}, names=effects, at=sent_at)
        _check_taken(answer)
        results = results_of(answer)
        if results is None:
            if answer.status_code == HTTPStatus.MULTI_STATUS:
                raise UnsureError("the receiver answers 207 without results")
            return Written(done={one.place: {"result": "taken"} for one in part})
        return Written(done={one.place: results.get(str(one.body["key"]), {}) for one in part})

    def _ask(self, keys: Sequence[str]) -> dict[str, Landed]:
        try:
            answer = self._post({"read_back": list(keys)}, names=keys, at=self.as_of)
            if answer.status_code in _NO_READ_BACK:
                return {}
            _check_taken(answer)
        except (UnsureError, RejectedError) as error:
            raise DeliveryError(target=_TARGET, found=str(error)) from None
        return landed_of(answer, keys)

    def _post(
        self, content: Mapping[str, Any], *, names: Sequence[str], at: datetime
    ) -> httpx.Response:
        """Send once; UnsureError where it went out and no answer came.

        ``names`` are what the request is about: the same names are the same request.
        """
        errors = load_httpx()
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": _digest([*content, *sorted(names)]),
            SIGNATURE: sign(body, secrets=self.secrets, at=at if self.now is None else self.now()),
        }
        try:
            return self.client.post(self.url, content=body, headers=headers)
        except (errors.ConnectError, errors.ConnectTimeout, errors.PoolTimeout) as error:
            found = f"cannot be reached ({type(error).__name__}); check {URL}"
            raise DeliveryError(target=_TARGET, found=found) from None
        except errors.TransportError as error:
            raise UnsureError(f"no answer came ({type(error).__name__})") from None


def _first(first: tuple[int, Item], told: Mapping[int, Outcome]) -> tuple[Item, Outcome]:
    place, item = first
    return item, told[place]


def _digest(names: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()


def _body(item: Item) -> dict[str, Any]:
    return {
        "key": item.key,
        "kind": item.kind,
        "payload_hash": item.payload_hash,
        "read_at": None if item.read_at is None else to_text(item.read_at),
        "payload": dict(item.payload),
    }


def _raise_if_nothing(written: Written) -> None:
    """Raise why the receiver takes nothing, where surely nothing was taken."""
    if written.halt is None or written.done:
        return
    if all(result is Result.REFUSED for result, _ in written.failed.values()):
        raise written.halt


def _check_taken(answer: httpx.Response) -> None:
    """Pass an answer that takes what was sent; else raise what its status means for it."""
    status = answer.status_code
    said = f"the receiver answers {status}"
    if answer.is_success:
        if "html" in answer.headers.get("Content-Type", ""):  # a page to log in, or of a proxy
            raise UnsureError(f"{said} with a page; check {URL}")
        return
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        found = f"{said}: check {SECRET}, ACCORD_CRM_TOKEN if it asks for one, and both clocks"
        raise DeliveryError(target=_TARGET, found=found)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        after = retry_after_seconds(answer.headers)
        raise DeliveryError(target=_TARGET, found=said, retry_after=after)
    if status in _NOT_SO:
        raise RejectedError(said)
    if status in _PERHAPS or (answer.is_server_error and status != HTTPStatus.NOT_IMPLEMENTED):
        raise UnsureError(said)
    raise DeliveryError(target=_TARGET, found=f"{said}; {URL} must be its final address")


def load_httpx() -> ModuleType:
    """Return the library that sends; InputError if it is not installed."""
    try:
        import httpx
    except ImportError:
        raise InputError(
            where="ACCORD_CRM",
            found="webhook needs httpx",
            expected="the extra of that name",
            remedy="install accord[webhook]",
        ) from None
    return httpx
