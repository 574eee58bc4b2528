"""Set a letter's pages as PDF, in a process of its own.

It takes a second or two of one core and some hundred megabytes for five thousand
names: neither is taken from the worker's other errands, and both are given back.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent.parent
_FONTS = _ROOT / "app" / "publishing" / "fonts"
_PAGES = _ROOT / "templates" / "publishing" / "letter.typ"
# Behind everything else that wants the machine.
_NICE = 10


class NotSet(RuntimeError):
    """The pages could not be set; the message is what the typesetter says."""


def typeset(values: Mapping[str, Any], *, limit: float) -> bytes:
    """The pages that say `values`, as PDF under gzip; see `printing.read`.

    Raises NotSet, also after `limit` seconds.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "app.typesetting"],
            input=json.dumps(values).encode(),
            capture_output=True,
            cwd=_ROOT,
            # It needs no setting of ours, and no key.
            env={"PATH": os.environ.get("PATH", "")},
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotSet(f"not set within {limit} seconds") from error
    if done.returncode:
        raise NotSet(done.stderr.decode(errors="replace")[-500:])
    return done.stdout


def main() -> None:
    """Read values as JSON, and write the pages that say them."""
    import typst

    os.nice(_NICE)
    values = json.load(sys.stdin.buffer)
    # A language as the typesetter and PDF know it: "pt" and "BR", not "pt_BR".
    language, _, region = values["language"].replace("_", "-").partition("-")
    values |= {"lang": language, "region": region.upper() if len(region) == 2 else None}
    pages = typst.compile(
        str(_PAGES),
        root=str(_PAGES.parent),
        font_paths=[str(_FONTS)],
        # What no font of the house can write must look the same on each machine.
        ignore_system_fonts=True,
        sys_inputs={"content": json.dumps(values)},
        # So that the same values are the same bytes.
        timestamp=values["made_at"],
    )
    # The tags by which pages are read aloud are two thirds of them, and shrink well.
    sys.stdout.buffer.write(gzip.compress(pages, 6, mtime=0))


if __name__ == "__main__":
    main()
