"""docs/sources.md: every key is in it, and every example of it is read without a fault."""

from __future__ import annotations

import re

import pytest

from accord.records import Entity
from accord.sources import ColumnMapping, Source, Sources, read_sources
from accord.sources.checks import EPOCHS, EXCEL_DAYS
from accord.sources.model import reader_of
from accord.sources.pulled import (
    HUBSPOT_OBJECTS,
    SALESFORCE_OBJECTS,
    HubspotTerms,
    SalesforceTerms,
    SqlTerms,
)
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
NOT_WRITTEN = {"folder"}  # where the file lies, which nobody writes
MODELS = (Sources, Source, ColumnMapping, SqlTerms, HubspotTerms, SalesforceTerms)


def keys_used() -> set[str]:
    """Every key that some example writes."""
    return set(re.findall(r"(\w+):(?:\s|$)", "\n".join(EXAMPLES)))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_is_explained_or_shown(model):
    named = set(re.findall(r"`(\w+)(?::[^`]*)?`", PAGE))
    assert set(model.model_fields) - NOT_WRITTEN - named - keys_used() == set()


@pytest.mark.parametrize("model", [Source, ColumnMapping], ids=lambda model: model.__name__)
def test_every_key_of_a_source_of_files_is_shown_at_work(model):
    assert set(model.model_fields) - keys_used() == set()


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_is_read_without_a_fault(text, tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    assert read_sources(path, {}).sources


def test_every_word_that_a_key_may_have_is_named():
    words = (*Entity, *EPOCHS, *EXCEL_DAYS, *HUBSPOT_OBJECTS, *SALESFORCE_OBJECTS)
    assert [word for word in words if not re.search(rf"\b{word}\b", PAGE)] == []


def test_every_ending_named_as_a_files_is_one_that_a_reader_knows():
    (sentence,) = re.findall(r"The ending names the reader: (.*?);", PAGE, flags=re.DOTALL)
    endings = re.findall(r"`(\.\w+)`", sentence)
    assert len(endings) == 9
    assert all(reader_of(f"a{ending}") is not None for ending in endings)
