"""What a comparison of two agreements says, in the words in which it says it."""

from __future__ import annotations

import pytest

from accord.agreement import loads
from accord.agreement.differences import find_differences


@pytest.fixture
def said(shipped_text, changed):
    """Gives the sentences of a comparison of the shipped agreement with itself changed."""

    def compare(*changes) -> list[str]:
        return [
            one.sentence for one in find_differences(loads(shipped_text), loads(changed(*changes)))
        ]

    return compare


# ruff: noqa: E501 - one change a line reads as a table
@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("hold_at_most: 5d", "hold_at_most: 28d", "Hand-over, hold a lead at most: 5 days -> 28 days."),
        ("per_week: 30", "per_week: 40", "Capacity of a rep, leads, per week: 30 -> 40."),
        ("target:  {fit: {gte: 20}", "target:  {fit: {gte: 25}", "Threshold of target: fit of at least 20 and engagement of at least 10 -> fit of at least 25 and engagement of at least 10."),
        ("within: 5m", "within: 10m", "Sales' term first_touch, time allowed: 5 minutes -> 10 minutes."),
        ("by_segment: {large: 240d}", "by_segment: {large: 200d}", "Sales' term close, time allowed for segment large: 240 days -> 200 days."),
        ("points: 25}", "points: 30}", "Fit rule “decision maker”, points: 25 -> 30."),
        ("[later_this_year, budget_cycle, busy]", "[later_this_year, busy]", "Reasons of what is deferred: no longer budget_cycle."),
        ("[later_this_year, budget_cycle, busy]", "[later_this_year, budget_cycle, busy, ill]", "Reasons of what is deferred: new: ill."),
        ("[later_this_year, budget_cycle, busy]", "[busy, later_this_year, budget_cycle]", "Reasons of what is deferred: the order changes: later_this_year; budget_cycle; busy -> busy; later_this_year; budget_cycle."),
        ("closed: [2026-12-24]", "closed: [2026-12-23]", "Calendar office, closed: no longer 2026-12-24."),
        ("      - {when: {segment: large}, team: enterprise}\n", "", "Routing of MQLs: no longer no. 2: Leads whose segment is large go to enterprise."),
        ("{at: due+60m, notify: [ceo]}", "{at: due+90m, notify: [ceo, cmo]}", "Ladder ladder: no. 4: ceo 1 hour after it is due -> ceo and cmo 90 minutes after it is due."),
        ('  monthly:  {at: "1 07:00", what: month, to: [cmo, manager]}\n', "", "Review monthly is no more: when “1 07:00”, what month, goes to cmo and manager."),
        ("at_least: 0.8,", "at_least: 85%,", "Marketing's term acceptance, at least: 80 % -> 85 %."),
        ("  - {team: sales, name: VP Sales,", "  - {team: sales, name: CRO,", "Signature of sales in the document, name: “VP Sales” -> CRO."),
        ("currency: USD", "currency: EUR", "Currency: USD -> EUR."),
        ("{channel: email, within: 30m, template: follow_up}", "{channel: email, within: 40m, template: follow_up}", "Playbook until the lead is reached: no. 2: email within 30 minutes, template follow_up -> email within 40 minutes, template follow_up."),
    ],
)  # fmt: skip
def test_a_change_is_said_in_one_sentence(said, old, new, sentence):
    assert sentence in said((old, new))


def test_segments_in_another_order_are_another_agreement_and_said_so(said):
    assert said(
        (
            "  - {name: large,  when: {employees: {gte: 1000}}}\n  - {name: middle, when: {employees: {gte: 100}}}",
            "  - {name: middle, when: {employees: {gte: 100, lt: 1000}}}\n  - {name: large,  when: {employees: {gte: 1000}}}",
        )
    ) == [
        "Segment middle, holds when: number of employees is at least 100 -> number of employees is at least 100 and below 1,000.",
        "Segments: the order changes: large; middle; small -> middle; large; small.",
    ]


def test_an_entry_that_comes_is_told_whole(said):
    assert said(
        ("teams:   ", "teams:\n  apac: {role: sdr, calendar: berlin}   "),
        (
            "      - {team: inbound}\n",
            "      - {when: {country: JP}, team: apac}\n      - {team: inbound}\n",
        ),
    ) == [
        "Team apac is new: role sdr, calendar berlin, channels none.",
        "Routing of MQLs: new no. 3: Leads whose country is JP go to apac.",
    ]


