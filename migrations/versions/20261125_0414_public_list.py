"""Find signatures by words, and account for public changes.

Revision ID: 20261125f
Revises: 20261125e
Create Date: 2026-11-25 03:55:00.000000+00:00
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

# The words of a question are folded by the same function, so it is not copied.
from app.domain.search import rank_of, text_of
from app.models import State

revision: str = "20261125f"
down_revision: str | None = "20261125e"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BATCH = 5000


def upgrade() -> None:
    op.create_table(
        "search_word",
        sa.Column("letter_id", _ID, autoincrement=False, nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("rank", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("signature_id", _ID, autoincrement=False, nullable=False),
        sa.CheckConstraint("rank >= 0 AND rank <= 2", name=op.f("ck_search_word_rank")),
        sa.PrimaryKeyConstraint(
            "letter_id", "word", "rank", "signature_id", name=op.f("pk_search_word")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "correction",
        sa.Column("id", _ID, nullable=False),
        sa.Column("letter_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cause IS NULL OR cause IN ('signatory', 'organiser')",
            name=op.f("ck_correction_cause"),
        ),
        sa.CheckConstraint(
            "kind IN ('removed', 'restored', 'corrected', 'added_notable', 'recoded',"
            " 'text_changed', 'hidden')",
            name=op.f("ck_correction_kind"),
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_correction_number")),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_correction_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index("ix_correction_letter_id_id", "correction", ["letter_id", "id"])
    with op.batch_alter_table("signature") as batch_op:
        batch_op.add_column(sa.Column("search_text", sa.String(length=1000)))
        batch_op.add_column(
            sa.Column("statement_hidden_at", sa.DateTime(timezone=True))
        )
        batch_op.add_column(
            sa.Column("affiliation_hidden_at", sa.DateTime(timezone=True))
        )
        batch_op.add_column(
            sa.Column(
                "noindex", sa.Boolean(), server_default=sa.false(), nullable=False
            )
        )
    _find_those_there_are()


def _find_those_there_are() -> None:
    """Let every signature that stands be found, some thousand at a time."""
    signature = sa.table(
        "signature",
        *(
            sa.column(name)
            for name in (
                "id", "letter_id", "state", "name", "affiliation", "sector", "country",
                "search_text",
            )
        ),
        sa.column("listed", sa.Boolean()),
        sa.column("verified", sa.Boolean()),
    )  # fmt: skip
    word = sa.table(
        "search_word",
        *(sa.column(name) for name in ("letter_id", "word", "rank", "signature_id")),
    )
    connection = op.get_bind()
    last = 0
    while rows := connection.execute(
        sa.select(signature)
        .where(signature.c.id > last, signature.c.name.is_not(None))
        .order_by(signature.c.id)
        .limit(_BATCH)
    ).all():
        last = rows[-1].id
        texts = {row.id: text_of(row._asdict()) for row in rows}
        connection.execute(
            sa.update(signature)
            .where(signature.c.id == sa.bindparam("this"))
            .values(search_text=sa.bindparam("words")),
            [{"this": key, "words": words} for key, words in texts.items()],
        )
        connection.execute(
            sa.insert(word),
            [_word(row, part) for row in rows for part in texts[row.id].split()],
        )


def _word(row: Any, word: str) -> dict[str, Any]:
    rank = rank_of(state=State(row.state), listed=row.listed, verified=row.verified)
    return {
        "letter_id": row.letter_id,
        "word": word,
        "rank": rank,
        "signature_id": row.id,
    }


def downgrade() -> None:
    # One statement each: a table made anew would lose what others hang on it.
    for column in (
        "noindex", "affiliation_hidden_at", "statement_hidden_at", "search_text"
    ):  # fmt: skip
        op.drop_column("signature", column)
    op.drop_index("ix_correction_letter_id_id", table_name="correction")
    op.drop_table("correction")
    op.drop_table("search_word")
