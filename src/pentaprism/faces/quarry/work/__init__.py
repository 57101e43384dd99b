"""What runs in workers: engines, embeddings, segmentation, extraction. Free of HTTP."""
