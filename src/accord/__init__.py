"""Accord runs the agreement between marketing and sales as code.

The rooms, from the top: ``cli`` (the command line), ``services`` (one module a stage), the
touching rooms (``ledger log sources quality outbox crm report simulate``), the deciding rooms
(``scoring lifecycle routing sla metrics planning``) and the leaves (``agreement records
conditions calendars``). Nothing in here knows Prefect or reads the clock.
"""
