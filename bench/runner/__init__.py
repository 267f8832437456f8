"""Starts what is measured, loads it with oha, and writes what came of it."""
