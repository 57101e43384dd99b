"""Taking an installation's rows and bytes elsewhere: into an archive, out of it, and to another database and store."""
