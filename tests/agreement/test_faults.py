"""Every kind of fault: where it is, what it says, and that all are said at once."""

from __future__ import annotations

import pytest

from accord.agreement import AgreementError, loads

# ruff: noqa: E501 - one fault a line reads as a table
# what stands in the shipped agreement, what is written instead, path, rule, words
FAULTS = [
    # shape
    ("within: 5m", "withn: 5m", "sla.sales.first_touch.withn", "unknown_key", "mean within?"),
    ("within: 5m, ", "", "sla.sales.first_touch.within", "missing_key", "Write within:"),
    ("within: 5m", "within: -5m", "sla.sales.first_touch.within", "wrong_value", "negative"),
    ("within: 5m", "within: 5", "sla.sales.first_touch.within", "wrong_value", "s, m, h, d"),
    ("within: 5m", "within: 5 m", "sla.sales.first_touch.within", "wrong_value", "s, m, h, d"),
    ("within: 5m", "within: 99999999d", "sla.sales.first_touch.within", "wrong_value", "century"),
    ("half_life: 14d", "half_life: 0d", "scoring.intent.half_life", "wrong_value", "longer than 0"),
    ("hold_batch_above: 0.20", "hold_batch_above: 1.2", "quality.hold_batch_above", "wrong_value", "0..1"),
    ("mql_to_sql: 0.30", "mql_to_sql: 130%", "targets.conversion.mql_to_sql", "wrong_value", "0..1"),
    ("mql_to_sql: 0.30", "mql_to_sql: 0", "targets.conversion.mql_to_sql", "wrong_value", "impossible"),
    ("at_least: 0.9", "at_least: most", "sla.marketing.volume.at_least", "wrong_value", "no share"),
    ("mqls_per_week: plan", "mqls_per_week: plans", "sla.marketing.volume.mqls_per_week", "wrong_value", "Write plan"),
    ("{at_least: 0.8, ", "{at_leest: 0.8, ", "sla.marketing.acceptance.at_leest", "unknown_key", "at_least?"),
    ("currency: USD", "currency: usd", "currency", "wrong_value", "three capital letters"),
    ('version: "2026.4"', "version: 2026.4", "version", "wrong_value", "quotes"),
    ("effective_from: 2026-10-01", "effective_from: soon", "effective_from", "wrong_value", "no day"),
    ("effective_from: 2026-10-01", "effective_from: 2026-10-01T10:00:00", "effective_from", "wrong_value", "no day"),
    ("fresh_activity: true", "fresh_activity: yes", "qualification.requalify.fresh_activity", "wrong_value", "true or false"),
    ("per_week: 30", "per_week: 30.5", "handoff.capacity.per_week", "wrong_value", "whole number"),
    ("per_week: 30", "per_week: -1", "handoff.capacity.per_week", "wrong_value", "greater than or equal"),
    ("budget: {gte: 10000}}, points: 15", "budget: {gte: 10000}}, points: yes", "scoring.fit.rules[7].points", "wrong_value", "no number"),
    ("trial_started:            {points: 45", "trial_started:            {points: .nan", "scoring.intent.activities.trial_started.points", "wrong_value", "finite"),
    ("average_deal: 10000,", "average_deal: 0,", "targets.segments.small.average_deal", "wrong_value", "greater than 0"),
    ("revenue: 150000", "revenue: -1", "targets.segments.small.revenue", "wrong_value", "greater than"),
    ("rounding: nearest", "rounding: neerest", "targets.rounding", "unknown_word", "mean nearest?"),
    ("quiet_hours: outside_calendar", "quiet_hours: nights", "sla.quiet_hours", "unknown_word", "outside_calendar"),
    ("lost:         [price", "lots:         [price", "sla.reasons.lots", "unknown_key", "mean lost?"),
    ("pauses: [owner_away]", "pauses: owner_away", "sla.sales.qualify.pauses", "wrong_shape", "no list"),
    ("commission:                                   # one shared interest: marketing is paid on what sales accepts and wins\n  marketing: {per_accepted_mql: 20, of_won_revenue: 0.005}", "commission: 5", "commission", "wrong_shape", "no map"),
    ("otherwise: voicemail", "otherwise: shout", "cadence.not_connected[0].otherwise", "unknown_word", "voicemail"),
    ("{channel: meeting,", "{channel: fax,", "cadence.connected[1].channel", "unknown_word", "meeting"),
    ("currency: USD", "currency: USD\ncurrency: EUR", "currency", "duplicate_key", "line 11 and in line 12"),
    ("name: middle, when", "name: middle, name: x, when", "segments[1].name", "duplicate_key", "stands twice"),
    # who signed, which stages
    ("{team: sales, name", "{team: marketing, name", "signed_by[1].team", "name_twice", "signed_by[0].team"),
    ("{team: sales, name", "{team: finance, name", "signed_by[1].team", "unknown_word", "sales"),
    ("  deferred:     {part", "  deferrd:     {part", "stages.deferrd", "unknown_key", "mean deferred?"),
    ("  deferred:     {part: aside,  owner: sales,     aliases: [On Hold]}\n", "", "stages.deferred", "missing_key", "Its meaning is fixed"),
    ("target:       {part: top,    owner: marketing", "target:       {part: top,    owner: sales", "stages.target.owner", "wrong_owner", "Write marketing"),
    ("{part: top,    owner: marketing, aliases: [Inquiry", "{part: bottom, owner: marketing, aliases: [Inquiry", "stages.engaged.part", "wrong_part", "Write top"),
    ("aliases: [Engaging]", "aliases: [working]", "stages.opportunity.aliases[0]", "name_twice", "stages.sal.aliases[1]"),
    ("aliases: [Engaging]", "aliases: [MQL]", "stages.opportunity.aliases[0]", "name_twice", "stages.mql"),
    ("aliases: [On Hold]", "aliases: [On Hold, on hold]", "stages.deferred.aliases[1]", "name_twice", "aliases[0]"),
    ("aliases: [On Hold]", "aliases: [On Hold], steps: [proposal]", "stages.deferred.steps", "misplaced_steps", "only opportunity"),
    ("steps: [proposal, contracting]", "steps: [proposl, contracting]", "stages.opportunity.steps[0]", "unknown_step", "mean proposal?"),
    ("programmes: [new, returned, lost]", "programmes: [new, retuned, lost]", "stages.nurture.programmes[1]", "unknown_word", "mean returned?"),
    # names
    ("name: manager,  ", "name: Student,  ", "scoring.fit.rules[2].name", "name_twice", "rules[1].name"),
    ("[not_ready, no_budget", "[not_ready, not_ready", "sla.reasons.returned[1]", "name_twice", "returned[0]"),
    ("to: [marketing_owner, cmo, manager]", "to: [cmo, cmo]", "reviews.weekly.to[1]", "name_twice", "to[0]"),
    ("trial_started: ", "form_submitted: ", "scoring.intent.activities.form_submitted", "activity_in_two_scores", "engagement"),
    ("name: decision maker,", "name: limit,", "scoring.fit.rules[0].name", "reserved_name", "another name"),
    ("      demo_requested:", "      limit:", "scoring.intent.activities.limit", "reserved_name", "another name"),
    ("    cmo: {email: cmo@", "    rep: {email: rep@e.com, calendar: office}\n    cmo: {email: cmo@", "sla.people.rep", "reserved_name", "another name"),
    # references
    ("- {team: inbound}", "- {team: inbond}", "handoff.routing.mql[2].team", "unknown_team", "mean inbound?"),
    ("- {team: closers}", "- {team: inbound}", "handoff.routing.sql[0].team", "wrong_role", "role ae"),
    ("{role: sdr, calendar: berlin}", "{role: sdr, calendar: berln}", "teams.emea.calendar", "unknown_calendar", "mean berlin?"),
    ("ceo@example.com, calendar: office", "ceo@example.com, calendar: offic", "sla.people.ceo.calendar", "unknown_calendar", "mean office?"),
    ("clock: business, calendar: office", "clock: business, calendar: x", "sla.marketing.nurture.calendar", "unknown_calendar", "office, berlin"),
    ("escalation: reminder}", "escalation: remind}", "sla.sales.close.escalation", "unknown_escalation", "mean reminder?"),
    ("{mqls_per_week: plan, at_least: 0.9, escalation: marketing}", "{mqls_per_week: plan, at_least: 0.9, escalation: markting}", "sla.marketing.volume.escalation", "unknown_escalation", "mean marketing?"),
    ("from: entered_sql", "from: entered_sqll", "sla.sales.opportunity.from", "unknown_event", "mean entered_sql?"),
    ("until: nurture_activity", "until: nurtured", "sla.marketing.nurture.until", "unknown_event", "Did you mean"),
    ("by_segment: {large: 240d}", "by_segment: {larg: 240d}", "sla.sales.close.by_segment.larg", "unknown_segment", "mean large?"),
    ("    middle: {revenue", "    midle: {revenue", "targets.segments.midle", "unknown_segment", "mean middle?"),
    ("    middle: {revenue: 300000, average_deal: 30000, revenue_share: 0.30}\n", "", "targets.segments.middle", "missing_key", "no target"),
    ("notify: [ceo]", "notify: [boss]", "sla.escalation.ladder[3].notify[0]", "unknown_person", "manager"),
    ("notify: [ceo]", "notify: []", "sla.escalation.ladder[3].notify", "nobody_told", "names nobody"),
    ("what: pace, ", "what: peace, ", "reviews.daily.what", "unknown_word", "mean pace?"),
    ("to: [cmo, manager, ceo]", "to: [cmo, manger]", "reviews.pipeline.to[1]", "unknown_person", "mean manager?"),
    # conditions
    ("segment: large}", "segmnt: large}", "handoff.routing.mql[1].when.segmnt", "unknown_field", "mean segment?"),
    ("segment: large}", "segment: larg}", "handoff.routing.mql[1].when.segment", "unknown_segment", "mean large?"),
    ("when: {employees: {gte: 1000}}", "when: {segment: small}", "segments[0].when.segment", "unknown_field", "Write one of"),
    ("when: {industry: [", "when: {idustry: [", "scoring.fit.rules[4].when.idustry", "unknown_field", "mean industry?"),
    ("hot:     {fit: {gte: 30}", "hot:     {fot: {gte: 30}", "qualification.hot.fot", "unknown_field", "mean fit?"),
    ("{fit: {gte: 30}, intent: {gte: 40}}", "{fit: {gte: 30}, intnt: {gte: 40}}", "qualification.mql.any[1].intnt", "unknown_field", "mean intent?"),
    ("when: {authority: true}", "when: {authority: 1}", "scoring.fit.rules[8].when.authority", "wrong_kind", "true or false"),
    ("when: {employees: {gte: 1000}}", "when: {employees: many}", "segments[0].when.employees", "wrong_kind", "is a number"),
    ("when: {need: {present: true}}", "when: {need: {gte: 3}}", "scoring.fit.rules[9].when.need", "wrong_kind", "is text"),
    ("when: {need: {present: true}}", "when: {created_at: {gte: 3}}", "scoring.fit.rules[9].when.created_at", "wrong_kind", "only present"),
    ("when: {need: {present: true}}", "when: {stage: mqll}", "scoring.fit.rules[9].when.stage", "unknown_stage", "mean mql?"),
    (r"'\bmanager\b'", r"'\bmanager('", "scoring.fit.rules[1].when.title.matches", "condition", "RE2"),
    ("when: {timeline_days: {lte: 90}}", "when: {timeline_days: {less: 90}}", "scoring.fit.rules[10].when.timeline_days.less", "condition", "unknown operator"),
    ("{name: middle, when: {employees: {gte: 100}}}", "{name: middle, when: {employees: {gte: 2000}}}", "segments[1]", "covered_entry", "take all"),
    ("when: {segment: large}", "when: {country: AT}", "handoff.routing.mql[1]", "covered_entry", "take all"),
    ("- {team: closers}", "- {team: closers}\n      - {team: closers}", "handoff.routing.sql[1]", "covered_entry", "take all"),
    ("- {team: inbound}", "- {team: inbound, when: {country: US}}", "handoff.routing.mql[2].when", "open_end", "last entry"),
    ("  - {name: small} ", "  - {name: small, when: {employees: {lt: 50}}} ", "segments[2].when", "open_end", "last entry"),
    ("      - {team: closers}\n", "      []\n", "handoff.routing.sql", "open_end", "no entry"),
    # time
    ("timezone: America/New_York                    #", "timezone: America/NewYork #", "timezone", "unknown_zone", "no known zone"),
    ("timezone: Europe/Berlin", "timezone: Berlin", "calendars.berlin.timezone", "unknown_zone", "Europe/Berlin"),
    ("holidays: DE-BE", "holidays: DE-XX", "calendars.berlin.holidays", "unknown_holidays", "DE-XX"),
    ('["09:00-12:30", "13:30-18:00"]', '["09:00-14:00", "13:30-18:00"]', "calendars.office.hours.mon-fri", "overlap", "13:30"),
    ('{mon-fri: ["09:00-12:30", "13:30-18:00"]}, holidays: US, closed: [2026-12-24], open: {2026-12-05: ["10:00-14:00"]}', "{mon: []}", "calendars.office.hours", "never_open", "never open"),
    (', fri: ["09:00-16:00"]', ', fry: ["09:00-16:00"]', "calendars.berlin.hours.fry", "unknown_day", "weekday"),
    ("closed: [2026-12-24]", "closd: [2026-12-24]", "calendars.office.closd", "unknown_key", "closed"),
    ("within: 5m", "within: 2d", "sla.sales.first_touch.within", "days_on_business_clock", "48h of open time, or 16h"),
    ("{channel: meeting, within: 41h}", "{channel: meeting, within: 5d}", "cadence.connected[1].within", "days_on_business_clock", "40h"),
    ("{at: due+8h, ", "{at: due+1d, ", "sla.escalation.marketing[1].at", "days_on_business_clock", "due+24h"),
    ("within: 16h, clock: business, ", "within: 16h, by_segment: {large: 3d}, clock: business, ", "sla.marketing.nurture.by_segment.large", "days_on_business_clock", "72h"),
    ("{at: 80%, ", "{at: 100%, ", "sla.escalation.ladder[0].at", "wrong_value", "0 < N < 100"),
    ("{at: 80%, ", "{at: overdue, ", "sla.escalation.ladder[0].at", "wrong_value", "due+DURATION"),
    ("{at: due+60m, ", "{at: due+20m, ", "sla.escalation.ladder[3].at", "step_out_of_order", "ladder[2].at"),
    ("{at: due+60m, ", "{at: due+1800s, ", "sla.escalation.ladder[3].at", "step_twice", "ladder[2].at"),
    ("within: 30m, template: follow_up", "within: 5m, template: follow_up", "cadence.not_connected[1].within", "step_out_of_order", "earlier"),
    ('at: "mon 07:00"', 'at: "monday 07:00"', "reviews.weekly.at", "review_time", "mon..sun"),
    ('at: "07:30"', 'at: "7:30"', "reviews.daily.at", "review_time", "HH:MM"),
    ('at: "07:30"', 'at: "01:00"', "reviews.daily.at", "review_time", "skipped"),
    ('at: "1 07:00", what', 'at: "29 07:00", what', "reviews.monthly.at", "review_time", "1..28"),
    ("every: 2 months", "every: 2 weeks", "reviews.pipeline.every", "review_rhythm", "N months"),
    ('at: "mon 07:00"', 'every: 2 months, at: "mon 07:00"', "reviews.weekly.every", "review_rhythm", "day of a month"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "rule", "words"), FAULTS)
