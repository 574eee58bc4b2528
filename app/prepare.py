"""Make an instance ready to be served: the schema, the letter, one organiser.

`python -m app.prepare FOLDER` does it for the instance that the environment names.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from flask.cli import ScriptInfo

import config
from app import db, urls
from app.db_upgrade import upgrade
from app.domain import entries, letter_files, organisers, record
from app.domain.tokens import Purpose
from app.models import Role
from app.site import Site

# Who runs the example letter; example.org belongs to nobody (RFC 2606).
ORGANISER = "organiser@example.org"


def main(letter: str) -> int:
    """Upgrade, then run `flask letter load`; 1 and a sentence where either fails."""
    try:
        upgrade(config.load(os.environ).database_url)
    except config.ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    # Only now: the application may look at its tables when it is made.
    from wsgi import public, site

    script = ScriptInfo(create_app=lambda: public)
    try:
        public.cli.main(["letter", "load", letter], obj=script, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    _first_organiser(site, Path(letter))
    return 0


def _first_organiser(site: Site, letter: Path) -> None:
    """Give a letter that nobody runs yet an owner, and print that one's way in.

    The link is printed again at each start until somebody has set a way to sign in.
    """
    slug = letter_files.read(letter).slug
    with site.database.writing() as session:
        if not organisers.team(session, slug=slug):
            organisers.join(
                session,
                email=ORGANISER,
                name="First organiser",
                slug=slug,
                role=Role.OWNER,
                actor=record.SYSTEM,
                now=db.now(),
            )
        made = entries.first(session, slug=slug, now=db.now())
        session.commit()
    if made is not None:
        token = site.tokens.make(Purpose.ENTER, made)
        link = urls.absolute(site.config.base_url, urls.organise("enter", token))
        print(f"\nThe organisers' rooms open once with this link: {link}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
