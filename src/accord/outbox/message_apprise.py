"""The messenger ``apprise``: mail, Slack, Teams and whatever else apprise has a URL for.

A URL holds secrets and the filled-in one an address: neither is repeated in errors or logs.
apprise itself answers yes or no and tells the reason to its log only; of that log a code is kept.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from apprise import Apprise, AppriseAsset, AppriseAttachment, NotifyFormat, OverflowMode

from accord.errors import InputError
from accord.outbox.messenger import Addressee, Delivery, Message, Told

_LOGS = ("apprise", "urllib3")  # the second names paths of URLs, and chats' secrets stand there
_ADDRESS = re.compile(r"[^\s,;<>@]+@[^\s,;<>@]+")
_EXAMPLE = Addressee(role="rep", person_id="crm:1", email="somebody@example.com")
_SMTP = re.compile(r"\((\d{3}), b['\"]")
_HTTP = re.compile(r"\berror=(\d{3})\b")
_UNANSWERED = ("Connection refused", "Name or service not known", "No address associated")


class AppriseMessenger:
    """Messages by the URL of a role, else by the one for all.

    ``urls`` maps roles to URLs, "" to the one for all; {email}, {id} and {role} in them stand for
    the recipient's. ``test_to`` is where everything goes instead: an address, put in for {email},
    or a URL of its own. InputError, without the URL, for one that apprise cannot read.
    """

    def __init__(self, urls: Mapping[str, str], *, test_to: str = "") -> None:
        self._urls = {"": test_to} if "://" in test_to else dict(urls)
        self._test_to = "" if "://" in test_to else test_to
        self._check()

    def _check(self) -> None:
        for role, url in self._urls.items():
            if self._plugin(url, _EXAMPLE) is None:
                raise _unreadable(role)
        if self._test_to and not all("{email}" in url for url in self._urls.values()):
            raise InputError(
                where="ACCORD_MESSAGE_TEST_TO",
                found="an address, and a message URL without {email} to put it in",
                remedy="set a whole URL there, as mailto://...&to=you@example.com",
            )
        if self._test_to and not self._urls:
            raise InputError(
                where="ACCORD_MESSAGE_TEST_TO",
                found="an address without a way to it",
                remedy="set ACCORD_MESSAGE_URL as well, or a whole URL there",
            )

    def channel(self, role: str) -> str:
        """Return the role if it has a URL of its own, or the one for all differs by role."""
        return role if role in self._urls or "{role}" in self._urls.get("", "") else ""

    def can_tell(self, role: str) -> bool:
        """Say whether there is a URL for a role."""
        return bool(self._urls.get(role) or self._urls.get(""))

    def schemes(self) -> dict[str, str]:
        """Return which service each URL is for, by role; "" is the one for all."""
        return {role: url.partition("://")[0] for role, url in self._urls.items()}

    def send(self, messages: Sequence[Message], *, sent_at: datetime) -> tuple[Delivery, ...]:
        """Send messages one by one, each on a connection of its own."""
        del sent_at  # a server dates what it takes
        return tuple(map(self._send_one, messages))

    def find_sent(self, keys: Collection[str]) -> frozenset[str]:
        """Return nothing: a mail cannot be read back."""
        del keys
        return frozenset()

    def _send_one(self, message: Message) -> Delivery:
        to = message.to
        url = self._urls.get(to.role) or self._urls.get("")
        if not url:
            return _refused(f"no URL for the role {to.role}: set ACCORD_MESSAGE_URL")
        email = self._test_to or to.email
        if "{email}" in url and not (email.isascii() and _ADDRESS.fullmatch(email)):
            return _refused(f"the address of {to.person_id} is not one address")
        plugin = self._plugin(url, to)
        if plugin is None:
            return _refused(f"the URL for the role {to.role} cannot be read for {to.person_id}")
        return _notify(plugin, message, html=_is_mail(url))

    def _plugin(self, url: str, to: Addressee) -> Any:
        filled = _filled(url, to, email=self._test_to or to.email)
        asset = AppriseAsset(async_mode=False, secure_logging=True, app_id="Accord")
        with _overheard():
            plugin = Apprise.instantiate(filled, asset=asset)
        if plugin is not None and not _is_mail(url) and "overflow=" not in url:
            plugin.overflow_mode = OverflowMode.SPLIT  # a chat refuses what is longer than it takes
        return plugin


def _is_mail(url: str) -> bool:
    return url.startswith("mailto")


def _filled(url: str, to: Addressee, *, email: str) -> str:
    named = {"{email}": email, "{id}": to.person_id, "{role}": to.role}
    for name, value in named.items():
        url = url.replace(name, quote(value, safe=""))
    return url


def _notify(plugin: Any, message: Message, *, html: bool) -> Delivery:
    """Send by a plugin; ``html`` where it shows that, and nothing is split within a tag."""
    html = html and plugin.notify_format == NotifyFormat.HTML
    with _overheard() as said:
        sent = plugin.notify(
            title=message.subject,
            body=message.html if html else message.text,
            body_format=NotifyFormat.HTML if html else NotifyFormat.TEXT,
            attach=_attached(message) if html else None,
        )
    if sent:
        return Delivery(told=Told.SENT)
    return _reason(" ".join(said))


def _attached(message: Message) -> AppriseAttachment | None:
    """Return what goes with a mail: the files that are there."""
    there = [path for path in message.attached if path.is_file()]
    if not there:
        return None
    found = AppriseAttachment()
    for path in there:
        found.add(str(path))
    return found


def _reason(said: str) -> Delivery:
    """Tell a refusal, by its code or because nobody answered, from what may have gone out.

    A mail server's code says that it did not take the mail; a web server's from 500 on says only
    that something went wrong there.
    """
    smtp, http = _SMTP.search(said), _HTTP.search(said)
    refusal = smtp or (http if http is not None and http[1] < "500" else None)
    if refusal is not None:
        return _refused(f"refused with code {refusal[1]}")
    if any(one in said for one in _UNANSWERED):
        return replace(_refused("the server does not answer"), unanswered=True)
    code = "" if http is None else f" with code {http[1]}"
    return Delivery(
        told=Told.UNKNOWN,
        error=f"it failed on the way{code}, perhaps after it was taken",
        unanswered=True,
    )


def _refused(error: str) -> Delivery:
    return Delivery(told=Told.REFUSED, error=error)


def _unreadable(role: str) -> InputError:
    of_role = f" of the role {role}" if role else ""
    return InputError(
        where="ACCORD_MESSAGE_URLS" if role else "ACCORD_MESSAGE_URL",
        found=f"apprise cannot read the URL{of_role} (not shown: it may hold a secret)",
        expected="a URL as mailto://user:password@smtp.example.com:587?from=...&to={email}",
        remedy="see docs/messages.md; accord doctor tells whether it can be read",
    )


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """Keep apprise's log from everybody else's: it names addresses; return what it says."""
    listener = _Listener()
    logs = [logging.getLogger(name) for name in _LOGS]
    before = [(log, log.level, log.propagate, log.handlers) for log in logs]
    for log in logs:
        log.setLevel(logging.DEBUG)
        log.propagate, log.handlers = False, [listener]
    try:
        yield listener.said
    finally:
        for log, level, propagate, handlers in before:
            log.setLevel(level)
            log.propagate, log.handlers = propagate, handlers
