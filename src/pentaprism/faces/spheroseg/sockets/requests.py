"""What waits in the feed: things that happened, and what sockets ask for. All of it is answered in order."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pentaprism.core.events.event import Event
from pentaprism.faces.spheroseg.sockets.members import Member
from pentaprism.faces.spheroseg.sockets.payloads import Message, Payload


@dataclass(slots=True)
class JobNews:
    """A job event that goes out. ``percent`` is the progress to tell, ``changed`` whether the status is a new one."""

    data: Mapping[str, Any]
    image_id: str
    percent: int
    changed: bool


@dataclass(slots=True)
class FaceNews:
    """An event of the face that is none of a job."""

    event: Event


@dataclass(slots=True)
class Admit:
    """A socket whose token was valid: from here on it hears events, beginning with a snapshot."""

    member: Member
    again: bool = False


@dataclass(slots=True)
class Join:
    """A socket wants to hear of a project or an image. ``answer`` gets what the client is answered."""

    member: Member
    kind: Literal["project", "image"]
    id: str
    room: str
    event: str
    answer: "asyncio.Future[Payload]"


@dataclass(slots=True)
class Ask:
    """A socket wants the present state of an image."""

    member: Member
    image_id: str
    answer: "asyncio.Future[Payload]"


@dataclass(slots=True)
class QueueOf:
    """The queue of an account, or of a project, has changed."""

    account_id: str | None = None
    project_id: str | None = None


Item = JobNews | FaceNews | Admit | Join | Ask | QueueOf


@dataclass(slots=True)
class Outcome:
    """What an item leads to: messages in order, and what the loop needs to know beside them."""

    item: Item
    messages: list[Message] = field(default_factory=list)
    answer: Payload | None = None
    granted: bool = False
    project_id: str | None = None
    queues_of: tuple[str, ...] = ()
