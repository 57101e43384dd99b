"""Who may hear of a project, looked up for many projects at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.database.chunks import chunks
from pentaprism.faces.spheroseg.sockets.members import part, user_room
from pentaprism.faces.spheroseg.sockets.payloads import Message, Payload
from pentaprism.faces.spheroseg.tables import Project, Share


@dataclass(frozen=True, slots=True)
class View:
    """Who listens at the moment: each account's addresses of the face, and the accounts in each joined room."""

    bases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rooms: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Audience:
    """``receivers`` are the owner and those with a share; a ``public`` project may be looked at by everybody who joins it."""

    project_id: str
    receivers: tuple[str, ...]
    public: bool

    def allows(self, account_id: str) -> bool:
        """Whether the account may look at the project."""
        return self.public or account_id in self.receivers

    def family(self, view: View, event: str, payload: Payload, looked_at: float) -> list[Message]:
        """The message to every socket of the receivers; nothing when none listens."""
        heard = [account for account in self.receivers if account in view.bases]
        rooms = [user_room(account) for account in heard]
        return [Message(event, payload, rooms, heard, project_id=self.project_id, looked_at=looked_at)] if rooms else []

    def joined(self, view: View, rooms: Iterable[str], event: str, payload: Payload, looked_at: float) -> list[Message]:
        """The message to every socket in ``rooms`` whose account may look at the project."""
        pairs = [(part(room, account), account) for room in rooms for account in view.rooms.get(room, ()) if self.allows(account)]
        if not pairs:
            return []
        names, accounts = zip(*pairs, strict=True)
        return [Message(event, payload, list(names), list(accounts), project_id=self.project_id, looked_at=looked_at)]


def audiences(session: Session, project_ids: Iterable[str]) -> dict[str, Audience]:
    """The audiences of those projects that exist."""
    ids = list(dict.fromkeys(project_ids))
    receivers: dict[str, list[str]] = {}
    public: dict[str, bool] = {}
    for chunk in chunks(ids):
        for project_id, owner, is_public in session.execute(
            select(Project.id, Project.account_id, Project.public).where(Project.id.in_(chunk))
        ):
            receivers[project_id], public[project_id] = [owner], is_public
        for project_id, account in session.execute(select(Share.project_id, Share.account_id).where(Share.project_id.in_(chunk))):
            if account is not None and project_id in receivers:
                receivers[project_id].append(account)
    return {key: Audience(key, tuple(dict.fromkeys(found)), public[key]) for key, found in receivers.items()}
