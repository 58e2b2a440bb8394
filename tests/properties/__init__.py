"""Properties: laws of the ACL, and the engine compared with the independent reference."""
