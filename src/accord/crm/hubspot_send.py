"""Sending to HubSpot: one request, once, and what its answer says of each record in it.

What to write is decided in ``hubspot_write``. As in ``hubspot_http`` no text of an answer reaches
an error: only its status, its category and names of properties.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from accord.crm.hubspot_http import category_of, load_httpx, path_of, read_object
from accord.crm.patience import retry_after_seconds
from accord.crm.port import Result
from accord.crm.quiet import keep_quiet
from accord.crm.sending import Input, Record, RejectedError, UnsureError, Written, pieces, write_all
from accord.errors import DeliveryError

if TYPE_CHECKING:
    import httpx

AT_ONCE = 100
"""The most records in one batch."""

TARGET = "hubspot"
VARIABLE = "ACCORD_HUBSPOT_TOKEN"

_DAILY_PAUSE = 3600.0  # a day's limit is not over in seconds, and each try counts
_LATER: Mapping[int, float | None] = {429: None, 423: 2.0, 477: None}
"""Answers of nothing done and another try later: limited, locked by a bulk run, being moved."""
_EXISTING = re.compile(r"Existing ID:? ?(\d+)")
_WORD = re.compile(r"\w+")
_TRACE = "objectWriteTraceId"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubspotSender:
    """One account's API in one ``version`` (v3, or a date such as 2026-03)."""

    client: httpx.Client
    version: str

    @classmethod
    def open(cls, *, url: str, token: str, timeout_seconds: float, version: str) -> HubspotSender:
        """Make the client that all requests go through; the token stands in it alone."""
        keep_quiet("httpx")
        headers = {"Authorization": f"Bearer {token}"}
        library = load_httpx("ACCORD_CRM")
        client = library.Client(base_url=url, timeout=timeout_seconds, headers=headers)
        return cls(client=client, version=version)

    def close(self) -> None:
        """Give back the connection."""
        self.client.close()

    def get(self, room: str, rest: str = "", **query: str) -> list[Any]:
        """Read a list; DeliveryError whatever goes wrong."""
        answer = self._read("GET", f"{path_of(self.version, room)}{rest}", query=query)
        return _results(answer)

    def post(self, room: str, rest: str, body: Record) -> list[Any]:
        """Ask or define something by a body, in one request; DeliveryError unless it is done."""
        return _results(self._read("POST", f"{path_of(self.version, room)}{rest}", body=body))

    def batch_read(
        self, rest: str, ids: Sequence[str], *, at_once: int = AT_ONCE, **terms: Any
    ) -> list[Any]:
        """Read records of which some may not be there; those that are, in no order.

        ``terms`` are the rest of the body. DeliveryError if any cannot be told for another reason.
        """
        found: list[Any] = []
        for part in pieces(ids, at_once):
            path = f"{path_of(self.version, 'objects')}/{rest}/batch/read"
            body = {"inputs": [{"id": one} for one in part], "properties": [], **terms}
            found += self._known(path, body)
        return found

    def contacts_of(self, tasks: Sequence[str]) -> dict[str, str]:
        """Return the lowest id of a contact that each task is associated with."""
        ends = self._associated("tasks", "contacts", tasks)
        return {task: str(min(several)) for task, several in ends.items() if several}

    def tasks_of(self, contacts: Sequence[str]) -> list[str]:
        """Return the ids of all tasks that any of the contacts is associated with."""
        ends = self._associated("contacts", "tasks", contacts)
        return [str(one) for one in sorted({one for several in ends.values() for one in several})]

    def _associated(self, kind: str, other: str, ids: Sequence[str]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        path = f"{path_of(self.version, 'associations')}/{kind}/{other}/batch/read"
        for part in pieces(ids, AT_ONCE):
            for one in self._known(path, {"inputs": [{"id": end} for end in part]}):
                ends = [int(to["toObjectId"]) for to in one.get("to") or ()]
                found[str(one["from"]["id"])] = ends
        return found

    def write(self, rest: str, inputs: Sequence[Input]) -> Written:
        """Write records, batch by batch; each is done, refused, or of unknown outcome."""
        path = f"{path_of(self.version, 'objects')}/{rest}"
        return write_all(inputs, send=lambda part: self._write(path, part), at_once=AT_ONCE)

    def _known(self, path: str, body: Record) -> list[Any]:
        try:
            answer = self._read("POST", path, body=body, none=HTTPStatus.NOT_FOUND)
        except RejectedError:
            return []
        for error in answer.get("errors") or ():
            if "NOT_FOUND" not in str(error.get("category", "")) + str(
                error.get("subCategory", "")
            ):
                raise _refused(f"could not tell all records{category_of(error)}")
        return _results(answer)

    def _read(
        self,
        method: str,
        path: str,
        *,
        body: Record | None = None,
        query: Mapping[str, str] | None = None,
        none: int | None = None,
    ) -> dict[str, Any]:
        """Send what changes nothing; RejectedError only for the status ``none``."""
        try:
            return self._send(method, path, body=body, query=query)
        except RejectedError as error:
            if none is not None and error.status == none:
                raise
            raise _refused(str(error)) from None
        except UnsureError as error:
            raise DeliveryError(target=TARGET, found=str(error)) from None

    def _write(self, path: str, inputs: Sequence[Input]) -> Written:
        bodies = [dict(one.body) | {_TRACE: str(one.place)} for one in inputs]
        answer = self._send("POST", path, body={"inputs": bodies})
        return _sort_out(inputs, answer)

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: Record | None = None,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        library = load_httpx("ACCORD_CRM")
        try:
            answer = self.client.request(method, path, json=body, params=query)
        except (library.ConnectError, library.ConnectTimeout, library.PoolTimeout) as error:
            found = f"cannot be reached ({type(error).__name__})"
            raise _refused(found, "check ACCORD_HUBSPOT_URL and the network") from None
        except library.TransportError as error:
            raise UnsureError(f"the connection failed ({type(error).__name__})") from None
        return _read_answer(answer, _property_names((body or {}).get("inputs") or ()))


def _read_answer(answer: httpx.Response, names: frozenset[str]) -> dict[str, Any]:
    status, content = answer.status_code, read_object(answer)
    if answer.is_success:
        if content is None:
            raise UnsureError("an answer broke off")
        return content
    after = retry_after_seconds(answer.headers)
    if status in _LATER:
        daily = (content or {}).get("policyName") == "DAILY"
        raise _limited(status, after or _LATER[status], daily=daily)
    if status == HTTPStatus.UNAUTHORIZED:
        raise _refused("does not accept the token", f"renew {VARIABLE}")
    if status == HTTPStatus.FORBIDDEN:
        raise _refused("refuses the token's scopes", f"give the app of {VARIABLE} more scopes")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        raise UnsureError(f"it answers {status}")
    said = f"it answers {status}{category_of(content)}{_about(content, names)}"
    raise RejectedError(said, status=status, existing=_existing(content))


def _sort_out(inputs: Sequence[Input], answer: Mapping[str, Any]) -> Written:
    """Find what the answer says of each record; nothing said is an unknown outcome.

    Records are known by the trace that went with them, else by their id or unique property.
    """
    written, results, errors = Written(), _results(answer), answer.get("errors") or []
    traces = {str(one[_TRACE]): one for one in results if one.get(_TRACE)}
    for one in inputs:
        found = traces.get(str(one.place)) or _result_of(one.body, results)
        error = None if found else _error_of(one, errors, alone=len(inputs) == 1)
        if found:
            written.done[one.place] = found
        elif error is not None:
            about = _about(error, _property_names([one.body]))
            said = f"HubSpot refuses the record{category_of(error)}{about}"
            written.fail([one], Result.REFUSED, said)
            existing = _existing(error)
            written.existing |= {one.place: existing} if existing else {}
        else:
            written.fail([one], Result.UNKNOWN, "HubSpot did not say what became of the record")
    return written


def _result_of(body: Record, results: Sequence[Any]) -> Record | None:
    unique, wanted = body.get("idProperty"), body.get("id")
    if unique is None and wanted is None:  # created: it has no id yet, but our own key
        unique, wanted = "accord_key", body["properties"].get("accord_key")
    for one in results:
        said = one.get("id") if unique is None else (one.get("properties") or {}).get(unique)
        if said is not None and str(said).casefold() == str(wanted).casefold():
            return dict(one)
    return None


def _error_of(one: Input, errors: Sequence[Any], *, alone: bool) -> Mapping[str, Any] | None:
    for error in errors:
        context = error.get("context") or {}
        named = {str(said) for part in (_TRACE, "ids", "id") for said in context.get(part) or ()}
        if alone or str(one.place) in {str(said) for said in context.get(_TRACE) or ()}:
            return dict(error)
        if one.body.get("id") is not None and str(one.body["id"]) in named:
            return dict(error)
    return None


def _limited(status: int, after: float | None, *, daily: bool) -> DeliveryError:
    if not daily:
        return DeliveryError(target=TARGET, found=f"it answers {status}", retry_after=after)
    found = "it has reached its daily limit of requests"
    return DeliveryError(target=TARGET, found=found, retry_after=max(after or 0, _DAILY_PAUSE))


def _refused(found: str, remedy: str = "") -> DeliveryError:
    return DeliveryError(target=TARGET, found="; ".join(part for part in (found, remedy) if part))


def _results(answer: Mapping[str, Any]) -> list[Any]:
    results = answer.get("results")
    return [one for one in results if isinstance(one, dict)] if isinstance(results, list) else []


def _property_names(bodies: Sequence[Record]) -> frozenset[str]:
    return frozenset(name for one in bodies for name in one.get("properties") or ())


def _about(content: Mapping[str, Any] | None, names: frozenset[str]) -> str:
    """Return the names of properties that were sent and that an error speaks of."""
    said = names & {*_WORD.findall(str((content or {}).get("message", "")))}
    return f": {', '.join(sorted(said))}" if said else ""


def _existing(content: Mapping[str, Any] | None) -> str | None:
    """Return the id of the record that an error says is there already."""
    said = _EXISTING.search(str((content or {}).get("message", "")))
    return said[1] if said else None
