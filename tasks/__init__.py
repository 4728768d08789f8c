"""Prefect tasks, one module a stage: retries, timeouts and artifacts around ONE call of a service.

A reading and writing task is retried with back-off and jitter; a deciding task is not, since what
failed will fail again. Tasks take and return small plain values.
"""
