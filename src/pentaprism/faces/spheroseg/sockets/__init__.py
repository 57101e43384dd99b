"""The socket.io server of the face."""

from pentaprism.faces.spheroseg.sockets.server import build_sockets

__all__ = ["build_sockets"]
