"""Everything breaks once while jobs of two faces run on two gateways and two workers: what was accepted is finished, and once.

``PENTAPRISM_TEST_CHAOS_JOBS`` says how many jobs, ``PENTAPRISM_TEST_CHAOS_SEED`` in which order things break.
"""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import cv2
import httpx
import numpy as np
import pytest
import requests
from sqlalchemy import select

from conformance.imagineai_client import ImagineaiClient, photograph
from pentaprism.adapters.s3_store import ObjectStore
from pentaprism.core.blobs.tables import Blob
from pentaprism.core.blobs.uploads import Blobs, StorageRules
from pentaprism.core.database.engine import Database
from pentaprism.core.jobs.states import FINAL
from pentaprism.core.jobs.tables import Job
from production_world import Production, production
from spheroseg_client import SpherosegClient

JOBS = int(os.environ.get("PENTAPRISM_TEST_CHAOS_JOBS", "300"))
SEED = int(os.environ.get("PENTAPRISM_TEST_CHAOS_SEED", "7"))
OUTAGE = 5.0
PATIENCE = 120.0 + 3.0 * JOBS
Found = TypeVar("Found")


def picture(seed: int) -> np.ndarray:
    """A dark disk on a bright, noisy field; no two are equal."""
    choice = np.random.default_rng(seed)
    rows, columns = np.mgrid[:96, :96]
    disk = np.where((rows - 48) ** 2 + (columns - 48) ** 2 < choice.uniform(18, 30) ** 2, 70, 180)
    return np.clip(disk + choice.normal(0, 3, (96, 96)), 0, 255).astype(np.uint8)


