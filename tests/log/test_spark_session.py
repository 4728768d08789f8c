"""Where Spark is not there, it is said what lacks, and what to do."""

from __future__ import annotations

import pytest

from accord.errors import InputError
from accord.log import lacks_spark, open_session, spark_session


def test_without_pyspark_a_session_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_session, "find_spec", lambda _: None)
    assert lacks_spark() == "no pyspark"
    with pytest.raises(InputError, match=r"Spark: no pyspark; .* install accord\[spark\]"):
        open_session()


def test_without_java_a_session_says_so_before_pyspark_is_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spark_session, "find_spec", lambda _: object())
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert lacks_spark() == "no Java"
    with pytest.raises(InputError, match="Spark: no Java"):
        open_session()


def test_java_is_also_found_where_its_home_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_session, "find_spec", lambda _: object())
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("JAVA_HOME", "anywhere")
    assert lacks_spark() is None
