"""Reading quality.yaml: every fault at once, what a team's file changes, what is shipped."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from accord.errors import InputError, QualityError
from accord.quality import BatchRule, Rule, Severity, parse_policy
from accord.records import SCHEMAS, Entity
from accord.services.policies import policy_in_words, quality_policy, shipped_policy
from accord.services.settings import Settings
from tests.conftest import ROOT
from tests.quality.worlds import SHIPPED


def read(text):
    return parse_policy(text, where="quality.yaml", shipped=SHIPPED)


def faults_of(text):
    with pytest.raises(QualityError) as found:
        read(text)
    return [(one.subject, f"{one.sentence} {one.remedy}") for one in found.value.faults]


def rules_of(policy, entity=Entity.LEAD):
    return {rule.rule: rule for rule in policy.suites[entity].rows}


FIVE = """
rows:
  lead:
    - {id: lead.mail, field: emial, pattern: '@', severity: quarantine}
    - {id: lead.size, field: employees, range: {min: 0, mx: 9}, severity: quarantine}
    - {id: lead.age, field: email, range: {min: 0}, severity: flag}
    - {id: lead.old, field: created_at, range: {latest: soon}, severity: flag}
    - {id: lead.need, required: schema, severity: reject}
"""


def test_five_faults_are_five_findings_each_with_its_path_and_remedy():
    assert faults_of(FIVE) == [
        ("rows.lead[0].field", "'emial' is no field of a lead. Did you mean email?"),
        ("rows.lead[1].range.mx", "is not known here. Did you mean max?"),
        (
            "rows.lead[2].range.min",
            "is for numbers, and the field holds none. Write earliest or latest.",
        ),
        (
            "rows.lead[3].range.latest",
            "'soon' is no instant. Write 1990-01-01, or +1d for a day after the run.",
        ),
        (
            "rows.lead[4].severity",
            "input should be 'flag', 'quarantine' or 'hold'. Correct it.",
        ),
    ]
    with pytest.raises(QualityError, match=r"quality\.yaml: 5 faults"):
        read(FIVE)


RULE = "{id: a.b, severity: flag, "
WRONG = {
    "nothing": ("rows: {lead: [" + RULE + "field: email}]}", "rows.lead[0]", "says nothing"),
    "two things": (
        "rows: {lead: [" + RULE + "field: email, pattern: x, allowed: [y]}]}",
        "rows.lead[0]",
        "says pattern and allowed",
    ),
    "no severity": (
        "rows: {lead: [{id: a.b, required: email}]}",
        "rows.lead[0].severity",
        "Add it",
    ),
    "an entity": ("rows: {leed: []}", "rows.leed", "Did you mean lead?"),
    "a section": ("row: {}", "row", "Did you mean rows?"),
    "a key": (
        "rows: {lead: [" + RULE + "required: email, serverity: x}]}",
        "rows.lead[0].serverity",
        "Did you mean severity?",
    ),
    "a duplicate key": (
        "rows: {lead: [" + RULE + "required: email, severity: hold}]}",
        "rows.lead[0].severity",
        "stands twice",
    ),
    "a duplicate id": (
        "rows: {lead: [" + RULE + "required: email}, " + RULE + "required: name}]}",
        "rows.lead[1].id",
        "two rules",
    ),
    "a name of both kinds": (
        "rows: {lead: ["
        + RULE
        + "required: email}]}\nbatches: {lead: ["
        + RULE
        + "freshness: 2d}]}",
        "batches.lead",
        "a rule about rows",
    ),
    "no list": ("rows: {lead: {id: x}}", "rows.lead", "no list of rules"),
    "no map": ("- a", "quality", "no map of sections"),
    "nothing to extend": ("extends: theirs", "extends", "Write shipped"),
    "no pattern": (
        "rows: {lead: [" + RULE + "field: email, pattern: '('}]}",
        "rows.lead[0].pattern",
        "RE2",
    ),
    "a look behind": (
        "rows: {lead: [" + RULE + "field: email, pattern: '(?<=a)b'}]}",
        "rows.lead[0].pattern",
        "RE2",
    ),
    "a list of the agreement": (
        "rows: {rep: [" + RULE + "field: team, allowed: agreement.team}]}",
        "rows.rep[0].allowed",
        "Did you mean agreement.teams?",
    ),
    "a lead before itself": (
        "rows: {lead: [" + RULE + "field: stage_at, not_before: lead.created_at}]}",
        "rows.lead[0].not_before",
        "no other record's lead",
    ),
    "a time that is none": (
        "rows: {touch: [" + RULE + "field: touched_at, not_before: channel}]}",
        "rows.touch[0].not_before",
        "no time",
    ),
    "an unknown lead of a rep": (
        "rows: {rep: [" + RULE + "known_lead: true}]}",
        "rows.rep[0].known_lead",
        "no other record's lead",
    ),
    "an unknown field of a condition": (
        "rows: {lead: [" + RULE + "required: email, when: {cuontry: US}}]}",
        "rows.lead[0].when.cuontry",
        "Did you mean country?",
    ),
    "a time in a condition": (
        "rows: {lead: [" + RULE + "required: email, when: {created_at: {present: true}}}]}",
        "rows.lead[0].when.created_at",
        "do not compare",
    ),
    "a share": (
        "rows: {lead: [" + RULE + "required: email, mostly: 99}]}",
        "rows.lead[0].mostly",
        "less than or equal to 1",
    ),
    "bounds": (
        "rows: {lead: [" + RULE + "field: employees, range: {min: 9, max: 1}}]}",
        "rows.lead[0].range",
        "high to low",
    ),
    "a placeholder": (
        "rows: {lead: [" + RULE + "field: email, pattern: x, sentence: 'it is {}'}]}",
        "rows.lead[0].sentence",
        "nothing is put in",
    ),
    "a count of names": (
        "batches: {lead: [" + RULE + "field: name, drift: {at_most: 0.1}}]}",
        "batches.lead[0].field",
        "Name a category",
    ),
    "a batch set aside": (
        "batches: {lead: [{id: a.b, severity: quarantine, freshness: 2d}]}",
        "batches.lead[0].severity",
        "input should be",
    ),
    "freshness of spend": (
        "batches: {spend: [" + RULE + "freshness: 2d}]}",
        "batches.spend[0].field",
        "Name the field",
    ),
    "off of nothing": (
        "extends: shipped\nrows: {lead: [{id: lead.emial, off: true}]}",
        "rows.lead[0]",
        "Did you mean lead.email?",
    ),
    "off without more": ("rows: {lead: [{id: lead.email, off: no}]}", "rows.lead[0]", "off: true"),
    "a source without entity": ("sources: {web: {rows: []}}", "sources.web.entity", "is missing"),
    "a rule of a source": (
        "sources: {web: {entity: activity, rows: [" + RULE + "required: emial}]}}",
        "sources.web.rows[0].required",
        "no field of a activity",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_where_it_stands(what):
    text, path, says = WRONG[what]
    found = faults_of(text)
    assert [says in sentence for subject, sentence in found if subject == path] == [True], found
    assert all(re.search(r"\. [A-Z].*[.?]$", sentence) for _, sentence in found)


@pytest.mark.parametrize("text", ["rows: [", "a: &a [*a]\nb: 2021-99-99", "\t"])
def test_text_that_is_no_yaml_is_one_error(text):
    with pytest.raises(QualityError, match="1 fault"):
        read(text)


def test_a_file_that_does_not_extend_stands_alone():
    policy = read("rows: {lead: [" + RULE + "required: email}]}")
    assert list(rules_of(policy)) == ["a.b"]
    assert policy.suites[Entity.TOUCH].rows == ()


def test_a_team_replaces_adds_and_drops_rules_by_id():
    policy = read(
        "extends: shipped\n"
        "rows:\n"
        "  lead:\n"
        "    - {id: lead.email, required: email, severity: flag, mostly: 90%}\n"
        "    - {id: lead.vat, field: country, allowed: [US, NO], severity: hold}\n"
        "    - {id: lead.country, off: true}\n"
    )
    before, after = rules_of(SHIPPED), rules_of(policy)
    assert list(after) == [*(name for name in before if name != "lead.country"), "lead.vat"]
    assert (after["lead.email"].severity, after["lead.email"].mostly) == (Severity.FLAG, 0.9)
    assert after["lead.vat"].allowed == ("US", "NO")
    assert policy.suites[Entity.REP] == SHIPPED.suites[Entity.REP]


def test_a_source_has_rules_of_its_own():
    policy = read(
        "extends: shipped\n"
        "sources:\n"
        "  web:\n"
        "    entity: activity\n"
        "    rows: [{id: activity.unknown_lead, off: true}]\n"
        "    batches: [{id: web.fresh, freshness: 2d, severity: hold}]\n"
    )
    own = policy.suite("web", Entity.ACTIVITY)
    assert "activity.unknown_lead" not in {rule.rule for rule in own.rows}
    assert [rule.rule for rule in own.batches] == ["activity.row_count", "web.fresh"]
    assert policy.suite("app", Entity.ACTIVITY) == SHIPPED.suites[Entity.ACTIVITY]
    with pytest.raises(QualityError, match=r"sources\.web\.entity"):
        policy.suite("web", Entity.LEAD)


def test_words_that_yaml_1_1_would_turn_are_words():
    policy = read("rows: {lead: [" + RULE + "field: country, allowed: [NO, yes, on]}]}")
    assert rules_of(policy)["a.b"].allowed == ("NO", "yes", "on")


def test_bounds_are_days_instants_or_so_long_from_the_run():
    policy = read(
        "rows: {lead: [" + RULE + "field: created_at, range: {earliest: 1990-01-01, latest: +1d}}]}"
    )
    bounds = rules_of(policy)["a.b"].range
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert bounds.earliest.at(now) == datetime(1990, 1, 1, tzinfo=UTC)
    assert bounds.latest.at(now) == datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_shipped_policy_has_its_basics_for_every_entity():
    for entity in Entity:
        rules = rules_of(SHIPPED, entity)
        assert {f"{entity}.missing", f"{entity}.unparsed"} <= set(rules)
        assert all(name.startswith(f"{entity}.") for name in rules)
        assert all(rule.sentence for rule in rules.values())
    assert set(SHIPPED.suites) == set(SCHEMAS)


def test_the_examples_in_the_shipped_file_can_be_read():
    text = (ROOT / "quality.yaml").read_text("utf-8")
    examples = re.findall(r"^#   (\{id: \w+\..*?\})(?:  |$)", text, re.MULTILINE)
    assert len(examples) == 5
    for example in examples:
        entity = re.match(r"\{id: (\w+)\.", example)[1]
        (rule,) = read(f"batches: {{{entity}: [{example}]}}").suites[Entity(entity)].batches
        assert isinstance(rule, BatchRule)
    (source,) = re.findall(r"^# (sources:.*)\Z", text, re.MULTILINE | re.DOTALL)
    read("extends: shipped\n" + source.replace("\n# ", "\n"))


def settings(path=None):
    given = {} if path is None else {"quality": path}
    return Settings(_env_file=None, **given)


def test_without_a_file_the_shipped_policy_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert quality_policy(settings()) is shipped_policy()
    (tmp_path / "quality.yaml").write_text("rows: {lead: [" + RULE + "required: email}]}")
    found = quality_policy(settings())
    assert list(rules_of(found)) == ["a.b"]
    assert quality_policy(settings()) is found


def test_a_file_that_is_named_must_be_there_and_be_text(tmp_path):
    with pytest.raises(InputError, match="is not there"):
        quality_policy(settings(tmp_path / "mine.yaml"))
    (tmp_path / "mine.yaml").write_bytes(b"rows: \xff")
    with pytest.raises(InputError, match="UTF-8"):
        quality_policy(settings(tmp_path / "mine.yaml"))


def test_the_policy_in_words_says_every_rule(tmp_path):
    rows = policy_in_words(settings(ROOT / "quality.yaml"), entity="decision")
    assert [row["rule"] for row in rows] == list(rules_of(SHIPPED, Entity.DECISION))
    (row,) = [row for row in rows if row["rule"] == "decision.defer_reason"]
    assert row["fails if"] == (
        "reason is not among the agreement's reasons for deferred, where outcome in defer"
    )
    assert len(policy_in_words(settings(ROOT / "quality.yaml"))) > 60
    with pytest.raises(InputError, match="no entity"):
        policy_in_words(settings(ROOT / "quality.yaml"), entity="leed")


def test_a_rule_is_frozen():
    rule = Rule.model_validate({"id": "a.b", "severity": "flag", "required": "email"})
    with pytest.raises(ValueError, match="frozen"):
        rule.severity = Severity.HOLD
