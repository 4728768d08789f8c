"""Which agreement is in force, and who signed what."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from accord.agreement import AgreementError, load
from accord.errors import InputError
from accord.ledger import Ledger, tables
from accord.records import Side
from accord.services.agreement_names import find_doubtful_names
from accord.services.agreement_versions import DATED_LATER, SIGNED, read_signature_lines
from accord.services.agreements import (
    agreement_in_force,
    agreement_signed,
    register,
    sign,
    unsigned_sides,
)

SHIPPED = (Path(__file__).resolve().parents[2] / "agreement.yaml").read_text(encoding="utf-8")
NAMES = SHIPPED[SHIPPED.index("signed_by:") : SHIPPED.index("currency:")]
NOVEMBER = datetime(2026, 11, 16, 12, tzinfo=UTC)
JANUARY = datetime(2027, 1, 15, 12, tzinfo=UTC)


class File:
    """An agreement file that tests rewrite."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stamp = 1_800_000_000
        self.write()

    def write(self, *changes: tuple[str, str]) -> None:
        text = SHIPPED
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        self.path.write_text(text, encoding="utf-8")
        self.stamp += 1
        os.utime(self.path, (self.stamp, self.stamp))


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path / "agreement.yaml")


def version(name: str, begins: str) -> tuple[tuple[str, str], ...]:
    return (
        ('version: "2026.4"', f'version: "{name}"'),
        ("effective_from: 2026-10-01", f"effective_from: {begins}"),
    )


def versions_in(ledger: Ledger) -> list[str]:
    with ledger.read() as connection:
        query = select(tables.agreement.c.version).order_by(tables.agreement.c.seen_at)
        return list(connection.execute(query).scalars())


def signatures_in(ledger: Ledger) -> dict[tuple[str, str], str]:
    with ledger.read() as connection:
        rows = connection.execute(select(tables.signature)).all()
        return {(row.version, row.side): row.signed_by for row in rows}


def unsigned(ledger: Ledger, agreement, *, as_of=JANUARY) -> list[tuple[str, str]]:
    with ledger.read() as connection:
        found = unsigned_sides(connection, agreement, as_of=as_of)
    return [(one.rule, one.subject) for one in found]


def test_the_file_is_in_force_and_kept_the_first_time_it_is_seen(ledger, file):
    agreement = agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    assert agreement.version == "2026.4"
    assert versions_in(ledger) == ["2026.4"]
    with ledger.read() as connection:
        row = connection.execute(select(tables.agreement)).one()
    assert row.fingerprint == agreement.fingerprint
    assert row.effective_from == date(2026, 10, 1)
    assert row.document == SHIPPED
    assert row.seen_at == NOVEMBER


def test_the_sides_named_when_a_version_is_first_seen_have_signed_it(ledger, file):
    agreement = agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    assert signatures_in(ledger) == {
        ("2026.4", "marketing"): "VP Marketing",
        ("2026.4", "sales"): "VP Sales",
    }
    assert unsigned(ledger, agreement) == []


def test_a_side_that_is_not_named_has_not_signed_until_it_signs(ledger, file):
    file.write(("  - {team: sales, name: VP Sales, date: 2026-09-25}\n", ""))
    agreement = agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    with ledger.read() as connection:
        (finding,) = unsigned_sides(connection, agreement, as_of=NOVEMBER)
    assert (finding.rule, finding.subject) == ("agreement.unsigned", "sales")
    assert "sales has not signed version 2026.4" in finding.sentence
    sign(ledger, agreement, side=Side.SALES, name="VP Sales", at=NOVEMBER)
    sign(ledger, agreement, side=Side.SALES, name=" VP Sales ", at=JANUARY)
    assert unsigned(ledger, agreement) == []
    assert unsigned(ledger, agreement, as_of=NOVEMBER) == []
    before = NOVEMBER - timedelta(microseconds=1)
    assert unsigned(ledger, agreement, as_of=before) == [("agreement.unsigned", "sales")]
    assert signatures_in(ledger)["2026.4", "sales"] == "VP Sales"


def test_an_agreement_changed_after_signing_is_unsigned_by_both(ledger, file):
    agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    file.write(("per_week: 30", "per_week: 40"))
    changed = agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    assert changed.handoff.capacity.per_week == 40
    assert unsigned(ledger, changed) == [
        ("agreement.changed_since_signed", "marketing"),
        ("agreement.changed_since_signed", "sales"),
    ]
    with pytest.raises(InputError, match="new version"):
        sign(ledger, changed, side=Side.SALES, name="VP Sales", at=NOVEMBER)
    assert unsigned(ledger, changed) != []


def test_a_change_back_to_what_was_signed_is_signed_again(ledger, file):
    agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    file.write(("per_week: 30", "per_week: 40"))
    agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    file.write()
    back = agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    assert back.handoff.capacity.per_week == 30
    assert unsigned(ledger, back) == []


