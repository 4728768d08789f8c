"""One adapter a CRM behind one port. Adapters send and read back; they decide nothing."""

from accord.crm.file import FileCrm
from accord.crm.opening import CrmSettings, open_crm
from accord.crm.port import Crm, Item, Kept, Landed, Outcome, Result

__all__ = [
    "Crm",
    "CrmSettings",
    "FileCrm",
    "Item",
    "Kept",
    "Landed",
    "Outcome",
    "Result",
    "open_crm",
]