def test_what_is_only_written_otherwise_is_said_to_mean_the_same(said):
    assert said(("at_least: 0.9", "at_least: 90%")) == [
        'sla.marketing.volume.at_least is written otherwise and means the same: 0.9 -> "90%".'
    ]


def test_the_same_time_in_another_unit_is_told_as_another_writing(said):
    assert said(("within: 5m", "within: 300s")) == [
        'sla.sales.first_touch.within is written otherwise and means the same: "5m" -> "300s".'
    ]
    assert said(("within: 10m, otherwise", "within: 600s, otherwise")) == [
        (
            "cadence.not_connected[0].within is written otherwise and means the same:"
            ' "10m" -> "600s".'
        )
    ]
    assert said(("within: 5m", "within: 301s")) == [
        "Sales' term first_touch, time allowed: 5 minutes -> 301 seconds."
    ]


def test_another_writing_is_told_beside_what_differs(said):
    assert said(("at_least: 0.8,", "at_least: 80%,"), ("per_week: 30", "per_week: 31")) == [
        "Capacity of a rep, leads, per week: 30 -> 31.",
        (
            "sla.marketing.acceptance.at_least is written otherwise and means the same:"
            ' 0.8 -> "80%".'
        ),
    ]


def test_of_an_entry_that_comes_or_goes_no_other_writing_is_told(said):
    berlin = "  berlin: {timezone: Europe/Berlin,"
    new = "  tokyo: {timezone: Asia/Tokyo, hours: {mon: []}, closed: null, open: {2026-12-05: "
    (sentence,) = said((berlin, f'{new}["10:00-14:00"]}}}}\n{berlin}'))
    assert sentence.startswith("Calendar tokyo is new: ")


def test_a_ladder_may_be_called_order(shipped_text):
    base = shipped_text.replace("reminder", "order")
    new = base.replace(
        "    order:\n      - {at: due,     notify: [rep, manager]}",
        "    order:\n      - {at: due,     notify: [rep]}\n      - {at: due+1h, notify: [ceo]}",
    )
    assert new != base
    found = find_differences(loads(base), loads(new))
    assert [one.sentence for one in found] == [
        "Ladder order: no. 1: rep and manager when it is due -> rep when it is due.",
        "Ladder order: new no. 2: ceo 1 hour after it is due.",
    ]
    renamed = [one.sentence for one in find_differences(loads(shipped_text), loads(base))]
    assert "Ladder order is new: rep and manager when it is due." in renamed


def test_a_signature_that_goes_names_who_signed(said):
    assert said(("  - {team: sales, name: VP Sales, date: 2026-09-25}\n", "")) == [
        "Signature of sales in the document is no more: name “VP Sales”, date 2026-09-25."
    ]


def test_the_order_of_a_set_of_values_is_another_writing_only(said):
    assert said(("country: [US, CA, GB,", "country: [CA, US, GB,")) == [
        (
            "scoring.fit.rules.served country.when.country is written otherwise and means the"
            ' same: ["US", "CA", "GB", "DE", "NO"] -> ["CA", "US", "GB", "DE", "NO"].'
        )
    ]
    assert said(("{country: [DE, AT, CH]}", "{country: {in: [CH, DE, AT]}}"))[0].startswith(
        "handoff.routing.mql[0].when.country"
    )


def test_comments_and_formatting_are_no_difference(said):
    assert said(("currency: USD", "currency:   'USD'  # dollars")) == []


def test_differences_come_in_the_order_of_the_document(shipped_text, changed):
    new = loads(changed(("per_week: 30", "per_week: 31"), ("currency: USD", "currency: EUR"),
                        ("hold_batch_above: 0.20", "hold_batch_above: 0.25"), ("cap: 5,", "cap: 6,")))  # fmt: skip
    found = find_differences(loads(shipped_text), new)
    assert [one.section for one in found] == [
        "Version and scope",
        "Scoring before the hand-over",
        "Funnel and hand-over",
        "Joint reviews and quality of data",
    ]
    assert [(one.path, one.before, one.after) for one in found][1] == (
        "scoring.engagement.activities.email_opened.cap",
        "5",
        "6",
    )
