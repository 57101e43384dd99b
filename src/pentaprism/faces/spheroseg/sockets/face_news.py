"""Events of projects and images that are no job events: who hears what of them."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from pentaprism.core.accounts.tables import Account
from pentaprism.core.errors import NotAllowed, NotFound
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.spheroseg.context import Spheroseg
from pentaprism.faces.spheroseg.links import Links
from pentaprism.faces.spheroseg.segmentation.document import progress_of
from pentaprism.faces.spheroseg.serialise import image_status
from pentaprism.faces.spheroseg.service.images import image as image_of
from pentaprism.faces.spheroseg.service.projects import project_document_for
from pentaprism.faces.spheroseg.sockets import payloads
from pentaprism.faces.spheroseg.sockets.audience import Audience, View
from pentaprism.faces.spheroseg.sockets.members import part, reader_room
from pentaprism.faces.spheroseg.sockets.payloads import Message, Payload, State
from pentaprism.faces.spheroseg.sockets.requests import FaceNews, Outcome
from pentaprism.faces.spheroseg.tables import Image, Project


class FaceTelling:
    """Makes the messages of ``project-updated``, ``image-uploaded``, ``image-deleted`` and ``segmentation-changed``."""

    def __init__(self, context: Spheroseg) -> None:
        self._context = context

    def tell(self, session: Session, item: FaceNews, heard: Mapping[str, Audience], view: View, looked_at: float) -> Outcome:
        """The messages of one event. Whoever has no right any more hears nothing, unless the project itself is gone."""
        data = item.event.data
        project_id: str = data["project_id"]
        audience = heard.get(project_id)
        told = tuple(data.get("accounts") or ())
        if audience is None:
            audience = Audience(project_id, told, False)
        else:
            audience = Audience(project_id, tuple(a for a in told if a in audience.receivers) or audience.receivers, audience.public)
        outcome = Outcome(item, project_id=project_id)
        match item.event.name:
            case "project-updated":
                outcome.messages = self._project(session, audience, str(data.get("change", "updated")), view, looked_at)
            case "image-uploaded":
                outcome.messages = self._uploaded(session, audience, str(data["image_id"]), view, looked_at)
            case "image-deleted":
                payload = {"imageId": data["image_id"], "projectId": project_id}
                old = {"projectId": project_id, "imageId": data["image_id"]}
                outcome.messages = audience.family(view, "image-deleted", payload, looked_at)
                outcome.messages += audience.joined(view, [f"project-{project_id}"], "image:deleted", old, looked_at)
                outcome.queues_of = audience.receivers
            case "segmentation-changed":
                outcome.messages = self._changed(session, audience, str(data["image_id"]), view, looked_at)
        return outcome

    def _links(self, session: Session, account_id: str, base: str) -> Links | None:
        account = session.get(Account, account_id)
        return None if account is None else self._context.links(account, base)

    def _project(self, session: Session, audience: Audience, change: str, view: View, looked_at: float) -> list[Message]:
        base: Payload = {"projectId": audience.project_id, "change": change}
        if change == "deleted":
            return audience.family(view, "project-updated", {**base, "project": None}, looked_at)
        messages = []
        for account_id in audience.receivers:
            for address in view.bases.get(account_id, ()):
                links = self._links(session, account_id, address)
                if links is None:
                    continue
                try:
                    document = project_document_for(session, account_id, audience.project_id, links)
                except (NotFound, NotAllowed):
                    continue
                messages.append(_to(account_id, address, "project-updated", {**base, "project": document}, audience, looked_at))
        return messages

    def _uploaded(self, session: Session, audience: Audience, image_id: str, view: View, looked_at: float) -> list[Message]:
        """The image is signed for each receiver, so every account hears it on its own."""
        messages = []
        room = f"project-{audience.project_id}"
        joined = [account for account in view.rooms.get(room, ()) if audience.allows(account)]
        for account_id in dict.fromkeys([*audience.receivers, *joined]):
            for address in view.bases.get(account_id, ()):
                links = self._links(session, account_id, address)
                if links is None:
                    continue
                try:
                    document = image_of(session, account_id, image_id, links)
                except (NotFound, NotAllowed):
                    continue
                if account_id in audience.receivers:
                    payload = {"imageId": image_id, "projectId": audience.project_id, "image": document}
                    messages.append(_to(account_id, address, "image-uploaded", payload, audience, looked_at))
                if account_id in joined:
                    payload = {"projectId": audience.project_id, "image": document}
                    rooms = [part(room, f"{account_id} {address}")]
                    messages.append(
                        Message("image:created", payload, rooms, [account_id], project_id=audience.project_id, looked_at=looked_at)
                    )
        return messages

    @staticmethod
    def _changed(session: Session, audience: Audience, image_id: str, view: View, looked_at: float) -> list[Message]:
        """A result was edited, restored or hidden without a run."""
        image = session.get(Image, image_id)
        project = session.get(Project, audience.project_id)
        if image is None or project is None:
            return []
        job = session.get(Job, image.job_id) if image.job_id else None
        status = image_status(image, job)
        state = State(image.id, project.id, image.job_id, status, progress_of(status, job))
        rooms = (f"project-{project.id}", f"image-{image.id}")
        return [
            message
            for name, content in payloads.original_family(state)
            for message in audience.joined(view, rooms, name, content, looked_at)
        ]


def _to(account_id: str, base: str, event: str, payload: Payload, audience: Audience, looked_at: float) -> Message:
    """A message to those sockets of an account that reach the face under ``base``."""
    return Message(event, payload, [reader_room(account_id, base)], [account_id], project_id=audience.project_id, looked_at=looked_at)