def persist(call: Callable[[], Found], patience: float = 60.0) -> Found:
    """The answer of ``call``, repeated as a patient client does while something is out of order."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return call()
        except (AssertionError, httpx.TransportError, requests.RequestException):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


class Chaos:
    """Breaks one thing after the other, at random moments."""

    def __init__(self, world: Production, choice: random.Random) -> None:
        self._world = world
        self._choice = choice
        self._over = threading.Event()
        self.done: list[str] = []
        self.strikes: list[Callable[[], None]] = [
            self.kill_worker_host,
            self.kill_worker_process,
            self.kill_gateway,
            self.flush_redis,
            self.restart_redis,
            self.restart_postgres,
            self.break_s3,
        ]
        choice.shuffle(self.strikes)
        self._thread = threading.Thread(target=self._run, name="chaos")

    def kill_worker_host(self) -> None:
        host = self._choice.choice(self._world.hosts)
        host.kill()
        host.start()

    def kill_worker_process(self) -> None:
        for child in self._choice.choice(self._world.hosts).children():
            child.kill()

    def kill_gateway(self) -> None:
        gateway = self._choice.choice(self._world.gateways)
        gateway.kill()
        gateway.start(60)

    def flush_redis(self) -> None:
        self._world.redis.flush()

    def restart_redis(self) -> None:
        self._world.redis.stop()
        time.sleep(1.0)
        self._world.redis.start()

    def restart_postgres(self) -> None:
        self._world.postgres.stop()
        time.sleep(1.0)
        self._world.postgres.start()

    def break_s3(self) -> None:
        self._world.s3.fail_for(OUTAGE)
        time.sleep(OUTAGE)

    def _run(self) -> None:
        for strike in self.strikes:
            if self._over.wait(self._choice.uniform(1.0, 4.0)):
                return
            strike()
            self.done.append(strike.__name__)

    @contextmanager
    def loose(self) -> Iterator[None]:
        """Break things from the beginning of the block on; at its end all of them have been broken and repaired."""
        self._thread.start()
        try:
            yield
        except BaseException:
            self._over.set()
            raise
        finally:
            self._thread.join(120)


def segmentations(world: Production, folder: Path, number: int) -> tuple[SpherosegClient, str]:
    """``number`` accepted images of a project, their segmentation asked for."""
    client = SpherosegClient(f"{world.proxy_url}/spheroseg")
    persist(lambda: client.register("chaos@example.com", "correct horse battery"))
    persist(client.listen)
    project: str = persist(lambda: client.json("POST", "/projects", json={"title": "chaos"}))["id"]
    for index in range(number):
        path = folder / f"disk_{index:03}.png"
        cv2.imwrite(str(path), picture(index))
        persist(lambda path=path: client.upload(project, path))
        if index % 5 == 4 or index == number - 1:
            persist(lambda: client.json("POST", f"/projects/{project}/segmentation/batch-trigger", json={}))
    return client, project


def analyses(world: Production, number: int) -> tuple[ImagineaiClient, list[dict[str, Any]]]:
    """``number`` accepted photographs."""
    client = persist(lambda: ImagineaiClient(f"{world.proxy_url}/imagineai"))
    product = persist(client.product)
    pixels = [np.dstack([picture(1000 + index)] * 3) for index in range(number)]
    return client, [persist(lambda one=one: client.direct(product, photograph(one))) for one in pixels]


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.timeout(300 + 2 * PATIENCE)
def test_whatever_breaks_every_accepted_job_ends_once_and_no_blob_is_orphaned(tmp_path: Path) -> None:
    with production(tmp_path / "world") as world:
        world.start_proxy()
        chaos = Chaos(world, random.Random(SEED))
        with chaos.loose():
            shop, uploads = analyses(world, JOBS // 3)
            lab, project = segmentations(world, tmp_path, JOBS - JOBS // 3)
        assert len(chaos.done) == len(chaos.strikes), chaos.done
        jobs = wait_for_all(world)
        # A request that was repeated may have been accepted twice; nothing that was accepted is missing.
        assert len(jobs) >= JOBS
        assert {(job.kind, job.status, job.error_code) for job in jobs if job.status != "completed"} == set()
        assert {upload["job_id"] for upload in uploads} <= {str(job.id) for job in jobs}
        check_segmentations(lab, project, jobs)
        for upload in uploads:
            frames, code = shop.listen(upload["job_id"])
            assert (code, [frame["type"] for frame in frames].count("job_complete")) == (1000, 1)
            assert shop.made("GET", f"/analysis/{upload['image_id']}")["status"] == "completed"
        check_blobs(world, tmp_path)
        lab.close()
        shop.close()


def wait_for_all(world: Production) -> list[Job]:
    """The jobs once all have ended."""
    database = Database(world.database_url)
    deadline = time.monotonic() + PATIENCE
    try:
        while True:
            with database.read() as session:
                jobs = list(session.scalars(select(Job)))
            active = [job for job in jobs if job.status not in FINAL]
            if not active:
                return jobs
            assert time.monotonic() < deadline, [(job.kind, job.status, job.attempt, job.lease_owner) for job in active]
            time.sleep(0.5)
    finally:
        database.dispose()


def check_segmentations(client: SpherosegClient, project: str, jobs: list[Job]) -> None:
    """Each accepted job has brought one result, whichever of its attempts it was, and the listener is connected again."""
    images = client.json("GET", f"/projects/{project}/images", params={"limit": 100})["images"]
    assert {image["status"] for image in images} == {"completed"}
    accepted = Counter(job.subject.partition(":")[2] for job in jobs if job.face == "spheroseg" and job.subject and not job.is_batch)
    for image in images:
        versions = client.json("GET", f"/images/{image['id']}/segmentation/versions")
        items = versions.get("versions") or versions["data"]
        # A second request for the same image, which a client that heard no answer sends, is a second job.
        assert sorted(item["version"] for item in items) == list(range(1, accepted[image["id"]] + 1)), image["name"]
    persist(lambda: _connected(client))


def _connected(client: SpherosegClient) -> None:
    assert client.socket.connected


def check_blobs(world: Production, folder: Path) -> None:
    """After a collection that waits for nothing, the bucket holds what the rows name, neither more nor less."""
    database = Database(world.database_url)
    store = ObjectStore.from_url(world.storage_url, folder / "cache")
    rules = StorageRules(folder / "staging", staged_seconds=0, orphan_seconds=0, orphan_interval_seconds=0)
    try:
        Blobs(store, database, rules).collect_garbage()
        with database.read() as session:
            rows = set(session.scalars(select(Blob.key).where(Blob.state == "kept")))
        assert {stat.key for stat in store.list()} == rows
        assert rows
    finally:
        database.dispose()
