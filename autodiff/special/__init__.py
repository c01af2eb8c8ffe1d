"""Special functions, as `scipy.special`."""

__all__: list[str] = []
