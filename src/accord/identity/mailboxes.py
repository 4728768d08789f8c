"""When two e-mails are one mailbox: spelling that providers ignore, and nothing else.

:func:`mailbox_of` is the definition; :func:`mailboxes_of` says the same of a whole column. What
counts as a company's domain is in ``companies``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

SAME_PROVIDER: Mapping[str, str] = MappingProxyType({"googlemail.com": "gmail.com"})
"""Domains that name the same mailboxes as another."""

DOTS_IGNORED = frozenset({"gmail.com"})
"""Providers to whom ``a.nn@`` and ``ann@`` are one mailbox."""

NOBODY = frozenset(
    {
        "noreply", "no-reply", "no_reply", "no.reply",
        "donotreply", "do-not-reply", "do_not_reply", "do.not.reply",
        "mailer-daemon", "mailerdaemon",
    }
)  # fmt: skip
"""Mailboxes that nobody reads: they say nothing about who somebody is."""

_SIMPLE = r"^[ \t]*[!-?A-~]+@[!-?A-~]+[ \t]*$"


def mailbox_of(email: str | None) -> str | None:
    """Return an e-mail as identity compares it; None if it names no mailbox that somebody reads.

    Case and surrounding blanks do not count, nor what stands after a plus: all large providers
    deliver ``ann+news@`` to ``ann@``, and companies that let people use the sign mostly run one of
    them. Dots count everywhere but at Google. A shared mailbox (``info@``) is compared like any
    other: its records are written to in one place. Text without exactly one ``@``, or with blanks
    inside, is no e-mail.

    >>> mailbox_of(" A.nn+News@GoogleMail.com ")
    'ann@gmail.com'
    >>> mailbox_of("noreply@example.com") is None
    True
    """
    if email is None:
        return None
    local, at, domain = email.strip().partition("@")
    if not local or not at or "@" in domain or re.search(r"\s", local + domain):
        return None
    host = host_of(domain)
    local = _local(local.casefold(), host)
    return None if not host or not local or local in NOBODY else f"{local}@{host}"


def _local(local: str, host: str) -> str:
    local = local.partition("+")[0] or local
    return local.replace(".", "") if host in DOTS_IGNORED else local


@lru_cache(maxsize=100_000)
def host_of(domain: str) -> str:
    """Return a mail domain as identity compares it: lower case, IDNA's ASCII, one name a provider.

    >>> host_of("BÜCHER.example.")
    'xn--bcher-kva.example'
    """
    host = domain.strip(".").lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:  # a label too long or empty: nobody's domain, compared as it stands
            host = host.casefold()
    return SAME_PROVIDER.get(host, host)


def mailboxes_of(emails: pa.Array) -> pa.Array:
    """Return :func:`mailbox_of` of each text (pa.string; null for null).

    Plain ASCII goes by columns; what is rarer is looked at one by one.
    """
    simple = pc.fill_null(pc.match_substring_regex(emails, _SIMPLE), fill_value=False)
    plain = _plain_mailboxes(pc.if_else(simple, emails, pa.scalar(None, pa.string())))
    odd = pc.and_(pc.is_valid(emails), pc.invert(simple))
    if not pc.any(odd).as_py():
        return plain
    rest = pa.array([mailbox_of(text.as_py()) for text in emails.filter(odd)], pa.string())
    return pc.replace_with_mask(plain, odd, rest)


def _plain_mailboxes(emails: pa.Array) -> pa.Array:
    local, domain = halves_of(pc.ascii_lower(pc.ascii_trim(emails, " \t")))
    host = _hosts(domain)
    if pc.any(pc.match_substring(local, "+")).as_py():
        local = pc.replace_substring_regex(local, r"^([^+]+)\+.*$", r"\1")
    dotted = pc.is_in(host, pa.array(sorted(DOTS_IGNORED)))
    if pc.any(dotted).as_py():
        local = pc.if_else(dotted, pc.replace_substring(local, ".", ""), local)
    nobody = pc.or_(
        pc.is_in(local, pa.array(sorted(NOBODY))), pc.or_(pc.equal(host, ""), pc.equal(local, ""))
    )
    joined = pc.binary_join_element_wise(local, host, "@")
    return pc.if_else(pc.fill_null(nobody, fill_value=True), pa.scalar(None, pa.string()), joined)


def halves_of(emails: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return what stands before and after the one ``@`` of each text; null for null."""
    given = pc.is_valid(emails)
    parts = pc.list_flatten(pc.split_pattern(emails.drop_null(), "@"))
    places = pc.if_else(given, pc.cumulative_sum(given.cast(pa.int64())), None)
    first = pc.subtract(pc.multiply(places, 2), 2)
    return parts.take(first), parts.take(pc.add(first, 1))


def _hosts(domains: pa.Array) -> pa.Array:
    """Return :func:`host_of` of each domain, worked out once a distinct one."""
    encoded = domains.dictionary_encode()
    names = encoded.dictionary.to_pylist()
    return pa.array([host_of(name) for name in names], pa.string()).take(encoded.indices)
