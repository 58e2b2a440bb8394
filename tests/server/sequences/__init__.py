"""Sequences of requests that nobody recorded, played to the mock and to a real server at once."""
