"""Which kinds of jobs there are: the one table that the worker looks them up in."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain import import_jobs, invalidation
from app.domain.jobs import Kind

KINDS: Mapping[str, Kind] = {**invalidation.KINDS, **import_jobs.KINDS}
