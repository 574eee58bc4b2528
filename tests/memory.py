"""The machine's memory as a folder: what is flushed to it costs no waiting."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM_NEEDED = 1 << 30


def folder() -> str | None:
    """Where files lie in memory; None where that cannot be."""
    if not os.access(_MEMORY, os.W_OK):
        return None
    # Containers often have a tiny one, which the first large test would fill.
    return str(_MEMORY) if shutil.disk_usage(_MEMORY).free > _ROOM_NEEDED else None
