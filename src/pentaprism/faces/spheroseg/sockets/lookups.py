"""From items of the feed to messages: everything that needs rows, done in a thread for a whole batch of items at once."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.accounts.tables import Account, LoginSession
from pentaprism.core.clock import isoformat, now
from pentaprism.core.database.chunks import chunks
from pentaprism.core.errors import NotAllowed, NotFound, PlatformError
from pentaprism.core.jobs.states import ACTIVE
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.spheroseg.context import Spheroseg
from pentaprism.faces.spheroseg.rights import image_for, project_for
from pentaprism.faces.spheroseg.segmentation.document import progress_of
from pentaprism.faces.spheroseg.segmentation.queue import queue_document, visible_projects
from pentaprism.faces.spheroseg.serialise import image_status, user_document
from pentaprism.faces.spheroseg.sockets import payloads
from pentaprism.faces.spheroseg.sockets.audience import Audience, View, audiences
from pentaprism.faces.spheroseg.sockets.face_news import FaceTelling
from pentaprism.faces.spheroseg.sockets.members import Member
from pentaprism.faces.spheroseg.sockets.payloads import Message, Payload, State
from pentaprism.faces.spheroseg.sockets.requests import Admit, Ask, FaceNews, Item, JobNews, Join, Outcome, QueueOf
from pentaprism.faces.spheroseg.sockets.thinning import ENDED, WORDS
from pentaprism.faces.spheroseg.tables import Image, Profile, Project, Segmentation


class Lookups:
    """Answers batches of items; one read session each."""

    def __init__(self, context: Spheroseg) -> None:
        self._context = context
        self._face = FaceTelling(context)

    def describe(self, items: Sequence[Item], view: View) -> list[Outcome]:
        """The outcomes of ``items``, in their order."""
        looked_at = time.monotonic()
        with self._context.platform.database.read() as session:
            rows = self._images(session, [item.image_id for item in items if isinstance(item, JobNews)])
            ended = self._ended(session, [item.data["id"] for item in items if isinstance(item, JobNews) and item.data["status"] in ENDED])
            projects = {project.id for _, project in rows.values()}
            projects.update(item.event.data["project_id"] for item in items if isinstance(item, FaceNews))
            heard = audiences(session, projects)
            outcomes = []
            for item in items:
                match item:
                    case JobNews():
                        outcomes.append(self._job(item, rows, ended, heard, view, looked_at))
                    case FaceNews():
                        outcomes.append(self._face.tell(session, item, heard, view, looked_at))
                    case Admit():
                        outcomes.append(self._admit(session, item))
                    case Join():
                        outcomes.append(self._join(session, item))
                    case Ask():
                        outcomes.append(self._ask(session, item))
                    case QueueOf():
                        outcomes.append(self._queue(session, item, view, looked_at))
            return outcomes

    def allowed(self, project_id: str) -> Audience:
        """Who may hear of a project now; nobody when it is gone."""
        with self._context.platform.database.read() as session:
            return audiences(session, [project_id]).get(project_id, Audience(project_id, (), False))

    def alive(self, session_ids: Iterable[str]) -> set[str]:
        """Which log-in sessions are still good."""
        moment = now()
        found: set[str] = set()
        ids = list(session_ids)
        with self._context.platform.database.read() as session:
            for chunk in chunks(ids):
                query = select(LoginSession.id).join(Account, Account.id == LoginSession.account_id)
                good = (LoginSession.revoked_at.is_(None), LoginSession.family_expires_at > moment, LoginSession.expires_at > moment)
                found.update(session.scalars(query.where(LoginSession.id.in_(chunk), *good, Account.disabled_at.is_(None))))
        return found

    def finished(self, task_ids: Sequence[str]) -> list[Job]:
        """Those of the tasks that are not active any more."""
        found: list[Job] = []
        with self._context.platform.database.read() as session:
            for chunk in chunks(task_ids):
                query = select(Job).where(Job.id.in_(chunk), Job.status.not_in(ACTIVE))
                found += session.scalars(query)
        return found

    # -- jobs

    @staticmethod
    def _images(session: Session, image_ids: Iterable[str]) -> dict[str, tuple[Image, Project]]:
        ids = list(dict.fromkeys(image_ids))
        found: dict[str, tuple[Image, Project]] = {}
        for chunk in chunks(ids):
            query = select(Image, Project).join(Project, Project.id == Image.project_id)
            for image, project in session.execute(query.where(Image.id.in_(chunk))):
                found[image.id] = (image, project)
        return found

    @staticmethod
    def _ended(session: Session, job_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for chunk in chunks(job_ids):
            rows = session.execute(select(Job.id, Job.result).where(Job.id.in_(chunk)))
            found.update((job_id, result or {}) for job_id, result in rows)
        return found

    def _job(
        self,
        item: JobNews,
        rows: dict[str, tuple[Image, Project]],
        ended: dict[str, dict[str, Any]],
        heard: dict[str, Audience],
        view: View,
        looked_at: float,
    ) -> Outcome:
        row = rows.get(item.image_id)
        if row is None:
            return Outcome(item)
        image, project = row
        audience = heard[project.id]
        state = self._state(item, image, project, ended.get(item.data["id"], {}))
        event, payload = reference_event(item.data["status"], state)
        messages = audience.family(view, event, payload, looked_at)
        if item.changed:
            rooms = (f"project-{project.id}", f"image-{image.id}")
            for name, content in payloads.original_family(state):
                messages += audience.joined(view, rooms, name, content, looked_at)
        return Outcome(item, messages, project_id=project.id, queues_of=audience.receivers if item.changed else ())

    @staticmethod
    def _state(item: JobNews, image: Image, project: Project, result: Payload) -> State:
        data = item.data
        word = data["status"]
        if word == "cancelled":
            status = "completed" if image.current_version is not None else "without_segmentation"
        else:
            status = {"completed": "completed", "failed": "failed"}.get(word) or WORDS[word]
        return State(
            image.id,
            project.id,
            data["id"],
            status,  # type: ignore[arg-type]
            100 if word == "completed" else item.percent,
            data.get("step"),
            data.get("message"),
            data.get("error_message") if word == "failed" else None,
            result,
        )

    # -- sockets

    def _admit(self, session: Session, item: Admit) -> Outcome:
        member = item.member
        account = session.get(Account, member.account_id)
        row = session.get(LoginSession, member.session_id) if member.session_id else None
        if account is None or account.disabled_at is not None or (member.session_id and (row is None or row.revoked_at is not None)):
            return Outcome(item)
        links = self._context.links(account, member.base)
        user = user_document(account, session.get(Profile, account.id), links)
        hello = {"userId": account.id, "user": user, "sessionId": member.session_id}
        messages = [Message("authenticated", hello, to=member.sid)]
        if not item.again:
            messages.append(Message("queue-status", queue_document(session, account.id), to=member.sid))
            messages += [
                Message("segmentation-progress", payloads.progress(state), to=member.sid)
                for state in active(session, visible_projects(session, account.id))
            ]
        return Outcome(item, messages, granted=True)

    def _join(self, session: Session, item: Join) -> Outcome:
        account_id = item.member.account_id or ""
        try:
            if item.kind == "project":
                project_id = project_for(session, account_id, item.id)[0].id
            else:
                project_id = image_for(session, account_id, item.id)[1].id
        except (NotFound, NotAllowed) as error:
            return refusal(item, item.member, error, item.room)
        answer = {"projectId": project_id} if item.event == "joined_project" else {"room": item.room}
        messages = [Message(item.event, answer, to=item.member.sid)]
        if item.kind == "project":
            queue = {"projectId": project_id, **queue_document(session, account_id, project_id)}
            messages.append(Message("segmentation_queue_update", queue, to=item.member.sid))
            for state in active(session, [project_id]):
                messages.append(Message("segmentation_update", next(payloads.original_family(state))[1], to=item.member.sid))
        return Outcome(item, messages, answer=answer, granted=True, project_id=project_id)

    def _ask(self, session: Session, item: Ask) -> Outcome:
        try:
            image, project, _ = image_for(session, item.member.account_id or "", item.image_id)
        except (NotFound, NotAllowed) as error:
            return refusal(item, item.member, error, None)
        job = session.get(Job, image.job_id) if image.job_id else None
        state = state_of(session, image, project, job)
        family = [reference_state(state), *payloads.original_family(state)]
        messages = [Message(name, content, to=item.member.sid) for name, content in family if name]
        answer = {"imageId": image.id, "projectId": project.id, "status": state.status, "progress": state.progress}
        return Outcome(item, messages, answer=answer, granted=True)

    def _queue(self, session: Session, item: QueueOf, view: View, looked_at: float) -> Outcome:
        if item.account_id is not None:
            rooms = [f"user:{item.account_id}"] if item.account_id in view.bases else []
            document = queue_document(session, item.account_id) if rooms else {}
            return Outcome(item, [Message("queue-status", document, rooms, [item.account_id])] if rooms else [])
        project_id = item.project_id or ""
        audience = audiences(session, [project_id]).get(project_id)
        room = f"project-{project_id}"
        if audience is None or not view.rooms.get(room):
            return Outcome(item)
        document = {"projectId": project_id, **queue_document(session, audience.receivers[0], project_id)}
        return Outcome(item, audience.joined(view, [room], "segmentation_queue_update", document, looked_at), project_id=project_id)


def refusal(item: Item, member: Member, error: PlatformError, room: str | None) -> Outcome:
    """What a socket hears that asks for something it may not see."""
    answer = {"error": "RESOURCE_NOT_FOUND", "message": error.message, "room": room}
    return Outcome(item, [Message("error", answer, to=member.sid)], answer=answer)


def reference_event(word: str, state: State) -> tuple[str, Payload]:
    """The event of the reference for the status of a job."""
    match word:
        case "completed":
            return "segmentation-complete", payloads.complete(state)
        case "failed":
            return "segmentation-failed", payloads.failed(state)
        case "cancelled":
            return "segmentation-cancelled", payloads.cancelled(state)
    return "segmentation-progress", payloads.progress(state)


def reference_state(state: State) -> tuple[str, Payload]:
    """The event of the reference for the status of an image; without a segmentation there is none."""
    match state.status:
        case "completed":
            return "segmentation-complete", payloads.complete(state)
        case "failed":
            return "segmentation-failed", payloads.failed(state)
        case "without_segmentation":
            return "", {}
    return "segmentation-progress", payloads.progress(state)


def active(session: Session, project_ids: Sequence[str]) -> list[State]:
    """The images of projects with a run waiting or under way, oldest run first."""
    found: list[State] = []
    for chunk in chunks(project_ids):
        query = select(Image, Project, Job).join(Project, Project.id == Image.project_id).join(Job, Job.id == Image.job_id)
        chosen = query.where(Image.project_id.in_(chunk), Job.status.in_(ACTIVE)).order_by(Job.id)
        found += [state_of(session, image, project, job) for image, project, job in session.execute(chosen)]
    return found


def state_of(session: Session, image: Image, project: Project, job: Job | None) -> State:
    """The state of an image from its rows."""
    status = image_status(image, job)
    result: Payload = {}
    task_id = job.id if job is not None else None
    if status == "completed":
        query = select(
            Segmentation.id, Segmentation.cell_count, Segmentation.confidence, Segmentation.started_at, Segmentation.completed_at
        )
        row = session.execute(query.where(Segmentation.image_id == image.id, Segmentation.version == image.current_version)).first()
        if row is not None:
            seconds = (row.completed_at - row.started_at).total_seconds() if row.started_at else None
            result = {"segmentation_id": row.id, "version": image.current_version, "current": True, "cell_count": row.cell_count}
            result |= {"confidence_score": row.confidence, "processing_time": seconds, "completed_at": isoformat(row.completed_at)}
    error = (image.failure or {}).get("message") if status == "failed" else None
    step, message = (job.step, job.message) if job is not None and status == "processing" else (None, None)
    return State(image.id, project.id, task_id, status, progress_of(status, job), step, message, error, result)
