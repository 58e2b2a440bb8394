"""The others, each used as its own documentation advises.

They are imported by name at run time: what checks types has none of them installed.
"""
