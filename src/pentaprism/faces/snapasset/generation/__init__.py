"""Making the pictures of a job, in a worker."""
