"""The agreement in plain words: how values, conditions, calendars and terms are said."""

from __future__ import annotations

# ruff: noqa: E501 - one sentence a line reads as a table
from datetime import date
from decimal import Decimal

import pytest

from accord.agreement import Duration, loads, parse_step_at
from accord.agreement.written import (
    Grid,
    Paragraph,
    Points,
    SignatureLine,
    say_all,
    say_count,
    say_duration,
    say_money,
    say_name,
    say_number,
    say_share,
    say_step_at,
    say_text,
    say_when,
    write_agreement,
)
from accord.agreement.written.opening import say_calendar
from accord.agreement.written.together import say_review
from accord.conditions import parse_condition
from accord.records import Side


def texts_of(written) -> list[str]:
    """Every text of a document, whatever it stands in."""
    found = [text for fact in written.facts for text in fact]
    for chapter in written.chapters:
        found += [chapter.title, chapter.lead]
        for part in chapter.parts:
            for passage in part.passages:
                match passage:
                    case Paragraph(text=text):
                        found.append(text)
                    case Points(points=points):
                        found += [f"{one.term}: {one.text}" for one in points]
                    case Grid(rows=rows):
                        found += [" | ".join(row) for row in rows]
    return found


@pytest.fixture
def document(shipped_text):
    return write_agreement(loads(shipped_text))


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (Duration(1, "s"), "1 second"),
        (Duration(5, "m"), "5 minutes"),
        (Duration(1, "h"), "1 hour"),
        (Duration(28, "d"), "28 days"),
        (Duration(0, "m"), "0 minutes"),
        (Duration(300, "s"), "300 seconds"),
    ],
)
def test_a_duration_is_said_in_the_unit_it_was_written_in(duration, words):
    assert say_duration(duration) == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("80%", "after 80 % of the time"),
        ("12.5%", "after 12.5 % of the time"),
        ("due", "when it is due"),
        ("due+30m", "30 minutes after it is due"),
        ("due+60m", "1 hour after it is due"),
        ("due+2d", "48 hours after it is due"),
        ("due+90s", "90 seconds after it is due"),
    ],
)
def test_a_step_is_said_by_where_it_stands_on_its_term(at, words):
    assert say_step_at(parse_step_at(at)) == words


def test_numbers_are_said_exactly():
    assert say_number(Decimal(1000000)) == "1,000,000"
    assert say_number(Decimal("2.50")) == "2.5"
    assert say_number(Decimal(-30)) == "-30"
    assert say_number(Decimal("0.12345678901234567890123456789012345")).endswith("12345")
    assert say_share(Decimal("0.005")) == "0.5 %"
    assert say_share(Decimal(1)) == "100 %"
    assert say_money(Decimal("20.10"), "USD") == "20.1 USD"
    assert say_count(1, "lead") == "1 lead"
    assert say_count(0, "lead") == "0 leads"


def test_lists_are_joined_as_people_do():
    assert say_all([]) == "none"
    assert say_all(["a"]) == "a"
    assert say_all(["a", "b"]) == "a and b"
    assert say_all(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("first_touch", "first_touch"),
        ("ops@example.com", "ops@example.com"),
        ("decision maker", "“decision maker”"),
        ("a, b", "“a, b”"),
        ("Größe", "Größe"),
        ("-1", "“-1”"),
        ("a\nb", "“a⟨U+000A⟩b”"),
        ("ab\u202e", "“ab⟨U+202E⟩”"),
        ("", "“”"),
    ],
)
def test_a_name_stands_out_and_nothing_in_it_is_hidden(name, said):
    assert say_name(name) == said


