"""pytest fixtures for plugin authors; loaded by pytest through the installed distribution."""
