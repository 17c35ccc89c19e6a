"""Which subject token took the place of which: links that rotations wrote, each vouched for by the key store.

Rules held here:
- A link is committed to under a key of the key store (scope `aliases`). One that a hand wrote or changed is Tampered
  for whoever comes upon it, and makes nobody pass for somebody else.
- Both ends are of one tenant. A link is verified before it is led on to a newer token.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from haoma.errors import BadInput, NotFound, Tampered
from haoma.ledger.commitment import Commitment, Commitments
from haoma.storage import quick
from haoma.vault import tables
from haoma.vault.model import SubjectToken

__all__ = ["SCOPE", "forget_links", "link", "linked"]

SCOPE = "aliases"
_NEAR = "SELECT old, new, commitment FROM vault_aliases WHERE old = ? OR new = ?"


def linked(tx: sa.Connection, commitments: Commitments, subject: str) -> list[str]:
    """All tokens that stand for the same number as this one, itself first; raises Tampered as the rules say."""
    found, waiting = [subject], [subject]
    while waiting:
        here = waiting.pop()
        for old, new, commitment in quick(tx, _NEAR, here, here):
            _require(commitments, old, new, commitment)
            more = [text for text in (old, new) if text not in found]
            found += more
            waiting += more
    return found


def link(tx: sa.Connection, commitments: Commitments, old: str, new: str, at: datetime) -> None:
    """Write down that `new` took the place of `old`; what led to the old one leads to the new one from now on."""
    c = tables.aliases.c
    # The old one's own link goes once nothing uses its key.
    for before in tx.execute(sa.select(c.old, c.new, c.commitment).where(c.new == old)).all():
        _require(commitments, *before)
        changed = sa.update(tables.aliases).where(c.old == before.old)
        tx.execute(changed.values(new=new, commitment=_committed(commitments, before.old, new)))
    insert = (postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert)(tables.aliases)
    row = insert.values(old=old, new=new, at=at, commitment=_committed(commitments, old, new))
    tx.execute(row.on_conflict_do_nothing())


def forget_links(tx: sa.Connection, prefix: str) -> None:
    """Remove the links from and to all tokens that begin so: those of a key version that no row has a token of."""
    c = tables.aliases.c
    ends = (end.startswith(prefix, autoescape=True) for end in (c.old, c.new))
    tx.execute(sa.delete(tables.aliases).where(sa.or_(*ends)))


def _committed(commitments: Commitments, old: str, new: str) -> str:
    return str(commitments.commit(SCOPE, _content(old, new)))


def _require(commitments: Commitments, old: str, new: str, commitment: str) -> None:
    if not _holds(commitments, old, new, commitment):
        message = "a row says that one subject token took the place of another, and no rotation wrote it"
        raise Tampered(message, hint="nothing was shown; rows of the vault were changed by hand")


def _holds(commitments: Commitments, old: str, new: str, commitment: str) -> bool:
    try:
        said = Commitment.parse(commitment)
        same = SubjectToken.parse(old).tenant == SubjectToken.parse(new).tenant
        return same and said.key_id.startswith(f"{SCOPE}-") and commitments.opens(said, _content(old, new))
    except (BadInput, NotFound, TypeError):  # TypeError: a cell that holds no text
        return False


def _content(old: str, new: str) -> bytes:
    return f"{old} {new}".encode()
