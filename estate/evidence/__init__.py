"""Where every workload runs, told by Nova and by vCenter, and whether that is what was predicted."""
