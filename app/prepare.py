"""Make an instance ready to be served: the newest schema, and the letter loaded.

`python -m app.prepare FOLDER` does it for the instance that the environment names.
"""

from __future__ import annotations

import os
import sys

import click
from flask.cli import ScriptInfo

import config
from app.db_upgrade import upgrade


def main(letter: str) -> int:
    """Upgrade, then run `flask letter load`; 1 and a sentence where either fails."""
    try:
        upgrade(config.load(os.environ).database_url)
    except config.ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    # Only now: the application may look at its tables when it is made.
    from wsgi import public

    script = ScriptInfo(create_app=lambda: public)
    try:
        public.cli.main(["letter", "load", letter], obj=script, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
