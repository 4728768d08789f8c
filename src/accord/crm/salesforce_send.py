"""Sending to Salesforce: one request, once, and what its answer says of each record in it.

What to write is decided in ``salesforce_write``. As in ``salesforce_http`` no text of an answer
reaches an error: only its status, its codes and names of fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote_plus, urlsplit

from accord.crm.patience import AgainError, retry_after_seconds
from accord.crm.port import Result
from accord.crm.salesforce_http import SalesforceHttp, code_of
from accord.crm.sending import Input, Record, RejectedError, UnsureError, Written, write_all
from accord.errors import DeliveryError, SourceError

AT_ONCE = 200
"""The most records in one request."""

TARGET = "salesforce"

_CODE = re.compile(r"[A-Z][A-Z_]{2,60}")
_FIELD = re.compile(r"[A-Za-z]\w{1,79}")
_LONGEST_LIST = 6000  # of a query's list of values: an address holds 16,384 bytes in all
_LIMIT_PAUSE = 3600.0  # the limit counts the last 24 hours, and each try counts
_PAGE = 2000
_OWN_RULES_ONLY = {"Sforce-Auto-Assign": "FALSE"}  # else assignment rules set the owner anew


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesforceSender:
    """One organisation's API; logs in when first asked, and again when its session expired."""

    http: SalesforceHttp

    def close(self) -> None:
        """Give back the connection."""
        self.http.close()

    def select(self, soql: str, values: Iterable[str] | None = None) -> list[Record]:
        """Read all records of a query; with ``values``, of which ``{}`` in it takes a list.

        As many queries as the length of the list needs. DeliveryError whatever goes wrong.
        """
        if values is None:
            return self._select(soql)
        lists = _lists([*dict.fromkeys(values)])
        return [record for one in lists for record in self._select(soql.format(one))]

    def describe(self, kind: str) -> dict[str, Record]:
        """Return what an object's fields are, by name; DeliveryError whatever goes wrong."""
        content = self._read(f"{self._room}/sobjects/{kind}/describe")
        fields = content.get("fields") if isinstance(content, dict) else None
        return {str(one["name"]): one for one in fields or ()}

    def update(self, kind: str, inputs: Sequence[Input]) -> Written:
        """Change records by their ids, each with its own end."""
        return self._write_all(f"{self._room}/composite/sobjects", kind, inputs)

    def upsert(self, kind: str, unique: str, inputs: Sequence[Input]) -> Written:
        """Make or change records by an external id, each with its own end."""
        return self._write_all(f"{self._room}/composite/sobjects/{kind}/{unique}", kind, inputs)

    @property
    def _room(self) -> str:
        return f"/services/data/v{self.http.login.version}"

    def _select(self, soql: str) -> list[Record]:
        content = self._read(f"{self._room}/query/", q=soql)
        records: list[Record] = []
        while isinstance(content, dict):
            records += [one for one in content.get("records") or () if isinstance(one, dict)]
            following = content.get("nextRecordsUrl")
            if not following:
                return records
            content = self._read(urlsplit(following).path)
        raise _refused("answers a query in another shape")

    def _read(self, path: str, **query: str) -> Any:
        try:
            return self._send("GET", path, params=query)
        except (RejectedError, UnsureError) as error:
            raise _refused(str(error)) from None

    def _write_all(self, path: str, kind: str, inputs: Sequence[Input]) -> Written:
        def send(part: Sequence[Input]) -> Written:
            records = [{"attributes": {"type": kind}, **one.body} for one in part]
            answer = self._send("PATCH", path, json={"allOrNone": False, "records": records})
            return _sort_out(part, answer)

        return write_all(inputs, send=send, at_once=AT_ONCE)

    def _send(self, method: str, path: str, **request: Any) -> Any:
        """Send once; what is answered, as JSON."""
        import requests

        headers = {"Sforce-Query-Options": f"batchSize={_PAGE}", **_OWN_RULES_ONLY}
        try:
            answer = self.http.exchange(method, path, headers=headers, **request)
        except SourceError as error:
            raise _refused(error.found, error.remedy) from None
        except AgainError as error:  # only a login raises it: nothing was sent yet
            found = f"{error.found} at the login"
            raise DeliveryError(
                target=TARGET, found=found, retry_after=error.after_seconds
            ) from None
        except requests.RequestException as error:
            found = f"the connection failed ({type(error).__name__})"
            if _is_before_sending(error):
                raise _refused(found, "check ACCORD_SALESFORCE_URL and the network") from None
            raise UnsureError(found) from None
        return self._content(answer)

    def _content(self, answer: Any) -> Any:
        status, content = answer.status_code, _json(answer)
        if status == HTTPStatus.OK:
            if content is None:
                raise UnsureError("an answer broke off")
            return content
        code, column = code_of(content)
        found = f"answers {status}" + (f" ({code}{column})" if code else "")
        after = retry_after_seconds(answer.headers)
        if code == "REQUEST_LIMIT_EXCEEDED":
            pause = max(after or 0, _LIMIT_PAUSE)
            raise DeliveryError(target=TARGET, found=found, retry_after=pause)
        if status == HTTPStatus.TOO_MANY_REQUESTS or code == "SERVER_UNAVAILABLE":
            raise DeliveryError(target=TARGET, found=found, retry_after=after)
        if status == HTTPStatus.UNAUTHORIZED:
            raise _refused("does not accept the session", f"renew {self.http.login.variables}")
        if status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            raise _refused(found, "check the version and what the user may see and change")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            raise UnsureError(found)
        raise RejectedError(found, status=status)


