"""Reviews reach people: the page as it was last due, once a person, by the outbox. Both stores."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from accord.agreement import Review, last_due, next_due
from accord.errors import InputError
from accord.ledger import tables
from accord.outbox import REVIEW_SAMPLE, Templates
from accord.services.audit import run_audit
from accord.services.deliver import run_deliver
from accord.services.doctor import examine
from accord.services.reviews import list_reviews, run_review
from tests.metrics.company import Company
from tests.outbox.mail_server import MailServer
from tests.outbox.receivers import Receiver

ZONE = "America/New_York"
MONDAY = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)  # 07:00 in New York
HOUR = timedelta(hours=1)


@pytest.fixture
def company(workspace):
    Company(leads=150, seed=3).write(workspace.ledger)
    with workspace.ledger.begin() as connection:
        rep = tables.rep
        led = rep.c.rep_id.in_(["crm:ada", "crm:ben"])
        connection.execute(update(rep).where(led).values(manager_id="crm:hana"))
        mail = update(rep).where(rep.c.rep_id == "crm:hana")
        connection.execute(mail.values(email="hana@example.com"))
    return workspace


def _entries(workspace):
    query = select(tables.outbox).where(tables.outbox.c.kind == "message")
    with workspace.ledger.read() as connection:
        return connection.execute(query.order_by(tables.outbox.c.outbox_id)).mappings().all()


def test_the_weekly_review_tells_each_of_its_people_once(company):
    found = run_review(company, "weekly", as_of=MONDAY)
    assert found.due_at == MONDAY
    assert found.path.name == "report-2026-W46.html"
    people = {row["recipient"] for row in _entries(company)}
    assert people == {"marketing_owner", "cmo", "crm:hana"}
    again = run_review(company, "weekly", as_of=MONDAY + HOUR)
    assert again.messages == 0
    assert len(_entries(company)) == found.messages == 3


def test_a_run_that_comes_late_is_of_the_monday_that_was_due(company):
    found = run_review(company, "weekly", as_of=MONDAY + 30 * HOUR)
    assert found.due_at == MONDAY
    assert "2026-W46" in found.path.name
    assert "The week has closed" in found.path.read_text("utf-8")


def test_a_corrected_page_is_told_of_only_when_that_is_asked_for(company):
    run_review(company, "weekly", as_of=MONDAY)
    run_deliver(company, as_of=MONDAY, crm=Receiver())
    resent = run_review(company, "weekly", as_of=MONDAY + HOUR, resend=True)
    assert resent.messages == 3
    run_deliver(company, as_of=MONDAY + HOUR, crm=Receiver())
    lines = (company.settings.outbox_path / "messages.jsonl").read_text("utf-8").splitlines()
    subjects = [json.loads(line)["subject"] for line in lines]
    assert sum(subject.startswith("Corrected: ") for subject in subjects) == 3
    assert len(subjects) == 6


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("daily", "pace-2026-11-15.html"),
        ("weekly", "report-2026-W46.html"),
        ("monthly", "report-2026-10.html"),
        ("pipeline", "pipeline-2026-11-01.html"),
    ],
)
def test_every_review_of_the_agreement_has_its_page(company, name, page):
    found = run_review(company, name, as_of=MONDAY + HOUR)
    assert found.path.name == page
    assert found.headline
    (entry, *_) = _entries(company)
    assert entry["payload"]["review"]["page"].endswith(page)


def test_a_role_that_nobody_fills_is_said(workspace):
    Company(leads=5, seed=3).write(workspace.ledger)
    found = run_review(workspace, "weekly", as_of=MONDAY)
    assert [finding.subject for finding in found.findings] == ["manager"]
    assert found.messages == 2


def test_managers_without_an_address_are_told_of_beside_those_who_have_one(company):
    with company.ledger.begin() as connection:
        rep = tables.rep
        led = update(rep).where(rep.c.rep_id.in_(["crm:cho", "crm:dee"]))
        connection.execute(led.values(manager_id="crm:gus"))
    found = run_review(company, "weekly", as_of=MONDAY)
    assert found.messages == 3
    (finding,) = found.findings
    assert (finding.rule, finding.subject) == ("review.no_address", "crm:gus")
    assert "HYPERLINK" not in str(finding)  # which is the name of that rep


@pytest.fixture
def looked_at(workspace):
    """What the doctor finds of reviews."""

    def look(**values):
        given_ = workspace.settings.model_dump() | values
        found = examine(type(workspace.settings)(**given_, _env_file=None), as_of=MONDAY)
        return {check.what: check for check in found}["reviews"]

    return look


def test_the_doctor_says_when_reviews_are_due_and_how_many_they_reach(company, looked_at):
    found = looked_at()
    assert found.ok
    assert "weekly next 2026-11-23T12:00:00Z, to 3; " in found.found
    assert found.found.endswith("links are paths: ACCORD_REPORT_URL is not set")
    assert looked_at(report_url="https://reports.example.com").found.endswith("to 3")


def test_the_doctor_finds_who_would_not_be_told(company, looked_at):
    with company.ledger.begin() as connection:
        rep = tables.rep
        hers = update(rep).where(rep.c.rep_id == "crm:hana")
        connection.execute(hers.values(email=None))
    found = looked_at()
    assert not found.ok
    assert "manager: A review is for the manager, and nobody with an address is" in found.found
    assert "crm:hana: The manager crm:hana has no e-mail address" in found.found


def test_the_doctor_of_a_new_installation_waits_for_the_reps(looked_at):
    found = looked_at()
    assert found.ok
    assert found.found.endswith("no rep is known yet")


def test_an_unknown_review_names_those_there_are(company):
    with pytest.raises(InputError, match="daily, weekly, monthly, pipeline"):
        run_review(company, "yearly", as_of=MONDAY)


def test_people_reach_the_page_where_reports_are_served(company):
    settings = company.settings
    values = {**settings.model_dump(), "report_url": "https://reports.example.com/accord/"}
    served = replace(company, settings=type(settings)(**values, _env_file=None))
    run_review(served, "weekly", as_of=MONDAY)
    pages = {row["payload"]["review"]["page"] for row in _entries(company)}
    assert pages == {"https://reports.example.com/accord/report-2026-W46.html"}


def test_the_report_goes_by_mail_with_its_page_attached(company):
    server = MailServer()
    server.start()
    try:
        settings = company.settings
        values = {**settings.model_dump(), "message_url": server.url}
        mailed = replace(company, settings=type(settings)(**values, _env_file=None))
        run_review(mailed, "weekly", as_of=MONDAY)
        assert run_deliver(mailed, as_of=MONDAY, crm=Receiver()).messages == 3
        assert run_deliver(mailed, as_of=MONDAY + HOUR, crm=Receiver()).messages == 0
        attached = [
            (part.get_filename(), part.get_content())
            for _, mail in server.mails
            for part in mail.iter_attachments()
        ]
        told = server.take()
    finally:
        server.stop()
    assert sorted(to for to, _, _ in told) == [
        "cmo@example.com",
        "hana@example.com",
        "ops@example.com",
    ]
    for _, subject, text in told:
        assert subject.startswith("Accord, 2026-W46: ")
        assert "The weekly review of 2026-W46, due 2026-11-16 07:00" in text
    assert [name for name, _ in attached] == ["report-2026-W46.html"] * 3
    page = attached[0][1]
    assert "2026-W46" in (page if isinstance(page, str) else page.decode("utf-8"))


def test_reviews_break_no_law(company):
    before = run_audit(company, as_of=MONDAY)
    run_review(company, "weekly", as_of=MONDAY)
    run_deliver(company, as_of=MONDAY, crm=Receiver())
    assert set(run_audit(company, as_of=MONDAY)) <= set(before)


def test_reviews_are_listed_by_when_they_are_due_next(workspace):
    found = list_reviews(workspace, as_of=MONDAY)
    assert [(one.review, one.next) for one in found] == sorted(
        [(one.review, one.next) for one in found], key=lambda pair: (pair[1], pair[0])
    )
    by_name = {one.review: one for one in found}
    assert by_name["weekly"].last == MONDAY
    assert by_name["weekly"].next == MONDAY + timedelta(weeks=1)
    assert by_name["pipeline"].next == datetime(2027, 1, 1, 12, tzinfo=UTC)
    assert by_name["monthly"].last == datetime(2026, 11, 1, 12, tzinfo=UTC)


_AT = st.one_of(
    st.just(""),
    st.sampled_from(["mon ", "thu ", "sun "]),
    st.integers(1, 28).map(lambda day: f"{day} "),
)
_REVIEWS = st.builds(
    lambda on, hour, minute, every: Review(
        at=f"{on}{hour:02d}:{minute:02d}",
        what="week",
        to=("cmo",),
        every=f"{every} months" if every and on[:1].isdigit() else None,
    ),
    _AT,
    st.sampled_from([0, *range(3, 24)]),
    st.integers(0, 59),
    st.sampled_from([None, 1, 2, 5, 12]),
)
_MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))


@given(_REVIEWS, _MOMENTS, st.sampled_from([ZONE, "Europe/Berlin", "Asia/Kolkata"]))
def test_due_times_follow_one_another_at_the_agreed_local_time(review, moment, zone):
    last, following = last_due(review, zone, moment), next_due(review, zone, moment)
    assert last <= moment < following
    assert next_due(review, zone, last) == following
    assert last_due(review, zone, following) == following
    for due in (last, following):
        local = due.astimezone(ZoneInfo(zone))
        assert f"{local:%H:%M}" == review.at[-5:]
        on = review.at[:-6]
        if on.isdigit():
            assert local.day == int(on)
            every = int(review.every.split()[0]) if review.every else 1
            assert (local.month - 1) % every == 0
        elif on:
            assert f"{local:%a}".lower() == on


def test_what_a_review_says_is_escaped_in_html_and_one_line_in_the_subject():
    told = {
        **REVIEW_SAMPLE,
        "review": {
            **REVIEW_SAMPLE["review"],
            "headline": "<script>alert(1)</script>\r\nBcc: x@y.example",
            "said": ("<img src=x onerror=alert(1)>",),
        },
    }
    said = Templates().render_review(told)
    assert "<script>" not in said.html
    assert "<img" not in said.html
    assert "\n" not in said.subject
