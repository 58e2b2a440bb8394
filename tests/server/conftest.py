"""The fixtures that users get, for our own tests of them."""

from policy.testing.server import mock_cluster, mock_server

__all__ = ["mock_cluster", "mock_server"]
