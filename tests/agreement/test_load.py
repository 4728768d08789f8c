"""Reading the shipped agreement, and files that are none."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from accord.agreement import (
    AcceptanceTerm,
    AgreementError,
    SlaTerm,
    VolumeTerm,
    load,
    loads,
    segment_of,
    stage_of,
)
from accord.records import Side, Stage

SHIPPED = Path(__file__).resolve().parents[2] / "agreement.yaml"


MANY_ALIASES = "".join(
    f"{name}: &{name} [{','.join(9 * [below])}]\n"
    for name, below in (("a", "x"), ("b", "*a"), ("c", "*b"), ("d", "*c"), ("e", "*d"))
).encode()


@pytest.fixture(scope="module")
def agreement():
    return load(SHIPPED)


def test_every_section_of_the_shipped_agreement_is_read(agreement):
    assert (agreement.version, agreement.effective_from) == ("2026.4", date(2026, 10, 1))
    assert [one.team for one in agreement.signed_by] == [Side.MARKETING, Side.SALES]
    assert (agreement.currency, agreement.timezone) == ("USD", "America/New_York")
    assert set(agreement.stages) == set(Stage)
    assert [one.name for one in agreement.segments] == ["large", "middle", "small"]
    assert len(agreement.scoring.fit.rules) == 11
    assert agreement.scoring.engagement.activities["webinar_attended"].half_life is not None
    assert agreement.scoring.intent.half_life.delta == timedelta(days=14)
    assert agreement.qualification.requalify.after.delta == timedelta(days=30)
    assert agreement.quality.hold_batch_above == Decimal("0.2")
    assert set(agreement.calendars) == {"office", "berlin"}
    assert agreement.teams["closers"].quota.revenue == 300000
    assert agreement.handoff.capacity.per_month == 120
    assert [one.team for one in agreement.handoff.routing.mql] == ["emea", "enterprise", "inbound"]
    assert agreement.sla.sales["first_touch"].from_ == "assigned"
    assert agreement.sla.sales["close"].by_segment["large"].delta == timedelta(days=240)
    assert [str(one.at) for one in agreement.sla.escalation["ladder"]] == [
        "80%",
        "due",
        "due+30m",
        "due+1h",
    ]
    assert len(agreement.cadence.not_connected) == 7
    assert agreement.targets.segments["large"].average_deal == 250000
    assert agreement.commission.marketing.of_won_revenue == Decimal("0.005")
    assert agreement.reviews["pipeline"].every == "2 months"


def test_the_key_says_which_kind_of_term_marketing_owes(agreement):
    kinds = {name: type(term) for name, term in agreement.sla.marketing.items()}
    assert kinds == {
        "nurture": SlaTerm,
        "engage": SlaTerm,
        "volume": VolumeTerm,
        "acceptance": AcceptanceTerm,
    }


def test_norway_is_a_country_and_no_boolean(agreement):
    rule = next(one for one in agreement.scoring.fit.rules if one.name == "served country")
    assert rule.when.tests[0].matcher.values == ("US", "CA", "GB", "DE", "NO")


def test_the_printed_revenue_shares_are_a_warning_with_their_arithmetic(agreement):
    (warning,) = agreement.warnings
    assert warning.rule == "agreement.shares_against_targets"
    assert warning.subject == "targets.segments"
    assert "12.5 / 25 / 62.5 % of their sum 1200000" in warning.sentence
    assert "10 / 30 / 60 %" in warning.sentence
    assert "1500000 / 1000000 / 1250000" in warning.sentence


def test_shares_that_do_not_add_up_are_a_warning_too(changed):
    text = changed(("revenue_share: 0.60", "revenue_share: 0.50"))
    rules = [one.rule for one in loads(text).warnings]
    assert rules == ["agreement.shares_against_targets", "agreement.shares_not_whole"]


def test_shares_that_agree_with_the_targets_warn_of_nothing(changed):
    text = changed(
        ("revenue_share: 0.10", "revenue_share: 12.5%"),
        ("revenue_share: 0.30", "revenue_share: 0.25"),
        ("revenue_share: 0.60", "revenue_share: 0.625"),
    )
    assert loads(text).warnings == ()


def test_shares_need_not_be_written(changed):
    text = changed((", revenue_share: 0.10", ""))
    assert loads(text).warnings == ()


def test_a_channel_of_two_teams_is_a_warning(changed):
    text = changed(("channels: [email]", "channels: [email, social]"))
    assert loads(text).warnings[-1].rule == "agreement.channel_shared"


@pytest.mark.parametrize(
    ("lead", "segment"),
    [
        ({"employees": 1000}, "large"),
        ({"employees": 999}, "middle"),
        ({"employees": 100}, "middle"),
        ({"employees": 99}, "small"),
        ({"employees": None}, "small"),
        ({}, "small"),
    ],
)
def test_the_first_segment_that_matches_takes_the_lead(agreement, lead, segment):
    assert segment_of(agreement, lead) == segment


@pytest.mark.parametrize(
    ("word", "stage"),
    [
        ("mql", Stage.MQL),
        ("MQL", Stage.MQL),
        (" closed won ", Stage.CUSTOMER),
        ("RAW LEAD", Stage.NEW_NAME),
        ("prospecting", Stage.TARGET),
        ("nobody says this", None),
        ("", None),
    ],
)
def test_a_source_names_a_stage_by_its_name_or_an_alias(agreement, word, stage):
    assert stage_of(agreement, word) is stage


def test_the_fingerprint_does_not_see_formatting_comments_order_or_signatures(
    agreement, changed, shipped_text
):
    lines = [line for line in shipped_text.splitlines() if not line.lstrip().startswith("#")]
    assert loads("\r\n".join(lines)).fingerprint == agreement.fingerprint
    for change in (
        ("per_week: 30, per_month: 120", "per_month: 120, per_week: 30"),
        ("currency: USD\n", "currency: 'USD' # dollars\n"),
        ("  - {team: sales, name: VP Sales, date: 2026-09-25}\n", ""),
        ("hold_batch_above: 0.20", "hold_batch_above: 0.2"),
    ):
        assert loads(changed(change)).fingerprint == agreement.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        ("per_week: 30,", "per_week: 31,"),
        ("within: 5m", "within: 300s"),
        ("effective_from: 2026-10-01", "effective_from: 2026-10-02"),
        ("[US, CA, GB, DE,", "[CA, US, GB, DE,"),
        ("fresh_activity: true", "fresh_activity: false"),
        ("closed: [2026-12-24]", "closed: [2026-12-23]"),
    ],
)
def test_the_fingerprint_sees_every_value(agreement, changed, change):
    assert loads(changed(change)).fingerprint != agreement.fingerprint


def test_an_agreement_keeps_its_text_and_cannot_be_changed(agreement, shipped_text):
    assert agreement.document == shipped_text
    with pytest.raises(ValueError, match="frozen"):
        agreement.version = "x"


def test_what_the_loader_knows_cannot_be_written_into_the_file(faults_of):
    faults = faults_of(("currency: USD", "fingerprint: abc\ndocument: x\ncurrency: USD"))
    assert [one.subject for one in faults] == ["fingerprint", "document"]


def test_an_agreement_is_written_as_json_and_has_a_schema(agreement):
    written = agreement.model_dump(mode="json", by_alias=True)
    assert written["sla"]["sales"]["first_touch"]["within"] == "5m"
    assert written["segments"][0]["when"] == {"employees": {"gte": 1000}}
    assert type(agreement).model_json_schema()["properties"]["sla"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no map of sections"),
        (b"- one\n- two\n", "is no map of sections"),
        (b"just text", "is no map of sections"),
        (b"version: [1\ncurrency: USD\n", "line 2, column 9"),
        (b"version: \xff\xfe", "is no UTF-8 text at byte 9"),
        (b"a: 1\n--- \nb: 2\n", "line 2"),
        (b"a: !python/object:os.system x", "tag"),
        (b"a: 2026-13-45", "month"),
        (b"? {a: b}\n: 1", "line 1"),
        (b"a: &a [*a]", "without end"),
        (b"a: \x00", "no YAML 1.2"),
        (b"[" * 3000, "no YAML 1.2"),
        (MANY_ALIASES, "without end"),
    ],
)
def test_a_file_that_is_no_agreement_is_one_clear_error(tmp_path, content, words):
    path = tmp_path / "agreement.yaml"
    path.write_bytes(content)
    with pytest.raises(AgreementError) as caught:
        load(path)
    assert len(caught.value.faults) == 1
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_one_clear_error(tmp_path):
    for path, words in ((tmp_path / "none.yaml", "is not there"), (tmp_path, "cannot be read")):
        with pytest.raises(AgreementError, match=words):
            load(path)


def test_a_byte_order_mark_does_no_harm(tmp_path, shipped_text, agreement):
    path = tmp_path / "agreement.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + shipped_text.encode())
    assert load(str(path)).fingerprint == agreement.fingerprint


def test_anchors_and_merge_keys_may_be_used(changed, agreement):
    text = changed(
        (
            "ceo: {email: ceo@example.com, calendar: office}",
            "ceo: &ceo {email: ceo@example.com, calendar: office}",
        ),
        (
            "cmo: {email: cmo@example.com, calendar: office}",
            "cmo: {<<: *ceo, email: cmo@example.com}",
        ),
    )
    assert loads(text).fingerprint == agreement.fingerprint
