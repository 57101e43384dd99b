"""What all five faces stand on: accounts, blobs, jobs, events, limits, models. Knows no HTTP and no face."""
