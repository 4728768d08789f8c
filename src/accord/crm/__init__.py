"""One adapter a CRM behind one port. Adapters send and read back; they decide nothing."""

from accord.crm.erasing import erase_from_crm
from accord.crm.file import FileCrm
from accord.crm.looking import look_at_crm
from accord.crm.opening import CrmSettings, open_crm
from accord.crm.port import Crm, Item, Kept, Landed, Outcome, Result
from accord.crm.wording import split_name

__all__ = [
    "Crm",
    "CrmSettings",
    "FileCrm",
    "Item",
    "Kept",
    "Landed",
    "Outcome",
    "Result",
    "erase_from_crm",
    "look_at_crm",
    "open_crm",
    "split_name",
]
