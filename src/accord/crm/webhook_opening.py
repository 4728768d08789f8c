"""Opening the adapter ``webhook``: its address, its secrets, and whom it trusts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from ipaddress import ip_address
from ssl import SSLContext
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from accord.crm.quiet import keep_quiet
from accord.crm.webhook import SECRET, URL, WebhookCrm, load_httpx
from accord.errors import InputError

if TYPE_CHECKING:
    from accord.crm.opening import CrmSettings


def open_webhook(
    settings: CrmSettings, *, as_of: datetime, now: Callable[[], datetime] | None = None
) -> WebhookCrm:
    """Make the adapter; InputError, naming the variable, if the address or the secret is none."""
    _check_url(settings.url)
    if not settings.secret:
        remedy = "make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
        raise InputError(
            where=SECRET, found="is not set", expected="what both sides sign with", remedy=remedy
        )
    keep_quiet("httpx")
    headers = {"User-Agent": "accord"}
    if settings.token:
        headers["Authorization"] = f"Bearer {settings.token}"
    return WebhookCrm(
        client=load_httpx().Client(
            timeout=settings.timeout_seconds, headers=headers, verify=_trusted()
        ),
        url=settings.url,
        secrets=tuple(one for one in (settings.secret, settings.secret_before) if one),
        batch=settings.batch,
        as_of=as_of,
        now=now,
    )


def _check_url(url: str) -> None:
    expected = "https://host/path"
    if not url:
        raise InputError(where=URL, found="is not set", expected=expected)
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("https", "http"):
        raise InputError(where=URL, found="is no address of a receiver", expected=expected)
    if parts.scheme == "http" and not _is_near(host):
        raise InputError(
            where=URL,
            found="would send people's data in the clear over the internet",
            expected=expected,
            remedy="http:// is taken for hosts of one's own network only",
        )


def _is_near(host: str) -> bool:
    """Say whether a host is of one's own network: a private address, or a name without a dot."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".internal", ".local"))


@cache
def _trusted() -> SSLContext:
    """Whom we trust, read once a process: it takes longer than many a request."""
    context: SSLContext = load_httpx().create_ssl_context()
    return context
