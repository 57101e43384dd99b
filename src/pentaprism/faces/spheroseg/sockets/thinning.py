"""Which job events go out: progress ten times a second per image, never falling, each end once."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PROGRESS_EVERY = 0.1
REMEMBERED = 20_000
ENDED = frozenset({"completed", "failed", "cancelled"})
WORDS = {"queued": "queued", "retrying": "queued", "running": "processing"}


@dataclass(slots=True)
class Track:
    """What was told of one task. ``held`` is the newest progress that has to wait for its turn."""

    image_id: str
    status: str = ""
    progress: float = 0.0
    told_at: float = 0.0
    heard_at: float = 0.0
    held: Mapping[str, Any] | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a job event: tell it now, or look again after ``wait`` seconds; ``changed`` when the status is a new one."""

    tell: bool
    wait: float | None = None
    changed: bool = False


class Thinning:
    """Remembers tasks, the longest unheard of leave first."""

    def __init__(self) -> None:
        self._tracks: OrderedDict[str, Track] = OrderedDict()

    def track(self, task_id: str, image_id: str) -> Track:
        """The memory of a task."""
        found = self._tracks.setdefault(task_id, Track(image_id))
        self._tracks.move_to_end(task_id)
        while len(self._tracks) > REMEMBERED:
            self._tracks.popitem(last=False)
        return found

    def judge(self, data: Mapping[str, Any], image_id: str, moment: float) -> Verdict:
        """Whether the event ``data`` of a job goes out at ``moment``."""
        track = self.track(data["id"], image_id)
        track.heard_at = moment
        if track.ended:
            return Verdict(False)
        status = data["status"]
        if status in ENDED:
            track.status, track.ended, track.held = status, True, None
            return Verdict(True, changed=True)
        word = WORDS[status]
        if word != track.status:
            track.status, track.told_at, track.held = word, moment, None
            return Verdict(True, changed=True)
        due = track.told_at + PROGRESS_EVERY
        if moment >= due:
            track.told_at, track.held = moment, None
            return Verdict(True)
        waits = track.held is not None
        track.held = data
        return Verdict(False, None if waits else due - moment)

    def release(self, task_id: str) -> Mapping[str, Any] | None:
        """The progress that was held back for a task, if it is still the newest."""
        track = self._tracks.get(task_id)
        if track is None or track.held is None:
            return None
        held, track.held, track.told_at = track.held, None, 0.0
        return held

    def raised(self, task_id: str, image_id: str, progress: float) -> int:
        """``progress`` in whole percent, never below what was told of this task before."""
        track = self.track(task_id, image_id)
        track.progress = max(track.progress, min(progress, 100.0))
        return round(track.progress)

    def silent(self, before: float) -> list[str]:
        """Tasks that were active when last heard of, which was ``before`` that moment."""
        return [task for task, track in self._tracks.items() if not track.ended and track.status and track.heard_at < before]

    def forget(self) -> None:
        """Nobody listens any more."""
        self._tracks.clear()