def test_a_comment_or_another_order_of_keys_needs_no_new_signature(ledger, file):
    agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    file.write(("currency: USD", "currency: USD  # dollars"))
    assert unsigned(ledger, agreement_in_force(ledger, file.path, as_of=NOVEMBER)) == []
    assert versions_in(ledger) == ["2026.4"]


def test_a_name_written_into_a_known_version_signs_nothing(ledger, file):
    file.write((NAMES, ""))
    agreement = agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    assert [side for _, side in unsigned(ledger, agreement)] == ["marketing", "sales"]
    file.write()
    agreement = agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    assert [side for _, side in unsigned(ledger, agreement)] == ["marketing", "sales"]


def test_a_side_that_has_signed_cannot_be_signed_for_under_another_name(ledger, file):
    agreement = agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    with pytest.raises(InputError, match="signed by VP Sales for sales already, on 2026-09-25"):
        sign(ledger, agreement, side=Side.SALES, name="B. Jones", at=NOVEMBER)
    assert signatures_in(ledger)["2026.4", "sales"] == "VP Sales"


def test_a_version_that_signing_sees_first_is_signed_by_the_command_alone(ledger, file):
    file.write(*version("2026.5", "2026-10-01"))  # a copy: it names who signed 2026.4
    agreement = load(file.path)
    sign(ledger, agreement, side=Side.MARKETING, name="A. Miller", at=NOVEMBER)
    assert signatures_in(ledger) == {("2026.5", "marketing"): "A. Miller"}
    agreement_in_force(ledger, file.path, as_of=JANUARY)  # a stage that sees it later signs nothing
    assert unsigned(ledger, agreement) == [("agreement.unsigned", "sales")]
    sign(ledger, agreement, side=Side.SALES, name="B. Jones", at=JANUARY)
    assert unsigned(ledger, agreement) == []


def test_a_signature_dated_later_is_none_yet_and_gives_way_to_one_of_today(ledger, file):
    file.write(("name: VP Sales, date: 2026-09-25", "name: VP Sales, date: 2027-01-15"))
    agreement = agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    assert unsigned(ledger, agreement, as_of=NOVEMBER) == [("agreement.unsigned", "sales")]
    assert agreement_signed(ledger, as_of=NOVEMBER) is None
    assert agreement_signed(ledger, as_of=JANUARY).version == "2026.4"
    with ledger.read() as connection:
        lines = read_signature_lines(connection, agreement, as_of=NOVEMBER)
    assert [one.state for one in lines] == [SIGNED, DATED_LATER]
    sign(ledger, agreement, side=Side.SALES, name="B. Jones", at=NOVEMBER)
    assert unsigned(ledger, agreement, as_of=NOVEMBER) == []
    assert signatures_in(ledger)["2026.4", "sales"] == "B. Jones"


def doubts(ledger: Ledger, file: File) -> list[str]:
    return [one.sentence for one in find_doubtful_names(ledger, load(file.path))]


def test_a_copy_that_still_names_who_signed_the_one_before_is_told_before_it_is_seen(ledger, file):
    agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    assert doubts(ledger, file) == []
    file.write(*version("2026.5", "2027-01-01"))
    ends = "as version 2026.4 does; it counts as signed as soon as a stage sees it."
    assert doubts(ledger, file) == [
        f"names VP Marketing for marketing on 2026-09-24, {ends}",
        f"names VP Sales for sales on 2026-09-25, {ends}",
    ]
    agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    assert all(one.endswith("since a stage saw it.") for one in doubts(ledger, file))
    file.write(*version("2026.6", "2027-01-01"), (NAMES, ""))
    assert doubts(ledger, file) == []


def test_a_name_dated_before_the_version_it_follows_was_signed_is_told(ledger, file):
    agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    own = "name: VP Sales, date: 2026-09-25"
    rest = ("  - {team: marketing, name: VP Marketing, date: 2026-09-24}\n", "")
    for day, is_told in (("2026-09-24", True), ("2026-09-25", False), ("2026-11-01", False)):
        new = (own, f"name: New VP, date: {day}")
        file.write(*version("2026.5", "2027-01-01"), rest, new)
        assert bool(doubts(ledger, file)) is is_told
    file.write(*version("2026.3", "2026-07-01"), rest, (own, "name: Old VP, date: 2026-06-01"))
    assert doubts(ledger, file) == []  # it follows none


def test_names_that_count_for_nothing_are_let_be(ledger, file):
    agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    file.write(*version("2026.5", "2027-01-01"))
    sign(ledger, load(file.path), side=Side.SALES, name="B. Jones", at=NOVEMBER)
    assert doubts(ledger, file) == []