def test_a_fault_is_told_once_with_its_path_rule_and_remedy(faults_of, old, new, path, rule, words):
    (fault,) = faults_of((old, new))
    assert (fault.subject, fault.rule) == (path, f"agreement.{rule}")
    assert words in str(fault)
    assert fault.remedy
    assert "line" in fault.sentence


def test_five_faults_of_shape_and_sense_are_five_findings_in_the_order_of_the_file(faults_of):
    faults = faults_of(
        ("hold_batch_above: 0.20", "hold_batch_above: 2"),
        ("- {team: inbound}", "- {team: inbond}"),
        ("within: 5m", "within: -5m"),
        ("{at: due+60m, ", "{at: due+20m, "),
        ("rounding: nearest", "roundin: nearest"),
    )
    assert [one.subject for one in faults] == [
        "quality.hold_batch_above",
        "handoff.routing.mql[2].team",
        "sla.sales.first_touch.within",
        "sla.escalation.ladder[3].at",
        "targets.roundin",
    ]


def test_two_faults_of_one_entry_are_both_told(faults_of):
    faults = faults_of(
        ("until: touch,    within: 5m,", "until: tuch,    within: 5x,"),
        ("trial_started: ", "email_opened: "),
    )
    assert {one.subject for one in faults} == {
        "sla.sales.first_touch.until",
        "sla.sales.first_touch.within",
        "scoring.intent.activities.email_opened",
    }


