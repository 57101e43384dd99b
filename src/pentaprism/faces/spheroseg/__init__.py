"""spheroseg: projects, images, and spheroid and cell segmentation as measured polygons."""
