from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from pentaprism.core.accounts.tables import OneTimeToken, OutgoingMail
from pentaprism.core.clock import now
from pentaprism.faces.spheroseg.service.shares import INVITATION

SHARE = {"id", "email", "permission", "user_name", "is_pending", "created_at"}


def shared_with(person: Any) -> list[str]:
    return [entry["projectId"] for entry in person.get("/api/project-shares").json()["data"]]


def test_sharing_with_an_account_works_at_once(server: Any, ann: Any, bob: Any) -> None:
    project = ann.project("Cells")
    response = ann.post(f"/api/project-shares/{project}", json={"email": " BOB@example.org ", "permission": "edit"})
    share = response.json()["data"]
    assert response.status_code == 201
    assert {key: share[key] for key in ("projectId", "email", "permission", "isPending")} == {
        "projectId": project, "email": "bob@example.org", "permission": "edit", "isPending": False,
    }  # fmt: skip
    (listed,) = ann.get(f"/api/project-shares/{project}").json()["data"]
    assert set(listed) >= SHARE
    assert (listed["user_name"], listed["is_pending"]) == ("Bob", False)
    (received,) = bob.get("/api/project-shares").json()["data"]
    assert (received["project_title"], received["owner_name"]) == ("Cells", "Ann Lee")
    assert bob.get(f"/api/projects/{project}").json()["permission"] == "edit"
    with server.platform.database.read() as session:
        mail = session.scalars(select(OutgoingMail)).one()
    assert mail.recipient == "bob@example.org"
    assert [data["change"] for data in server.told("project-updated")] == ["created", "shared"]


def test_sharing_twice_or_with_oneself_is_refused(ann: Any, bob: Any) -> None:
    project = ann.project()
    ann.share(project, bob, "view")
    again = ann.post(f"/api/project-shares/{project}", json={"email": bob.email, "permission": "edit"})
    assert (again.status_code, again.json()["error"]) == (409, "RESOURCE_CONFLICT")
    own = ann.post(f"/api/project-shares/{project}", json={"email": ann.email, "permission": "edit"})
    assert (own.status_code, own.json()["details"]["field"]) == (400, "email")
    for bad in ({"email": bob.email, "permission": "owner"}, {"permission": "view"}, {"email": "nonsense", "permission": "view"}):
        assert ann.post(f"/api/project-shares/{project}", json=bad).status_code == 400


def test_a_share_waits_for_its_e_mail_to_register(server: Any, ann: Any) -> None:
    project = ann.project()
    response = ann.post(f"/api/project-shares/{project}", json={"email": "later@example.org", "permission": "view"})
    assert response.json()["data"]["isPending"] is True
    later = server.person("later@example.org")
    assert shared_with(later) == [project]
    assert ann.get(f"/api/project-shares/{project}").json()["data"][0]["is_pending"] is False


def test_an_ended_share_ends_access_at_once_and_tells_whoever_listens(server: Any, ann: Any, bob: Any) -> None:
    project = ann.project()
    image = ann.image(project)
    share = ann.share(project, bob, "view")
    url = bob.get(f"/api/images/{image['id']}").json()["url"].removeprefix("http://cells.test")
    assert server.get(url).status_code == 200
    lost: list[Any] = []
    server.context.on_access_lost.append(lambda *gone: lost.append(gone))
    assert ann.call("DELETE", f"/api/project-shares/{project}/{share}").status_code == 200
    assert lost == [(project, bob.id)]
    assert bob.get(f"/api/projects/{project}").status_code == 404
    assert server.get(url).status_code == 404
    assert ann.call("DELETE", f"/api/project-shares/{project}/{share}").status_code == 404
    assert server.told("share-ended")[0]["account_id"] == bob.id


def test_a_link_gives_its_right_once(server: Any, ann: Any, bob: Any) -> None:
    project = ann.project("Cells")
    link = ann.post(f"/api/project-shares/{project}/invitation-link", json={"permission": "edit"}).json()["data"]
    assert set(link) == {"invitationUrl", "token", "expiresAt", "permission"}
    assert link["token"] in link["invitationUrl"]
    assert ann.post(f"/api/project-shares/invitation/{link['token']}").status_code == 400
    response = bob.post(f"/api/project-shares/invitation/{link['token']}")
    assert response.status_code == 200
    assert response.json()["data"] == {
        "id": project, "title": "Cells", "ownerName": "Ann Lee", "ownerEmail": ann.email, "permission": "edit",
    }  # fmt: skip
    assert bob.get(f"/api/projects/{project}").json()["permission"] == "edit"
    carl = server.person()
    for token in (link["token"], "nonsense"):
        assert carl.post(f"/api/project-shares/invitation/{token}").status_code == 404


def test_a_link_raises_a_right_and_never_lowers_it(ann: Any, bob: Any) -> None:
    project = ann.project()
    ann.share(project, bob, "view")
    for permission, after in (("edit", "edit"), ("view", "edit")):
        token = ann.post(f"/api/project-shares/{project}/invitation-link", json={"permission": permission}).json()["data"]["token"]
        assert bob.post(f"/api/project-shares/invitation/{token}").json()["data"]["permission"] == after
    assert len(ann.get(f"/api/project-shares/{project}").json()["data"]) == 1


