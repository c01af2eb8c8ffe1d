"""Compiling: one run of a function is captured as a program, which is simplified and then run again and again."""

__all__: list[str] = []
