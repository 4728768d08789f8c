"""The ``when:`` language: what a condition is, how it is read, and when it holds.

:func:`holds` is the definition, for one record; ``compiled`` says the same for a frame.
"""

from accord.conditions.beside import put_beside
from accord.conditions.compiled import ConditionCompiler, compile_condition
from accord.conditions.coverage import covered
from accord.conditions.meaning import (
    equals_any,
    fold,
    holds,
    is_null,
    match_texts,
    matches,
)
from accord.conditions.model import Condition, FieldTest, Matcher, Scalar, fields_of
from accord.conditions.reading import (
    OPERATORS,
    ConditionError,
    ConditionField,
    parse_condition,
    write_condition,
)

__all__ = [
    "OPERATORS",
    "Condition",
    "ConditionCompiler",
    "ConditionError",
    "ConditionField",
    "FieldTest",
    "Matcher",
    "Scalar",
    "compile_condition",
    "covered",
    "equals_any",
    "fields_of",
    "fold",
    "holds",
    "is_null",
    "match_texts",
    "matches",
    "parse_condition",
    "put_beside",
    "write_condition",
]
