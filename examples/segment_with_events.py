"""Upload pictures, segment them, hear the progress over socket.io, print the measurements.

Usage: segment_with_events.py BASE_URL EMAIL PASSWORD PICTURE...
"""

import sys
import threading
from pathlib import Path

import requests
import socketio


def main(base_url: str, email: str, password: str, *pictures: str) -> None:
    """Do it all once."""
    api = f"{base_url}/api"
    session = requests.Session()
    answer = session.post(f"{api}/auth/login", json={"email": email, "password": password}, timeout=30)
    answer.raise_for_status()
    token = answer.json()["tokens"]["accessToken"]
    session.headers["Authorization"] = f"Bearer {token}"

    project = session.post(f"{api}/projects", json={"title": "From Python"}, timeout=30).json()["id"]
    files = [("images", (Path(picture).name, Path(picture).read_bytes())) for picture in pictures]
    upload = session.post(f"{api}/projects/{project}/images", files=files, timeout=300).json()
    for refused in upload["failed"]:
        print(f"{refused['name']}: {refused['message']}")
    names = {image["id"]: image["name"] for image in upload["uploaded"]}
    if not names:
        sys.exit("No picture was stored.")

    waiting, all_done = set(names), threading.Event()
    socket = socketio.Client()

    @socket.on("segmentation-progress")
    def progress(data: dict) -> None:
        print(f"{names.get(data['imageId'], data['imageId'])}: {data['progress']} %")

    @socket.on("segmentation-complete")
    @socket.on("segmentation-failed")
    def finished(data: dict) -> None:
        waiting.discard(data["imageId"])
        if not waiting:
            all_done.set()

    authenticated = threading.Event()
    socket.on("authenticated", lambda _data: authenticated.set())
    socket.connect(base_url, auth={"token": token})
    authenticated.wait(10)
    session.post(f"{api}/projects/{project}/segmentation/batch-trigger", json={"imageIds": list(names)}, timeout=30).raise_for_status()
    all_done.wait(300)
    socket.disconnect()

    for image, name in names.items():
        document = session.get(f"{api}/images/{image}/segmentation", timeout=60).json()
        print(f"{name}: {document['status']}, {(document['results'] or {}).get('cell_count')} objects")
        for polygon in document["polygons"]:
            if polygon["type"] == "external":
                print(f"  {polygon['label']:>3}  area {polygon['area']:.1f} px²  circularity {polygon['features']['circularity']:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