def test_text_keeps_its_spaces_and_marks():
    assert say_text("<b> a|b *c*") == "<b> a|b *c*"


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"country": "DE"}, "country is DE"),
        ({"country": ["DE", "AT", "CH"]}, "country is DE, AT or CH"),
        ({"country": {"not_in": ["DE", "AT"]}}, "country is stated, but not DE or AT"),
        ({"employees": {"gte": 100, "lt": 1000}}, "number of employees is at least 100 and below 1,000"),
        ({"employees": {"gt": 5, "lte": 9}}, "number of employees is above 5 and at most 9"),
        ({"title": {"matches": r"\bvp\b"}}, r"job title matches “\bvp\b”"),
        ({"title": {"matches": "vp"}}, "job title matches “vp”"),
        ({"title": {"matches": "vp", "present": True}}, "job title is stated and matches “vp”"),
        ({"need": {"present": True}}, "need is stated"),
        ({"need": {"present": False}}, "need is not stated"),
        ({"authority": True}, "authority to decide is true"),
        ({"fit": {"gte": 40}, "intent": {"gte": 30}}, "fit of at least 40 and intent of at least 30"),
        ({"any": [{"fit": {"gte": 40}, "engagement": {"gte": 30}}, {"intent": {"gte": 60}}]},
         "fit of at least 40 and engagement of at least 30, or intent of at least 60"),
        ({"fit": {"gte": 1}, "any": [{"intent": {"gte": 2}}, {"engagement": {"gte": 3}}]},
         "fit of at least 1 and (intent of at least 2, or engagement of at least 3)"),
        ({"any": [{"any": [{"country": "DE"}, {"country": "AT"}]}, {"need": "x"}]},
         "(country is DE, or country is AT), or need is x"),
        ({}, "nothing is asked"),
    ],
)  # fmt: skip
def test_a_condition_is_said_in_plain_english(condition, words):
    assert say_when(parse_condition(condition)) == words


def test_a_calendar_is_said_with_hours_holidays_closures_and_openings():
    entry = {
        "timezone": "Europe/Berlin",
        "hours": {"mon-thu": ["09:00-12:00", "13:00-18:00"], "fri": []},
        "holidays": "DE-BE",
        "closed": [date(2026, 12, 24)],
        "open": {date(2026, 12, 5): ["10:00-14:00"]},
    }
    assert say_calendar(entry) == (
        "Monday to Thursday 09:00 to 12:00 and 13:00 to 18:00; Friday closed; closed on the public"
        " holidays of DE-BE, observed days included; closed on 2026-12-24; on 2026-12-05 open"
        " 10:00 to 14:00, whatever else is said of that day. Times are those of Europe/Berlin."
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("daily", ("every day at 07:30, the pace of the day: arrivals, releases, backlog, load by rep,"
         " to marketing_owner")),
        ("weekly", "every Monday at 07:00, the report of the week, to marketing_owner, cmo and manager"),
        ("monthly", "on day 1 of the month at 07:00, the report of the month, to cmo and manager"),
        ("pipeline", "on day 1 of every 2 months at 07:00, the pipeline, to cmo, manager and ceo"),
    ],
)  # fmt: skip
def test_a_review_is_said_with_when_what_and_to_whom(shipped_text, name, words):
    assert say_review(loads(shipped_text).reviews[name]) == words


