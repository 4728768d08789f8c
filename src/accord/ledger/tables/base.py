"""What all tables share: their register, how keys are kept, who stands for everyone."""

from __future__ import annotations

from sqlalchemy import MetaData, String

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

KEY = String(200)

EVERYONE = " everyone"
"""Stands for all leads; ids of leads are trimmed, so none begins with a blank."""
