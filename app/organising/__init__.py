"""The organisers' edge: sign-in, letters, desk, team, record."""

from __future__ import annotations

from app.organising import (
    account,
    desk,
    ending,
    enter,
    featuring,
    home,
    inviting,
    lines,
    setting,
    snapping,
    switching,
    team,
    writing,
)

# Every room's blueprint, in the order in which the overview names them.
ROOMS = (
    home.bp,
    enter.bp,
    account.bp,
    desk.bp,
    featuring.bp,
    inviting.bp,
    lines.bp,
    team.bp,
    writing.bp,
    setting.bp,
    switching.bp,
    snapping.bp,
    ending.bp,
)
