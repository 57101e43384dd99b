"""Who is connected, and in which rooms. Used in the event loop only."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Member:
    """One socket in one namespace. ``account_id`` is None until its token was found valid; ``admitted`` once it may hear events.

    ``base`` is the address of the face's root as this client reaches it; ``joined`` are its rooms with the project of each.
    """

    sid: str
    eio_sid: str
    namespace: str
    base: str
    account_id: str | None = None
    session_id: str | None = None
    admitted: bool = False
    joined: dict[str, str] = field(default_factory=dict)


def user_room(account_id: str) -> str:
    """All sockets of an account."""
    return f"user:{account_id}"


def reader_room(account_id: str, base: str) -> str:
    """Sockets of an account that reach the face under the same address, and so get the same signed links."""
    return f"user:{account_id} {base}"


def part(room: str, account_id: str) -> str:
    """The sockets of one account in a room that was joined; rooms are addressed by their parts, so that rights hold for each."""
    return f"{room} {account_id}"


class Members:
    """Sockets by id and by account, and the accounts in each joined room."""

    def __init__(self) -> None:
        self.by_sid: dict[str, Member] = {}
        self.by_account: defaultdict[str, set[Member]] = defaultdict(set)
        self._rooms: defaultdict[str, dict[Member, None]] = defaultdict(dict)

    def add(self, member: Member) -> None:
        """A socket has connected."""
        self.by_sid[member.sid] = member

    def claim(self, member: Member, account_id: str, session_id: str | None, most: int) -> bool:
        """Count the socket for its account; False when the account has ``most`` sockets already."""
        if member.account_id is None and len(self.by_account.get(account_id, ())) >= most:
            return False
        member.account_id, member.session_id = account_id, session_id
        self.by_account[account_id].add(member)
        return True

    def remove(self, sid: str) -> Member | None:
        """A socket has gone."""
        member = self.by_sid.pop(sid, None)
        if member is None:
            return None
        for room in list(member.joined):
            self.leave(member, room)
        if member.account_id is not None:
            mine = self.by_account[member.account_id]
            mine.discard(member)
            if not mine:
                del self.by_account[member.account_id]
        return member

    def join(self, member: Member, room: str, project_id: str) -> None:
        """The socket hears of ``room`` from now on."""
        member.joined[room] = project_id
        self._rooms[room][member] = None

    def leave(self, member: Member, room: str) -> None:
        """The socket hears of ``room`` no more."""
        member.joined.pop(room, None)
        inside = self._rooms.get(room)
        if inside is not None:
            inside.pop(member, None)
            if not inside:
                del self._rooms[room]

    def accounts_in(self, room: str) -> list[str]:
        """Accounts with a socket in ``room``, each once."""
        return list(dict.fromkeys(member.account_id for member in self._rooms.get(room, ()) if member.account_id))

    def in_project(self, project_id: str) -> list[tuple[Member, str]]:
        """Sockets in rooms of a project, with the room."""
        return [
            (member, room) for room, inside in list(self._rooms.items()) for member in list(inside) if member.joined.get(room) == project_id
        ]

    def bases_of(self, account_id: str) -> list[str]:
        """The addresses under which an account's sockets reach the face."""
        return sorted({member.base for member in self.by_account.get(account_id, ()) if member.admitted})

    def listening(self, account_id: str) -> bool:
        """Whether the account has a socket that hears events."""
        return any(member.admitted for member in self.by_account.get(account_id, ()))

    def rooms(self) -> list[str]:
        """Rooms with somebody in them."""
        return list(self._rooms)
