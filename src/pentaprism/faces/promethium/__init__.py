"""Seismic datasets, trace reconstruction and denoising."""
