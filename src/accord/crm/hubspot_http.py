"""HubSpot's HTTP: paths by version, one token, and what each answer means.

Sends and reads; what to ask for is decided in ``hubspot``. No text of an answer reaches an error,
since it may hold personal data: only its status and its category.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import ModuleType
from typing import TYPE_CHECKING, Any

from accord.crm.patience import (
    AgainError,
    Patience,
    is_worth_asking_again,
    retry_after_seconds,
)
from accord.errors import SourceError

if TYPE_CHECKING:
    import httpx

_ASSOCIATED_AT_ONCE = 100
_WORD = re.compile(r"[A-Z][A-Z_]{2,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubspotHttp:
    """One account's API in one ``version`` (v3, or a date such as 2026-03).

    ``where`` names the source in errors; ``variable`` is what the token is kept in. Every method
    raises SourceError when the service refuses, or cannot be reached however often it is asked.
    """

    client: httpx.Client
    version: str
    variable: str
    where: str
    patience: Patience

    @classmethod
    def open(
        cls, *, url: str, token: str, timeout_seconds: float, where: str, **rest: Any
    ) -> HubspotHttp:
        """Make the client that all requests go through; the token stands in it alone."""
        headers = {"Authorization": f"Bearer {token}"}
        client = load_httpx(where).Client(base_url=url, timeout=timeout_seconds, headers=headers)
        return cls(client=client, where=where, **rest)

    def close(self) -> None:
        """Give back the connection."""
        self.client.close()

    def search(self, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Search one object; ``results``, and ``paging`` if there is more."""
        return self._ask("POST", f"{self._path('objects')}/{kind}/search", body=body)

    def property_names(self, kind: str) -> list[str]:
        """List the names of an object's properties."""
        answer = self._ask("GET", f"{self._path('properties')}/{kind}")
        return [str(one.get("name")) for one in answer["results"] if isinstance(one, dict)]

    def owners(self, *, limit: int, after: str | None) -> dict[str, Any]:
        """List a page of owners."""
        query = {"limit": str(limit)} | ({} if after is None else {"after": after})
        return self._ask("GET", self._path("owners"), query=query)

    def associated(self, kind: str, other: str, ids: Sequence[str]) -> dict[str, str]:
        """Return the lowest id of the other object associated with each id; absent if none is."""
        found: dict[str, str] = {}
        path = f"{self._path('associations')}/{kind}/{other}/batch/read"
        for start in range(0, len(ids), _ASSOCIATED_AT_ONCE):
            inputs = [{"id": one} for one in ids[start : start + _ASSOCIATED_AT_ONCE]]
            for one in self._ask("POST", path, body={"inputs": inputs})["results"]:
                try:
                    others = [int(to["toObjectId"]) for to in one["to"]]
                    if others:
                        found[str(one["from"]["id"])] = str(min(others))
                except (KeyError, TypeError, ValueError):
                    remedy = "try another version: of the API"
                    raise self._refused("tells associations in another shape", remedy) from None
        return found

    def _path(self, room: str) -> str:
        return path_of(self.version, room)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        transport_error = load_httpx(self.where).TransportError

        def send() -> dict[str, Any]:
            try:
                return self._read(self.client.request(method, path, json=body, params=query))
            except transport_error as error:
                found = f"the connection failed ({type(error).__name__})"
                raise AgainError(found) from None

        try:
            return self.patience.ask(send)
        except AgainError as error:
            raise self._given_up(error) from None

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        status, content = answer.status_code, read_object(answer)
        if answer.is_success:
            if content is None:
                raise AgainError("an answer broke off")
            if not isinstance(content.get("results"), list):
                raise self._refused("answers in another shape", "try another version: of the API")
            return content
        if status == HTTPStatus.UNAUTHORIZED:
            raise self._refused("does not accept the token", f"renew {self.variable}")
        if status == HTTPStatus.TOO_MANY_REQUESTS and (content or {}).get("policyName") == "DAILY":
            remedy = "the next run goes on where this one stopped"
            raise self._refused("has reached its daily limit of requests", remedy)
        if is_worth_asking_again(status):
            after = retry_after_seconds(answer.headers)
            raise AgainError(f"it answers {status}", after_seconds=after)
        remedy = "check the scopes of the token, the object and the columns"
        raise self._refused(f"answers {status}{category_of(content)}", remedy)

    def _refused(self, found: str, remedy: str) -> SourceError:
        return SourceError(where=self.where, found=f"HubSpot {found}", remedy=remedy)

    def _given_up(self, error: AgainError) -> SourceError:
        return SourceError(
            where=self.where,
            found=f"HubSpot gave no answer however often it was asked: {error.found}",
            remedy="the next run goes on where this one stopped",
        )


def path_of(version: str, room: str) -> str:
    """Return the path of one of the API's rooms: objects, properties, owners or associations.

    Versions with a v stand before the room, those that are a date behind it; with the third
    version of the others go the associations' fourth.

    >>> path_of("v3", "associations"), path_of("2026-03", "objects")
    ('/crm/v4/associations', '/crm/objects/2026-03')
    """
    if not version.startswith("v"):
        return f"/crm/{room}/{version}"
    return f"/crm/{'v4' if room == 'associations' and version == 'v3' else version}/{room}"


def load_httpx(where: str) -> ModuleType:
    """Return httpx; SourceError, with the extra to install, if it is not there."""
    try:
        import httpx
    except ImportError:
        found, remedy = "reading HubSpot needs httpx", "install accord[hubspot]"
        raise SourceError(where=where, found=found, remedy=remedy) from None
    return httpx


def read_object(answer: httpx.Response) -> dict[str, Any] | None:
    """Return the answer's JSON object; None if it holds none."""
    try:
        content = answer.json()
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def category_of(content: Mapping[str, Any] | None) -> str:
    """Return the category of an error where it is a plain word, such as MISSING_SCOPES."""
    said = str((content or {}).get("category", ""))
    return f" ({said})" if _WORD.fullmatch(said) else ""
