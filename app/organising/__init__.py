"""The organisers' edge: sign-in, letters, desk, team, record."""

from __future__ import annotations

from app.organising import (
    account,
    cases,
    desk,
    disputing,
    ending,
    enter,
    exporting,
    featuring,
    figuring,
    finding,
    holds,
    home,
    importing,
    inviting,
    lines,
    setting,
    snapping,
    switching,
    team,
    updating,
    watching,
    writing,
)

# Every room's blueprint, in the order in which the overview names them.
ROOMS = (
    home.bp,
    enter.bp,
    account.bp,
    desk.bp,
    finding.bp,
    featuring.bp,
    inviting.bp,
    holds.bp,
    watching.bp,
    cases.bp,
    importing.bp,
    exporting.bp,
    figuring.bp,
    updating.bp,
    disputing.bp,
    lines.bp,
    team.bp,
    writing.bp,
    setting.bp,
    switching.bp,
    snapping.bp,
    ending.bp,
)
