"""Modules that run inside OpenStack's own processes, in OpenStack's virtual environment."""
