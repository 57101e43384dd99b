"""What the face does; services take a session and never commit, routes do."""
