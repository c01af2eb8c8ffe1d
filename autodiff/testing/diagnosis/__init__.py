"""What the mistake in a wrong gradient is, as far as the numbers show it."""