@pytest.mark.parametrize(
    "sentence",
    [
        "large: number of employees is at least 1,000.",
        "small: every lead that is in none of those before.",
        (
            "MQL: fit of at least 40 and engagement of at least 30, or fit of at least 30 and intent of"
            " at least 40."
        ),
        "“home industry” | the company | industry is software, finance or health | +20",
        "webinar_attended | +12 | 36 | 60 days | interest",
        "unsubscribed | -40 | no limit | 365 days | nothing",
        (
            "first_touch: When the lead is given to an owner, sales has 5 minutes of open time on the"
            " calendar of the owner until the owner genuinely tries to reach the lead by call, e-mail,"
            " meeting or message, or decides about it. Who is told (ladder ladder): rep after 80 % of"
            " the time; rep when it is due; rep and manager 30 minutes after it is due; ceo 1 hour"
            " after it is due."
        ),
        (
            "qualify: When the owner has first tried to reach the lead, sales has 7 days, day and night,"
            " until sales decides: convert, defer, return or disqualify. The clock stops while the"
            " owner is away. Who is told (ladder ladder): rep after 80 % of the time; rep when it is"
            " due; rep and manager 30 minutes after it is due; ceo 1 hour after it is due."
        ),
        (
            "nurture: When sales sends the lead back, or loses its opportunity, marketing has 16 hours"
            " of open time on calendar office until marketing first nurtures the lead by a mail, an"
            " invitation or an enrolment. Who is told (ladder marketing): marketing_owner when it is"
            " due; marketing_owner and cmo 8 hours after it is due."
        ),
        (
            "volume: Each week, and for each segment, marketing owes the plan's MQLs of a week; 90 % of"
            " that at least must be there when the week ends. Who is told (ladder marketing):"
            " marketing_owner when it is due; marketing_owner and cmo 8 hours after it is due."
        ),
        ": Leads whose country is DE, AT or CH go to emea.",
        "1 | call | 10 minutes | voicemail | ",
        "closers: 300,000 USD each quarter.",
        (
            "Holding: A lead waits 5 days at most, day and night; then it goes out of its share to"
            " whose turn it is; if nobody has capacity left, to the least loaded rep who is there,"
            " over capacity."
        ),
        (
            "Approval: If one run would hand over more than 3 times the usual number, all but the"
            " hot leads wait for a person. Usual is the median of the last 20 runs that handed over"
            " any; until there are 20, and in a run of no more leads than one rep takes in a week,"
            " nothing waits."
        ),
        (
            "Companies: A company already in one rep's hands stays there. Not so a hot lead while"
            " that rep is away, or while the rep's office is closed and a colleague with capacity"
            " is at work; nor, while the rep is away, a lead that has waited as long as leads are"
            " held."
        ),
        (
            "If more than 20 % of the rows of a batch of 100 rows or more fail, all of it waits for"
            " a person; nothing of it is taken until somebody has looked."
        ),
        "Days and times are those of America/New_York.",
    ],
)
def test_the_document_says(document, sentence):
    assert sentence in texts_of(document)


@pytest.mark.parametrize(
    "words",
    [
        "When a lead gets another owner, the term starts anew for the new one, in full.",
        "A company size, industry or country that a lead does not state is taken",
        "Where a voicemail is agreed, a call that nobody answers counts only with one,",
    ],
)
def test_the_document_says_what_both_teams_would_else_be_surprised_by(document, words):
    assert words in "\n".join(texts_of(document))


def test_the_document_has_the_chapters_that_a_written_agreement_needs(document):
    assert [one.name for one in document.chapters] == [
        "terms",
        "criteria",
        "goals",
        "handover",
        "promises",
        "together",
        "signatures",
    ]


def test_scope_and_time_of_the_service_stand_in_front(document):
    facts = dict(document.facts)
    assert facts["Scope"].startswith("every lead of the segments large, middle and small")
    assert "America/New_York" in facts["Time of the service"]
    assert facts["In effect"] == "from 2026-10-01 until a newer version takes effect"


def test_without_a_ledger_the_names_are_those_of_the_document(document):
    assert "marketing | VP Marketing | 2026-09-24 | named in the document" in texts_of(document)


def test_signatures_of_a_ledger_are_told_with_what_they_are_worth(shipped_text):
    lines = (
        SignatureLine(side=Side.MARKETING, state="signed", name="Ann", on=date(2026, 9, 1)),
        SignatureLine(side=Side.SALES, state="not signed"),
    )
    written = write_agreement(loads(shipped_text), signatures=lines)
    assert "marketing | Ann | 2026-09-01 | signed" in texts_of(written)
    assert "sales |  |  | not signed" in texts_of(written)
    assert dict(written.facts)["Signatures"] == "marketing (signed) and sales (not signed)"


def test_warnings_of_the_agreement_stand_beside_the_goals(document):
    assert any(text.startswith("Note: the targets of small / middle / large") for text in texts_of(document))  # fmt: skip


def test_an_agreement_with_as_little_as_may_be_is_a_document_too(changed):
    agreement = loads(
        changed(
            ("  - {team: marketing, name: VP Marketing, date: 2026-09-24}\n", ""),
            ("  - {team: sales, name: VP Sales, date: 2026-09-25}\n", ""),
            ("signed_by:    ", "signed_by: []  #"),
            (", quota: {revenue: 300000, per: quarter}", ""),
        )
    )
    texts = texts_of(write_agreement(agreement))
    assert "No team has a quota." in texts
    assert "The document names: none." in texts
    assert "sales |  |  | not signed" in texts
