"""Segment Anything: cut-outs from points, boxes and automatic masks."""
