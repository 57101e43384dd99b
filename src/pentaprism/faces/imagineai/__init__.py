"""Product photos to category, attributes, defects and text."""
