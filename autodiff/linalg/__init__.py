"""Linear algebra, as `numpy.linalg`."""

__all__: list[str] = []
