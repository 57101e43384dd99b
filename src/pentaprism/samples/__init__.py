"""Sample pictures for the first steps: real ones from installed packages, and rendered spheroids."""