def test_a_link_ends_with_its_week_and_with_its_project(server: Any, ann: Any, bob: Any) -> None:
    project, other = ann.project(), ann.project()
    first, second = (ann.post(f"/api/project-shares/{which}/invitation-link").json()["data"]["token"] for which in (project, other))
    with server.platform.database.write() as session:
        rows = session.scalars(select(OneTimeToken).where(OneTimeToken.purpose == INVITATION)).all()
        assert all(604_700 < (row.expires_at - row.created_at).total_seconds() <= 604_800 for row in rows)
    ann.call("DELETE", f"/api/projects/{project}")
    assert bob.post(f"/api/project-shares/invitation/{first}").status_code == 404
    with server.platform.database.write() as session:
        session.execute(update(OneTimeToken).values(expires_at=now()))
    assert bob.post(f"/api/project-shares/invitation/{second}").status_code == 404


def test_a_link_bound_to_another_e_mail_is_forbidden(server: Any, ann: Any, bob: Any) -> None:
    project = ann.project()
    token = ann.post(f"/api/project-shares/{project}/invitation-link").json()["data"]["token"]
    with server.platform.database.write() as session:
        payload = {"project_id": project, "permission": "view", "email_key": "carl@example.org"}
        session.execute(update(OneTimeToken).where(OneTimeToken.purpose == INVITATION).values(payload=payload))
    response = bob.post(f"/api/project-shares/invitation/{token}")
    assert (response.status_code, response.json()["error"]) == (403, "INSUFFICIENT_PERMISSIONS")


@pytest.mark.parametrize("permission", ["view", "edit"])
def test_sharing_is_for_the_owner_only(ann: Any, bob: Any, permission: str) -> None:
    project = ann.project()
    share = ann.share(project, bob, permission)
    for method, path in (
        ("GET", f"/api/project-shares/{project}"),
        ("POST", f"/api/project-shares/{project}"),
        ("POST", f"/api/project-shares/{project}/invitation-link"),
        ("DELETE", f"/api/project-shares/{project}/{share}"),
    ):
        body = {"email": "x@example.org", "permission": "view"} if method == "POST" else None
        assert bob.call(method, path, json=body).status_code == 403


def test_edit_may_change_all_but_public(ann: Any, bob: Any) -> None:
    project = ann.project()
    ann.share(project, bob, "edit")
    assert bob.call("PUT", f"/api/projects/{project}", json={"title": "Changed", "pixel_size_um": 1}).status_code == 200
    assert bob.call("PUT", f"/api/projects/{project}", json={"title": "Changed", "public": True}).status_code == 403
    assert ann.call("PUT", f"/api/projects/{project}", json={"public": True}).status_code == 200


def test_making_a_project_private_again_ends_the_access_of_strangers(server: Any, ann: Any, bob: Any) -> None:
    project = ann.project(public=True)
    image = ann.image(project)
    assert bob.get(f"/api/images/{image['id']}/file").status_code == 200
    lost: list[Any] = []
    server.context.on_access_lost.append(lambda *gone: lost.append(gone))
    ann.call("PATCH", f"/api/projects/{project}", json={"public": False})
    assert lost == [(project, None)]
    assert bob.get(f"/api/images/{image['id']}/file").status_code == 404


def test_shares_of_a_changed_e_mail_follow(make_server: Callable[..., Any]) -> None:
    server = make_server()
    ann, bob = server.person(), server.person()
    project = ann.project()
    ann.post(f"/api/project-shares/{project}", json={"email": "new@example.org", "permission": "view"})
    bob.call("PUT", "/api/users/me", json={"email": "new@example.org", "current_password": bob.password})
    assert shared_with(bob) == [project]


def test_an_account_has_one_share_of_a_project_whatever_its_e_mails_were(ann: Any, bob: Any) -> None:
    project = ann.project()
    image = ann.image(project)["id"]
    ann.share(project, bob, "view")
    assert ann.post(f"/api/project-shares/{project}", json={"email": "later@example.org", "permission": "edit"}).status_code == 201
    moved = bob.call("PUT", "/api/users/me", json={"email": "later@example.org", "current_password": bob.password})
    assert moved.status_code == 200
    listed = ann.get(f"/api/project-shares/{project}").json()["data"]
    assert [(entry["user_id"], entry["permission"]) for entry in listed] == [(bob.id, "edit")]
    assert [entry["id"] for entry in bob.get("/api/projects").json()["projects"]] == [project]
    assert bob.call("PATCH", f"/api/images/{image}", json={"pixel_size_um": 0.5}).status_code == 200
    again = ann.post(f"/api/project-shares/{project}", json={"email": "later@example.org", "permission": "view"})
    assert (again.status_code, again.json()["error"]) == (409, "RESOURCE_CONFLICT")
    assert bob.get("/api/projects").json()["total"] == 1
