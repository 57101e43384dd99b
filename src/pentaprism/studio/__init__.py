"""The Studio: the web interface of all faces. Plain modules that the browser loads as they stand here; nothing is built."""

from pentaprism.studio.site import page, studio_routes, wants_page

__all__ = ["page", "studio_routes", "wants_page"]
