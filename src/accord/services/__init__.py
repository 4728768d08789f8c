"""One module a stage: gather, decide, apply, in one transaction.

The only room that sees both the touching rooms and the deciding ones. Every stage is a function
``run_<stage>(workspace, *, as_of, ...)`` that finds its work in the ledger, holds its lease, and
returns counts; a run too many is a cheap nothing.
"""
