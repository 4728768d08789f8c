"""The schema for editors: what loads fits it, and what an editor can know to be wrong does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from accord.agreement import loads
from accord.agreement.json_schema import agreement_schema
from tests.agreement.every_value import CONTENT, all_reversed, with_text_keys

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = agreement_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def plain(content):
    """A content as an editor sees it: dates are text."""
    return json.loads(json.dumps(with_text_keys(content), default=str))


def faults_of(content) -> list[str]:
    return [one.json_path for one in VALIDATOR.iter_errors(plain(content))]


def read(text: str):
    return YAML(typ="safe", pure=True).load(text)


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


EXAMPLES = ("bpi2012", "maven", "olist", "x_education")


@pytest.mark.parametrize(
    "path",
    [
        "agreement.yaml",
        *(f"examples/{name}/agreement.yaml" for name in EXAMPLES),
    ],
)
def test_every_agreement_in_the_repository_fits(path):
    assert faults_of(read((ROOT / path).read_text(encoding="utf-8"))) == []


def test_whatever_loads_fits():
    assert faults_of(CONTENT) == []
    for _, agreement in all_reversed():
        assert faults_of(read(agreement.document)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("at_least: 0.8,", 'at_least: "0.8",'),
        ("at_least: 0.8,", 'at_least: "01.0",'),
        ("at_least: 0.8,", 'at_least: "0080.5%",'),
        ("at_least: 0.8,", 'at_least: "100.0%",'),
        ("closed: [2026-12-24]", "closed: null"),
        ('open: {2026-12-05: ["10:00-14:00"]}', "open: null"),
    ],
)
def test_another_writing_that_loads_fits(shipped_text, old, new):
    assert shipped_text.count(old) == 1, old
    text = shipped_text.replace(old, new)
    loads(text)
    assert faults_of(read(text)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("at_least: 0.8,", 'at_least: "1.2",'),
        ("at_least: 0.8,", 'at_least: "101%",'),
        ("within: 5m", "withn: 5m"),
        ("within: 5m", "within: 5 minutes"),
        ("within: 5m", "within: 5"),
        ("hold_batch_above: 0.20", "hold_batch_above: 1.2"),
        ("hold_batch_above: 0.20", "hold_batch_above: a lot"),
        ("per_week: 30", "per_week: -1"),
        ("per_week: 30", "per_week: 30.5"),
        ("approval_above: 3", 'approval_above: "3"'),
        ("approval_above: 3", "approval_above: 0"),
        ("average_deal: 10000,", "average_deal: 0,"),
        ("rounding: nearest", "rounding: neerest"),
        ("quiet_hours: outside_calendar", "quiet_hours: nights"),
        ("fresh_activity: true", "fresh_activity: yes"),
        ("from: entered_sql", "from: entered_sqll"),
        ("currency: USD", "currency: usd"),
        ('version: "2026.4"', "version: 2026.4"),
        ("  deferred:     {part", "  deferrd:     {part"),
        ("when: {industry: [", "when: {idustry: ["),
        ("segment: large}", "segmnt: large}"),
        ("hot:     {fit: {gte: 30}", "hot:     {fot: {gte: 30}"),
        ("when: {employees: {gte: 1000}}", "when: {employees: many}"),
        ("when: {employees: {gte: 1000}}", "when: {employees: {least: 1000}}"),
        ("when: {need: {present: true}}", "when: {need: {gte: 3}}"),
        ("mon-thu: [", "mo-thu: ["),
        ('fri: ["09:00-16:00"]', 'fri: ["9-16"]'),
        ("notify: [ceo]", "notify: []"),
        ("{at: due+60m, ", "{at: later, "),
        ('at: "07:30"', 'at: "7:30"'),
        ("every: 2 months", "every: 2 weeks"),
        ("{mqls_per_week: plan,", "{mqls_per_week: plans,"),
        ("{at_least: 0.8, ", "{at_leest: 0.8, "),
        ("currency: USD", "currency: USD\nfingerprint: abc"),
    ],
)
def test_what_an_editor_can_know_to_be_wrong_is_shown(shipped_text, old, new):
    assert shipped_text.count(old) == 1, old
    assert faults_of(read(shipped_text.replace(old, new)))


def test_the_file_in_the_repository_is_what_the_command_prints():
    shipped = (ROOT / "agreement.schema.json").read_text(encoding="utf-8")
    assert json.loads(shipped) == SCHEMA, "run: accord agreement schema --out agreement.schema.json"


def test_every_map_of_known_keys_is_closed():
    def objects(value):
        if isinstance(value, dict):
            if "properties" in value and value.get("type") == "object":
                yield value
            for below in value.values():
                yield from objects(below)
        elif isinstance(value, list):
            for below in value:
                yield from objects(below)

    assert all("additionalProperties" in one for one in objects(SCHEMA))
