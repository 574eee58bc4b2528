"""The organisers' edge: sign-in, letters, desk, team, record."""

from __future__ import annotations

from app.organising import home

# Every room's blueprint, in the order in which the overview names them.
ROOMS = (home.bp,)
