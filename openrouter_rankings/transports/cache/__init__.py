"""The cache: what to serve, what to keep, and when to ask again."""
