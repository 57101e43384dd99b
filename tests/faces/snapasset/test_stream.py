import asyncio
import json
from typing import Any

from sqlalchemy import event as database_event
from sqlalchemy import select

from faces.snapasset.conftest import Server
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.snapasset.links import links_at
from pentaprism.faces.snapasset.naming import new_job_id
from pentaprism.faces.snapasset.stream import Feed, View, frames


def view(server: Server, job_id: str, last_id: int | None = None, seconds: float = 30) -> View:
    def links() -> Any:
        return links_at("http://snap.test", server.context.link_signer, 86_400, server.platform.clock().timestamp())

    return View(job_id, links, last_id, 3000, seconds, 0.1)


async def read(feed: Feed, key: str, wanted: View, server: Server, found: list[dict[str, Any]]) -> None:
    async for message in frames(feed, key, wanted, server.platform.clock):
        if message.data is not None:
            found.append({**message.data, "id": message.id})


def test_fifty_viewers_read_the_row_as_often_as_one(server: Server) -> None:
    person = server.person()
    reads: list[str] = []

    def look(statement: str) -> None:
        if "FROM jobs" in statement and "job_logs" not in statement:
            reads.append(statement)

    async def watch(viewers: int) -> int:
        job_id = await asyncio.to_thread(person_create)
        key = await asyncio.to_thread(key_of, job_id)
        feed = Feed(server.platform, 60)
        results: list[list[dict[str, Any]]] = [[] for _ in range(viewers)]
        tasks = [asyncio.create_task(read(feed, key, view(server, job_id), server, found)) for found in results]
        while not all(len(found) == 2 for found in results):
            await asyncio.sleep(0.02)
        reads.clear()
        await asyncio.to_thread(cancel, job_id)
        await asyncio.gather(*tasks)
        assert all(found[-1]["type"] == "done" and found[-1]["status"] == "cancelled" for found in results)
        assert json.dumps(results[0][-1]["result"]) and not feed._watches
        return len(reads)

    def person_create() -> str:
        public = new_job_id(server.platform.clock())
        request = {"public_id": public, "user_id": "u", "prompt": "x", "platforms": [], "options": {}, "engine": "procedural"}
        with server.platform.database.write() as session:
            server.platform.jobs.enqueue(
                session, "snapasset.generate", account_id=person.id, face="snapasset", request=request, subject=public
            )
        return public

    def key_of(job_id: str) -> str:
        with server.platform.database.read() as session:
            return session.scalars(select(Job.id).where(Job.subject == job_id)).one()

    def cancel(job_id: str) -> None:
        with server.platform.database.write() as session:
            server.platform.jobs.cancel(session, session.scalars(select(Job).where(Job.subject == job_id)).one())

    database_event.listen(server.platform.database.engine, "before_cursor_execute", lambda *given: look(given[2]))
    one = server.loop.run(watch(1))
    fifty = server.loop.run(watch(50))
    assert fifty == one
