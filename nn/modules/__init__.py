"""Layers and losses, one file per family."""
