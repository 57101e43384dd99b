"""What workers do for the face: reading uploaded files, running methods."""
