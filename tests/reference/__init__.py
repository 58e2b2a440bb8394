"""A second, slow implementation of the ACL, written from its specification alone.

It shares no code with the package: linear searches over bytes, one function a paragraph of the
specification, whose section numbers stand in the comments. It exists to disagree with the engine.
"""
