"""The organisers' edge: sign-in, letters, desk, team, record."""

from __future__ import annotations

from app.organising import desk, featuring, home, inviting

# Every room's blueprint, in the order in which the overview names them.
ROOMS = (home.bp, desk.bp, featuring.bp, inviting.bp)