def test_what_was_signed_by_the_command_is_no_name_for_another_version(ledger, file):
    file.write((NAMES, ""))
    agreement = agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    sign(
        ledger, agreement, side=Side.SALES, name="VP Sales", at=datetime(2026, 11, 2, 3, tzinfo=UTC)
    )
    new = ("name: VP Sales, date: 2026-09-25", "name: VP Sales, date: 2026-11-01")  # in New York
    rest = ("  - {team: marketing, name: VP Marketing, date: 2026-09-24}\n", "")
    file.write(*version("2026.5", "2027-01-01"), rest, new)
    (told,) = doubts(ledger, file)
    assert "VP Sales for sales on 2026-11-01, as version 2026.4 does" in told


def test_one_side_cannot_sign_what_the_other_signed_otherwise(ledger, file):
    file.write((NAMES, ""))
    first = agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    sign(ledger, first, side=Side.MARKETING, name="VP Marketing", at=NOVEMBER)
    file.write((NAMES, ""), ("per_week: 30", "per_week: 40"))
    second = agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    with pytest.raises(InputError, match="marketing signed it with another content"):
        sign(ledger, second, side=Side.SALES, name="VP Sales", at=NOVEMBER)


def test_a_newer_version_takes_over_on_its_day_in_the_agreements_zone(ledger, file):
    agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    file.write(*version("2027.1", "2027-01-01"))
    # midnight in New York is 05:00 UTC
    before, after = datetime(2027, 1, 1, 4, 59, tzinfo=UTC), datetime(2027, 1, 1, 5, tzinfo=UTC)
    assert agreement_in_force(ledger, file.path, as_of=NOVEMBER).version == "2026.4"
    assert agreement_in_force(ledger, file.path, as_of=before).version == "2026.4"
    assert agreement_in_force(ledger, file.path, as_of=after).version == "2027.1"
    assert versions_in(ledger) == ["2026.4", "2027.1"]


def test_an_older_file_does_not_displace_a_newer_version_of_the_ledger(ledger, file):
    file.write(*version("2027.1", "2027-01-01"))
    agreement_in_force(ledger, file.path, as_of=JANUARY)
    file.write()
    assert agreement_in_force(ledger, file.path, as_of=JANUARY).version == "2027.1"
    assert agreement_in_force(ledger, file.path, as_of=NOVEMBER).version == "2026.4"


def test_without_the_file_the_ledger_knows_the_content_seen_last(ledger, file):
    agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    file.write(("per_week: 30", "per_week: 40"))
    agreement_in_force(ledger, file.path, as_of=JANUARY)
    file.path.unlink()
    assert agreement_in_force(ledger, file.path, as_of=JANUARY).handoff.capacity.per_week == 40


def test_no_agreement_at_all_is_one_clear_error(ledger, tmp_path):
    with pytest.raises(InputError, match="is not there, and the ledger keeps no agreement"):
        agreement_in_force(ledger, tmp_path / "agreement.yaml", as_of=NOVEMBER)


def test_an_agreement_that_has_not_begun_says_when_it_does(ledger, file):
    with pytest.raises(InputError, match="2026-10-01"):
        agreement_in_force(ledger, file.path, as_of=datetime(2026, 9, 30, 23, tzinfo=UTC))


def test_a_file_with_faults_is_refused_and_not_kept(ledger, file):
    file.write(("within: 5m", "within: 5"))
    with pytest.raises(AgreementError, match="no duration"):
        agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    assert versions_in(ledger) == []


def test_registering_twice_is_once(ledger, file):
    agreement = load(file.path)
    for at in (NOVEMBER, JANUARY):
        with ledger.begin() as connection:
            register(connection, agreement, seen_at=at)
    with ledger.read() as connection:
        (seen_at,) = connection.execute(select(tables.agreement.c.seen_at)).scalars()
        signatures = connection.execute(select(func.count()).select_from(tables.signature))
        assert (seen_at, signatures.scalar_one()) == (NOVEMBER, 2)


def test_who_signs_has_a_name(ledger, file):
    agreement = load(file.path)
    with pytest.raises(InputError, match="who signs"):
        sign(ledger, agreement, side=Side.SALES, name="  ", at=NOVEMBER)


def test_a_tick_with_nothing_new_writes_nothing_and_is_cheap(ledger, file, monkeypatch):
    agreement_in_force(ledger, file.path, as_of=NOVEMBER)
    monkeypatch.setattr(ledger, "begin", lambda: pytest.fail("a transaction was begun to write"))
    costs = []
    for _ in range(50):
        start = time.perf_counter()
        agreement_in_force(ledger, file.path, as_of=NOVEMBER)
        costs.append(time.perf_counter() - start)
    assert min(costs) < 0.002
