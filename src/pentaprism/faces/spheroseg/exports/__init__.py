"""Exports of segmentations in the formats of other tools. A format sees one image after the other and remembers little."""
