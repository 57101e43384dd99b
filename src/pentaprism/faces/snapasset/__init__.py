"""From a prompt to every social platform."""