def test_every_duplicate_key_is_told(faults_of):
    faults = faults_of(
        ("currency: USD", "currency: USD\ncurrency: EUR\ncurrency: GBP"),
        ("per_week: 30,", "per_week: 30, per_week: 31,"),
    )
    assert [(one.rule, one.subject) for one in faults] == [
        ("agreement.duplicate_key", "currency"),
        ("agreement.duplicate_key", "currency"),
        ("agreement.duplicate_key", "handoff.capacity.per_week"),
    ]


def test_a_missing_section_makes_no_other_section_faulty(faults_of, shipped_text):
    start, end = shipped_text.index("\nteams:"), shipped_text.index("\nhandoff:")
    (fault,) = faults_of((shipped_text[start:end], ""))
    assert (fault.subject, fault.rule) == ("teams", "agreement.missing_key")


def test_the_error_lists_every_fault(changed):
    with pytest.raises(AgreementError) as caught:
        loads(
            changed(("within: 5m", "within: 5"), ("currency: USD", "currency: $")), where="a.yaml"
        )
    first, *rest = str(caught.value).splitlines()
    assert first == "a.yaml: 2 faults"
    assert len(rest) == 2


def test_what_is_allowed_is_no_fault(changed):
    for change in (
        ("within: 5m", "within: 0m"),
        ("within: 7d, clock: wall, pauses", "within: 168h, clock: business, pauses"),
        ("{at: due+8h, ", "{at: due+480m, "),
        ("aliases: [On Hold]", "aliases: []"),
        ("hot:     {fit: {gte: 30}, intent: {gte: 60}}", "hot:     {}"),
        ("mqls_per_week: plan", "mqls_per_week: 12"),
        ("every: 2 months", "every: 12 months"),
        ('at: "07:30"', 'at: "03:00"'),
        ("steps: [proposal, contracting]", "steps: []"),
        ("none: []", "none: []\n    unused:\n      - {at: due+1d, notify: [rep]}"),
    ):
        loads(changed(change))
