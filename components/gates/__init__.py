"""Steps of an ``up`` that wait, read back or mend: Pulumi dynamic resources over ``estate.openstack``.

The engine pickles a gate's provider into its state by reference, so each is an importable class
without attributes. Credentials come from ``clouds.yaml`` when a gate runs, never from its inputs.
"""
