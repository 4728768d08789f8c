"""The two tables that the adapter ``sql`` keeps, their columns' types, and who edited when.

``accord_lead`` has a row a lead as sales sees it; people and tools may set ``owner`` and
``stage``. ``accord_effect`` has a row for everything that was ever sent, hand-offs and messages,
and is never changed. Docs: docs/crm.md.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    DDL,
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    event,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

_KEY = 400  # as long as every database can index
_ID = 255
_JSON = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Utc(TypeDecorator[datetime]):
    """A UTC instant that anybody can read: with its zone where the database has one.

    SQLite keeps text without a zone; it is UTC.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware instant into what the database keeps."""
        del dialect
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn what the database keeps into an aware instant."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

lead = Table(
    "accord_lead",
    metadata,
    Column("lead_id", String(_ID), primary_key=True),
    Column("owner", String(_ID)),
    Column("owner_name", Text),
    Column("owner_email", Text),
    Column("team", String(_ID)),
    Column("stage", String(_ID)),
    Column("priority", Integer),
    Column("hot", Boolean(create_constraint=False)),
    Column("fit", Float(53)),
    Column("engagement", Float(53)),
    Column("intent", Float(53)),
    Column("position", String(_ID)),
    Column("name", Text),
    Column("email", Text),
    Column("phone", Text),
    Column("title", Text),
    Column("company", Text),
    Column("segment", String(_ID)),
    Column("handoff_id", String(_ID)),
    Column("cycle", Integer),
    Column("assigned_at", Utc),
    Column("first_touch_due_at", Utc),
    Column("reasons", _JSON),
    Column("accord_owner", String(_ID)),
    Column("accord_stage", String(_ID)),
    Column("owner_edited_at", Utc),
    Column("stage_edited_at", Utc),
    Column("effect_key", String(_KEY), nullable=False),
    Column("written_at", Utc, nullable=False, server_default=func.now()),
)

effect = Table(
    "accord_effect",
    metadata,
    Column("key", String(_KEY), primary_key=True),
    Column("kind", String(_ID), nullable=False),
    Column("lead_id", String(_ID), index=True),
    Column("payload", _JSON, nullable=False),
    Column("payload_hash", String(64), nullable=False),
    Column("sent_at", Utc, nullable=False),
    Column("written_at", Utc, nullable=False, server_default=func.now()),
)

# Who sets owner or stage by a plain UPDATE need not say when: a trigger does, by the database's
# clock. What we write is told by its effect_key; a tool that says when itself is believed.
_POSTGRESQL = """
CREATE OR REPLACE FUNCTION accord_lead_edited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.effect_key IS NOT DISTINCT FROM OLD.effect_key THEN
        IF NEW.owner IS DISTINCT FROM OLD.owner
           AND NEW.owner_edited_at IS NOT DISTINCT FROM OLD.owner_edited_at THEN
            NEW.owner_edited_at := clock_timestamp();
        END IF;
        IF NEW.stage IS DISTINCT FROM OLD.stage
           AND NEW.stage_edited_at IS NOT DISTINCT FROM OLD.stage_edited_at THEN
            NEW.stage_edited_at := clock_timestamp();
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accord_lead_edited BEFORE UPDATE ON accord_lead
    FOR EACH ROW EXECUTE FUNCTION accord_lead_edited()
"""
_SQLITE = """
CREATE TRIGGER accord_lead_{field}_edited AFTER UPDATE OF {field} ON accord_lead
WHEN NEW.effect_key IS OLD.effect_key AND NEW.{field} IS NOT OLD.{field}
     AND NEW.{field}_edited_at IS OLD.{field}_edited_at
BEGIN
    UPDATE accord_lead SET {field}_edited_at = strftime('%%Y-%%m-%%d %%H:%%M:%%f000', 'now')
    WHERE lead_id = NEW.lead_id;
END
"""

_trigger: Any = DDL  # it is untyped
event.listen(lead, "after_create", _trigger(_POSTGRESQL).execute_if(dialect="postgresql"))
for _field in ("owner", "stage"):
    event.listen(
        lead, "after_create", _trigger(_SQLITE.format(field=_field)).execute_if(dialect="sqlite")
    )
