"""The search for inputs at which a gradient is wrong."""