def quoted(text: str) -> str:
    r"""Write a text as SOQL takes it.

    >>> quoted("O'Brien")
    "'O\\'Brien'"
    """
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _lists(values: Sequence[str]) -> Iterator[str]:
    """Write values as lists, none longer than fits into one query's address."""
    some: list[str] = []
    length = 0
    for value in values:
        one = quoted(value)
        length += len(quote_plus(one)) + 3
        if some and length > _LONGEST_LIST:
            yield ", ".join(some)
            some, length = [], len(quote_plus(one)) + 3
        some.append(one)
    if some:
        yield ", ".join(some)


def _sort_out(inputs: Sequence[Input], answer: Any) -> Written:
    """Find what the answer says of each record: as many ends as records, in their order."""
    written = Written()
    if not isinstance(answer, list) or len(answer) != len(inputs):
        raise UnsureError("Salesforce did not say what became of each record")
    for one, end in zip(inputs, answer, strict=True):
        if end.get("success") is True:
            written.done[one.place] = end
        else:
            written.fail([one], Result.REFUSED, f"Salesforce refuses the record{_why(end)}")
    return written


def _why(end: Mapping[str, Any]) -> str:
    """Return the codes of a record's errors, and the fields they are about."""
    errors = [one for one in end.get("errors") or () if isinstance(one, dict)]
    codes = [str(one.get("statusCode", "")) for one in errors]
    fields = [str(name) for one in errors for name in one.get("fields") or ()]
    said = ", ".join(code for code in codes if _CODE.fullmatch(code))
    about = ", ".join(name for name in fields if _FIELD.fullmatch(name))
    return (f" ({said})" if said else "") + (f": {about}" if about else "")


def _is_before_sending(error: Exception) -> bool:
    """Say whether no connection came about: then nothing can have been done."""
    import requests
    from urllib3.exceptions import NewConnectionError

    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectionError) and isinstance(reason, NewConnectionError)


def _json(answer: Any) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _refused(found: str, remedy: str = "") -> DeliveryError:
    said = "; ".join(part for part in (found.removeprefix("Salesforce "), remedy) if part)
    return DeliveryError(target=TARGET, found=said)
