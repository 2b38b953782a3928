"""A real OpenStack control plane and a vCenter simulator as local processes, shaped by an environment's documents."""
