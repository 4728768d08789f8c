"""When two e-mails are one mailbox, and what names a company."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.identity import (
    company_domain_of,
    company_domains_of,
    company_key_of,
    company_keys_of,
    mailbox_of,
    mailboxes_of,
)


@pytest.mark.parametrize(
    ("email", "mailbox"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        ("  ann@example.com\t", "ann@example.com"),
        ("ann+news@example.com", "ann@example.com"),
        ("+49123@example.com", "+49123@example.com"),
        ("a.n.n@gmail.com", "ann@gmail.com"),
        ("a.n.n+x@googlemail.com", "ann@gmail.com"),
        ("a.n.n@example.com", "a.n.n@example.com"),
        ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
        ("ann@example.com.", "ann@example.com"),
        ("info@example.com", "info@example.com"),
        ("No-Reply@example.com", None),
        ("noreply+1@example.com", None),
        ("ann", None),
        ("@example.com", None),
        ("ann@", None),
        ("ann@b@c", None),
        ("ann smith@example.com", None),
        ("", None),
        (None, None),
    ],
)
def test_a_mailbox_is_one_however_it_is_spelled(email, mailbox):
    assert mailbox_of(email) == mailbox


LOCALS = st.text("aN.+ü_-@ \t", max_size=7) | st.sampled_from(["noreply", "no-reply+x", "+", "a+b"])
HOSTS = st.sampled_from(
    [
        "gmail.com",
        "GoogleMail.com",
        "acme.com",
        "mail.acme.com",
        "BÜ.de",
        "",
        ".",
        "x",
        "mail.co.uk",
    ]
)
EMAILS = st.none() | st.builds("{}@{}".format, LOCALS, HOSTS) | st.text(max_size=12)


@given(st.lists(EMAILS, max_size=12))
def test_mailboxes_and_domains_of_a_column_are_those_of_each(emails):
    mailboxes = mailboxes_of(pa.array(emails, pa.string()))
    assert mailboxes.to_pylist() == [mailbox_of(email) for email in emails]
    domains = company_domains_of(mailboxes).to_pylist()
    assert domains == [company_domain_of(mailbox) for mailbox in mailboxes.to_pylist()]


@given(EMAILS)
def test_a_mailbox_is_its_own_mailbox(email):
    mailbox = mailbox_of(email)
    assert mailbox_of(mailbox) == mailbox


@pytest.mark.parametrize(
    ("mailbox", "domain"),
    [
        ("ann@acme.com", "acme.com"),
        ("ann@mail.acme.com", "acme.com"),
        ("ann@sales.acme.com", "sales.acme.com"),
        ("ann@mail.co.uk", "mail.co.uk"),
        ("ann@gmail.com", None),
        ("ann@mail.gmail.com", None),
        ("ann@web.de", None),
        (None, None),
    ],
)
def test_a_company_is_known_by_its_domain_but_not_by_a_free_mailbox(mailbox, domain):
    assert company_domain_of(mailbox) == domain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme, Inc.", "ACME"),
        ("Müller & Söhne GmbH & Co. KG", "Muller and Sohne"),
        ("Étoile S.à r.l.", "Etoile SARL"),
        ("Ørsted A/S", "Orsted"),
        ("Coca-Cola Company", "Coca Cola"),
        ("L'Oréal S.A.", "LOREAL"),
        ("Smith Sp. z o.o.", "Smith"),
        ("株式会社トヨタ", "トヨタ"),
        ("OOO Romashka", "Romashka"),
    ],
)
def test_spelling_and_legal_form_do_not_make_another_company(one, other):
    assert company_key_of(one) == company_key_of(other)


@pytest.mark.parametrize("name", [None, "", " ", "n/a", "N.A.", "None", "self-employed", "-"])
def test_what_people_write_for_no_company_names_none(name):
    assert company_key_of(name) is None


def test_a_company_that_is_called_like_a_legal_form_keeps_its_name():
    assert company_key_of("SE") == "se"
    assert company_key_of("Limited Ltd.") == "limited"


NAMES = st.none() | st.text("aB&. -'/éß株式会社 GmbH", max_size=12) | st.text(max_size=8)


@given(st.lists(NAMES, max_size=8))
def test_keys_of_a_column_are_those_of_each(names):
    keys = company_keys_of(pa.array(names, pa.string())).to_pylist()
    assert keys == [company_key_of(name) for name in names]
