"""Salesforce's HTTP: logging in, one session, and what each answer means.

Sends and reads; what to ask for is decided in ``salesforce``. No text of an answer reaches an
error, since it may hold personal data: only its status, its code and names of columns.
"""

from __future__ import annotations

import re
import warnings
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from xml.parsers.expat import ExpatError

from accord.crm.patience import (
    AgainError,
    Patience,
    is_worth_asking_again,
    retry_after_seconds,
)
from accord.errors import AccordError, SourceError

_CODE = re.compile(r"[A-Za-z][A-Za-z_]{2,60}")
_COLUMN = re.compile(r"No such (?:column|relation) '([\w.]{1,80})'")
_TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path, no token


class LostPlaceError(AccordError):
    """The service no longer keeps the place in a query's result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who reads: a user with password and security token, or a connected app by its secret.

    ``url`` is where the login is, without a path; ``variables`` name what the secrets are kept
    in, for errors.
    """

    url: str
    version: str
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    security_token: str | None = field(default=None, repr=False)
    client_id: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    variables: str = ""


@dataclass(slots=True, kw_only=True)
class SalesforceHttp:
    """One organisation's API; logs in when first asked, and again when its session has expired.

    ``where`` names the source in errors. Every method raises SourceError when the service
    refuses, or cannot be reached however often it is asked.
    """

    login: Login
    where: str
    timeout_seconds: float
    patience: Patience
    _session: Any = field(default=None, repr=False)
    _token: str | None = field(default=None, repr=False)
    _base: str = ""

    def query(self, soql: str, *, page: int, deleted: bool) -> dict[str, Any]:
        """Start a query; ``records``, and ``nextRecordsUrl`` if there is more."""
        room = "queryAll" if deleted else "query"
        path = f"/services/data/v{self.login.version}/{room}/"
        return self._ask(path, page=page, query={"q": soql})

    def go_on(self, following: str, *, page: int) -> dict[str, Any]:
        """Read on along ``nextRecordsUrl``; LostPlaceError if the service no longer knows it."""
        return self._ask(urlsplit(following).path, page=page)

    def close(self) -> None:
        """Give back the connection."""
        if self._session is not None:
            self._session.close()

    def _ask(
        self, path: str, *, page: int, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            return self.patience.ask(lambda: self._send(path, page, query))
        except AgainError as error:
            raise self._given_up(error) from None

    def exchange(self, method: str, path: str, **request: Any) -> Any:
        """Send one request once, and return the answer whatever it says.

        Logs in first; where the session has expired, anew, and sends once more: a request without
        a session has done nothing. ``request`` is the rest of it: headers, params, json. Besides
        the errors of a login, raises those of requests.
        """
        fresh = self._token is None
        if fresh:
            self._log_in()
        answer = self._request(method, path, **request)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and not fresh:
            self._log_in()
            answer = self._request(method, path, **request)
        return answer

    def _request(self, method: str, path: str, *, headers: Mapping[str, str], **rest: Any) -> Any:
        said = {"Authorization": f"Bearer {self._token}", **headers}
        url = f"{self._base}{path}"
        return self._session.request(method, url, headers=said, allow_redirects=False, **rest)

    def _send(self, path: str, page: int, query: Mapping[str, str] | None) -> dict[str, Any]:
        import requests

        headers = {"Sforce-Query-Options": f"batchSize={page}"}
        try:
            answer = self.exchange("GET", path, headers=headers, params=query)
        except requests.RequestException as error:
            raise _cut(error) from None
        return self._read(answer)

    def _read(self, answer: Any) -> dict[str, Any]:
        status, content = answer.status_code, _content(answer)
        if status == HTTPStatus.OK:
            if content is None:
                raise AgainError("an answer broke off")
            if not isinstance(content, dict) or not isinstance(content.get("records"), list):
                raise self._refused("answers in another shape", "try another version: of the API")
            return content
        code, column = code_of(content)
        if status == HTTPStatus.UNAUTHORIZED:
            raise self._refused("does not accept the session", f"renew {self.login.variables}")
        if code == "REQUEST_LIMIT_EXCEEDED":
            remedy = "the next run goes on where this one stopped"
            raise self._refused("has reached its limit of requests", remedy)
        if code == "INVALID_QUERY_LOCATOR":
            raise LostPlaceError(code)
        if is_worth_asking_again(status):
            after = retry_after_seconds(answer.headers)
            raise AgainError(f"it answers {status}", after_seconds=after)
        said = f" ({code}{column})" if code else ""
        remedy = "check the object, the columns and what the user may see"
        raise self._refused(f"answers {status}{said}", remedy)

    def _log_in(self) -> None:
        """Log in anew; the token and the address of the instance are kept."""
        simple_salesforce, requests = _load_libraries(self.where)
        if self._session is None:
            self._session = _timed_session(self.timeout_seconds)
        try:
            with warnings.catch_warnings(action="ignore"):  # one of them tells the app's id
                self._token, instance = _log_in(self.login, self._session)
        except simple_salesforce.exceptions.SalesforceAuthenticationFailed as error:
            raise self._no_login(error.code) from None
        except (requests.RequestException, ExpatError) as error:
            raise _cut(error) from None
        scheme = urlsplit(self.login.url).scheme
        self._base = f"{scheme}://{instance.rstrip('/')}"

    def _no_login(self, code: Any) -> AccordError:
        if isinstance(code, int) and is_worth_asking_again(code):
            return AgainError(f"the login answers {code}")
        said = f" ({code})" if _CODE.fullmatch(str(code)) else ""
        return self._refused(f"refuses the login{said}", f"check {self.login.variables}")

    def _refused(self, found: str, remedy: str) -> SourceError:
        return SourceError(where=self.where, found=f"Salesforce {found}", remedy=remedy)

    def _given_up(self, error: AgainError) -> SourceError:
        return SourceError(
            where=self.where,
            found=f"Salesforce gave no answer however often it was asked: {error.found}",
            remedy="the next run goes on where this one stopped",
        )


def _log_in(login: Login, session: Any) -> tuple[str, str]:
    """Return a session's id and the host of its instance."""
    from simple_salesforce.login import SalesforceLogin, token_login

    if login.client_id is not None:
        secret = b64encode(f"{login.client_id}:{login.client_secret}".encode()).decode()
        return token_login(
            f"{login.url}{_TOKEN_PATH}",
            {"grant_type": "client_credentials"},
            "",
            "",
            {"Authorization": f"Basic {secret}"},
            None,
            session,
        )
    return SalesforceLogin(
        username=login.username,
        password=login.password,
        security_token=login.security_token or "",
        sf_version=login.version,
        session=session,
        scratch_url=login.url,
    )


def _timed_session(seconds: float) -> Any:
    """Make a session none of whose requests, logins among them, waits for ever."""
    import requests

    class TimedSession(requests.Session):
        def request(self, *args: Any, **options: Any) -> requests.Response:
            return super().request(*args, **{"timeout": seconds, **options})

    return TimedSession()


def _load_libraries(where: str) -> tuple[Any, Any]:
    try:
        import requests
        import simple_salesforce
    except ImportError:
        found, remedy = "reading Salesforce needs simple-salesforce", "install accord[salesforce]"
        raise SourceError(where=where, found=found, remedy=remedy) from None
    return simple_salesforce, requests


def _cut(error: Exception) -> AgainError:
    return AgainError(f"the connection failed ({type(error).__name__})")


def _content(answer: Any) -> Any:
    """Return the answer's JSON, its decimals as they were written; None if it holds none."""
    try:
        return answer.json(parse_float=str)
    except ValueError:
        return None


def code_of(content: Any) -> tuple[str, str]:
    """Return an error's code and the column it is about, as far as they are plain names."""
    first = content[0] if isinstance(content, list) and content else {}
    said = first if isinstance(first, dict) else {}
    code = str(said.get("errorCode", ""))
    column = _COLUMN.search(str(said.get("message", "")))
    return (code if _CODE.fullmatch(code) else ""), (f": {column[1]}" if column else "")
