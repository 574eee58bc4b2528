"""The organisers' edge: sign-in, letters, desk, team, record."""

from __future__ import annotations

from app.organising import account, enter, home, lines, team

# Every room's blueprint, in the order in which the overview names them.
ROOMS = (home.bp, enter.bp, account.bp, lines.bp, team.bp)
