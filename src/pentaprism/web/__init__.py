"""What the faces share over HTTP."""
