"""The WebSocket of the face, and live logs."""
