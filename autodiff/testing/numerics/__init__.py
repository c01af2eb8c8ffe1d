"""Derivatives from values of a function, with error bounds, and what they say of a claim."""
