"""Stores: where the quota and the cache keep what outlives a process or is shared with others."""
