"""A real OpenStack and a vCenter simulator as local processes, shaped by documents."""
